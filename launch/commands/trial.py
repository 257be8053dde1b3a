"""The command that tries a candidate on the robot."""

from ashore.launch.commands.flat import Flat
from ashore.launch.trial_request import TrialRequest


def trial(asked: Flat[TrialRequest]) -> int:
    """Run a candidate and its base in turn on the robot; accept the one or keep the other.

    Short episodes under the same commands, base, candidate, candidate, base, until the interval of
    the measured reward's change is clear; it may be looked at again and again. The candidate's
    bundle keeps the answer, and one that was rolled back is not deployed.
    """
    from ashore.launch.trialing import run_trial

    return run_trial(asked)
