"""Laws of the model card: it has the numbers of the training and of the examination."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from test_gymnasium_lesson import PENDULUM
from test_gymnasium_lesson import TOY as BALANCE
from test_train import LESSON, TINY

from ashore.envs.evaluate import Course, evaluate
from ashore.envs.randomize.randomization import Randomization
from ashore.hardware.spec import RobotSpec
from ashore.policies.card.training_command import training_command
from ashore.policies.train import train
from ashore.policies.train_config import NetworkConfig

pytestmark = pytest.mark.slow

SHORT = replace(TINY, steps=1_000)


def card_of(bundle):
    return bundle.attachments["card.md"].decode()


def row(card, first):
    """Cells of a table's row, but for the first."""
    (line,) = [line for line in card.splitlines() if line.startswith(f"| {first} ")]
    return line.strip("| ").split(" | ")[1:]


@pytest.fixture(scope="module")
def servo(tmp_path_factory):
    """A short training of a servo, and its folder."""
    run = tmp_path_factory.mktemp("servo")
    return train(LESSON, run, SHORT), run


def test_an_examination_measures_what_evaluation_does(servo):
    bundle, _ = servo
    exam = LESSON.examine(bundle.policy.act, bundle.contract, 9)
    course = Course(spec=LESSON.spec, task=LESSON.task, source=LESSON.randomization, seed=9)
    outcome = evaluate(bundle.policy.act, bundle.contract, course)
    assert np.array_equal(exam.reward, outcome.reward)
    assert exam.mean_errors() == pytest.approx(outcome.errors)
    slow, fast = exam.slices["slow"], exam.slices["fast"]
    (name,), counts = outcome.errors, (slow.sum(), fast.sum())
    parts = [exam.mean_errors(mask)[name] for mask in (slow, fast)]
    # nobody fails at tracking, so that each robot counts as long as any other
    assert np.average(parts, weights=counts) == pytest.approx(outcome.errors[name])


def test_the_card_has_the_numbers_that_the_provenance_has(servo):
    bundle, _ = servo
    figures, card = bundle.provenance["figures"], card_of(bundle)
    assert f"- {figures['failed']} of 256 robots failed" in card
    for kind, each in figures["slices"].items():
        share, examined, *_, failed = row(card, kind)
        assert share == f"{figures['coverage']['slices'][kind]:.1%}"
        assert (int(examined), int(failed)) == (each["robots"], each["failed"])
    for term in LESSON.randomization.terms:
        shares = figures["coverage"]["quarters"][term.title]
        assert row(card, f"`{term}`")[:4] == [f"{share:.0%}" for share in shares]
        assert sum(shares) == pytest.approx(1.0, abs=1e-3)
    assert figures["coverage"]["steps"] == SHORT.steps
    actor = sum(array.size for array in bundle.actor.values())
    assert f"({actor:,} weights)" in card
    assert "    ashore train servo --seed 0 --steps 1000 --memory none" in card
    assert len(str(figures)) < 5_000


def test_a_resumed_training_covers_what_an_uninterrupted_one_does(servo, tmp_path):
    bundle, _ = servo
    whole, part = tmp_path / "whole", tmp_path / "part"

    def copy(progress):
        if progress.steps == 600:
            shutil.copytree(whole, part)

    train(LESSON, whole, SHORT, copy)
    resumed = train(LESSON, part, SHORT)
    figures, others = (each.provenance["figures"] for each in (resumed, bundle))
    assert (others["resumed"], figures["resumed"]) == (0, 400)
    timed = {"resumed": 0, "seconds": 0}
    assert {**figures, **timed} == {**others, **timed}
    assert "steps, the last 600 of them, after it was resumed, in " in card_of(resumed)


def test_the_card_says_what_a_curriculum_never_came_to(tmp_path):
    # a bar so high that nothing widens
    config = replace(SHORT, curriculum=True, target=5.0)
    bundle = train(LESSON, tmp_path, config)
    card = card_of(bundle)
    assert "Training never saw the lowest, third and highest quarters of `viscous`." in card
    assert "to 20% of those stated" in card
    # it begins a fifth of the way from the nominal 0.0054 to its ends, and never comes further
    came, *shares, _, _ = row(card, "`viscous =U(0.003, 0.01)`")
    assert (came, shares) == ("0.00492 to 0.00632", ["0%", "100%", "0%", "0%"])
    assert "--curriculum" in card
    assert set(bundle.attachments) == {"card.md", "curve.json", "curve.svg", "policy.onnx"}


def test_a_past_that_is_seen_is_in_the_card(tmp_path):
    network = NetworkConfig(trunk=(16,), critic=(16,), memory="history", ticks=4, stride=3)
    card = card_of(train(LESSON, tmp_path, replace(SHORT, network=network)))
    # ten numbers now, and six that are one tick of each signal, four times
    assert "it sees 34 numbers" in card
    assert "behind them is the context, 4 ticks of the same, 3 apart" in card


def test_a_card_of_robots_that_are_all_the_same_says_so(tmp_path):
    lesson = replace(PENDULUM, randomization=Randomization(terms=()))
    bundle = train(lesson, tmp_path, replace(BALANCE, steps=1_024))
    card = card_of(bundle)
    assert "Nothing varies" in card
    assert "Nothing stands out" in card
    assert bundle.provenance["figures"]["coverage"] == {
        "steps": 1_024,
        "slices": {},
        "quarters": {},
    }


def test_the_command_says_what_is_not_the_robots_own():
    config = {"seed": 3, "steps": 50, "algorithm": "sac", "curriculum": False}
    config["network"] = {"memory": "none"}
    own = "    ashore train servo --seed 3 --steps 50 --algorithm sac --memory none"
    assert training_command(LESSON, "track", config) == own
    assert "--task swing_up" in training_command(LESSON, "swing_up", config)
    other = LESSON.within(Randomization(terms=()))
    assert "--ranges ranges.toml" in training_command(other, "track", config)
    mine = replace(LESSON, spec=replace(RobotSpec.load("servo"), name="mine"))
    assert training_command(mine, "track", config).startswith("    ashore train FOLDER --seed 3")
