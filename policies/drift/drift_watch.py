"""`DriftWatch`: sees at every tick whether a robot still behaves as validated ones do."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.contract import Signals
from ashore.policies.drift.watch import Watch, squares

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """A robot does not behave as those do that its policy was validated for."""

    signal: str
    """The signal that deviates most."""
    deviations: float
    """How far it does, in standard deviations among validated robots."""
    seconds: float
    """Over how long that was seen [s]."""
    distance: float
    """How unusual all signals are together."""
    threshold: float
    """What was to be expected at most."""

    def __str__(self) -> str:
        return (
            f"the policy has left what it was validated for: {self.signal} answers "
            f"{self.deviations:+.1f} standard deviations away from what was predicted, over "
            f"{self.seconds:g} s, and all signals together are at {self.distance:.1f}, "
            f"with {self.threshold:.1f} as the limit"
        )


class DriftWatch:
    """Keeps the charts of a `Watch` over the episodes of a run.

    Its cost at each tick is that of two small matrix products a chart.
    """

    def __init__(self, watch: Watch) -> None:
        """Begin a run."""
        self.watch = watch
        self.distance = np.zeros(len(watch.tau))
        self._z = np.zeros((len(watch.tau), len(watch.labels)))
        self._share = 1.0 / (watch.rate * watch.tau[:, None])
        self._longest = 1.5 / watch.rate
        self._due = -np.inf
        self._predicted = np.full(len(watch.labels), np.nan)

    def see(self, elapsed: float, signals: Signals, action: NDArray[np.float32]) -> Drift | None:
        """Look at a step of an episode; return what is wrong, if anything is.

        Args:
            elapsed: time since the episode's start [s].
            signals: what the policy saw, each `(1, k)`.
            action: what it said, `(1, na)`.
        """
        watch = self.watch
        sensed = np.concatenate([signals[name][0] for name in watch.sensed])
        asked = np.concatenate([np.zeros(0), *(signals[name][0] for name in watch.asked)])
        whole = abs(elapsed - self._due) < 0.5 / watch.rate
        if whole and elapsed >= watch.settle:
            self._update(sensed - self._predicted, asked)
        # What this robot does not measure is taken as predicted, and says nothing.
        known = np.where(np.isfinite(sensed), sensed, np.nan_to_num(self._predicted))
        step = (np.ones(1), asked, known, np.clip(action[0], -1.0, 1.0))
        self._predicted = np.concatenate(step) @ watch.predictor
        self._due = elapsed + 1.0 / watch.rate
        return self._drift() if (self.distance > watch.threshold).any() else None

    def _update(self, error: Array, asked: Array) -> None:
        watch = self.watch
        error = error / np.maximum(squares(asked) @ watch.usual, watch.floor)
        unusual = np.where(np.isfinite(error), error.clip(-watch.clip, watch.clip), watch.mean)
        self._z += self._share * (unusual - watch.mean - self._z)
        far = np.matmul(watch.whitening, self._z[:, :, None])[:, :, 0]
        self.distance = np.sqrt((far * far).sum(axis=1))

    def _drift(self) -> Drift:
        watch = self.watch
        chart = int(np.argmax(self.distance / watch.threshold))
        far = self._z[chart] / watch.deviation[chart]
        worst = int(np.abs(far).argmax())
        return Drift(
            signal=watch.labels[worst],
            deviations=float(far[worst]),
            seconds=float(watch.tau[chart]),
            distance=float(self.distance[chart]),
            threshold=float(watch.threshold[chart]),
        )
