"""WitMotion's standard protocol: WT901, HWT905, JY901 and their kin.

A frame is eleven bytes: 55, a type, four numbers of 16 bits, low byte first, and the low byte of
the sum of them all. A sensor sends one frame of each type that it is set to, in ascending order,
at each of its samples:

    51  specific force x, y, z   of 16 g     and the temperature
    52  angular velocity x, y, z of 2000 °/s
    53  roll, pitch, yaw         of 180 °    turned about z first, then y, then x
    59  quaternion w, x, y, z    of 1

of 32768 counts each. The angles are preferred to the quaternion: the maker defines only theirs.
Source: WitMotion, "WT901C-TTL datasheet" v20-0702, section 5.1, and "HWT905 protocol".
"""

import math
import struct

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.imu.imu_sample import GRAVITY, ImuSample, Vector
from ashore.hardware.imu.rotation import from_angles, to_angles

_HEAD, _SIZE = 0x55, 11
_FORCE, _SPIN, _ANGLES, _QUATERNION = 0x51, 0x52, 0x53, 0x59
_TYPES = frozenset((*range(0x50, 0x5B), 0x5F))
_FRAME = struct.Struct("<BB4h")
_FULL = 32768
_UNITS = {
    _FORCE: 16.0 * GRAVITY / _FULL,
    _SPIN: math.radians(2000.0) / _FULL,
    _ANGLES: math.pi / _FULL,
    _QUATERNION: 1.0 / _FULL,
}
_HABIT = 10  # samples after which a sensor that sends no orientation is believed to have none


class WitMotion:
    """Frames of one sample belong together: what follows a gap begins anew."""

    def __init__(self) -> None:
        self.corrupt = 0
        self._buffer = bytearray()
        self._lost = False
        self._found: dict[int, Vector] = {}
        self._newest = 0
        self._given = False
        self._blind = 0

    def feed(self, data: bytes) -> list[ImuSample]:
        """Take bytes as they come; return the samples they complete."""
        self._buffer += data
        samples, start = [], 0
        while len(self._buffer) - start >= _SIZE:
            frame = bytes(self._buffer[start : start + _SIZE])
            if _is_frame(frame):
                self._lost = False
                samples += self._take(frame)
                start += _SIZE
            else:
                self._skip()
                start += 1
        del self._buffer[:start]
        return samples

    def encode(self, sample: ImuSample) -> bytes:
        """Return frames 51, 52 and, with an orientation, 53, as they leave the factory."""
        whole = _frame(_FORCE, sample.acceleration) + _frame(_SPIN, sample.gyro)
        if sample.quaternion is None:
            return whole
        return whole + _frame(_ANGLES, np.array(to_angles(sample.quaternion)))

    def _skip(self) -> None:
        self.corrupt += not self._lost
        self._lost = True
        self._restart()

    def _restart(self) -> None:
        self._found.clear()
        self._newest, self._given = 0, False

    def _take(self, frame: bytes) -> list[ImuSample]:
        """Keep a frame's numbers; return the sample if they are its last."""
        kind, *counts = _FRAME.unpack_from(frame)[1:]
        if kind <= self._newest:
            if not self._given and {_FORCE, _SPIN} <= self._found.keys():
                self._blind += 1
            self._restart()
        self._newest = kind
        if kind in _UNITS:
            self._found[kind] = np.array(counts) * _UNITS[kind]
        return self._whole(kind)

    def _whole(self, kind: int) -> list[ImuSample]:
        oriented = kind in (_ANGLES, _QUATERNION)
        self._blind = 0 if oriented else self._blind
        last = oriented or (kind == _SPIN and self._blind >= _HABIT)
        if self._given or not last or not {_FORCE, _SPIN} <= self._found.keys():
            return []
        self._given = True
        return [
            ImuSample(
                acceleration=self._found[_FORCE][:3],
                gyro=self._found[_SPIN][:3],
                quaternion=self._orientation(),
            )
        ]

    def _orientation(self) -> Vector | None:
        if _ANGLES in self._found:
            return from_angles(*(float(angle) for angle in self._found[_ANGLES][:3]))
        return self._found.get(_QUATERNION)


def _is_frame(frame: bytes) -> bool:
    return frame[0] == _HEAD and frame[1] in _TYPES and sum(frame[:-1]) & 0xFF == frame[-1]


def _frame(kind: int, values: NDArray[np.float64]) -> bytes:
    counts = np.clip(np.round(np.nan_to_num(values / _UNITS[kind])), -_FULL, _FULL - 1).astype(int)
    body = _FRAME.pack(_HEAD, kind, *counts, 0)
    return body + bytes([sum(body) & 0xFF])
