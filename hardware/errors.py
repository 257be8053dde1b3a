"""The errors of the hardware room, one base class for all of them.

    HardwareError
    ├── SpecError       a robot's spec file says something that cannot be
    ├── PortError       a serial port is absent, busy or not a port
    ├── PortLost        the port was open and is gone: unplugged, or its process died
    ├── BusError        a servo is missing, is another model, or refused an instruction
    ├── ContractError   a policy and a robot, or an action and a contract, do not fit
    ├── LogError        a log is empty, foreign, damaged or too short
    └── RunError        a run cannot be as it was asked for

Every message is one sentence or two: what was asked, what was found, what is possible, what to do.
"""


class HardwareError(Exception):
    """Base of every error a user of this room can meet."""


class SpecError(HardwareError):
    """A spec file has an unknown key, a missing key or a value out of its range."""


class PortError(HardwareError):
    """A serial port could not be opened."""


class PortLost(HardwareError):
    """An open serial port stopped existing."""


class BusError(HardwareError):
    """A servo did not answer as the spec says it should."""


class ContractError(HardwareError):
    """A policy's contract and what it was given do not fit."""


class LogError(HardwareError):
    """A log cannot be read, or does not hold what was asked of it."""


class RunError(HardwareError):
    """A run cannot be as it was asked for: a stop input, real-time rights, the supervisor."""
