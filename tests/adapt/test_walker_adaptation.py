"""From twenty seconds of a quadruped's log to a verdict, through the wire of its twin."""

from dataclasses import replace
from pathlib import Path

import pytest

from ashore.adapt.adaptation import Adaptation, adapt, usual
from ashore.adapt.verdict import Answer
from ashore.adapt.walking.belief import Belief
from ashore.adapt.walking.fit import WalkingConfig
from ashore.adapt.walking.range_test import RangeConfig
from ashore.adapt.walking.refine import RefineConfig
from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.logs.log import Log
from ashore.launch.bench.adapt.spoiling import poisoned, shuffled
from ashore.launch.place_request import SessionConfig
from ashore.launch.session import run_session
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle

pytestmark = pytest.mark.slow

BUNDLE = Bundle.load(find_bundle("quadruped"))
USUAL = usual(BUNDLE.spec)
QUICK = replace(
    USUAL,
    walking=WalkingConfig(range=RangeConfig(robots=59, teachers=8), refine=RefineConfig(robots=0)),
    finetune=replace(USUAL.finetune, rungs=("head",), steps=20_000, rounds=1, validation_robots=8),
    gate=replace(USUAL.gate, robots=16, seconds=2.0),
)


def adapted(hidden: str, out: Path) -> Adaptation:
    """Record one episode on a twin, and adapt in a hurry."""
    with TwinProcess(TwinOptions(robot="quadruped", hidden=hidden, clock="lockstep")) as twin:
        config = SessionConfig(
            port=twin.port,
            imu_port=twin.imu_port,
            out=out,
            episodes=1,
            seed=3,
            clock="lockstep",
            supervise=False,
        )
        run_session(BUNDLE, config, "record")
    return adapt(BUNDLE, [Log.open(out)], QUICK)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("soft")


@pytest.fixture(scope="module")
def soft(folder: Path) -> Adaptation:
    return adapted("soft_servos", folder / "log.mcap")


def test_soft_servos_are_found_out_and_predict_the_walk_that_was_kept_back(soft):
    assert soft.fitted is not None
    assert soft.fitted.range is not None
    assert soft.fitted.range.outside
    shifts = {finding.parameter: finding for finding in soft.fitted.diagnosis.shifts}
    # Two fifths of the stiffness: the gain's divisor is 2.5 times the nominal one.
    assert shifts["gain"].value > 1.8
    evidence = soft.fitted.evidence
    assert evidence.gain.low > 0.25 * evidence.nominal.mean()


def test_the_candidate_holds_what_was_believed_of_its_robot(soft):
    assert soft.tuned is not None
    assert soft.bundle.posterior is not None
    belief = Belief.from_json(soft.bundle.posterior)
    assert (belief.told == soft.fitted.target.told).all()
    assert soft.bundle.lineage[-1] == BUNDLE.digest


@pytest.mark.parametrize("spoil", [poisoned, shuffled])
def test_a_walk_that_was_tampered_with_teaches_nothing(soft, folder, spoil):
    found = adapt(BUNDLE, [spoil(Log.open(folder / "log.mcap"))], QUICK)
    assert found.verdict.answer is Answer.INSUFFICIENT_DATA
    assert found.bundle.digest == BUNDLE.digest


def test_a_robot_that_pretraining_knows_is_let_alone(tmp_path):
    found = adapted("none", tmp_path / "log.mcap")
    assert found.verdict.answer is Answer.NO_IMPROVEMENT
    assert "like those of robots from the ranges of pretraining" in found.verdict.why[0]
    assert found.tuned is None
    assert not found.fitted.diagnosis.shifts
