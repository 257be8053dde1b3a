"""`dampen`: let a robot sink instead of dropping it."""

from collections.abc import Callable

from ashore.hardware.robot import Robot
from ashore.hardware.run.pacer import Pacer

STEPS = 10
"""In how many steps stiffness goes down; each costs a packet or more on the wire."""


def dampen(robot: Robot, pacer: Pacer, wanted: Callable[[], bool]) -> None:
    """Lower the joints' stiffness to nothing over `safety.release_time`.

    Their goals stay where they are. They are read at each period, which keeps their watchdogs
    quiet. It ends early once `wanted` returns False, which is asked at each period.

    Raises:
        PortLost: the wire is gone.
    """
    periods = max(STEPS, round(robot.spec.safety.release_time / pacer.period))
    pacer.restart()
    done = 0
    for period in range(1, periods + 1):
        pacer.wait()
        if not wanted():
            return
        if STEPS * period // periods > done:
            done = STEPS * period // periods
            robot.soften(1.0 - done / STEPS)
        robot.read()
