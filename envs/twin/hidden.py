"""`draw_hidden`: the physics that a twin keeps to itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.errors import TwinError
from ashore.envs.physics.servo_model import load_servo
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.hardware.spec import RobotSpec, find_robot

Values = NDArray[np.float64]

FILE = "hidden.toml"
"""File in a robot's folder that says how its twins differ from the nominal robot."""
KINDS = "hidden"
"""Folder in a robot's folder with a file of ranges for each kind of hidden robot."""


def draw_hidden(
    spec: RobotSpec, hidden: str, folder: str | Path | None = None
) -> Mapping[str, Values]:
    """Parameters of a twin that differ from the nominal ones, each one number or one an element.

    Those of a seed come from the `hidden.toml` of the robot's folder, or else from what its
    policies are trained over, its `randomization.toml`. Those of a kind come from a file of ranges
    that describes it: `hidden/KIND.toml` in the robot's folder, or any other.

    Args:
        spec: the robot.
        hidden: `none` for a twin equal to the nominal robot, a seed, a kind, or a TOML file.
        folder: the robot's folder; None for the shipped robot of that name.

    Raises:
        TwinError: `hidden` is none of these.
        SpecError: there is no such folder.
        ModelError: the folder's file says what cannot be, or there is none.
    """
    if hidden == "none":
        return {}
    root = find_robot(folder or spec.name)
    if (path := _kind(root, hidden)) is not None:
        return _drawn(spec, Randomization.read(path), 0)
    seed = seed_of(hidden, hidden_kinds(root))
    if (root / FILE).exists():
        return worn(spec, Randomization.read(root / FILE), seed)
    return _drawn(spec, Randomization.load(str(root)), seed)


def hidden_kinds(root: Path) -> tuple[str, ...]:
    """Names of the kinds of hidden robots that a robot's folder describes."""
    return tuple(sorted(path.stem for path in (root / KINDS).glob("*.toml")))


def _kind(root: Path, hidden: str) -> Path | None:
    if hidden in hidden_kinds(root):
        return root / KINDS / f"{hidden}.toml"
    path = Path(hidden)
    return path if path.suffix == ".toml" and path.exists() else None


def _drawn(spec: RobotSpec, ranges: Randomization, seed: int) -> dict[str, Values]:
    world = Simulation(spec, 1, SimulationConfig(threads=1, backlash=True))
    drawn = ranges.draw(world, Dice(seed, 1, purpose="hidden"))
    return {name: values[0] for name, values in drawn.items()}


def seed_of(hidden: str, kinds: Sequence[str] = ()) -> int:
    """The seed that `hidden` is, where it is none of the `kinds`.

    Raises:
        TwinError: it is no whole number.
    """
    if not (hidden.isascii() and hidden.isdigit()):
        known = f", or a kind: {', '.join(kinds)}" if kinds else ""
        raise TwinError(f"hidden is {hidden!r}; give a whole number as the seed, or none{known}")
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
