"""`ashore diagnose`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ashore.adapt.diagnose.input_shifts import InputShifts, input_shifts, spec_of
from ashore.adapt.diagnose.usability import Usability, inspect_together
from ashore.adapt.errors import AdaptError
from ashore.hardware.logs.log import Log
from ashore.hardware.run.robot_match import require_log
from ashore.hardware.spec import RobotSpec
from ashore.launch.console import say
from ashore.launch.diagnosis_request import DiagnosisRequest
from ashore.launch.log_spec import spec_for
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle


@dataclass(frozen=True, kw_only=True)
class Diagnosed:
    """What was found of logs of one robot."""

    usability: tuple[Usability, ...]
    """Of each log."""
    inputs: InputShifts | None
    """Of those that are usable, together; None if none is."""
    spec: RobotSpec
    """The spec that they were read by."""

    @property
    def usable(self) -> bool:
        """Whether every log is."""
        return all(found.usable for found in self.usability)


def run_diagnosis(asked: DiagnosisRequest) -> int:
    """Say what is wrong with logs and with the inputs they came through; 0 if all are usable."""
    logs, policy = asked.logs, asked.policy
    if asked.mend is not None and policy is None:
        raise AdaptError("--mend writes the bundle of --policy with a mended spec; name one")
    opened = [Log.open(path) for path in logs]
    if not opened:
        raise AdaptError("no log was given; name those that `ashore record` wrote")
    spec = _spec(opened[0], policy, asked.robot)
    bundle = None if policy is None else Bundle.load(find_bundle(policy))
    for log in opened:
        require_log(log.header, spec, None if bundle is None else bundle.contract.hash)
    found = diagnosed(opened, spec)
    say(json.dumps(_data(found), indent=2)) if asked.json else _tell(found)
    if bundle is not None and asked.mend is not None:
        _mend(found, bundle, asked.mend)
    return 0 if found.usable else 1


def _spec(log: Log, policy: str | None, robot: str | None) -> RobotSpec:
    """The spec that was asked for; or else the log's own, the policy's, or the shipped robot's."""
    if robot is None and policy is not None:
        return spec_of(log, Bundle.load(find_bundle(policy)).spec)
    return spec_for(log.header, log.path, robot)


def diagnosed(logs: Sequence[Log], spec: RobotSpec) -> Diagnosed:
    """Inspect each log, and look for input shifts in those that are usable.

    Raises:
        AdaptError: a log is of other joints.
    """
    usability = inspect_together(logs, spec)
    good = [log for log, found in zip(logs, usability, strict=True) if found.usable]
    inputs = input_shifts(good, spec) if good else None
    return Diagnosed(usability=usability, inputs=inputs, spec=spec)


def _mend(found: Diagnosed, bundle: Bundle, out: Path) -> None:
    """Write a bundle whose spec has every shift mended that a spec can mend; none if there is none.

    Raises:
        BundleError: the place is taken, or cannot be written.
    """
    mended = found.spec if found.inputs is None else found.inputs.corrected(found.spec)
    if mended == found.spec:
        say("nothing that a spec can mend was found: no bundle was written")
        return
    say(f"bundle with the mended spec: {replace(bundle, robot=mended).save(out)}")


def _tell(found: Diagnosed) -> None:
    for log in found.usability:
        verdict = "usable" if log.usable else "not usable"
        say(f"{log.source}: {verdict}, {log.seconds:.1f} s of a robot at work")
        for flaw in log.flaws:
            say(f"  {flaw.severity}: {flaw}")
    if found.inputs is None:
        say("inputs: no log is good enough to tell")
        return
    for shift in found.inputs.shifts:
        say(f"input shift: {shift}")
    if not found.inputs.shifts:
        say("inputs: nothing is otherwise than the spec says, as far as the logs tell")
    for what in found.inputs.untold:
        say(f"  not told: {what}")


def _data(found: Diagnosed) -> dict[str, object]:
    """The same for a program."""
    shifts = () if found.inputs is None else found.inputs.shifts
    return {
        "usable": found.usable,
        "logs": [
            {"log": u.source, "usable": u.usable, "seconds": u.seconds,
             "flaws": [asdict(flaw) for flaw in u.flaws]}
            for u in found.usability
        ],
        "shifts": [{**asdict(shift), "edit": shift.edit} for shift in shifts],
        "untold": [] if found.inputs is None else list(found.inputs.untold),
    }
