"""Laws of rough ground: robots stand on it, each on its own, and no higher than it is rough."""

import numpy as np
import pytest

from ashore.envs.simulation import Simulation
from ashore.envs.tasks.task import Start
from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("quadruped")
HOME = SPEC.column("default")[None]


def stand(roughness, seconds=1.5):
    """Robots that have stood for a while, each on ground of its own roughness [m]."""
    n = len(roughness)
    simulation, everyone = Simulation(SPEC, n), np.arange(n)
    simulation.seed(4)
    simulation.set("floor_roughness", np.array(roughness)[:, None], everyone)
    simulation.reset(everyone, Start(position=HOME.repeat(n, axis=0)))
    for _ in range(round(seconds * SPEC.rate)):
        simulation.step(HOME.repeat(n, axis=0))
    return simulation


def test_robots_stand_as_high_as_the_ground_under_them():
    height = stand([0.0, 0.0, 0.03, 0.03, 0.03]).truth()["true_height"][:, 0]
    assert height[0] == height[1]
    lifted = height[2:] - height[0]
    # four feet on ground of 0 to 30 mm
    assert (lifted > 0.002).all()
    assert (lifted < 0.03).all()
    assert len(set(lifted.round(5))) == 3


def test_bumps_tilt_a_robot_that_flat_ground_leaves_level():
    gravity = stand([0.0, 0.03, 0.03, 0.03]).truth()["true_gravity"]
    tilt = np.hypot(gravity[:, 0], gravity[:, 1])
    assert tilt[0] < 0.02
    assert tilt[1:].max() > tilt[0] + 0.01


def test_smooth_ground_costs_and_changes_nothing():
    simulation = stand([0.0, 0.0], seconds=0.1)
    assert simulation.batch.expanded("geom_size") is None


def test_no_robot_is_thrown_up_as_it_begins():
    simulation = stand([0.05] * 8, seconds=0.1)
    assert simulation.truth()["true_velocity"][:, 2].max() < 0.3
    assert not simulation.broken.any()
    assert simulation.truth()["true_height"][:, 0] == pytest.approx(0.2, abs=0.06)
