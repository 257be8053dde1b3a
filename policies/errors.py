"""The errors of the policy room."""


class PoliciesError(Exception):
    """Base of every error a user of this room can meet."""


class BundleError(PoliciesError):
    """A bundle is absent, damaged, or does not fit what it is used for."""


class TrainingError(PoliciesError):
    """Training cannot go on: its loss is not finite, or its run folder belongs to another run."""


class TrainingStopped(PoliciesError):
    """Training was asked to stop, and has kept a checkpoint to go on from."""
