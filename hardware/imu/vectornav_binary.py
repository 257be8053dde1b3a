"""VectorNav's binary protocol: VN-100, VN-200, VN-300, with fields of the common group.

A frame is FA, 01 for the common group, a mask of 16 bits, the fields of its bits in their order,
and the CRC-16 of CCITT of all but FA, high byte first; everything else comes low byte first:

    bit 3  yaw, pitch, roll [deg]     bit 4  quaternion x, y, z, w    bit 5  angular velocity
    bit 8  specific force             bit 9  both again, as measured, force first

Axes are those of the text protocol: z points down.
Source: VectorNav, "VN-100 User Manual" UM001, sections 4.3 and 4.4.
"""

import binascii
import struct

import numpy as np

from ashore.hardware.imu.imu_sample import ImuSample, Vector
from ashore.hardware.imu.ned import from_heading, from_ned, to_ned

_SYNC, _COMMON = 0xFA, 0x01
_HEAD = struct.Struct("<BBH")
_CHECK = 2
_SIZES = (8, 8, 8, 12, 16, 12, 24, 12, 12, 24, 20, 28, 2, 4, 8)
_ANGLES, _QUATERNION, _SPIN, _FORCE, _MEASURED = 3, 4, 5, 8, 9
_WANTED = frozenset((_ANGLES, _QUATERNION, _SPIN, _FORCE, _MEASURED))
_SENT = 1 << _QUATERNION | 1 << _SPIN | 1 << _FORCE


class VectorNavBinary:
    """Frames without force or angular velocity are passed over."""

    def __init__(self) -> None:
        self.corrupt = 0
        self._buffer = bytearray()
        self._lost = False

    def feed(self, data: bytes) -> list[ImuSample]:
        """Take bytes as they come; return the samples they complete."""
        self._buffer += data
        samples, start = [], 0
        while start < len(self._buffer):
            size = _frame_size(self._buffer, start)
            if size > len(self._buffer) - start:
                break
            if size and not binascii.crc_hqx(self._buffer[start + 1 : start + size], 0):
                self._lost = False
                samples += _samples(bytes(self._buffer[start : start + size]))
                start += size
            else:
                self.corrupt += not self._lost
                self._lost = True
                start += 1
        del self._buffer[:start]
        return samples

    def encode(self, sample: ImuSample) -> bytes:
        """Return a frame with force, angular velocity and, if there is one, the quaternion."""
        mask, values = _SENT, [sample.gyro, sample.acceleration]
        if sample.quaternion is None:
            mask ^= 1 << _QUATERNION
        else:
            values.insert(0, np.roll(to_ned(sample.quaternion), -1))
        payload = np.concatenate(values).astype("<f4").tobytes()
        frame = _HEAD.pack(_SYNC, _COMMON, mask) + payload
        return frame + binascii.crc_hqx(frame[1:], 0).to_bytes(_CHECK, "big")


def common_fields(frame: bytes) -> dict[int, bytes]:
    """Return the fields of a whole frame, by their bit in the mask."""
    mask, at, fields = _HEAD.unpack_from(frame)[2], _HEAD.size, {}
    for bit, size in enumerate(_SIZES):
        if mask >> bit & 1:
            fields[bit] = frame[at : at + size]
            at += size
    return fields


def _frame_size(buffer: bytearray, start: int) -> int:
    """Return the length of the frame that may begin at `start`, or 0 if none does."""
    head = buffer[start : start + _HEAD.size].ljust(_HEAD.size, b"\x01")
    sync, group, mask = _HEAD.unpack(head)
    if sync != _SYNC or group != _COMMON or not mask or mask >> len(_SIZES):
        return 0
    payload = sum(size for bit, size in enumerate(_SIZES) if mask >> bit & 1)
    return _HEAD.size + payload + _CHECK


def _samples(frame: bytes) -> list[ImuSample]:
    fields = {bit: _floats(field) for bit, field in common_fields(frame).items() if bit in _WANTED}
    measured = fields.get(_MEASURED)
    force, spin = fields.get(_FORCE), fields.get(_SPIN)
    if measured is not None:
        force = measured[:3] if force is None else force
        spin = measured[3:] if spin is None else spin
    if force is None or spin is None:
        return []
    return [ImuSample(acceleration=force, gyro=spin, quaternion=_orientation(fields))]


def _orientation(fields: dict[int, Vector]) -> Vector | None:
    if _QUATERNION in fields:
        return from_ned(np.roll(fields[_QUATERNION], 1))
    if _ANGLES in fields:
        return from_heading(*(float(angle) for angle in fields[_ANGLES]))
    return None


def _floats(field: bytes) -> Vector:
    return np.frombuffer(field, dtype="<f4").astype(np.float64)
