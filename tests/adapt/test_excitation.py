"""Laws of the motion that tells most: its band, its limits, its room, and a walker's script."""

import numpy as np
import pytest

from ashore.adapt.errors import AdaptError
from ashore.adapt.excite.clearance import Clearance
from ashore.adapt.excite.excitation import SHAPES, excitation
from ashore.adapt.excite.multisine import multisine
from ashore.adapt.excite.scripted_walk import scripted_walk
from ashore.envs.tasks.walk import FASTEST, SEGMENTS, SLOWEST
from ashore.hardware.reading import Command
from ashore.hardware.run.safety import SafetyFilter
from ashore.hardware.spec import RobotSpec

ROBOTS = {name: RobotSpec.load(name) for name in ("servo", "arm", "quadruped")}


def test_every_tone_of_the_band_is_there_and_as_fast_as_the_others():
    phase = np.arange(512) / 512
    tones = 2.0 * np.abs(np.fft.rfft(multisine(phase, 3, 9))) / 512
    assert tones[3:10] * np.arange(3, 10) == pytest.approx(np.ones(7))
    tones[3:10] = 0.0
    assert tones.max() < 1e-12


def test_peaks_are_lower_than_those_of_tones_in_phase():
    phase = np.arange(512) / 512
    in_phase = sum(np.cos(2.0 * np.pi * h * phase) / h for h in range(1, 25))
    assert np.abs(multisine(phase, 1, 24)).max() < 0.6 * np.abs(in_phase).max()


@pytest.mark.parametrize("robot", list(ROBOTS))
@pytest.mark.parametrize("shape", list(SHAPES.values()), ids=list(SHAPES))
def test_no_round_asks_for_what_the_safety_filter_would_change(robot, shape):
    spec = ROBOTS[robot]
    goals = excitation(spec, shape, turn=3, reach=1.0).goals
    np.testing.assert_allclose(goals[-1], goals[0], atol=1e-12)
    safety, last = SafetyFilter(spec), Command(position=goals[0])
    for goal in goals:
        filtered = safety.filter(Command(position=goal), last)
        assert filtered.changes == ()
        last = filtered.command
    if shape.hold == 0.0:
        assert (np.abs(np.diff(goals, axis=0)).max(axis=0) * spec.rate < spec.fastest).all()


def test_no_two_joints_and_no_two_rounds_move_alike():
    spec, shape = ROBOTS["quadruped"], SHAPES["sweep"]
    one, other = (excitation(spec, shape, turn).goals for turn in (0, 1))
    likeness = np.corrcoef(one.T) - np.eye(12)
    assert np.abs(likeness).max() < 0.95
    assert np.abs(np.corrcoef(one[:, 0], other[:, 0])[0, 1]) < 0.95
    np.testing.assert_array_equal(excitation(spec, shape, 1).goals, other)


def test_an_arm_keeps_off_its_table_and_moves_less_where_it_would_touch():
    spec, shape = ROBOTS["arm"], SHAPES["sweep"]
    free = excitation(spec, shape, reach=1.0).goals
    clearance = Clearance(spec)
    assert not clearance.clear(free)
    careful = excitation(spec, shape, reach=1.0, clearance=clearance).goals
    assert clearance.clear(careful)
    assert np.ptp(careful, axis=0).max() < np.ptp(free, axis=0).max()


def test_a_robot_in_a_stand_touches_no_floor_however_far_it_reaches():
    spec = ROBOTS["quadruped"]
    assert Clearance(spec).clear(excitation(spec, SHAPES["sweep"], reach=1.0).goals)


def test_a_robot_without_room_hears_so():
    class Touching:
        def clear(self, poses):
            return False

    with pytest.raises(AdaptError, match="'arm' touches something however little it moves"):
        excitation(ROBOTS["arm"], SHAPES["sweep"], clearance=Touching())


@pytest.mark.parametrize("reach", [0.0, 1.2, float("nan")])
def test_a_reach_that_is_no_share_is_refused(reach):
    with pytest.raises(AdaptError, match="is not possible; give a share above 0, up to 1"):
        excitation(ROBOTS["servo"], SHAPES["creep"], reach=reach)


def test_the_script_goes_every_way_within_the_tasks_commands():
    plans = scripted_walk(3)
    commands = plans[:, :-1].reshape(-1, SEGMENTS, 3)
    assert ((commands >= SLOWEST) & (commands <= FASTEST)).all()
    flat = commands.reshape(-1, 3)
    assert (flat == 0.0).all(axis=1).any()
    for part in range(3):
        alone = flat[(np.delete(flat, part, axis=1) == 0.0).all(axis=1)]
        assert alone[:, part].max() > 0.5 * FASTEST[part]
        assert alone[:, part].min() < 0.5 * SLOWEST[part]
    assert (np.count_nonzero(flat, axis=1) > 1).any()


def test_a_script_that_is_too_short_for_more_walks_begins_anew():
    np.testing.assert_array_equal(scripted_walk(4)[3, :-1], scripted_walk(4)[0, :-1])
    assert len(np.unique(scripted_walk(4)[:, -1])) == 4
