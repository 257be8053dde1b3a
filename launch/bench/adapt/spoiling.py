"""Logs cut short, and logs spoiled on purpose."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.logs.log import Commands, Log, PolicySteps, Readings

Table = Readings | Commands | PolicySteps
Rows = NDArray[np.intp]

BLOCK = 25
"""Rows of a log that stay together when its clock is shuffled."""
JUMP = 0.4
"""How far a poisoned angle lies off [rad]."""
POISONED = 0.1
"""Share of poisoned angles."""


def beginning(log: Log, seconds: float) -> Log:
    """A log that ends `seconds` after a policy first went to work."""
    start = next(e.time for e in log.events if e.kind == "state" and e.text == "running")

    def kept(table: Table) -> Rows:
        return np.flatnonzero(table.time < start + seconds)

    return replace(
        log,
        readings=replace(log.readings, **_taken(log.readings, kept(log.readings))),
        commands=replace(log.commands, **_taken(log.commands, kept(log.commands))),
        policy=replace(log.policy, **_taken(log.policy, kept(log.policy))),
        events=[event for event in log.events if event.time < start + seconds],
    )


def shuffled(log: Log, seed: int = 0) -> Log:
    """A log whose stretches of half a second changed places, under times that rise as before."""

    def moved(table: Table) -> dict[str, Any]:
        count = len(table) // BLOCK
        order = np.random.default_rng(seed).permutation(count)[:, None] * BLOCK + np.arange(BLOCK)
        rest = np.arange(count * BLOCK, len(table))
        return {**_taken(table, np.concatenate([order.ravel(), rest])), "time": table.time}

    return replace(
        log,
        readings=replace(log.readings, **moved(log.readings)),
        policy=replace(log.policy, **moved(log.policy)),
    )


def poisoned(log: Log, seed: int = 0) -> Log:
    """A log in which some of the first leg's angles are other than they were."""
    rng = np.random.default_rng(seed)

    def off(angle: NDArray[Any]) -> NDArray[Any]:
        hit = rng.random((len(angle), 3)) < POISONED
        found = angle.copy()
        found[:, :3] += np.where(hit, rng.choice([-JUMP, JUMP], hit.shape), 0.0)
        return found

    signals = {**log.policy.signals, "joint_position": off(log.policy.signals["joint_position"])}
    return replace(
        log,
        readings=replace(log.readings, position=off(log.readings.position)),
        policy=replace(log.policy, signals=signals),
    )


def _taken(table: Table, rows: Rows) -> dict[str, Any]:
    """Some rows of each column."""

    def take(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value[rows]
        return {name: column[rows] for name, column in value.items()}

    return {name: take(value) for name, value in vars(table).items()}
