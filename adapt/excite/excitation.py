"""`Excitation`: one round of goals that moves every joint in a band, within a robot's limits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.excite.clearance import Clearance
from ashore.adapt.excite.multisine import multisine
from ashore.envs.tasks.gait import smooth_step
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

ROUND = 8.0
"""Length of a round [s]."""
FADE = 0.75
"""Time over which a round grows out of its home pose, and returns to it [s]."""
SPEED = 0.6
"""Share of the speed that stops a run which a goal may have."""
JUMP = 0.8
"""Share of the step limit that a goal may jump by."""
SHRINK, SMALLEST = 0.85, 0.1
"""What a reach under which something touches is multiplied by, and where that ends."""
CENTRAL = (1.0, 0.5, 0.0)
"""Where a round's home pose may be, on the way from the default pose to the middle between the
limits; the first from which nothing is touched."""
GOLDEN = 0.6180339887
"""Share of the period by which a round is ahead of the last of its shape: never twice the same."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a round is made of."""

    name: str
    """What people call it."""
    lowest: float
    """Slowest tone [Hz]; one period a round at least."""
    highest: float
    """Fastest tone [Hz]."""
    reach: float = 1.0
    """Share of the reach that is allowed."""
    hold: float = 0.0
    """How long each goal holds before it jumps to the next; 0 for goals that glide [s]."""


SHAPES = {
    shape.name: shape
    for shape in (
        Shape(name="steps", lowest=0.25, highest=1.0, hold=0.4),
        Shape(name="sweep", lowest=0.25, highest=1.5),
        Shape(name="shake", lowest=1.0, highest=6.0, reach=0.5),
        Shape(name="creep", lowest=0.125, highest=0.25, reach=0.6),
    )
}
"""Steps show delays and limits of current; sweeps load the motors at every angle and speed; shaking
shows what is heavy, and creeping friction and play. By name, in the order they are tried in."""


@dataclass(frozen=True)
class Excitation:
    """Goals of one round, at the control rate."""

    shape: Shape
    """What they are made of."""
    goals: Array
    """Goal angles, `(T, nj)` [rad]; the first and the last are its home pose."""


def excitation(
    spec: RobotSpec,
    shape: Shape,
    turn: int = 0,
    reach: float = 0.5,
    clearance: Clearance | None = None,
) -> Excitation:
    """Lay out a round: band-limited, within angle, speed and step limits, and touching nothing.

    Joints follow the same tones, each a share of the period behind the last, so that no two move
    alike. Of what the safety filter would change, nothing is left.

    Args:
        spec: the robot.
        shape: what to make it of.
        turn: how many rounds of this shape there were before.
        reach: how far each joint goes, as a share of the way to its limits.
        clearance: what the goals must stay clear of; anything goes without one.

    Raises:
        AdaptError: a reach that is no share, or a robot that touches something whatever it does.
    """
    if not 0.0 < reach <= 1.0:
        raise AdaptError(f"a reach of {reach:g} is not possible; give a share above 0, up to 1")
    while reach > SMALLEST * SHRINK:
        for central in CENTRAL:
            goals = _goals(spec, shape, turn, reach, central)
            if clearance is None or clearance.clear(goals):
                return Excitation(shape, goals)
        reach *= SHRINK
    raise AdaptError(
        f"robot {spec.name!r} touches something however little it moves; "
        "give it room, or a default pose that has some"
    )


def _goals(spec: RobotSpec, shape: Shape, turn: int, reach: float, central: float) -> Array:
    home, upper, lower = (spec.column(key) for key in ("default", "upper", "lower"))
    home = home + central * (0.5 * (upper + lower) - home)
    room = np.maximum(np.minimum(upper - home, home - lower), 0.0)
    time = np.arange(round(ROUND * spec.rate)) / spec.rate
    wave = _wave(shape, time, len(home), turn)
    wave *= smooth_step(np.minimum(time, time[-1] - time) / FADE)[:, None]
    wave /= np.maximum(np.abs(wave).max(axis=0), 1e-9)
    return np.asarray(home + wave * _largest(spec, shape, wave, reach * shape.reach * room))


def _wave(shape: Shape, time: Array, joints: int, turn: int) -> Array:
    """Of any height, `(T, nj)`."""
    at = time if shape.hold == 0.0 else shape.hold * np.floor(time / shape.hold)
    lowest = max(1, round(shape.lowest * ROUND))
    highest = max(lowest, round(shape.highest * ROUND))
    behind = np.arange(joints) / joints + GOLDEN * turn
    return multisine(at[:, None] / ROUND + behind, lowest, highest)


def _largest(spec: RobotSpec, shape: Shape, wave: Array, reach: Array) -> Array:
    """Height of a wave of height one in each joint, `(nj,)` [rad]."""
    jump = np.maximum(np.abs(np.diff(wave, axis=0)).max(axis=0), 1e-9)
    most = JUMP * spec.safety.step_limit / jump
    if shape.hold == 0.0:
        most = np.minimum(most, SPEED * spec.fastest / (jump * spec.rate))
    return np.asarray(np.minimum(reach, most))
