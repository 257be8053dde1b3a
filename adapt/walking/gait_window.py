"""`gait_windows`: stretches of a walk as harmonics of its gait, and what is left beside them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.walking.watched import ACTION
from ashore.hardware.contract import Contract

Floats = NDArray[np.float32]

SECONDS = 2.0
"""Length of a window [s]; four cycles of a trot."""
SETTLED = 1.0
"""Time after an episode's start that no window holds [s]: a start is not a walk."""
HARMONICS = 3
"""Harmonics of the gait's cycle that are read."""
LAGS = 4
"""Control steps after an action over which its echo is read."""
ECHOES = ("lag", "joint_velocity", "joint_current")
"""Signals of the joints in which an action's echo is read."""


def gait_windows(looking: Contract, seen: Floats, ticks: int) -> Floats:
    """Describe windows of `ticks` steps by numbers that don't depend on where in a cycle it began.

    With the phase `p` of the gait, each signal `x` of a window is taken apart by least squares,

        x(t) = a_0 + sum_k (a_k cos kp + b_k sin kp) + r(t)

    and described by `a`, `b`, the size of the residual `r`, and for each joint the regression of
    later residuals of `ECHOES` on the residual action, step by step: its response to commands.

    Args:
        looking: contract of what was seen (`sight`).
        seen: `(n, T, k)`, `T` at least `ticks`.
        ticks: length of a window.

    Returns:
        `(n, T // ticks, f)`.
    """
    n, total = seen.shape[:2]
    count = total // ticks
    x = seen[:, : count * ticks].reshape(n * count, ticks, -1).astype(np.float64)
    where = columns(looking)
    basis = _basis(x, where.get("phase"))
    gram = np.swapaxes(basis, 1, 2) @ basis
    gram += 1e-6 * ticks * np.eye(basis.shape[2])
    weights = np.linalg.solve(gram, np.swapaxes(basis, 1, 2) @ x)
    residual = x - basis @ weights
    parts = [weights.reshape(len(x), -1), np.sqrt((residual**2).mean(axis=1))]
    if ACTION in where:
        parts += _echoes(residual, where)
    return np.concatenate(parts, axis=1).reshape(n, count, -1).astype(np.float32)


def columns(looking: Contract) -> dict[str, slice]:
    """Where each signal stands in what is seen."""
    edges = np.cumsum([0, *(term.width for term in looking.terms)]).tolist()
    names = [term.signal for term in looking.terms]
    return {n: slice(a, b) for n, a, b in zip(names, edges, edges[1:], strict=False)}


def _basis(x: NDArray[np.float64], phase: slice | None) -> NDArray[np.float64]:
    rows = [np.ones(x.shape[:2])]
    if phase is not None:
        turn = x[:, :, phase][..., 1] + 1j * x[:, :, phase][..., 0]
        for k in range(1, HARMONICS + 1):
            rows += [(turn**k).real, (turn**k).imag]
    return np.stack(rows, axis=2)


def _echoes(
    residual: NDArray[np.float64], where: dict[str, slice]
) -> Sequence[NDArray[np.float64]]:
    action = residual[:, :, where[ACTION]]
    length = action.shape[1]
    power = (action**2).mean(axis=1) + 1e-4
    found = []
    for name in ECHOES:
        if name in where:
            answer = residual[:, :, where[name]]
            for lag in range(LAGS):
                product = action[:, : length - lag] * answer[:, lag:]
                found.append(product.mean(axis=1) / power)
    return found
