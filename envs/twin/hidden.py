"""`draw_hidden`: the physics that a twin keeps to itself."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.errors import TwinError
from ashore.envs.physics.servo_model import load_servo
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation import Simulation, SimulationConfig
from ashore.hardware.spec import RobotSpec, find_robot

Values = NDArray[np.float64]

FILE = "hidden.toml"
"""File in a robot's folder that says how its twins differ from the nominal robot."""


def draw_hidden(
    spec: RobotSpec, hidden: str, folder: str | Path | None = None
) -> Mapping[str, Values]:
    """Parameters of a twin that differ from the nominal ones, each one number or one an element.

    They come from the `hidden.toml` of the robot's folder, or else from what its policies are
    trained over, its `randomization.toml`.

    Args:
        spec: the robot.
        hidden: `none` for a twin equal to the nominal robot, or a seed.
        folder: the robot's folder; None for the shipped robot of that name.

    Raises:
        TwinError: `hidden` is neither `none` nor a whole number.
        SpecError: there is no such folder.
        ModelError: the folder's file says what cannot be, or there is none.
    """
    if hidden == "none":
        return {}
    seed = seed_of(hidden)
    root = find_robot(folder or spec.name)
    if (root / FILE).exists():
        return worn(spec, Randomization.read(root / FILE), seed)
    world = Simulation(spec, 1, SimulationConfig(threads=1, backlash=True))
    drawn = Randomization.load(str(root)).draw(world, Dice(seed, 1, purpose="hidden"))
    return {name: values[0] for name, values in drawn.items()}


def seed_of(hidden: str) -> int:
    """The seed that `hidden` is.

    Raises:
        TwinError: it is no whole number.
    """
    if not (hidden.isascii() and hidden.isdigit()):
        raise TwinError(f"hidden is {hidden!r}; give a whole number as the seed, or none")
    return int(hidden)


def worn(spec: RobotSpec, ranges: Randomization, seed: int) -> dict[str, Values]:
    """Draw one number a parameter, the same for every joint, and encoders off in either direction.

    Args:
        spec: the robot; what its servos' parameters are is what `scale` scales.
        ranges: how far its twins are from that.
        seed: which twin.
    """
    rng = np.random.default_rng(seed)
    drawn = {}
    for term in ranges.terms:
        nominal = _published(spec, term.parameter) if term.operation == "scale" else 0.0
        drawn[term.parameter] = np.array(term.of(nominal, np.array(rng.uniform())))
    if "encoder_offset" in drawn:
        drawn["encoder_offset"] *= float(rng.choice([-1.0, 1.0]))
    return drawn


def _published(spec: RobotSpec, name: str) -> Values | float:
    """What motor files say of a parameter: one number, or one a joint where its servos differ."""
    each = [load_servo(joint.servo).parameters[name].value for joint in spec.joints]
    return np.array(each) if len(set(each)) > 1 else each[0]
