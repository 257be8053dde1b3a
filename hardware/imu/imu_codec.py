"""`ImuCodec`: what an inertial sensor's protocol is to this package."""

from typing import Protocol

from ashore.hardware.imu.imu_sample import ImuSample


class ImuCodec(Protocol):
    """Bytes to samples and back; pure, so it neither waits nor reads.

    Whatever is fed, it raises nothing, and it keeps no more than one unfinished frame.
    """

    @property
    def corrupt(self) -> int:
        """How many stretches of bytes were no frame."""
        ...

    def feed(self, data: bytes) -> list[ImuSample]:
        """Take bytes as they come, in pieces of any size; return the samples they complete."""
        ...

    def encode(self, sample: ImuSample) -> bytes:
        """Return the bytes that the sensor sends for a sample, as coarse as it sends them."""
        ...
