"""`Parity`: that a policy says here what it said where its bundle was written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.contract import Contract, Memory
from ashore.policies.errors import BundleError
from ashore.policies.policy import Policy

Floats = NDArray[np.float32]

CLOSE = 1e-5
"""Largest difference between two computers that run one policy: their sums are not in one order."""
TICKS, SEED = 16, 20_261
"""Control steps of a rehearsal, and the seed of what is seen in it."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far rows of numbers that were computed again are from those that were kept."""

    same: int
    """Rows that are the same bit for bit."""
    off: float
    """Largest difference; infinite where one of the two is no number."""
    first: int | None
    """The first row that differs in a bit; None if none does."""

    @classmethod
    def of(cls, again: Floats, kept: Floats) -> "Agreement":
        """Compare two tables `(T, k)`."""
        bits = (again.view(np.uint32) == kept.view(np.uint32)).all(axis=1)
        with np.errstate(invalid="ignore"):
            far = np.abs(again.astype(np.float64) - kept)
        far = np.where(np.isfinite(far), far, np.inf)
        return cls(
            same=int(bits.sum()),
            off=float(far.max(initial=0.0, where=~bits[:, None])),
            first=None if bits.all() else int(np.argmin(bits)),
        )


def rehearsal(contract: Contract, policy: Policy) -> dict[str, Any]:
    """What a policy sees and says of `TICKS` steps of signals drawn from `SEED`, as JSON has it."""
    seen, said = _rehearsed(contract, policy)
    return {"observation": seen.tolist(), "action": said.tolist()}


def require_parity(contract: Contract, policy: Policy, kept: Mapping[str, Any]) -> None:
    """Run a kept rehearsal again: observations must be the same bit for bit, actions close to it.

    Raises:
        BundleError: they are not; or what was kept is no rehearsal of this policy.
    """
    again = _rehearsed(contract, policy)
    for name, mine, close in zip(("observation", "action"), again, (0.0, CLOSE), strict=True):
        try:
            theirs = np.array(kept[name], dtype=np.float32).reshape(mine.shape)
        except (KeyError, ValueError, TypeError):
            raise BundleError("the bundle's rehearsal is damaged; make the bundle again") from None
        found = Agreement.of(mine, theirs)
        if found.off > close:
            raise BundleError(
                f"the policy's {name}s do not come out here as where its bundle was written: "
                f"{TICKS - found.same} of {TICKS} differ, by up to {found.off:.3g}; this computer "
                "or this release of ashore or numpy does not run it rightly, so that no motor is "
                "given torque: install the releases that its card names"
            )


def _rehearsed(contract: Contract, policy: Policy) -> tuple[Floats, Floats]:
    dice, memory = np.random.default_rng(SEED), Memory(contract, 1)
    sizes = {term.signal: term.size for term in contract.all_terms}
    seen, said = [], []
    for _ in range(TICKS):
        signals = {name: dice.normal(size=(1, size)) for name, size in sorted(sizes.items())}
        observation = contract.observe(signals, memory)
        seen.append(observation[0])
        said.append(policy.act(observation)[0].copy())
    return np.array(seen, dtype=np.float32), np.array(said, dtype=np.float32)
