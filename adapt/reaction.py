"""`reaction` and `lag`: how long after its goal a joint moves, and how far behind it stays."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

REACH = 6
"""Longest delay that is looked for, in control periods."""
FINE = 10
"""Delays tried in a control period."""
LEAST = 8 * REACH
"""Fewest steps that a delay is read from."""


def reaction(angle: Array, goal: Array) -> Array:
    """Delay of each joint's goals, in control periods, `(..., nj)`.

    A servo under proportional control moves at `v(t) = k (goal(t - d) - angle(t)) + c`. Of the
    delays `d`, sub-tick ones too, that under which speed and error correlate best is the joint's; a
    softer servo has another `k`, not another `d`.

    Args:
        angle: measured angles of `T` consecutive steps, `(..., T, nj)` [rad], `T` over `LEAST`.
        goal: what was sent at each of them, alike.
    """
    begin = REACH + 2
    speed = ((angle[..., 2:, :] - angle[..., :-2, :]) / 2.0)[..., begin:, :]
    # What was told on either side of a step, in the mean, as speed is that on either side.
    about = (goal[..., 1:, :] + goal[..., :-1, :]) / 2.0
    steps = np.arange(begin, goal.shape[-2] - 2)
    tried = np.linspace(-1.0, REACH, FINE * (REACH + 1) + 1)
    alike = np.zeros((len(tried), *angle.shape[:-2], angle.shape[-1]))
    for row, late in enumerate(tried):
        error = _at(steps - late, about) - angle[..., begin + 1 : -1, :]
        alike[row] = correlation(error, speed)
    return peak(alike, tried)


def lag(angle: Array, goal: Array) -> Array:
    """Lag of each angle behind its goal by cross-correlation, in control periods, `(nj,)`.

    The peak is interpolated by a parabola. It counts the lag of a soft servo as delay.

    Args:
        angle: measured angles of `T` consecutive steps, `(T, nj)` [rad], `T` over `LEAST`.
        goal: what was in force at each of them, alike.
    """
    most = REACH + 3
    alike = [correlation(goal[most - k : len(goal) - k], angle[most:]) for k in range(most + 1)]
    return peak(np.stack(alike), np.arange(most + 1, dtype=np.float64))


def correlation(x: Array, y: Array) -> Array:
    """How alike two signals `(..., T, nj)` are, -1..1, `(..., nj)`."""
    x, y = x - x.mean(axis=-2, keepdims=True), y - y.mean(axis=-2, keepdims=True)
    size = np.sqrt((x * x).sum(axis=-2) * (y * y).sum(axis=-2))
    return np.asarray((x * y).sum(axis=-2) / np.maximum(size, 1e-12))


def peak(values: Array, at: Array) -> Array:
    """Where `values` `(K, ...)` are largest along `at` `(K,)`, between its points by a parabola."""
    top = np.clip(values.argmax(axis=0), 1, len(at) - 2)
    before, here, after = (
        np.take_along_axis(values, (top + step)[None], axis=0)[0] for step in (-1, 0, 1)
    )
    bend = before - 2.0 * here + after
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(bend < 0.0, 0.5 * (before - after) / bend, 0.0)
    return np.asarray(at[top] + np.clip(part, -1.0, 1.0) * (at[1] - at[0]))


def _at(places: Array, values: Array) -> Array:
    """Values `(..., T, nj)` at places `(m,)`, between steps linearly, `(..., m, nj)`."""
    low = np.minimum(places.astype(np.intp), values.shape[-2] - 2)
    share = (places - low)[:, None]
    return np.asarray(values[..., low, :] * (1.0 - share) + values[..., low + 1, :] * share)
