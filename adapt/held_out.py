"""`split`: what of a log is fitted to, and what is kept back to judge the fit by."""

from collections.abc import Sequence
from dataclasses import replace

from ashore.adapt.measured import HELD_OUT
from ashore.adapt.trajectory import Trajectory


def split(parts: Sequence[Trajectory]) -> tuple[list[Trajectory], list[Trajectory]]:
    """Keep whole episodes back, each with its own commands; of few episodes, their last third."""
    if len(parts) >= 3:
        kept = round(len(parts) * (1.0 - HELD_OUT))
        return list(parts[:kept]), list(parts[kept:])
    fitting, held_out = [], []
    for part in parts:
        border = part.time[0] + (1.0 - HELD_OUT) * (part.time[-1] - part.time[0])
        fitting.append(between(part, part.time[0], border))
        held_out.append(between(part, border, part.time[-1]))
    return fitting, held_out


def between(trajectory: Trajectory, begin: float, end: float) -> Trajectory:
    """Samples from `begin` to `end` [s]; all goals stay, since older ones are still in force."""
    rows = (trajectory.time >= begin) & (trajectory.time <= end)
    voltage = None if trajectory.voltage is None else trajectory.voltage[rows]
    return replace(
        trajectory,
        time=trajectory.time[rows],
        position=trajectory.position[rows],
        voltage=voltage,
        torque_enabled=trajectory.torque_enabled[rows],
        fresh=trajectory.fresh[rows],
    )
