"""A walking robot measures its own reward by its legs and its inertial sensor."""

import numpy as np
import pytest

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.envs.tasks.odometry import leg_odometry
from ashore.envs.tasks.task import total
from ashore.envs.tasks.walk import Walk
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle

SPEC = RobotSpec.load("quadruped")
TASK = Walk(SPEC)


def standing(steps: int, spin: float = 0.0) -> dict[str, np.ndarray]:
    """Signals of a robot whose joints rest in the default pose."""
    cycle = 2.0 * np.pi * TASK.trot.config.frequency * np.arange(steps) / SPEC.rate
    return {
        "joint_position": np.tile(SPEC.column("default"), (steps, 1)),
        "phase": np.stack([np.sin(cycle), np.cos(cycle)], axis=1),
        "imu_gyro": np.tile([0.0, 0.0, spin], (steps, 1)),
        "imu_gravity": np.tile([0.0, 0.0, -1.0], (steps, 1)),
    }


def test_a_robot_at_rest_is_measured_at_rest_and_at_its_height() -> None:
    found = leg_odometry(TASK.trot, standing(25), SPEC.rate)
    assert np.abs(found["true_velocity"]).max() < 1e-12
    assert np.allclose(found["true_height"], TASK.height, atol=1e-9)


def test_a_trot_as_told_is_measured_at_the_speed_it_was_told() -> None:
    # The feet move as the trot's inverse kinematics says, 60 ms late, as behind a servo.
    steps, command = 100, np.array([0.3, 0.0, 0.0])
    cycle = TASK.trot.config.frequency * np.arange(steps) / SPEC.rate
    late = cycle - 0.06 * TASK.trot.config.frequency
    signals = standing(steps)
    signals["joint_position"] = TASK.trot.joints(np.tile(command, (steps, 1)), late)
    turn = 2.0 * np.pi * cycle
    signals["phase"] = np.stack([np.sin(turn), np.cos(turn)], axis=1)
    velocity = leg_odometry(TASK.trot, signals, SPEC.rate)["true_velocity"][3:-3]
    assert np.allclose(velocity[:, :2], command[:2], atol=0.02)


@pytest.mark.slow
def test_the_measured_reward_follows_the_true_one_over_robots_of_all_kinds() -> None:
    bundle = Bundle.load(find_bundle("quadruped"))
    source = Randomization(
        terms=(
            Term.from_table("gain_divisor", {"scale": [0.8, 2.6], "each": "robot"}),
            Term.from_table("payload", {"add": [0.0, 1.2], "on": "trunk"}),
            Term.from_table("friction", {"set": [0.3, 1.0], "on": "floor"}),
        )
    )
    env = SimulationVecEnv(SPEC, TASK, bundle.contract, source, EnvConfig(robots=24, stagger=False))
    observation, rows, rewards = env.reset(), [], []
    last = np.zeros((24, 12))
    actions = []
    for _ in range(250):
        action = np.clip(bundle.policy.act(observation), -1.0, 1.0)
        observation, reward, _ = env.advance(action)
        rows.append({name: value.copy() for name, value in env.latest.items()})
        rewards.append(reward)
        actions.append((action.astype(np.float64), last))
        last = action.astype(np.float64)
    true, measured = np.mean(rewards, axis=0), []
    for robot in range(24):
        mine = {name: np.stack([row[name][robot] for row in rows]) for name in rows[0]}
        sensed = {name: value for name, value in mine.items() if not name.startswith("true_")}
        action, previous = (np.stack([pair[i][robot] for pair in actions]) for i in (0, 1))
        terms = TASK.reward(TASK.measured(sensed), action, previous)
        measured.append(float(total(terms).mean()))
    assert np.corrcoef(true, measured)[0, 1] > 0.93
    assert abs(float(np.mean(true) - np.mean(measured))) < 0.05

