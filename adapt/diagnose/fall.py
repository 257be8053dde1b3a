"""`fall_flaws`: whether a robot on legs fell."""

import numpy as np

from ashore.adapt.diagnose.flaw import Flaw, severity, stretches
from ashore.adapt.diagnose.record import Record

MOST = 0.3
"""Share of a log on the floor above which it tells too little of the walk."""


def fall_flaws(record: Record) -> list[Flaw]:
    """Find where the base was tilted beyond what the spec calls fallen, or no sensor at all."""
    if record.spec.imu is None or record.held:
        return []
    if not record.inertial:
        what = "the inertial sensor of the robot is not in the log"
        cure = "connect it, and record with --imu-port"
        return [Flaw(kind="inertial", severity="unusable", what=what, cure=cure)]
    down = np.clip(-record.gravity[:, 2], -1.0, 1.0)
    with np.errstate(invalid="ignore"):
        fallen = (np.arccos(down) > record.spec.safety.fall_tilt) & record.working
    if not fallen.any():
        return []
    share = float(fallen.sum() / record.working.sum())
    return [
        Flaw(
            kind="fall",
            severity=severity(share > MOST),
            what=f"the base lay tilted by more than {record.spec.safety.fall_tilt:g} rad for "
            f"{share:.0%} of the time",
            cure="the robot fell; what it does on the floor tells nothing of its walk",
            where=stretches(record.time, fallen),
        )
    ]
