"""Laws of the race of learners: all learn on one environment, a slice at a time."""

from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.hardware.spec import RobotSpec
from ashore.launch.bench.bench_train import OURS, RSL, STOCK, Profile, race
from ashore.launch.bench.learners import Arena, learn_default, learn_ours, learn_rsl_rl, learn_stock
from ashore.launch.turn import Turn
from ashore.policies.lesson import RobotLesson
from ashore.policies.train_config import NetworkConfig, TrainConfig

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

SPEC = RobotSpec.load("servo")
LESSON = RobotLesson(
    spec=SPEC, task=make_task("track", SPEC), randomization=Randomization.load("servo")
)
CONFIG = TrainConfig(
    steps=2_000, robots=8, horizon=10, network=NetworkConfig(trunk=(8, 8), critic=(8,))
)
NEEDS_RSL_RL = pytest.mark.skipif(find_spec("rsl_rl") is None, reason="rsl_rl is not installed")


def arena(profile):
    contract = LESSON.contract(CONFIG.network, 0)
    return Arena(lesson=LESSON, contract=contract, config=CONFIG, slice=160, watch=profile.attach)


@pytest.mark.parametrize(
    "learn",
    [learn_ours, learn_stock, learn_default, pytest.param(learn_rsl_rl, marks=NEEDS_RSL_RL)],
)
def test_a_learner_pauses_after_a_slice_with_a_policy_and_stops_when_told(learn):
    turn = Turn(partial(learn, arena(Profile())))
    turn.go()
    assert (turn.stands.steps, turn.over) == (160, False)
    seen = np.zeros((3, LESSON.task.contract(SPEC).observation_size), np.float32)
    first = np.array(turn.stands.act(seen))
    assert first.shape == (3, 1)
    turn.go()
    assert turn.stands.steps == 320
    assert not np.array_equal(turn.stands.act(seen), first)
    turn.end()
    assert turn.over


def test_a_short_race_takes_three_slices_of_each_and_knows_where_our_time_went():
    profile = Profile()
    racers = race(arena(profile), short=True)
    assert set(racers) - {RSL} == {OURS, STOCK}
    assert all((len(each.speeds), each.done) == (3, 480) for each in racers.values())
    shares = {row["name"]: row["value"] for row in profile.rows(racers[OURS].turn.seconds)}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert min(shares.values()) > 0.0


def test_a_learner_that_ends_before_it_walks_leaves_the_race():
    short = replace(arena(Profile()), config=replace(CONFIG, steps=200))
    racers = race(short, short=True)
    assert racers[OURS].turn.over
    assert racers[OURS].reached == {}
