"""Commands that run many others, to compare settings."""

from ashore.launch.commands.flat import Flat
from ashore.launch.sweep_request import AdaptSweepRequest, TrainSweepRequest


def sweep_train(asked: Flat[TrainSweepRequest]) -> int:
    """Train under several ranges, memories, algorithms and seeds, and compare what came of it.

    A table with means and 95 % intervals over seeds, and a page with pictures of them.
    """
    from ashore.launch.sweep.sweeping import sweep_trainings

    return sweep_trainings(asked)


def sweep_adapt(asked: Flat[AdaptSweepRequest]) -> int:
    """Adapt to the same logs by several rungs, budgets and seeds, and compare what the gate says.

    A table with means and 95 % intervals over seeds, and a page with pictures of them.
    """
    from ashore.launch.sweep.sweeping import sweep_adaptations

    return sweep_adaptations(asked)
