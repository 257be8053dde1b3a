"""`parity`: a policy run again on what a log says it saw, bit by bit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.policy_steps import episodes, observed
from ashore.hardware.contract import Contract
from ashore.hardware.logs.log import Log
from ashore.hardware.run.robot_match import require_log
from ashore.policies.bundle import Bundle
from ashore.policies.parity import CLOSE, Agreement

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Parity:
    """What came of running a policy again on a log."""

    steps: int
    """Steps of the policy in the log."""
    observation: Agreement
    """What the contract builds of the logged signals, against what the policy saw."""
    action: Agreement | None
    """What the policy says to what it saw, against what it said; None without the policy."""
    time: NDArray[np.float64]
    """When each step was, since the first, `(T,)` [s]."""

    @property
    def exact(self) -> bool:
        """Whether every bit is the same."""
        return all(each.same == self.steps for each in self._both)

    @property
    def holds(self) -> bool:
        """Whether it is the same policy, though perhaps on another processor."""
        return self.observation.same == self.steps and all(e.off <= CLOSE for e in self._both)

    @property
    def _both(self) -> tuple[Agreement, ...]:
        return tuple(each for each in (self.observation, self.action) if each is not None)

    def __str__(self) -> str:
        if self.exact:
            whose = "observations" if self.action is None else "observations and actions"
            return f"the {whose} of all {self.steps} steps come out the same, bit for bit"
        if self.holds and self.action is not None:
            return (
                f"all {self.steps} observations come out the same, bit for bit, and actions within "
                f"{self.action.off:.1e}: the same policy, on another processor"
            )
        what, found = next(
            (name, each)
            for name, each in (("observations", self.observation), ("actions", self.action))
            if each is not None and each.same < self.steps and each.off > 0.0
        )
        return (
            f"{self.steps - found.same} of {self.steps} {what} do not come out as logged: first "
            f"after {self.time[found.first or 0]:.2f} s, by up to {found.off:.3g}; this is not "
            "what ran there, and must not be deployed as if it were"
        )


def parity(log: Log, contract: Contract, bundle: Bundle | None = None) -> Parity | None:
    """Build a log's observations again, and let a policy decide on them again.

    None if no policy is at work in the log.

    Args:
        log: the log.
        contract: what its policy saw and said.
        bundle: the policy, if it is here.

    Raises:
        AdaptError: another policy recorded the log, or it lacks a signal of the contract.
        ContractError: the log was made under another contract.
    """
    steps = log.policy
    if len(steps) == 0:
        return None
    if bundle is not None:
        _require_same(log, bundle)
    seen = _rebuilt(log, contract)
    action = None
    if bundle is not None:
        policy = bundle.policy
        said = np.concatenate([policy.act(row[None]).copy() for row in steps.observation])
        action = _agreement(said, steps.action)
    return Parity(
        steps=len(steps),
        observation=_agreement(seen, steps.observation),
        action=action,
        time=steps.time - steps.time[0],
    )


def _require_same(log: Log, bundle: Bundle) -> None:
    require_log(log.header, bundle.spec, bundle.contract.hash)
    recorded = log.header.setup.get("policy")
    if recorded is not None and recorded != bundle.digest:
        raise AdaptError(
            f"{log.path} was recorded by policy {recorded}, and this one is {bundle.digest}; "
            "give the bundle that recorded it, or none to look at the log alone"
        )


def _rebuilt(log: Log, contract: Contract) -> Floats:
    steps = log.policy
    if absent := sorted({term.signal for term in contract.all_terms} - set(steps.signals)):
        raise AdaptError(
            f"{log.path} holds no {absent[0]}, which its policy saw; it holds "
            f"{', '.join(sorted(steps.signals))}"
        )
    return np.concatenate([
        observed(contract, {name: v[rows] for name, v in steps.signals.items()}, len(rows))
        for rows in episodes(steps)
    ])


def _agreement(again: Floats, logged: Floats) -> Agreement:
    if again.shape != logged.shape:
        raise AdaptError(
            f"the log has {logged.shape[1]} numbers a step where the policy has {again.shape[1]}; "
            "give the bundle that recorded it"
        )
    return Agreement.of(again, logged)
