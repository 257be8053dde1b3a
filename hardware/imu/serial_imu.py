"""`SerialImu`: the inertial sensor of a spec on a real serial line."""

import math
import time

import numpy as np

from ashore.hardware.errors import BusError
from ashore.hardware.imu.codecs import CODECS, make_codec
from ashore.hardware.imu.imu_sample import GRAVITY, ImuSample
from ashore.hardware.imu.imu_scan import scan_imu
from ashore.hardware.imu.rotation import from_angles, matrix
from ashore.hardware.imu_spec import ImuSpec
from ashore.hardware.reading import Inertial
from ashore.hardware.run.clock import Clock, LockstepClock
from ashore.hardware.wire.transport import SerialTransport, Tap, Transport

_CHUNK = 4096
_MOST = 1 << 16  # bytes taken at one tick; a sensor says some hundred
_FIRST = 1.0  # longest wait for a first sample [s]
_LOCKSTEP = 2.0  # longest wait for the sample of a lockstep period [s]
_IN_VAIN = 0.05  # the same, once one was waited for in vain [s]


class SerialImu:
    """Listens to a sensor and turns what it says into the base's frame.

    A sample that is no number, or equal to the one before in every bit, is no new one: a living
    sensor is never still. Until a new one comes the last stays, and its age grows.
    """

    def __init__(self, spec: ImuSpec, wire: Transport, lockstep: bool = False) -> None:
        """Take an open line.

        Args:
            spec: the sensor.
            wire: the line it is on.
            lockstep: whether a sample is waited for at each tick, as no time passes by that.
        """
        self.spec = spec
        self.codec = make_codec(spec.codec)
        self.unsound = 0
        """Samples that were no numbers, or pointed nowhere."""
        self.repeated = 0
        """Samples equal to the one before."""
        self.received = 0
        """Bytes that came."""
        self._wire = wire
        self._mounting = matrix(from_angles(spec.roll, spec.pitch, spec.yaw))
        self._bias = np.array(spec.gyro_bias)
        self._patience = _LOCKSTEP if lockstep else 0.0
        self._last: ImuSample | None = None
        self._came = -math.inf

    @classmethod
    def open(cls, spec: ImuSpec, port: str, clock: Clock, tap: Tap | None = None) -> "SerialImu":
        """Open `port` and wait for a first sample, except in lockstep, where none comes unasked.

        Args:
            spec: the sensor.
            port: a path such as /dev/ttyUSB1, or a pyserial URL.
            clock: what the robot's readings are stamped by; a `LockstepClock` for a lockstep twin.
            tap: sees every byte that comes, as "imu", for the log.

        Raises:
            PortError: the port does not open.
            BusError: no sample came.
        """
        seen: Tap | None = None if tap is None else lambda _, data: tap("imu", data)
        imu = cls(spec, SerialTransport(port, spec.baud, seen), isinstance(clock, LockstepClock))
        try:
            heard = imu._patience > 0.0 or imu._meet(clock.now())
        except BaseException:
            imu.close()
            raise
        if not heard:
            imu.close()
            raise BusError(_why_silent(spec, port, imu.received))
        return imu

    def read(self, now: float) -> Inertial:
        """Return the newest sample that has come by `now` [s], without waiting for one.

        In lockstep one sample comes with each joint read, and is waited for, up to two seconds.
        Before there ever was a sample, its age is infinite.

        Raises:
            PortLost: the port is gone.
        """
        samples = self._listen(0.0)
        if self._patience and not samples:
            samples = self._wait(self._patience)
            self._patience = _LOCKSTEP if samples else _IN_VAIN
        for sample in samples:
            self._consider(sample, now)
        return self._inertial(now)

    def close(self) -> None:
        """Let go of the port; closing twice is allowed."""
        self._wire.close()

    def _meet(self, now: float) -> bool:
        """Wait for a first sample; return whether one came."""
        for sample in self._wait(_FIRST):
            self._consider(sample, now)
        return self._last is not None

    def _wait(self, seconds: float) -> list[ImuSample]:
        """Return the samples that come first, none if none comes in time."""
        deadline = time.monotonic() + seconds
        samples: list[ImuSample] = []
        while not samples and (left := deadline - time.monotonic()) > 0.0:
            samples = self._listen(left)
        return samples

    def _listen(self, timeout: float) -> list[ImuSample]:
        """Return the samples in what has come; wait for a byte if a time-out is given."""
        data = self._wire.read(1, timeout) if timeout else b""
        more = self._wire.read(_CHUNK, 0.0)
        while len(more) == _CHUNK and len(data) < _MOST:
            data += more
            more = self._wire.read(_CHUNK, 0.0)
        data += more
        self.received += len(data)
        return self.codec.feed(data)

    def _consider(self, sample: ImuSample, now: float) -> None:
        if not sample.sound:
            self.unsound += 1
        elif self._last is not None and sample.repeats(self._last):
            self.repeated += 1
        else:
            self._last, self._came = sample, now

    def _inertial(self, now: float) -> Inertial:
        if self._last is None:
            return Inertial(
                gyro=np.zeros(3),
                gravity=np.array([0.0, 0.0, -1.0]),
                acceleration=np.array([0.0, 0.0, GRAVITY]),
                age=math.inf,
            )
        return Inertial(
            gyro=self._mounting @ (self._last.gyro - self._bias),
            gravity=self._mounting @ self._last.gravity,
            acceleration=self._mounting @ self._last.acceleration,
            age=now - self._came,
        )


def _why_silent(spec: ImuSpec, port: str, received: int) -> str:
    asked = f"no sample of a {spec.codec} sensor came from {port} at {spec.baud} baud in {_FIRST} s"
    found = scan_imu(port)
    if found is None:
        return (
            f"{asked}, nor one that is known at any other rate; {received} bytes came; check its "
            f"power and its cable, and that it sends {', '.join(CODECS)}"
        )
    return (
        f"{asked}; what is there speaks {found.codec} at {found.baud} baud: in the robot's spec, "
        f'under [imu], put codec = "{found.codec}" and baud = {found.baud}'
    )
