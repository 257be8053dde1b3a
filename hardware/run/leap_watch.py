"""`LeapWatch`: an angle that changes faster than a joint may turn was not measured rightly."""

import numpy as np

from ashore.hardware.reading import Reading, Vector
from ashore.hardware.spec import RobotSpec

_WHEN = 0.005  # by how much the time between two samples may differ from that of their readings [s]
_COARSE = 0.05  # what noise, play and resolution may add [rad]


class LeapWatch:
    """Compares each joint's angle with its last, over the readings of one run.

    The velocity that servos report is filtered, and some report none while an encoder slips: what
    is judged here is `|q - q_before| > v_max (dt + 5 ms) + 0.05 rad`, with `v_max` the joint's own
    velocity limit or else the robot's.
    """

    def __init__(self, spec: RobotSpec) -> None:
        """Begin without a past."""
        self.spec = spec
        self._fastest = spec.fastest
        self._position: Vector = np.full(len(spec.joints), np.nan)
        self._time: Vector = np.full(len(spec.joints), np.nan)

    def danger(self, reading: Reading) -> str | None:
        """Take one reading in; return why the run must stop, or None."""
        way = np.abs(reading.position - self._position)
        passed = reading.time - self._time
        leapt = reading.fresh & (way > self._fastest * (passed + _WHEN) + _COARSE)
        self._position = np.where(reading.fresh, reading.position, self._position)
        self._time = np.where(reading.fresh, reading.time, self._time)
        if not leapt.any():
            return None
        index = int(np.argmax(leapt))
        return (
            f"joint {self.spec.names[index]} leapt by {way[index]:.2f} rad in "
            f"{1e3 * passed[index]:.0f} ms, faster than it may turn: its encoder slipped, or its "
            "limit in the spec is too low"
        )
