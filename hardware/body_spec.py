"""What a robot's body is besides joints, as far as its own computer must know: legs and arm."""

from dataclasses import dataclass

from ashore.hardware.tables import Vector3, allowed, vector3


@dataclass(frozen=True, kw_only=True)
class LegSpec:
    """A leg of three joints: abduction about x, then hip and knee about y, in the trunk's frame.

    x points forward, y left, z up. At angle zero the leg hangs straight down.
    """

    name: str
    """The leg's name."""
    abduction: str
    """Joint that swings the leg sideways."""
    hip: str
    """Joint that swings the leg forwards and backwards."""
    knee: str
    """Joint that bends the leg."""
    origin: Vector3
    """A point on the abduction axis, level with the hip, in the trunk's frame [m]."""
    offset: float
    """From the abduction axis to the plane the foot moves in, along y; left is positive [m]."""
    upper: float
    """From hip to knee [m]."""
    lower: float
    """From knee to the centre of the foot [m]."""

    def __post_init__(self) -> None:
        """Refuse a leg without length."""
        vector3(f"leg {self.name}: origin", self.origin)
        for key in ("upper", "lower"):
            value = getattr(self, key)
            allowed(f"leg {self.name}: {key}", value, 0.0 < value < 10.0, "above 0, below 10 m")


@dataclass(frozen=True, kw_only=True)
class LinkSpec:
    """One joint of an arm, in the base's frame while all joint angles are zero."""

    joint: str
    """The joint."""
    axis: Vector3
    """Direction that it turns about, by the right-hand rule."""
    point: Vector3
    """A point on that axis [m]."""

    def __post_init__(self) -> None:
        """Refuse an axis without direction."""
        axis = vector3(f"link {self.joint}: axis", self.axis)
        vector3(f"link {self.joint}: point", self.point)
        allowed(f"link {self.joint}: axis", self.axis, any(axis), "not all zero")


@dataclass(frozen=True, kw_only=True)
class ArmSpec:
    """An arm's kinematics: screws from the base to the tip.

    Source: Lynch and Park, Modern Robotics, section 4.1 (product of exponentials, space form).
    """

    tip: Vector3
    """Where the tip is in the base's frame while all joint angles are zero [m]."""
    links: tuple[LinkSpec, ...]
    """The joints that move it, from the base outwards."""

    def __post_init__(self) -> None:
        """Refuse an arm that nothing moves."""
        vector3("arm.tip", self.tip)
        allowed("arm.links", [], len(self.links) > 0, "at least one [[arm.links]] table")
