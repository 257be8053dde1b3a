"""`balance`: what an inertial sensor says at rest, and whether its parts agree with one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from ashore.adapt.diagnose.record import Array, Mask, Record
from ashore.adapt.diagnose.shift import Shift, mounting, turned
from ashore.envs.tasks.gait import Legs
from ashore.hardware.imu.rotation import to_angles
from ashore.hardware.imu_spec import ImuSpec

STILL = 0.5
"""Time for which a robot must stand still to be judged by it [s]."""
RESTING = 0.01
"""How far joints, and gravity's direction, may move within it [rad]."""
BIAS = 0.06
"""Angular velocity at rest above which it is a shift; pretraining knows 0.03 [rad/s]."""
TILT = 0.12
"""Angle between gravity and the feet's plane above which it is one; pretraining knows 0.03 of the
sensor's mounting and as much of the floor's slope [rad]."""
FLAT = 0.015
"""How far the feet of a standing robot may be from one plane [m]."""
ROCKING = 0.05
"""Least root mean square speed of gravity's direction that tells of the axes [rad/s]."""
FITS = 0.5
"""Share of that motion's power that the right axes must explain more than those given."""
AXES = "xyz"


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What was found of an inertial sensor."""

    shifts: tuple[Shift, ...]
    """What is otherwise than the spec says."""
    untold: tuple[str, ...]
    """What the logs do not tell."""


def balance(records: Sequence[Record]) -> Balance:
    """Judge the inertial sensor's axes by gravity's motion, its bias and its mounting at rest."""
    records = [record for record in records if record.inertial]
    if not records or (imu := records[0].spec.imu) is None:
        return Balance(shifts=(), untold=())
    untold, shifts = list[str](), [] if (axes := _axes(records)) is None else [axes]
    resting = [(record, still(record)) for record in records]
    if not any(rows.any() for _, rows in resting):
        return Balance(shifts=tuple(shifts), untold=("the gyroscope's bias: it never stood still",))
    spin = np.concatenate([record.gyro[rows] for record, rows in resting])
    if (bias := _bias(imu, spin)) is not None:
        shifts.append(bias)
    leaning = [lean for record, rows in resting if (lean := _lean(record, rows)) is not None]
    if leaning:
        shifts += _mount(imu, np.mean(leaning, axis=0))
    elif not records[0].held:
        untold.append("the inertial sensor's mounting: the feet never stood in one plane")
    return Balance(shifts=tuple(shifts), untold=tuple(untold))


def still(record: Record) -> Mask:
    """Readings within stretches in which nothing moves, joints or gravity, `(T,)`."""
    size = max(2, round(STILL * record.spec.rate))
    rows = np.zeros(len(record.time), dtype=np.bool_)
    if len(rows) < size:
        return rows
    moving = np.concatenate([record.position, record.gravity], axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(moving, size, axis=0)
    spread = np.quantile(windows, 0.95, axis=2) - np.quantile(windows, 0.05, axis=2)
    noise = 3.3 * _noise(record.gravity)
    least = np.concatenate([np.full(record.position.shape[1], RESTING), RESTING + noise])
    for begin in np.flatnonzero((spread < least).all(axis=1)):
        rows[begin : begin + size] = True
    return rows & np.isfinite(record.gyro).all(axis=1)


def _noise(values: Array) -> Array:
    """Standard deviation of what changes from reading to reading and back, `(k,)`."""
    return np.asarray(np.nanmedian(np.abs(np.diff(values, 2, axis=0)), axis=0) / (0.6745 * 6**0.5))


def _bias(imu: ImuSpec, spin: Array) -> Shift | None:
    mean, error = spin.mean(axis=0), spin.std(axis=0) / np.sqrt(len(spin))
    if not (np.abs(mean) - 3.0 * error > BIAS).any():
        return None
    bias = np.array(imu.gyro_bias) + mounting(imu).T @ mean
    said = ", ".join(f"{value:+.3f}" for value in mean)
    return Shift(
        kind="gyro_bias",
        what=f"the gyroscope says {said} rad/s while the robot stands still",
        imu_edits={"gyro_bias": tuple(float(value) for value in bias)},
        evidence=f"{len(spin)} readings at rest",
    )


def _lean(record: Record, rows: Mask) -> Array | None:
    """Rotation vector from gravity as told to gravity as the standing feet say, `(3,)` [rad]."""
    if not record.spec.legs or record.held or not rows.any():
        return None
    legs = Legs(record.spec)
    feet = legs.forward(legs.of_joints(np.median(record.position[rows], axis=0)[None]))[0]
    plane = np.column_stack([feet[:, :2], np.ones(len(feet))])
    slope, _, rank, _ = np.linalg.lstsq(plane, feet[:, 2], rcond=None)
    if rank < 3 or np.abs(plane @ slope - feet[:, 2]).max() > FLAT:
        return None
    wanted = np.array([slope[0], slope[1], -1.0])
    wanted /= np.linalg.norm(wanted)
    told = np.median(record.gravity[rows], axis=0)
    told /= np.linalg.norm(told)
    axis = np.cross(told, wanted)
    sine, cosine = float(np.linalg.norm(axis)), float(told @ wanted)
    if sine < 1e-9:
        axis, sine = np.array([1.0, 0.0, 0.0]), 1.0
        return np.zeros(3) if cosine > 0.0 else np.pi * axis
    return np.asarray(axis / sine * np.arctan2(sine, cosine))


def _mount(imu: ImuSpec, lean: Array) -> list[Shift]:
    angle = float(np.linalg.norm(lean))
    if angle < TILT:
        return []
    rotation = np.concatenate([[np.cos(angle / 2.0)], np.sin(angle / 2.0) * lean / angle])
    roll, pitch, yaw = to_angles(rotation)
    how = f"by {roll:+.3f} rad of roll and {pitch:+.3f} rad of pitch, or the floor slopes so"
    found = turned(imu, (roll, pitch, yaw), how)
    return [found]


def _axes(records: Sequence[Record]) -> Shift | None:
    """Whether gravity's direction turns as the gyroscope says: dg/dt = g x w.

    Only what is turned against the other shows: a sensor turned as a whole agrees with itself.
    Angular velocity about gravity doesn't move it, so that the third axis often stays untold, and
    then keeps what the spec says.
    """
    speed, gravity, spin = (np.concatenate(parts) for parts in zip(*map(_moving, records),
                                                                   strict=True))
    power = float((speed**2).sum(axis=1).mean()) if len(speed) else 0.0
    if power < ROCKING**2:
        return None
    best, least, given = np.eye(3), np.inf, 1.0
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        turn = np.diag(signs)[:, list(order)]
        left = speed - np.cross(gravity, spin @ turn.T)
        cost = float((left**2).sum(axis=1).mean()) / power + 0.01 * (3.0 - np.trace(turn))
        given = cost if np.array_equal(turn, np.eye(3)) else given
        if cost < least:
            best, least = turn, cost
    if given - least < FITS:
        return None
    says = [f"{_axis(best[row])} for {AXES[row]}" for row in range(3) if best[row, row] != 1.0]
    return Shift(
        kind="gyro_axes",
        what=f"the gyroscope's axes are not those of gravity: it gives {', '.join(says)}",
        elsewhere="no mounting turns one against the other: see the sensor's own axis settings, "
        "or its codec in the spec",
        evidence=f"gravity moves {given:.2f} of its power otherwise, and {least:.2f} then",
    )


def _axis(row: Array) -> str:
    column = int(np.argmax(np.abs(row)))
    return f"{'-' if row[column] < 0.0 else ''}{AXES[column]}"


def _moving(record: Record) -> tuple[Array, Array, Array]:
    """Speed of gravity's direction, that direction and the angular velocity, `(T, 3)` each."""
    span = np.maximum(record.time[4:] - record.time[:-4], 1e-6)[:, None]
    speed = (record.gravity[4:] - record.gravity[:-4]) / span
    spin = np.stack([record.gyro[k : len(record.gyro) - 4 + k] for k in range(5)])
    mean = np.average(spin, axis=0, weights=(0.5, 1.0, 1.0, 1.0, 0.5))
    good = np.isfinite(speed).all(axis=1) & np.isfinite(mean).all(axis=1)
    return speed[good], record.gravity[2:-2][good], mean[good]
