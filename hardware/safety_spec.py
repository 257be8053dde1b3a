"""`SafetySpec`: what a run on a robot may do."""

import math
from dataclasses import asdict, dataclass

from ashore.hardware.tables import allowed


@dataclass(frozen=True, kw_only=True)
class SafetySpec:
    """What the safety filter and the runner allow."""

    step_limit: float = 0.5
    """Largest change of a goal in one control step [rad]."""
    velocity_limit: float = 20.0
    """Joint speed above which the run stops [rad/s]."""
    stale_limit: int = 3
    """Control steps that a joint may miss before the run stops."""
    homing_time: float = 2.0
    """Length of the ramp from where the joints are to where the task begins [s]."""
    temperature_limit: float = 65.0
    """Servo temperature above which the run stops [°C]."""

    def __post_init__(self) -> None:
        """Refuse limits that protect nothing."""
        for key, value in asdict(self).items():
            allowed(f"safety.{key}", value, 0 < value < math.inf, "above 0, finite")
