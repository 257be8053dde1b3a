"""`rehearse`: a held-out walk, walked again by the nominal and by the calibrated robot."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.evidence import OpenLoop
from ashore.adapt.walking.belief import Belief
from ashore.adapt.walking.crowd import Crowd
from ashore.adapt.walking.gait_window import SETTLED
from ashore.adapt.walking.walk_log import Walk
from ashore.adapt.walking.watched import Cast, watch
from ashore.envs.dice import Dice
from ashore.envs.simulation import Simulation
from ashore.envs.tasks.task import Task
from ashore.policies.bundle import Bundle

Array = NDArray[np.float64]

CAST = 16
"""Robots whose mean is the prediction of each simulator."""
SEED = 31_000


def rehearse(
    bundle: Bundle, task: Task, belief: Belief, walks: Sequence[Walk], window: float
) -> OpenLoop:
    """Let robots like the nominal and the calibrated one walk as held-out walks were commanded.

    Where the base is, no sensor tells, so a simulator cannot be restarted from the log; but the
    gait's phase and the commands are the log's, so that joints can be compared tick by tick.
    Each simulator's prediction is the mean of `CAST` robots that differ in noise and in what the
    log doesn't tell.
    """
    world = Simulation(bundle.spec, 1)
    calibrated = belief.likeliest(world, CAST, Dice(SEED, CAST, purpose="rehearsal"))
    nominal = calibrated.copy()
    nominal[:, belief.told] = belief.prior.nominal(world)[belief.told]
    ticks, begin = max(len(walk.time) for walk in walks), round(SETTLED * bundle.spec.rate)
    plans = np.repeat([walk.plan for walk in walks], 2 * CAST, axis=0)
    units = np.tile(np.concatenate([nominal, calibrated]), (len(walks), 1))
    cast = Cast(
        source=Crowd(ranges=belief.prior.wide, units=units),
        robots=len(units),
        ticks=ticks,
        seed=SEED,
        plans=plans,
    )
    found, _ = watch(bundle, task, cast)
    angle = found.angle.reshape(len(walks), 2, CAST, ticks, -1)
    alive = np.arange(ticks) < found.lived.reshape(len(walks), 2, CAST, 1)
    parts = []
    for walk, angles, living in zip(walks, angle, alive, strict=True):
        rows = slice(max(begin, walk.counted), len(walk.time))
        weight = np.maximum(living[:, :, rows, None], 1e-9)
        mean = (angles[:, :, rows] * weight).sum(axis=1) / weight.sum(axis=1)
        parts.append((walk.time[rows], walk.angle[rows], mean))
    return _compared(parts, window)


def _compared(parts: list[tuple[Array, Array, Array]], window: float) -> OpenLoop:
    times, owners, begin, first = [], [], 0.0, 0
    for time, _, _ in parts:
        owner = ((time - time[0]) / window).astype(np.intp)
        times.append(time - time[0] + begin)
        owners.append(owner + first)
        begin, first = begin + float(time[-1] - time[0]), first + int(owner[-1]) + 1
    owner = np.concatenate(owners)
    measured = np.concatenate([part[1] for part in parts])
    predicted = np.concatenate([part[2] for part in parts], axis=1)
    error = np.abs(predicted - measured).mean(axis=2)
    count = np.bincount(owner)
    nominal, calibrated = (np.bincount(owner, each) / count for each in error)
    return OpenLoop(
        nominal=nominal,
        calibrated=calibrated,
        time=np.concatenate(times),
        window=owner,
        measured=measured,
        predicted=predicted,
    )
