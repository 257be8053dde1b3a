"""`input_shifts`: what of a robot's wires and sensors is otherwise than its spec says."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ashore.adapt.diagnose.balance import balance
from ashore.adapt.diagnose.footing import footing
from ashore.adapt.diagnose.lateness import LATE, late, lateness
from ashore.adapt.diagnose.load import load
from ashore.adapt.diagnose.offsets import Offsets, offsets
from ashore.adapt.diagnose.record import Record
from ashore.adapt.diagnose.rereading import reread
from ashore.adapt.diagnose.shift import Shift
from ashore.adapt.diagnose.suspicion import Suspicion
from ashore.adapt.diagnose.tracking import tracking
from ashore.adapt.errors import AdaptError
from ashore.adapt.excite.rounds import rounds_of
from ashore.adapt.held_out import between
from ashore.adapt.trajectory import Trajectory
from ashore.hardware.errors import SpecError
from ashore.hardware.logs.log import Log
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.spec import RobotSpec


@dataclass(frozen=True, kw_only=True)
class InputShifts:
    """What was found of a robot's inputs, and what its logs cannot tell."""

    shifts: tuple[Shift, ...]
    """What is otherwise, each with the edit that mends it."""
    untold: tuple[str, ...]
    """A sentence for each thing that the logs don't tell."""

    def corrected(self, spec: RobotSpec) -> RobotSpec:
        """The spec with every shift mended that a spec can mend."""
        for shift in self.shifts:
            spec = shift.corrected(spec)
        return spec


def spec_of(log: Log, fallback: RobotSpec) -> RobotSpec:
    """The spec that a log was read by, which it holds; another for a log that holds none.

    Raises:
        AdaptError: what it holds is no spec.
    """
    return spec_from(log.header, log.path) if json.loads(log.header.spec) else fallback


def spec_from(header: LogHeader, path: Path) -> RobotSpec:
    """The spec that a log's header holds.

    Raises:
        AdaptError: what it holds is no spec.
    """
    try:
        return RobotSpec.from_dict(json.loads(header.spec))
    except SpecError as error:
        raise AdaptError(f"the spec in {path} cannot be read: {error}") from None


def input_shifts(
    logs: Sequence[Log],
    spec: RobotSpec,
    stage: Callable[[str], None] = lambda _: None,
    encoders: bool = True,
) -> InputShifts:
    """Look for input shifts in logs of one robot that were read by `spec`.

    First what must be right for the rest to mean anything: that angles follow their own goals, then
    the inertial sensor, then whose servo is whose and which way it turns. What was found is mended
    before the next is looked at.

    Args:
        logs: of one robot.
        spec: what they were read by.
        stage: told of progress.
        encoders: whether to look for offsets of encoders too, which takes by far the longest.

    Raises:
        AdaptError: a log is of other joints, or there is none.
    """
    if not logs:
        raise AdaptError("no log was given; name those that `ashore record` wrote")
    stage("goals and angles")
    records = [Record.of(log, spec) for log in logs]
    wrong = tracking(records)
    if wrong:
        rest = "everything else, until angles and goals are of the same joints"
        return InputShifts(shifts=tuple(wrong), untold=(rest,))
    stage("the inertial sensor")
    sensed = balance(records)
    found, untold = list(sensed.shifts), list(sensed.untold)
    records = _mended(records, found)
    stage("whose servo is whose")
    loaded = load(records)
    stepped = None if any(s.kind == "gyro_axes" for s in found) else footing(records)
    for suspicion in (loaded, stepped):
        found += suspicion.shifts if suspicion is not None else ()
    untold += _untold(loaded, stepped, records[0])
    records = _mended(records, [s for s in found if s not in sensed.shifts])
    stage("delay")
    delayed = lateness(records)
    if delayed is not None and delayed.shift is not None:
        found.append(delayed.shift)
    askew = None
    if encoders:
        stage("encoders")
        wired = any(shift.kind in ("swapped", "inverted") for shift in found)
        askew, unknown = _askew(logs, spec, records[0], wired)
        untold += unknown
    if askew is not None:
        found += askew.shifts
    if delayed is None or not delayed.told:
        shift, unknown = _late(askew, 1.0 / spec.rate)
        found += shift
        untold += unknown
    return InputShifts(shifts=tuple(found), untold=tuple(untold))


def _mended(records: Sequence[Record], shifts: Sequence[Shift]) -> list[Record]:
    spec = records[0].spec
    for shift in shifts:
        spec = shift.corrected(spec)
    return [reread(record, spec) for record in records]


def _untold(
    loaded: Suspicion | None, stepped: Suspicion | None, record: Record
) -> list[str]:
    """What neither currents nor feet tell of who is who."""
    if loaded is None and stepped is None:
        why = "no current was measured" if record.fixed else "the feet never stepped"
        return [f"swapped or inverted joints: {why}"]
    known = [set(s.untold) for s in (loaded, stepped) if s is not None]
    dark = [name for name in record.spec.names if all(name in part for part in known)]
    if not dark:
        return []
    return [f"whether {', '.join(dark)} are inverted: nothing that was measured depends on it"]


def _late(askew: Offsets | None, period: float) -> tuple[list[Shift], list[str]]:
    """The delay that the fit of the encoders found, where the joints alone disagree."""
    if askew is None or askew.delay is None or askew.delay[1] > LATE * period:
        return [], ["a delay: too little moves, or the joints disagree"]
    delay, width = askew.delay
    shift = late(delay, period, f"± {1e3 * width:.0f} ms by replay")
    return ([] if shift is None else [shift]), []


def _askew(
    logs: Sequence[Log], spec: RobotSpec, record: Record, wired: bool
) -> tuple[Offsets | None, list[str]]:
    if wired:
        return None, ["encoder offsets: mend the wiring first, and record again"]
    if not record.fixed:
        why = "a walk hardly tells them; hang the robot in a stand and record it"
        return None, [f"encoder offsets: {why} with `ashore excite --held`"]
    parts = [part for log in logs for part in rounds_of(log, spec)]
    found = offsets(spec, [_moving(part) for part in parts])
    if not found.untold:
        return found, []
    return found, [f"the encoder offsets of {', '.join(found.untold)}: too little load depends on "
                   "them, or the simulator explains the log too badly"]


def _moving(part: Trajectory) -> Trajectory:
    """The samples of a trajectory under torque."""
    on = part.time[part.torque_enabled.all(axis=1)]
    return between(part, float(on[0]), float(on[-1])) if len(on) else part
