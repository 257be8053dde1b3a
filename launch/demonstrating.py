"""`ashore demo`: the whole loop on a twin, each stage said aloud."""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ashore.adapt.adaptation import Adaptation, usual
from ashore.adapt.errors import AdaptError, NotDeployable
from ashore.adapt.interval import bootstrap
from ashore.adapt.picture import loop_picture
from ashore.adapt.report import Wire, write_report
from ashore.adapt.tuning.finetune_config import FinetuneConfig
from ashore.adapt.verdict import require_deployable
from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec
from ashore.launch.adapting import able, adapt_with_progress, save
from ashore.launch.console import complain, say
from ashore.launch.place_request import SessionConfig
from ashore.launch.session import conclude, run_session
from ashore.launch.training import pretrain
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle, shipped_bundles

RECORD_EPISODES, RECORD_SEED = 5, 11
MEASURE_EPISODES, MEASURE_SEED = 8, 77
SHORT_TRAINING, SHORT_TUNING = 700_000, 100_000
STAGES = 6


def run_demo(robot: str, hidden: str, out: Path, short: bool) -> int:
    """Train, record, adapt, deploy; leave bundles, logs, a report and a picture in `out`."""
    began = time.monotonic()
    spec = RobotSpec.load(robot)
    _clear(out)
    _stage(1, f"pretrain {robot} over randomized simulation")
    bundle = _pretrained(robot, spec, out, short)
    kind = "equal to the nominal robot" if hidden == "none" else f"hidden physics: {hidden}"
    _stage(2, f"start a twin of the robot in a process of its own ({kind})")
    with TwinProcess(TwinOptions(robot=robot, hidden=hidden, clock="lockstep")) as twin:
        say(f"it answers on {twin.port}, and its physics can be reached only through that tty")
        _stage(3, "record: the pretrained policy drives the robot through its wire")
        log = out / "record.mcap"
        drive = _driver(twin.port, twin.imu_port)
        code, _ = drive(bundle, log, "record", RECORD_EPISODES, RECORD_SEED)
        if code:
            return code
        _stage(4, "adapt: diagnose, calibrate, fine-tune the final layers, judge")
        tuning = FinetuneConfig(steps=SHORT_TUNING) if short else FinetuneConfig()
        config = replace(usual(spec), finetune=tuning)
        bundle = able(bundle, out / "training" / "bundle")
        adaptation = adapt_with_progress(bundle, [Log.open(log)], config)
        candidate = save(adaptation, out / "adapted")
        _stage(5, "deploy: only what the gate has passed")
        wire = None
        try:
            require_deployable(Bundle.load(candidate), str(candidate))
        except NotDeployable as refusal:
            complain(f"refused: {refusal}")
        else:
            code, wire = _compare(drive, bundle, Bundle.load(candidate), out)
            if code:
                return code
    _stage(6, "report")
    _leave(adaptation, wire, out)
    say(f"verdict {adaptation.verdict.answer.value}, in {time.monotonic() - began:.0f} s")
    return 0


def _pretrained(robot: str, spec: RobotSpec, out: Path, short: bool) -> Bundle:
    """Pretrain, or take the policy that ships where that would take many minutes."""
    if spec.imu is not None and robot in shipped_bundles():
        say(f"the policy that ships; `ashore train {robot}` makes it anew, in about ten minutes")
        return Bundle.load(find_bundle(robot))
    steps = SHORT_TRAINING if short else None
    return pretrain(robot, spec.task, out / "training", steps, seed=0)


Driver = Callable[[Bundle, Path, str, int, int], tuple[int, list[float]]]


def _driver(port: str, imu_port: str | None) -> Driver:
    def drive(
        bundle: Bundle, log: Path, kind: str, episodes: int, seed: int
    ) -> tuple[int, list[float]]:
        config = SessionConfig(
            port=port,
            imu_port=imu_port,
            out=log,
            episodes=episodes,
            seed=seed,
            clock="lockstep",
        )
        session = run_session(bundle, config, kind)
        return conclude(session), list(session.rewards)

    return drive


def _compare(drive: Driver, base: Bundle, candidate: Bundle, out: Path) -> tuple[int, Wire | None]:
    """Measure both policies on the robot, on the same new commands."""
    say("the pretrained policy, on new commands:")
    code, before = drive(base, out / "before.mcap", "record", MEASURE_EPISODES, MEASURE_SEED)
    if code:
        return code, None
    say("the adapted policy, on the same commands:")
    code, after = drive(candidate, out / "after.mcap", "deploy", MEASURE_EPISODES, MEASURE_SEED)
    if code:
        return code, None
    change = bootstrap(np.array(after) - np.array(before))
    say(f"reward per step on the robot, through its wire, changed by {change}")
    wire = Wire(before=bootstrap(np.array(before)), after=bootstrap(np.array(after)), change=change)
    return 0, wire


def _leave(adaptation: Adaptation, wire: Wire | None, out: Path) -> None:
    report = out / "report.html"
    write_report(report, adaptation, wire)
    say(f"report: {report}")
    if adaptation.evidence is not None:
        picture = loop_picture(adaptation, wire, out / "loop.png")
        say(f"picture of the loop: {picture}")


def _clear(out: Path) -> None:
    marker = out / ".ashore-demo"
    if out.exists() and not marker.exists():
        raise AdaptError(f"{out} exists and is not an older demo; choose another --out")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    marker.touch()


def _stage(number: int, text: str) -> None:
    say(f"\n[{number}/{STAGES}] {text}")
