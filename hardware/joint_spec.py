"""`JointSpec`: one joint of a robot and the servo that moves it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ashore.hardware.tables import allowed


@dataclass(frozen=True, kw_only=True)
class JointSpec:
    """One joint and the servo that moves it; angle = sign * (encoder angle - zero_offset)."""

    name: str
    """The joint's name, as in the MJCF."""
    id: int
    """Servo id on the bus, 0..252."""
    servo: str
    """Servo model, one of `ashore.hardware.servos`."""
    lower: float
    """Smallest goal angle [rad]."""
    upper: float
    """Largest goal angle [rad]."""
    rest_margin: float = 0.02
    """How far beyond these it may rest, against its stops: a run may begin there, and leads it
    inside [rad]."""
    sign: int = 1
    """Whether the encoder counts along (1) or against (-1) the joint."""
    zero_offset: float = 0.0
    """Encoder angle at joint angle zero [rad]."""
    default: float = 0.0
    """Angle of the default pose [rad]."""
    p_gain: int = 400
    """Position P gain register."""
    velocity_limit: float | None = None
    """Speed above which a run stops; None for the robot's `safety.velocity_limit` [rad/s]."""
    current_limit: float | None = None
    """Largest motor current, written to the servo; None leaves it as it is [A]."""
    pwm_limit: float | None = None
    """Largest duty, 0..1, written to the servo; None leaves it as it is."""
    motor: Mapping[str, float] = field(default_factory=dict)
    """Parameters of this joint's motor that differ from its servo model's, by name."""

    def __post_init__(self) -> None:
        """Refuse what no servo can be."""
        where = f"joint {self.name}: "
        allowed(where + "id", self.id, 0 <= self.id <= 252, "0 to 252")
        allowed(where + "sign", self.sign, self.sign in (1, -1), "1 or -1")
        turn = math.isfinite(self.zero_offset) and abs(self.zero_offset) <= math.pi
        allowed(where + "zero_offset", self.zero_offset, turn, "-pi to pi rad")
        for key in ("lower", "upper"):
            value = getattr(self, key)
            allowed(where + key, value, math.isfinite(value), "a finite angle in rad")
        allowed(where + "lower", self.lower, self.lower < self.upper, f"below upper ({self.upper})")
        inside = self.lower <= self.default <= self.upper
        allowed(where + "default", self.default, inside, f"{self.lower} to {self.upper} rad")
        allowed(where + "p_gain", self.p_gain, 0 <= self.p_gain <= 16383, "0 to 16383")
        margin = 0.0 <= self.rest_margin <= 1.0
        allowed(where + "rest_margin", self.rest_margin, margin, "0 to 1 rad")
        for key in ("velocity_limit", "current_limit", "pwm_limit"):
            value = getattr(self, key)
            good = value is None or (isinstance(value, (int, float)) and 0.0 < value < math.inf)
            allowed(where + key, value, good, "a number above 0, or none given")
        numbers = isinstance(self.motor, Mapping) and all(
            isinstance(value, (int, float)) and math.isfinite(value)
            for value in self.motor.values()
        )
        allowed(where + "motor", self.motor, numbers, "a table of finite numbers")
