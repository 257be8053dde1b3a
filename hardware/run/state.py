"""`State`: where a run is; `Exit`: what a command that drives a robot ends with."""

from enum import Enum, IntEnum


class State(Enum):
    """Where a run is.

        Limp → Homing → Ready → Running → Limp
                  ↑_________________|
        any of them → Fault

    `LIMP`: no torque; where each run begins, and ends when it went as asked or was stopped.
    `HOMING`: a smooth ramp to where an episode begins. `READY`: there, and holding.
    `RUNNING`: a controller decides. `FAULT`: something was wrong; no torque either, as far as the
    robot can be reached.
    """

    LIMP = "limp"
    HOMING = "homing"
    READY = "ready"
    RUNNING = "running"
    FAULT = "fault"


class Exit(IntEnum):
    """Exit codes of the commands that speak with a robot; nowhere else are they told."""

    ENDED = 0
    """It ended as asked."""
    BAD_INPUT = 2
    """It did not begin: what was asked cannot be, or the robot is not the one that was meant."""
    PORT_LOST = 3
    """The port went away: unplugged, or its process died."""
    FAULT = 4
    """It was stopped by a fault, which is named; the joints are limp as far as they answer."""
    STOPPED = 130
    """It was stopped by a person: Ctrl-C, a signal, or a stop input; the joints are limp."""
