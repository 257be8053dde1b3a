"""`Legs`: closed-form kinematics of three-joint legs; `Trot`: where their feet go at a velocity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.envs.errors import TaskError
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

_STRETCH = 0.999
"""Share of a leg's length that inverse kinematics uses at most: beyond it the knee would lock."""


class Legs:
    """Forward and inverse kinematics of all legs of a robot at once.

    With the leg's `origin` o, `offset` d, links `l1`, `l2`, abduction a, hip h and knee k, the foot
    is, in the trunk's frame,

        p = o + Rx(a) (-l1 sin h - l2 sin(h + k), d, -l1 cos h - l2 cos(h + k))

    Angles and feet are `(n, legs, 3)`: abduction, hip, knee [rad]; x, y, z [m].

    Source: the law of cosines in the leg's plane; the same convention as `LegSpec`.
    """

    def __init__(self, spec: RobotSpec) -> None:
        """Take the legs of a spec; which way their knees bend is that of the default pose.

        Raises:
            TaskError: the robot has no legs.
        """
        if not spec.legs:
            raise TaskError(
                f"robot {spec.name!r} has no legs, and the task needs them; "
                "describe each in a [[legs]] table of its spec.toml"
            )
        self.origin = np.array([leg.origin for leg in spec.legs])
        self.offset = np.array([leg.offset for leg in spec.legs])
        self.upper = np.array([leg.upper for leg in spec.legs])
        self.lower = np.array([leg.lower for leg in spec.legs])
        order = [spec.names.index(j) for g in spec.legs for j in (g.abduction, g.hip, g.knee)]
        self.columns = np.array(order, dtype=np.intp)
        self.default = spec.column("default")
        self.bend = np.where(self.of_joints(self.default[None])[0, :, 2] > 0.0, 1.0, -1.0)

    def of_joints(self, angles: Array) -> Array:
        """Leg angles `(n, legs, 3)` among joint angles `(n, nj)`."""
        return np.asarray(angles[:, self.columns].reshape(len(angles), -1, 3))

    def to_joints(self, angles: Array) -> Array:
        """Joint angles `(n, nj)` of leg angles; joints that belong to no leg at their default."""
        joints = np.tile(self.default, (len(angles), 1))
        joints[:, self.columns] = angles.reshape(len(angles), -1)
        return joints

    def forward(self, angles: Array) -> Array:
        """Feet of leg angles."""
        abduction, hip, knee = angles[..., 0], angles[..., 1], angles[..., 2]
        shin = hip + knee
        x = -self.upper * np.sin(hip) - self.lower * np.sin(shin)
        z = -self.upper * np.cos(hip) - self.lower * np.cos(shin)
        s, c = np.sin(abduction), np.cos(abduction)
        y, z = self.offset * c - z * s, self.offset * s + z * c
        return np.asarray(self.origin + np.stack([x, y, z], axis=-1))

    def inverse(self, feet: Array) -> Array:
        """Leg angles that bring the feet there, or as near as the legs reach."""
        where = feet - self.origin
        x, y, z = (np.ascontiguousarray(where[..., i]) for i in range(3))
        # A foot nearer to the abduction axis than the offset would have no angle at all.
        depth = np.sqrt(np.maximum(y * y + z * z - self.offset * self.offset, 1e-9))
        # The angle from one direction to another, as one arc tangent of their products.
        abduction = np.arctan2(z * self.offset + y * depth, y * self.offset - z * depth)
        longest, shortest = self.upper + self.lower, np.abs(self.upper - self.lower)
        length = np.sqrt(x * x + depth * depth)
        length = np.clip(length, shortest / _STRETCH, longest * _STRETCH)
        square = length * length - self.upper * self.upper - self.lower * self.lower
        knee = self.bend * np.arccos(square / (2.0 * self.upper * self.lower))
        along, across = self.upper + self.lower * np.cos(knee), self.lower * np.sin(knee)
        hip = np.arctan2(-x * along - depth * across, depth * along - x * across)
        return np.stack([abduction, hip, knee], axis=-1)


