"""Negative transfer, shown on purpose: what a wrong log does, and what catches it."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ashore.adapt.adaptation import adapt
from ashore.adapt.errors import NotDeployable
from ashore.adapt.trial import record_of
from ashore.envs.twin.twin_process import TwinProcess
from ashore.hardware.logs.log import Log
from ashore.launch.bench.adapt.cases import ROBOT
from ashore.launch.bench.adapt.keeping import kept
from ashore.launch.bench.adapt.measure import drive
from ashore.launch.bench.adapt.spoiling import poisoned, shuffled
from ashore.launch.bench.adapt.work import Work
from ashore.launch.bench.figure import Row, row
from ashore.launch.trial_request import TrialRequest
from ashore.launch.trialing import run_trial
from ashore.policies.bundle import Bundle

PAUSES = 8
"""Most times that a trial goes on after the robot had to cool down."""
SPOILED: Mapping[str, Callable[[Log], Log]] = {
    "poisoned_log": poisoned,
    "shuffled_clock": shuffled,
}
"""How a log is spoiled."""


def transfers(teacher: Work, other: Work, folder: Path) -> Iterator[Row]:
    """Adapt to spoiled logs, and take what one twin's log taught to another twin.

    Args:
        teacher: a twin whose log is spoiled, and whose candidate is taken elsewhere.
        other: the twin that it is taken to.
        folder: where everything is kept.
    """
    for name, spoil in SPOILED.items():
        yield _spoiled(teacher, name, spoil, folder / name)
    yield _elsewhere(teacher, other, folder / "other_robot")


def _spoiled(work: Work, name: str, spoil: Callable[[Log], Log], folder: Path) -> Row:
    """What is said of a spoiled log; and what it does where nobody asks."""
    config = work.config.adapt

    def tried() -> dict[str, Any]:
        log = spoil(work.log)
        caught = adapt(work.bundle, [log], config).verdict
        believed = adapt(work.bundle, [log], replace(config, trusting=True))
        replace(believed.bundle, attachments={}).save(folder / "candidate")
        return {
            "said": f"{caught.answer.value}: {caught.why[0]}",
            "believed": believed.verdict.answer.value,
        }

    asked = [work.bundle.digest, asdict(config), work.physics]
    found = kept(folder / "adapted.json", asked, tried)
    change = drive(work, Bundle.load(folder / "candidate"), folder / "wire").gain(
        drive(work, work.bundle, work.folder / "wire" / "unadapted")
    )
    unit = f"of reward per step if it is believed ({found['believed']})"
    return row(f"transfer_{name}", change.mean, unit, found["said"])


def _some_pairs(work: Work, candidate: Path, folder: Path) -> None:
    """Go on with a trial on a twin that has cooled down, until it has an answer or is too hot."""
    with TwinProcess(replace(work.case.options(folder), clock="lockstep")) as twin:
        asked = TrialRequest(
            candidate=str(candidate),
            base=ROBOT,
            port=twin.port,
            imu_port=twin.imu_port,
            out=folder / "trial",
            clock="lockstep",
            supervise=False,
        )
        with redirect_stdout(sys.stderr):
            run_trial(asked)


def _elsewhere(teacher: Work, other: Work, folder: Path) -> Row:
    """What a candidate does on a robot that it was not made for, and what a trial says of it."""
    place = folder / "candidate"
    change = drive(other, teacher.adapted, folder / "wire").gain(
        drive(other, other.bundle, other.folder / "wire" / "unadapted")
    )

    def tried() -> str:
        replace(teacher.adapted, attachments={}).save(place)
        try:
            for _ in range(PAUSES):
                _some_pairs(other, place, folder)
                if (record := record_of(Bundle.load(place))) is not None:
                    return f"{record['outcome']}: {record['why']}"
        except NotDeployable as refusal:
            return str(refusal)
        return "no answer"

    said = kept(folder / "trial.json", [teacher.adapted.digest, other.physics], tried)
    return row("transfer_other_robot", change.mean, "of reward per step if it is deployed", said)
