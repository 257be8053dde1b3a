"""`ImuFirmware`: an inertial sensor that feels a motion and says so, by its own clock."""

from collections import deque

import numpy as np

from ashore.envs.physics.rotation import quaternion
from ashore.envs.twin.imu.imu_config import ImuConfig
from ashore.envs.twin.plant import InertialSense
from ashore.hardware.imu.imu_codec import ImuCodec
from ashore.hardware.imu.imu_sample import ImuSample, Vector
from ashore.hardware.imu.rotation import from_angles, matrix, product

_BITS = 10  # of a byte on the line: start, eight, stop
_ROUNDING = 1e-6


class ImuFirmware:
    """The sensor's side of its line: nothing is asked of it, and it speaks at its rate.

    With the rotation `S` from the sensor's axes to the base's, the base's `R`, angular velocity `w`
    and specific force `f`, and normal noise `n` of each kind:

        gyro = S^-1 w + bias + n        acceleration = S^-1 f + bias + n        orientation = R S n
    """

    def __init__(self, codec: ImuCodec, config: ImuConfig, seed: int) -> None:
        """Switch it on at time 0.

        Args:
            codec: what makes bytes of its samples.
            config: what it is.
            seed: of its noise.
        """
        self.config = config
        self._codec = codec
        self._rng = np.random.default_rng([seed, 0x1317])
        turned = quaternion(np.array(config.misalignment))
        self._rotation = product(turned, from_angles(*config.mounting))
        self._to_sensor = matrix(self._rotation).T
        own = 1.0 / (config.rate * (1.0 + config.drift))
        self._interval = own if config.period is None else config.period
        self._samples = 0
        self._sent: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0

    def due(self, until: float) -> bool:
        """Whether it samples, or a sample leaves its line, by `until` [s]."""
        waiting = bool(self._sent) and self._sent[0][0] <= until + _ROUNDING
        return waiting or self._next <= until + _ROUNDING

    def advance(self, until: float, sense: InertialSense) -> bytes:
        """Live on to `until` [s], feeling `sense`, and return what has left the line by then."""
        while self._next <= until + _ROUNDING:
            self._say(self._next, sense)
            self._samples += 1
        said = b""
        while self._sent and self._sent[0][0] <= until + _ROUNDING:
            said += self._sent.popleft()[1]
        return said

    @property
    def _next(self) -> float:
        return (self._samples + 1) * self._interval

    def _say(self, now: float, sense: InertialSense) -> None:
        """Put a sample on the line; one that finds the line busy is left out."""
        data = self._codec.encode(self._feel(sense))
        if self.config.period is not None:
            self._sent.append((now, data))
        elif now >= self._free_at:
            self._free_at = now + len(data) * _BITS / self.config.baud
            self._sent.append((self._free_at, data))

    def _feel(self, sense: InertialSense) -> ImuSample:
        config, noise = self.config, self._rng.normal(size=(3, 3))
        spin = self._to_sensor @ sense.angular_velocity + config.gyro_bias
        force = self._to_sensor @ sense.specific_force + config.acceleration_bias
        shaken = quaternion(config.orientation_noise * noise[2])
        orientation: Vector = product(product(sense.rotation, self._rotation), shaken)
        return ImuSample(
            acceleration=force + config.acceleration_noise * noise[1],
            gyro=spin + config.gyro_noise * noise[0],
            quaternion=orientation,
        )
