"""Laws of pretraining: it learns, it goes on after a kill, and it refuses what cannot be."""

import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ashore.envs.errors import ModelError
from ashore.envs.evaluate import Course, evaluate
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.tasks import make_task
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle
from ashore.policies.checkpoint import Checkpoint
from ashore.policies.errors import TrainingError
from ashore.policies.lesson import RobotLesson
from ashore.policies.train import train
from ashore.policies.train_config import NetworkConfig, TrainConfig

pytestmark = pytest.mark.slow

SPEC, RANGES = RobotSpec.load("servo"), Randomization.load("servo")
TASK = make_task("track", SPEC)
LESSON = RobotLesson(spec=SPEC, task=TASK, randomization=RANGES)
TOY = TrainConfig(
    steps=40_000,
    robots=64,
    network=NetworkConfig(trunk=(32, 32), critic=(64, 64)),
    learning_rate=2e-3,
    target=0.1,
)
TINY = replace(TOY, steps=6_000, robots=8, horizon=25, checkpoint_every=1)


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """A toy training, with what it reported and its folder."""
    run, said = tmp_path_factory.mktemp("toy"), []
    bundle = train(LESSON, run, TOY, said.append)
    return bundle, said, run


def test_a_toy_is_learned_in_seconds(toy):
    bundle, _, _ = toy
    course = Course(spec=SPEC, task=TASK, source=RANGES, robots=64, seed=77)
    learned = evaluate(bundle.policy.act, bundle.contract, course).reward
    idle = evaluate(lambda seen: np.zeros((len(seen), 1), np.float32), bundle.contract, course)
    # goals on the target alone earn about 0.41 here, a toy policy about 0.95
    assert learned.mean() > idle.reward.mean() + 0.3


def test_the_bundle_says_what_was_measured(toy):
    figures = toy[0].provenance["figures"]
    assert 0.7 < figures["reward"] <= 1.0
    assert figures["worst_reward"] <= figures["reward"]
    assert set(figures["slices"]) == {"slow", "fast", "small", "large"}
    assert 0 < figures["steps_to_target"] <= TOY.steps
    card = toy[0].attachments["card.md"].decode()
    assert toy[0].contract.hash in card
    assert all(str(term) in card for term in RANGES.terms)
    assert toy[0].attachments["curve.svg"].startswith(b"<?xml")


def test_progress_only_ever_rises_to_the_whole(toy):
    steps = [progress.steps for progress in toy[1]]
    assert steps == sorted(steps)
    assert steps[-1] == toy[1][-1].total == TOY.steps


def test_a_finished_training_comes_back_as_the_same_policy(toy):
    bundle, _, run = toy
    again = train(LESSON, run, TOY)
    assert again.digest == bundle.digest


def test_a_trained_bundle_survives_the_disk(toy, tmp_path):
    assert Bundle.load(toy[0].save(tmp_path / "b")).digest == toy[0].digest


@pytest.mark.slow
def test_one_seed_trains_one_policy(tmp_path):
    short = replace(TINY, steps=1_000)
    one, two = (train(LESSON, tmp_path / name, short) for name in ("a", "b"))
    other = train(LESSON, tmp_path / "c", replace(short, seed=1))
    assert one.digest == two.digest != other.digest


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_train import LESSON, TINY, train
train(LESSON, Path(sys.argv[1]), TINY, lambda p: print(p.steps, flush=True))
"""


@pytest.mark.slow
def test_a_killed_training_goes_on_at_its_checkpoint(tmp_path):
    asked = [sys.executable, "-c", CHILD, str(tmp_path), str(Path(__file__).parent)]
    with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        while int(child.stdout.readline()) < 1_000:
            pass
        os.kill(child.pid, signal.SIGKILL)
    kept = Checkpoint.load(tmp_path)
    assert kept is not None
    assert 0 < kept.steps < TINY.steps
    said = []
    bundle = train(LESSON, tmp_path, TINY, said.append)
    rollout = TINY.robots * TINY.horizon
    assert [progress.steps for progress in said] == [
        *range(kept.steps + rollout, TINY.steps + 1, rollout)
    ]
    assert bundle.contract == kept.contract
    assert bundle.provenance["config"] == asdict(TINY)
    assert Checkpoint.load(tmp_path).steps == TINY.steps


def test_a_half_written_checkpoint_does_not_count(toy, tmp_path):
    whole = (toy[2] / "checkpoint.pt").read_bytes()
    (tmp_path / ".checkpoint.pt").write_bytes(whole[:1_000])
    assert Checkpoint.load(tmp_path) is None
    (tmp_path / "checkpoint.pt").write_bytes(whole)
    assert Checkpoint.load(tmp_path).steps >= TOY.steps
    (tmp_path / "checkpoint.pt").write_bytes(whole[:1_000])
    with pytest.raises(TrainingError, match=r"checkpoint.pt is damaged; remove it to start anew"):
        Checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    "changed",
    [
        {"config": replace(TOY, seed=1)},
        {"task": make_task("swing_up", SPEC)},
        {"spec": replace(SPEC, description="another")},
        {"randomization": Randomization(terms=RANGES.terms[:3])},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_folder_of_another_training_is_refused(toy, changed):
    parts = {"config": TOY, **changed}
    config = parts.pop("config")
    lesson = replace(LESSON, **parts)
    with pytest.raises(TrainingError, match="another robot, task, randomization or configuration"):
        train(lesson, toy[2], config)


def test_an_unphysical_range_is_refused_by_name(tmp_path):
    wrong = Randomization(terms=(Term(parameter="resistance", low=0.0, high=1.0),))
    with pytest.raises(ModelError, match="term resistance"):
        train(replace(LESSON, randomization=wrong), tmp_path, TINY)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_checkpoint(tmp_path, monkeypatch):
    def spoil(progress):
        if progress.steps >= 600:
            monkeypatch.setattr(torch.nn.functional, "mse_loss", lambda *_: torch.tensor(np.nan))

    with pytest.raises(TrainingError, match=r"the loss is nan .* the last checkpoint is kept"):
        train(LESSON, tmp_path, TINY, spoil)
    assert Checkpoint.load(tmp_path).steps == 400


def test_a_curriculum_widens_ranges_and_the_bundle_holds_those_reached(tmp_path):
    stated = Term(parameter="gain_divisor", low=0.5, high=2.0, operation="scale")
    lesson = LESSON.within(Randomization(terms=(stated,)))
    bundle = train(lesson, tmp_path, replace(TOY, curriculum=True))
    (reached,) = Randomization.from_json(bundle.randomization).terms
    covered = bundle.provenance["figures"]["curriculum"]
    # it begins with a fifth: 0.9 to 1.2
    assert 0.2 < covered <= 1.0
    assert 0.5 <= reached.low <= 0.9
    assert 1.2 <= reached.high <= 2.0
    assert f"to {covered:.0%} of those stated" in bundle.attachments["card.md"].decode()
    assert Checkpoint.load(tmp_path).robots["source/share"].mean() == pytest.approx(covered)


def test_a_curriculum_without_a_stated_reward_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="here none is stated; train without --curriculum"):
        train(LESSON, tmp_path, replace(TOY, curriculum=True, target=None))
