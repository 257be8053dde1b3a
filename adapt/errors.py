"""The errors of the adaptation room."""


class AdaptError(Exception):
    """Base of every error a user of this room can meet."""


class NotDeployable(AdaptError):
    """A bundle that the gate has not passed was to be deployed."""
