"""`WireModel`: what lies between a robot's sensors and its policy: lateness, noise, loss."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.physics.parameter import Parameter
from ashore.envs.physics.rotation import inverse, quaternion, rotate
from ashore.envs.physics.sample_history import SampleHistory

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

_JOINTS = (
    Parameter(name="position_noise", value=0.001, unit="rad", low=0.0, high=0.5),
    Parameter(name="velocity_noise", value=0.02, unit="rad/s", low=0.0, high=20.0),
)
_IMU = (
    Parameter(name="gyro_noise", value=0.02, unit="rad/s", low=0.0, high=5.0),
    Parameter(name="gravity_noise", value=0.005, unit="-", low=0.0, high=1.0),
    Parameter(name="gyro_bias", value=0.0, unit="rad/s", low=-1.0, high=1.0),
    Parameter(name="imu_mounting", value=0.0, unit="rad", low=-0.6, high=0.6),
)
_LATE = (
    Parameter(name="observation_delay", value=0.0, unit="s", low=0.0, high=0.1),
    Parameter(name="observation_jitter", value=0.0, unit="s", low=0.0, high=0.1),
    Parameter(name="command_jitter", value=0.0, unit="s", low=0.0, high=0.1),
)
_LOST = Parameter(name="dropped_samples", value=0.0, unit="-", low=0.0, high=1.0)

_NOISE = {
    "joint_position": "position_noise",
    "joint_velocity": "velocity_noise",
    "imu_gyro": "gyro_noise",
    "imu_gravity": "gravity_noise",
}
_XYZ = ("x", "y", "z")

TELEMETRY = ("joint_current", "voltage")
"""Signals of a servo that only some policies read."""


class WireModel:
    """Sensor samples of `n` robots on their way to a policy, one call a control tick.

    A sample is `observation_delay` old, and up to `observation_jitter` older (uniform, drawn each
    tick for all of a robot), between two ticks linearly; normal noise is added; each servo's sample
    (and the IMU's) is lost with probability `dropped_samples`, and the last one stands in for it.
    The IMU's axes are turned by `imu_mounting`, a rotation vector that nobody corrects, and its
    rates are off by `gyro_bias`. `command_jitter` belongs to the way back: a command is up to that
    much later than `command_delay`.
    """

    def __init__(
        self,
        joints: tuple[str, ...],
        imu: bool,
        period: float,
        dice: Dice,
        telemetry: Collection[str] = TELEMETRY,
    ) -> None:
        """Lay out the channels.

        Args:
            joints: names of the joints.
            imu: whether there is an inertial sensor.
            period: time between ticks [s].
            dice: one stream for each of the robots; may be replaced later.
            telemetry: which of `TELEMETRY` somebody reads; the others are not delivered.
        """
        n, self.dice = len(dice), dice
        found = [replace(p, elements=joints) for p in _JOINTS] + list(_LATE)
        found.append(replace(_LOST, elements=(*joints, "imu") if imu else joints))
        found += [replace(p, elements=_XYZ) for p in _IMU] if imu else []
        self.parameters = {parameter.name: parameter for parameter in found}
        self.values = {
            name: np.full((n, len(p.elements)), p.value) for name, p in self.parameters.items()
        }
        measured = ["joint_position", "joint_velocity"]
        measured += ["imu_gyro", "imu_gravity"] if imu else []
        self._layout = {
            name: 3 if name.startswith("imu") else len(joints)
            for name in (*measured, *(name for name in TELEMETRY if name in telemetry))
        }
        edges = np.cumsum([0, *self._layout.values()]).tolist()
        self._slices = [slice(*ends) for ends in pairwise(edges)]
        self._noisy, size = edges[len(measured)], edges[-1]
        own, imus = np.arange(len(joints)), np.full(3, len(joints))
        owners = [imus if name.startswith("imu") else own for name in self._layout]
        self._owner = np.concatenate(owners)
        longest = sum(parameter.high for parameter in _LATE[:2])
        self._history = SampleHistory(n, size, period, longest)
        self._everyone = np.arange(n)
        self._losses = len(self.parameters["dropped_samples"].elements)
        self._kept = np.zeros((n, size))
        self._new = np.ones(n, dtype=np.bool_)
        self._noise = np.zeros((n, self._noisy))
        self._turn = np.tile([1.0, 0.0, 0.0, 0.0], (n, 1))
        self._late = self._lossy = self._skewed = False
        self._stale = True
        self._jitter = np.zeros((n, 1))

    def changed(self, name: str, ids: Ids) -> bool:
        """Take note that values changed, for the next tick."""
        if name == "imu_mounting":
            self._turn[ids] = inverse(quaternion(self.values[name][ids]))
        self._stale = True
        return False

    def restart(self, ids: Ids) -> None:
        """Forget robots `ids`: their next sample stands for all of their past."""
        self._new[ids] = True

    def command_lateness(self, delay: Array) -> Array:
        """Delay of this tick's command at each joint [s], given `command_delay` `(n, nj)`."""
        return np.asarray(delay + self.values["command_jitter"] * self._jitter)

    def deliver(self, sensed: Mapping[str, Array], ids: Ids | None = None) -> dict[str, Array]:
        """Let this tick's samples pass; for robots `ids` only, if given, whose rows these are."""
        if self._stale:
            self._refresh()
        rows = slice(None) if ids is None else ids
        dice = self.dice if ids is None else self.dice.of(ids)
        if ids is None:
            self._history.tick()
        turned = self._turned(sensed, rows) if self._skewed else sensed
        raw = np.concatenate([turned[name] for name in self._layout], axis=1)
        # Every robot draws at every tick, so that its numbers don't depend on its neighbours.
        chance = dice.uniform(k=2 + self._losses)
        lateness, self._jitter[rows], loss = chance[:, :1], chance[:, 1:2], chance[:, 2:]
        whose = self._everyone[rows]
        self._history.put(raw, whose, self._new[rows])
        out = raw
        if self._late:
            late = self.values["observation_jitter"][rows] * lateness
            late += self.values["observation_delay"][rows]
            out = self._history.ago(late[:, 0], whose)
        out[:, : self._noisy] += self._noise[rows] * dice.normal(self._noisy)
        if self._lossy:
            lost = (loss < self.values["dropped_samples"][rows])[:, self._owner]
            out = np.where(lost & ~self._new[rows][:, None], self._kept[rows], out)
        self._kept[rows] = out
        self._new[rows] = False
        return {n: out[:, part] for n, part in zip(self._layout, self._slices, strict=True)}

    def _turned(self, sensed: Mapping[str, Array], rows: Ids | slice) -> Mapping[str, Array]:
        both = np.stack([sensed["imu_gyro"], sensed["imu_gravity"]], axis=1)
        turned = rotate(self._turn[rows][:, None], both)
        turned[:, 0] += self.values["gyro_bias"][rows]
        return {**sensed, "imu_gyro": turned[:, 0], "imu_gravity": turned[:, 1]}

    def _refresh(self) -> None:
        """Find out which of these effects there are at all."""
        values, self._stale = self.values, False
        late = values["observation_delay"].any() or values["observation_jitter"].any()
        self._late = bool(late)
        self._lossy = bool(values["dropped_samples"].any())
        self._skewed = "imu_mounting" in values and bool(
            values["imu_mounting"].any() or values["gyro_bias"].any()
        )
        for name, part in zip(self._layout, self._slices, strict=True):
            if name in _NOISE:
                self._noise[:, part] = values[_NOISE[name]]
