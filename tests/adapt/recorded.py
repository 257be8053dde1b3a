"""Recordings of simulated servos whose parameters are known."""

import numpy as np

from ashore.adapt.trajectory import Trajectory
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Start
from ashore.hardware.spec import RobotSpec

SERVO = RobotSpec.load("servo")


def goals(seconds, seed=0):
    """A smooth motion with stops, at 50 Hz, that begins at rest."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * 50)) / 50
    phase, rate = rng.uniform(0, 6.28, 3), rng.uniform(0.3, 1.2, 3)
    wave = np.sin(6.28 * rate * time[:, None] + phase) - np.sin(phase)
    wave[:, 1] = np.round(wave[:, 1] * 2) / 2
    return time, (wave @ [0.5, 0.4, 0.3])[:, None] * np.minimum(1.0, time)[:, None]


def recorded(truth=None, seconds=4.0, seed=0, quantum=True, **changed):
    """Record a servo with parameters `truth` at 50 Hz, through its encoder."""
    simulation = Simulation(SERVO, 1, SimulationConfig(timestep=0.002, threads=1))
    one = np.arange(1)
    simulation.give({k: np.full((1, 1), v) for k, v in (truth or {}).items()}, one)
    time, goal = goals(seconds, seed)
    offset = simulation.motor.values["encoder_offset"]
    simulation.reset(one, Start(position=-offset))
    position, voltage = [], []
    for command in goal:
        seen = simulation.sense()["joint_position"] if quantum else simulation.position + offset
        position.append(seen[0].copy())
        voltage.append(simulation.motor.voltage[0].copy())
        simulation.step(command[None])
    shape = np.array(position).shape
    fields = {
        "label": f"motion{seed}",
        "source": f"motion{seed}",
        "time": time,
        "position": np.array(position),
        "voltage": None,
        "goal_time": time,
        "goal": goal,
        "torque_enabled": np.ones(shape, dtype=bool),
        "p_gain": np.array([400.0]),
        "fresh": np.ones(shape, dtype=bool),
    }
    return Trajectory(**{**fields, **changed})
