"""`Kind`: where one of Gymnasium's walkers differs from the others."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Healthy:
    """A range that some numbers of the state, positions then velocities, must be in."""

    range: str | tuple[float, float]
    """Its ends, or the environment's attribute that holds them."""
    begin: int
    """First number of the state."""
    end: int | None = None
    """Past the last; None for all that follow."""
    closed: bool = False
    """Whether the ends themselves are healthy."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What is particular to an environment; the defaults are what most have in common."""

    place: Literal["coordinate", "body", "mass"] = "coordinate"
    """What moves forward: the first coordinates, the main body, the centre of mass."""
    planes: int = 1
    """How many horizontal coordinates it has; that many positions are left out of observations."""
    speed_clip: float | None = None
    """Largest speed that is seen."""
    extras: tuple[str, ...] = ()
    """Further fields that are seen, without the world's own share of them."""
    healthy: tuple[Healthy, ...] = ()
    """All must hold."""
    finite: bool = False
    """Whether a state that is not finite is unhealthy."""
    effort: Literal["action", "ctrl"] = "action"
    """What control costs are counted on."""
    contact: Literal["", "each", "total"] = ""
    """Whether contact costs are clipped force by force, or as a whole; empty for none."""
    normal_speeds: bool = False
    """Whether first velocities are drawn from a normal distribution."""


_ANGLE = Healthy(range="_healthy_angle_range", begin=2, end=3)

KINDS: dict[str, Kind] = {
    "ant_v5:AntEnv": Kind(
        place="body",
        planes=2,
        extras=("cfrc_ext",),
        healthy=(Healthy(range="_healthy_z_range", begin=2, end=3, closed=True),),
        finite=True,
        contact="each",
        normal_speeds=True,
    ),
    "half_cheetah_v5:HalfCheetahEnv": Kind(normal_speeds=True),
    "hopper_v5:HopperEnv": Kind(
        speed_clip=10.0,
        healthy=(
            Healthy(range="_healthy_z_range", begin=1, end=2),
            _ANGLE,
            Healthy(range="_healthy_state_range", begin=2),
        ),
    ),
    "humanoid_v5:HumanoidEnv": Kind(
        place="mass",
        planes=2,
        extras=("cinert", "cvel", "qfrc_actuator", "cfrc_ext"),
        healthy=(Healthy(range="_healthy_z_range", begin=2, end=3),),
        effort="ctrl",
        contact="total",
    ),
    "inverted_pendulum_v5:InvertedPendulumEnv": Kind(
        planes=0,
        healthy=(Healthy(range=(-0.2, 0.2), begin=1, end=2, closed=True),),
        finite=True,
    ),
    "swimmer_v5:SwimmerEnv": Kind(planes=2),
    "walker2d_v5:Walker2dEnv": Kind(
        speed_clip=10.0,
        healthy=(Healthy(range="_healthy_z_range", begin=1, end=2), _ANGLE),
    ),
}
"""Module and class of each environment whose rules are known."""


def kind_of(env: Any) -> Kind | None:
    """The kind of exactly this class, not of a subclass; None if its rules aren't known."""
    package, _, module = type(env).__module__.rpartition(".")
    known = KINDS.get(f"{module}:{type(env).__qualname__}")
    return known if package == "gymnasium.envs.mujoco" else None
