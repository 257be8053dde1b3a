"""Laws of the curriculum: it widens what succeeds, stops at what fails, and says how far."""

import gc
import weakref

import numpy as np
import pytest

from ashore.envs.dice import Dice
from ashore.envs.errors import ModelError
from ashore.envs.randomize.curriculum import Curriculum, CurriculumConfig
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("servo")
WORLD = Simulation(SPEC, 1)
WIDEST = Randomization(
    terms=(
        Term(parameter="gain_divisor", low=0.5, high=2.0, operation="scale"),
        Term(parameter="encoder_offset", low=-0.1, high=0.3, operation="add"),
        Term(parameter="push", low=-1.0, high=1.0, mode="interval", every=(1.0, 2.0), hold=0.1),
        Term(parameter="mass", low=0.9, high=1.1, operation="scale", mode="startup"),
    )
)
CONFIG = CurriculumConfig(bar=0.5, begin=0.2, step=0.1)
GAIN = 256.0


def school(rounds, succeeds):
    """Let `succeeds(values)` judge `rounds` times 64 robots."""
    curriculum, dice = Curriculum(WIDEST, WORLD, CONFIG), Dice(0, 64)
    for _ in range(rounds):
        values = curriculum.draw(WORLD, dice)
        good = succeeds({name: value[:, 0] for name, value in values.items()})
        curriculum.record(dice.robots, good.astype(float), np.zeros(64, dtype=bool))
    return curriculum


def everything(values):
    return np.ones(64, dtype=bool)


def test_ranges_begin_at_a_share_around_the_nominal():
    first = Curriculum(WIDEST, WORLD, CONFIG).reached.terms
    # scale 1 + .2 (.5 - 1) = .9 to 1 + .2 (2 - 1) = 1.2; add .2 * -.1 to .2 * .3
    assert (first[0].low, first[0].high) == pytest.approx((0.9, 1.2))
    assert (first[1].low, first[1].high) == pytest.approx((-0.02, 0.06))
    assert (first[2].low, first[2].high) == pytest.approx((-0.2, 0.2))
    assert first[3] == WIDEST.terms[3]


def test_what_always_succeeds_reaches_the_stated_ranges_and_no_further():
    curriculum = school(60, everything)
    assert curriculum.progress == 1.0
    for reached, stated in zip(curriculum.reached.terms, WIDEST.terms, strict=True):
        assert (reached.low, reached.high) == pytest.approx((stated.low, stated.high))


def test_an_end_stops_where_success_does_and_the_others_go_on():
    curriculum = school(150, lambda values: values["gain_divisor"] < 1.55 * GAIN)
    gain, offset = curriculum.reached.terms[:2]
    # an end that fails comes back, so it hovers within a step (.1) around 1.55
    assert 1.45 < gain.high < 1.65
    assert gain.low == pytest.approx(0.5)
    assert (offset.low, offset.high) == pytest.approx((-0.1, 0.3))


def test_what_never_succeeds_shrinks_to_the_nominal():
    curriculum = school(60, lambda values: np.zeros(64, dtype=bool))
    assert curriculum.progress == 0.0
    assert curriculum.reached.terms[0].low == curriculum.reached.terms[0].high == 1.0


def test_a_failed_episode_is_no_success_whatever_it_earned():
    curriculum, dice = Curriculum(WIDEST, WORLD, CONFIG), Dice(0, 64)
    for _ in range(60):
        curriculum.draw(WORLD, dice)
        curriculum.record(dice.robots, np.ones(64), np.ones(64, dtype=bool))
    assert curriculum.progress == 0.0


def test_a_state_taken_is_a_place_to_go_on_from():
    one, other = school(20, everything), Curriculum(WIDEST, WORLD, CONFIG)
    assert one.progress > other.progress
    other.restore(one.state())
    assert other.reached == one.reached


def test_a_task_teaches_it_through_the_environment():
    task = make_task("track", SPEC)
    curriculum = Curriculum(WIDEST, WORLD, CurriculumConfig(bar=-1.0, window=2, step=0.5))
    config = EnvConfig(robots=16, stagger=False)
    env = SimulationVecEnv(SPEC, task, task.contract(SPEC), curriculum, config)
    env.reset()
    for _ in range(4):
        env.ticks[:] = env.episode_ticks - 1
        env.step(np.zeros((16, 1)))
    assert curriculum.progress > 0.2
    offsets = env.simulation.values("encoder_offset")
    assert offsets.min() < -0.02 or offsets.max() > 0.06


def test_without_anything_drawn_at_resets_there_is_nothing_to_widen():
    with pytest.raises(ModelError, match="a curriculum needs terms that are drawn at resets"):
        Curriculum(Randomization(terms=WIDEST.terms[3:]), WORLD, CONFIG)


def test_ranges_that_were_widened_leave_nothing_behind():
    curriculum, dice = Curriculum(WIDEST, WORLD, CONFIG), Dice(0, 64)
    curriculum.draw(WORLD, dice)
    first = weakref.ref(curriculum.reached)
    curriculum.restore(school(60, everything).state())
    gc.collect()
    assert first() is None
