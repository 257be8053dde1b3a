"""`SafetySpec`: what a run on a robot may do."""

import math
from dataclasses import dataclass
from typing import Literal

from ashore.hardware.tables import allowed

_ABOVE_ZERO = (
    *("step_limit", "velocity_limit", "stale_limit", "homing_time", "temperature_limit"),
    *("overtravel", "temperature_margin", "voltage_margin", "current_time"),
    *("bad_limit", "late_limit", "release_time", "heartbeat"),
)
_OPTIONAL = ("voltage_lower", "voltage_upper", "continuous_current")


@dataclass(frozen=True, kw_only=True)
class SafetySpec:
    """What the safety filter and the runner allow.

    Temperature, voltage and current over time have a hard limit, where the run stops, and a soft
    one before it: a warning when it is passed, and word that all is well half a margin behind it.
    """

    step_limit: float = 0.5
    """Largest change of a goal in one control step [rad]."""
    velocity_limit: float = 20.0
    """Joint speed above which the run stops [rad/s]."""
    overtravel: float = 0.5
    """How far beyond the limits of its goals a joint may be before the run stops [rad]."""
    stale_limit: int = 3
    """Control steps that a joint, or the inertial sensor, may miss before the run stops."""
    homing_time: float = 2.0
    """Length of the ramp from where the joints are to where the task begins [s]."""
    temperature_limit: float = 65.0
    """Servo temperature above which the run stops [°C]."""
    temperature_margin: float = 8.0
    """How far below that limit a warning comes [°C]."""
    voltage_lower: float | None = None
    """Supply below which the run stops; None leaves that to the servo's own limit [V]."""
    voltage_upper: float | None = None
    """Supply above which the run stops; None leaves that to the servo's own limit [V]."""
    voltage_margin: float = 0.3
    """How near to a limit, the servo's own too, a warning comes [V]."""
    continuous_current: float | None = None
    """Current that a joint bears for ever; None for half of its servo's current limit as it is
    delivered, and for no limit where it has none [A]."""
    current_time: float = 10.0
    """Time constant of a motor's heating: how long it bears more than that [s]."""
    bad_limit: int = 3
    """Commands in a row with a goal that is no finite number, after which the run stops."""
    late_limit: int = 25
    """Control steps in a row that came too late, after which the run stops."""
    fall_tilt: float = 0.0
    """Tilt of the base beyond which it has fallen and the run stops; 0 for never [rad]."""
    release: Literal["limp", "damp"] = "limp"
    """How a run ends: torque off at once, or after stiffness went down over `release_time`."""
    release_time: float = 0.5
    """How long `damp` takes [s]."""
    heartbeat: float = 1.0
    """Silence of the runner after which the supervisor takes torque off [s]."""

    def __post_init__(self) -> None:
        """Refuse limits that protect nothing."""
        for key in _ABOVE_ZERO:
            value = getattr(self, key)
            allowed(f"safety.{key}", value, 0 < value < math.inf, "above 0, finite")
        for key in _OPTIONAL:
            value = getattr(self, key)
            number = type(value) in (int, float) and 0.0 < value < math.inf
            allowed(f"safety.{key}", value, value is None or number, "above 0, or none given")
        low, high = self.voltage_lower or 0.0, self.voltage_upper or math.inf
        allowed("safety.voltage_lower", low, low < high, f"below voltage_upper ({high})")
        allowed("safety.fall_tilt", self.fall_tilt, 0.0 <= self.fall_tilt <= math.pi, "0 to pi rad")
        known = self.release in ("limp", "damp")
        allowed("safety.release", self.release, known, '"limp" or "damp"')
        allowed("safety.heartbeat", self.heartbeat, self.heartbeat <= 25.0, "up to 25 s")