@dataclass(frozen=True, kw_only=True)
class TrotConfig:
    """How a trot steps."""

    frequency: float = 2.0
    """Cycles per second [Hz]."""
    duty: float = 0.6
    """Share of a cycle that a foot is on the ground."""
    lift: float = 0.035
    """How high a foot is lifted [m]."""
    early: float = 0.7
    """Share of a foot's flight after which it no longer moves forward. Servos lag, and a foot that
    still moves forward when it lands brakes the robot: the quadruped follows 84 % of the commanded
    velocity at a P gain of 560 if that is 0.7, and 77 % if it is 1."""
    idle: float = 0.05
    """Foot speed below which the steps grow flatter, down to standing still [m/s]."""


class Trot:
    """Joint angles of a trot at a commanded velocity, for many robots at once.

    Diagonal legs step together. A foot on the ground moves against the commanded velocity,

        p = p0 + s T (vx - w y0, vy + w x0),   T = duty / frequency, s from 1/2 to -1/2

    and returns through the air, lifted by `4 lift u (1 - u)` over its flight `u` from 0 to 1. It is
    forward again before it comes down, at `u = early`. `p0` is where the foot stands in the default
    pose, so at no command the trot *is* the default pose.
    """

    def __init__(self, spec: RobotSpec, config: TrotConfig | None = None) -> None:
        """Prepare the trot of a robot.

        Raises:
            TaskError: the robot has no legs.
        """
        self.config = config or TrotConfig()
        self.legs = Legs(spec)
        self.stand = self.legs.forward(self.legs.of_joints(self.legs.default[None]))[0]
        diagonal = self.legs.origin[:, 0] * self.legs.origin[:, 1] > 0.0
        self.shift = np.where(diagonal, 0.0, 0.5)
        self.radius = float(np.hypot(self.stand[:, 0], self.stand[:, 1]).mean())

    def joints(self, command: Array, cycles: Array) -> Array:
        """Joint angles `(n, nj)` [rad].

        Args:
            command: forward and leftward velocity [m/s], yaw rate [rad/s], `(n, 3)`.
            cycles: how many cycles have passed, `(n,)`.
        """
        return self.legs.to_joints(self.legs.inverse(self.feet(command, cycles)))

    def feet(self, command: Array, cycles: Array) -> Array:
        """Where the feet are to be in the trunk's frame, `(n, legs, 3)` [m]."""
        duty, stand = self.config.duty, self.stand
        phase = cycles[:, None] + self.shift
        phase = phase - np.floor(phase)
        flight = np.maximum(phase - duty, 0.0) / (1.0 - duty)
        swept = 0.5 - np.minimum(phase, duty) / duty + smooth_step(flight / self.config.early)
        swept = swept * (duty / self.config.frequency)
        vx, vy, yaw = command[:, 0:1], command[:, 1:2], command[:, 2:3]
        height = 4.0 * self.config.lift * self.effort(command)[:, None] * flight * (1.0 - flight)
        return np.stack(
            [
                stand[:, 0] + swept * (vx - yaw * stand[:, 1]),
                stand[:, 1] + swept * (vy + yaw * stand[:, 0]),
                stand[:, 2] + height,
            ],
            axis=-1,
        )

    def effort(self, command: Array) -> Array:
        """How much a robot steps at a command, from 0 standing still to 1, `(n,)`."""
        spin = self.radius * command[:, 2]
        speed = np.sqrt(command[:, 0] * command[:, 0] + command[:, 1] * command[:, 1] + spin * spin)
        return smooth_step(speed / self.config.idle)


def smooth_step(x: Array) -> Array:
    """Step from 0 at 0 to 1 at 1, level at both."""
    x = np.minimum(x, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x))
