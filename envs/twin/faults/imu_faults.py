"""Faults of the inertial sensor: it says nothing, no numbers, or always the same."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ashore.hardware.imu.imu_codec import ImuCodec
from ashore.hardware.imu.imu_sample import GRAVITY, ImuSample
from ashore.hardware.tables import allowed

_REST = ImuSample(
    acceleration=np.array([0.0, 0.0, GRAVITY]),
    gyro=np.zeros(3),
    quaternion=np.array([1.0, 0.0, 0.0, 0.0]),
)


@dataclass(frozen=True, kw_only=True)
class ImuFault:
    """Something that the inertial sensor says instead of the truth while a fault lasts."""

    def spoil(self, data: bytes, codec: ImuCodec) -> bytes:
        """Return what is said instead of `data`; `codec` is the sensor's, and the fault's own."""
        return data

    def require(self, make: Callable[[], ImuCodec]) -> None:
        """Check that a sensor of this codec can say it.

        Raises:
            SpecError: it cannot.
        """


@dataclass(frozen=True, kw_only=True)
class ImuSilent(ImuFault):
    """The sensor says nothing."""

    def spoil(self, data: bytes, codec: ImuCodec) -> bytes:
        """Lose all."""
        return b""


@dataclass(frozen=True, kw_only=True)
class ImuNan(ImuFault):
    """The sensor's orientation is no number; of a codec that can say so."""

    def spoil(self, data: bytes, codec: ImuCodec) -> bytes:
        """Say it once for each sample."""
        return b"".join(codec.encode(_lost(sample)) for sample in codec.feed(data))

    def require(self, make: Callable[[], ImuCodec]) -> None:
        """Check that the codec has a way to say it."""
        heard = make().feed(make().encode(_lost(_REST)))
        can = not any(sample.sound for sample in heard)
        allowed("kind", "imu_nan", can, "any other: this sensor's protocol has no word for it")


@dataclass(frozen=True, kw_only=True)
class ImuFrozen(ImuFault):
    """The sensor repeats one sample."""

    @cached_property
    def _kept(self) -> list[bytes]:
        """What it repeats, once there is something."""
        return []

    def spoil(self, data: bytes, codec: ImuCodec) -> bytes:
        """Repeat it as often as it had something to say."""
        samples = codec.feed(data)
        if samples and not self._kept:
            self._kept.append(codec.encode(samples[0]))
        return b"".join(self._kept) * len(samples)


def _lost(sample: ImuSample) -> ImuSample:
    return replace(sample, quaternion=np.full(4, np.nan))
