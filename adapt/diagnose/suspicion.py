"""`Suspicion`: which of many shifts explains logs better than none does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.diagnose.record import Record
from ashore.adapt.diagnose.rereading import possible, reread
from ashore.adapt.diagnose.shift import Shift

Array = NDArray[np.float64]
Losses = Callable[[Record], Array]
"""Negative log likelihood of each reading of a record, `(T,)` [nat]."""

BLOCK = 0.5
"""Time within which readings are alike, and beyond which independent [s]."""
CLOSE = 0.25
"""Share of the best shift's gain that another may lack to be named beside it."""
LIKELY = 0.1
"""Loss below which a shift is not told from none [nat a reading]."""
FURTHER = 2.0
"""How much more evidence a shift needs beside one that was found: mending that one is a guess."""
MOST = 3
"""Shifts that are looked for in a log, one after the other."""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """What counts as evidence."""

    gain: float
    """Least mean gain of a shift over none [nat a reading]."""
    z: float
    """Least gain in standard errors."""

    def times(self, factor: float) -> "Threshold":
        """Return `factor` times as much."""
        return Threshold(gain=factor * self.gain, z=factor * self.z)


@dataclass(frozen=True, kw_only=True)
class Suspicion:
    """What a test found."""

    shifts: tuple[Shift, ...]
    """What is otherwise, in the order found."""
    untold: tuple[str, ...]
    """Joints whose inversion the logs do not tell from none."""


def suspect(
    records: Sequence[Record],
    candidates: Callable[[Record], Sequence[Shift]],
    losses: Losses,
    threshold: Threshold,
) -> Suspicion:
    """Find the shift under which logs are likeliest; mend it, and look for the next.

    The gain of a shift is judged by its mean over blocks of `BLOCK` seconds against their standard
    error, so that a hundred alike readings don't count as a hundred.
    """
    found: list[Shift] = []
    while True:
        shift, untold = _likeliest(records, candidates(records[0]), losses, threshold)
        threshold = threshold if found else threshold.times(FURTHER)
        if shift is None or len(found) == MOST:
            return Suspicion(shifts=tuple(found), untold=untold)
        found.append(shift)
        records = [reread(record, shift.corrected(record.spec)) for record in records]


def _likeliest(
    records: Sequence[Record],
    candidates: Sequence[Shift],
    losses: Losses,
    threshold: Threshold,
) -> tuple[Shift | None, tuple[str, ...]]:
    none = [losses(record) for record in records]
    gains, errors = np.zeros(len(candidates)), np.ones(len(candidates))
    for index, shift in enumerate(candidates):
        seen = [reread(record, shift.corrected(record.spec)) for record in records]
        if all(map(possible, seen)):
            better = [a - losses(r) for a, r in zip(none, seen, strict=True)]
            gains[index], errors[index] = _gain(better, records[0].spec.rate)
        else:
            gains[index] = -np.inf
    untold = tuple(
        shift.joints[0]
        for shift, gain in zip(candidates, gains, strict=True)
        if shift.kind == "inverted" and abs(gain) < LIKELY
    )
    best = int(np.argmax(gains)) if len(candidates) else 0
    z = gains[best] / errors[best] if len(candidates) else 0.0
    if not len(candidates) or gains[best] < threshold.gain or z < threshold.z:
        return None, untold
    others = np.flatnonzero(gains > (1.0 - CLOSE) * gains[best]).tolist()
    named = [" and ".join(candidates[o].joints) for o in others if o != best]
    evidence = f"likelier by {gains[best]:.2f} nat a reading, {z:.0f} standard errors"
    evidence += f"; nearly as likely: {candidates[best].kind} {'; '.join(named)}" if named else ""
    return replace(candidates[best], evidence=evidence), untold


def _gain(better: Sequence[Array], rate: float) -> tuple[float, float]:
    """Mean of the gains, and its standard error over blocks."""
    size = max(1, round(BLOCK * rate))
    blocks = np.concatenate([_blocks(part, size) for part in better])
    spread = blocks.std(ddof=1) / np.sqrt(len(blocks)) if len(blocks) > 2 else np.inf
    return float(np.mean(np.concatenate(list(better)))), float(max(spread, 1e-9))


def _blocks(values: Array, size: int) -> Array:
    whole = len(values) // size * size
    return np.asarray(values[:whole].reshape(-1, size).mean(axis=1))
