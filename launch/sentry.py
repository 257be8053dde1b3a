"""`Sentry`: tells whoever runs a robot that it has left what its policy was validated for."""


import numpy as np
from numpy.typing import NDArray

from ashore.hardware.contract import Signals
from ashore.hardware.run.runner import Runner
from ashore.launch.console import complain
from ashore.launch.place_request import OnDrift
from ashore.policies.drift.drift_watch import DriftWatch
from ashore.policies.drift.watch import Watch


class Sentry:
    """Looks on at each step of a run, and speaks once: aloud and in the log."""

    def __init__(self, watch: Watch, runner: Runner, on_drift: OnDrift) -> None:
        """Stand by a run; with `stop`, end it as well."""
        self._watch, self._runner, self._on_drift = DriftWatch(watch), runner, on_drift
        self._spoke = False

    def __call__(self, elapsed: float, signals: Signals, action: NDArray[np.float32]) -> None:
        """Look at one step."""
        if self._spoke:
            return
        drift = self._watch.see(elapsed, signals, action)
        if drift is None:
            return
        self._spoke = True
        complain(str(drift))
        runner = self._runner
        runner.log.event(runner.clock.now(), "warning", "drift", str(drift), vars(drift))
        if self._on_drift == "stop":
            runner.stop(str(drift))
