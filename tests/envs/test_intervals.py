"""Laws of the intervals: each robot at its own times, from what the episode began with."""

import numpy as np
import pytest

from ashore.envs.dice import Dice
from ashore.envs.errors import ModelError
from ashore.envs.randomize.intervals import Intervals
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.simulation import Simulation
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("servo")
N, TICK = 50, 0.02


def watch(seconds, **parts):
    """Values of `viscous` of N robots over time, begun at 0.01 to 0.02, `(T, N)`."""
    term = Term(parameter="viscous", mode="interval", operation="add", **parts)
    simulation = Simulation(SPEC, N)
    simulation.set("viscous", np.linspace(0.01, 0.02, N)[:, None], np.arange(N))
    intervals = Intervals(simulation, Randomization(terms=(term,)), Dice(0, N))
    intervals.restart(np.arange(N))
    seen = []
    for _ in range(round(seconds / TICK)):
        intervals.advance(TICK)
        seen.append(simulation.values("viscous")[:, 0].copy())
    return np.array(seen)


def test_values_come_at_times_within_every_and_differ_between_robots():
    seen = watch(2.0, low=0.01, high=0.02, every=(0.5, 1.0))
    changed = np.diff(seen, axis=0) != 0.0
    first = changed.argmax(axis=0) * TICK
    assert 0.46 <= first.min() < 0.6
    assert 0.9 < first.max() <= 1.02
    for column in changed.T:
        gaps = np.diff(np.flatnonzero(column)) * TICK
        assert (gaps >= 0.5 - TICK).all()
        assert (gaps <= 1.0 + TICK).all()


def test_a_value_starts_from_what_the_episode_began_with_and_never_compounds():
    began = np.linspace(0.01, 0.02, N)
    added = watch(6.0, low=0.01, high=0.02, every=(0.1, 0.2))[-1] - began
    assert added.min() >= 0.01 - 1e-12
    assert added.max() <= 0.02 + 1e-12


def test_a_held_value_goes_back_after_its_time():
    seen = watch(3.0, low=0.01, high=0.02, every=(0.5, 0.6), hold=0.1)
    began = np.linspace(0.01, 0.02, N)
    held = (seen != began).mean()
    # 0.1 s in each 0.55 s
    assert held == pytest.approx(0.1 / 0.55, abs=0.04)


def test_a_new_episode_waits_anew():
    simulation, everyone = Simulation(SPEC, N), np.arange(N)
    term = Term(parameter="viscous", low=0.1, high=0.1, mode="interval", every=(0.5, 0.5))
    intervals = Intervals(simulation, Randomization(terms=(term,)), Dice(0, N))
    intervals.restart(everyone)
    for tick in range(40):
        intervals.advance(TICK)
        if tick == 20:  # 0.42 s in
            intervals.restart(everyone[:10])
        if tick == 30:
            late = simulation.values("viscous")[:, 0] == 0.1
            assert not late[:10].any()
            assert late[10:].all()


@pytest.mark.parametrize("every", [(0.0, 1.0), (2.0, 1.0), (1.0, np.inf)])
def test_times_that_cannot_be_are_refused(every):
    with pytest.raises(ModelError, match=r"every is .*; allowed: two times in s"):
        Term(parameter="viscous", low=0.0, high=0.1, mode="interval", every=every)
