"""The check that a robot, told to hold its default pose, does."""

import numpy as np

from ashore.envs.draft.finding import Finding, Inspected, judged, listed, missing, suspicious
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig

SECONDS = 1.0
"""How long the pose is held [s]."""
RESTLESS = 0.5
"""Joint speed after that time which is no rest [rad/s]."""
SAG = 0.2
"""Distance from the default pose that is no holding [rad]."""
FALLEN = 0.7
"""Cosine of the base's tilt below which it fell over."""


def check_motion(robot: Inspected) -> list[Finding]:
    """Hold the default pose for a second in the simulation, and look at what happened."""
    spec = robot.spec
    simulation = Simulation(spec, 1, SimulationConfig(threads=1))
    goal = spec.column("default")[None]
    for _ in range(round(SECONDS * spec.rate)):
        simulation.step(goal)
        if simulation.broken[0]:
            return [missing("motion", (
                f"the simulation exploded at physics steps of {simulation.timestep:.3g} s; look at "
                "the findings above, or write a shorter timestep into the MJCF's <option>"
            ))]
    found = []
    speed = np.abs(simulation.velocity[0])
    if names := robot.names(speed > RESTLESS):
        found.append(suspicious("motion", (
            f"{listed(names)} still move after {SECONDS:g} s, at up to {speed.max():.3g} rad/s; "
            "shorten the timestep, or lower stiffness or velocity_gain in [joints.motor]"
        )))
    sag = np.abs(simulation.position - goal)[0]
    if names := robot.names(sag > SAG):
        found.append(suspicious("motion", (
            f"{listed(names)} end up to {sag.max():.3g} rad off the default pose; are stiffness "
            "and torque_limit enough for the weight, and the pose free of overlaps?"
        )))
    return judged("motion", found + _fall(simulation), f"holds the default pose for {SECONDS:g} s")


def _fall(simulation: Simulation) -> list[Finding]:
    truth = simulation.truth()
    if "true_gravity" not in truth or -truth["true_gravity"][0, 2] > FALLEN:
        return []
    return [suspicious("motion", (
        "it falls over in the default pose; change the pose, or look whether z is up in the base"
    ))]
