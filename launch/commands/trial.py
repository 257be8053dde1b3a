"""The command that tries a candidate on the robot."""

import tyro

from ashore.launch.trialing import TrialRequest, run_trial


def trial(asked: tyro.conf.OmitArgPrefixes[TrialRequest]) -> int:
    """Run a candidate and its base in turn on the robot; accept the one or keep the other.

    Short episodes under the same commands, base, candidate, candidate, base, until the interval of
    the measured reward's change is clear; it may be looked at again and again. The candidate's
    bundle keeps the answer, and one that was rolled back is not deployed.
    """
    return run_trial(asked)
