"""The errors of the simulation room."""


class EnvsError(Exception):
    """Base of every error a user of this room can meet."""


class ModelError(EnvsError):
    """An MJCF, a motor file or a parameter is unknown, or outside what is physical."""


class TaskError(EnvsError):
    """A task is unknown, or does not fit the robot."""


class TwinError(EnvsError):
    """The twin could not be started, or does not answer."""


class RenderError(EnvsError):
    """A picture was asked for on a machine that cannot draw one."""


class PlayError(EnvsError):
    """A policy cannot be shown as was asked: a script, a port or a file does not do."""
