"""VectorNav's text protocol: VN-100, VN-200, VN-300.

A line is `$VNQMR,...*64` and a line's end. The checksum is the exclusive or of all between `$` and
`*`, or the CRC-16 of CCITT if it has four digits. The fields, after a magnetometer's three:

    VNQMR  quaternion x, y, z, w, then the rest    VNYMR  yaw, pitch, roll [deg], then the rest
    VNIMU  the rest alone                          the rest: specific force, angular velocity

The case's z axis points down: a sensor that lies flat is mounted with a roll of half a turn.
Source: VectorNav, "VN-100 User Manual" UM001, sections 3.8, 5.2 and 7.2.
"""

import binascii
import re
from functools import reduce
from operator import xor

import numpy as np

from ashore.hardware.imu.imu_sample import ImuSample, Vector
from ashore.hardware.imu.ned import from_heading, from_ned, to_ned

_LINE = re.compile(rb"(VN[A-Z]{3}),([^$*]*)\*([0-9A-Fa-f]{4}|[0-9A-Fa-f]{2})\r?")
_LONGEST = 256
_ORIENTATION = {b"VNQMR": 4, b"VNYMR": 3, b"VNIMU": 0}
"""Messages that are samples, and how many of their fields are the orientation."""


class VectorNav:
    """Lines that are no sample, such as answers and errors, are passed over."""

    def __init__(self) -> None:
        self.corrupt = 0
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[ImuSample]:
        """Take bytes as they come; return the samples they complete."""
        *lines, rest = bytes(self._buffer + data).split(b"\n")
        if len(rest) > _LONGEST:
            self.corrupt += 1
            rest = b""
        self._buffer = bytearray(rest)
        return [sample for line in lines if (sample := self._read(line)) is not None]

    def encode(self, sample: ImuSample) -> bytes:
        """Return a line VNQMR, or VNIMU for a sample without an orientation."""
        rest = [*_texts(np.zeros(3), "+08.4f"), *_texts(sample.acceleration, "+07.3f")]
        rest += _texts(sample.gyro, "+010.6f")
        if sample.quaternion is None:
            fields = ["VNIMU", *rest, "+20.0", "+101.325"]
        else:
            fields = ["VNQMR", *_texts(np.roll(to_ned(sample.quaternion), -1), "+09.6f"), *rest]
        body = ",".join(fields)
        return f"${body}*{reduce(xor, body.encode()):02X}\r\n".encode()

    def _read(self, line: bytes) -> ImuSample | None:
        """Return the sample of a line, if it is a whole one and a sample."""
        junk, _, body = line.rpartition(b"$")
        found = _LINE.fullmatch(body)
        whole = found is not None and _checks(body, found[3])
        self.corrupt += bool(junk) or not whole
        if found is None or not whole or found[1] not in _ORIENTATION:
            return None
        values = _numbers(found[2].split(b","))
        size = _ORIENTATION[found[1]]
        if len(values) < size + 9:
            self.corrupt += not junk
            return None
        force = size + 3
        return ImuSample(
            acceleration=values[force : force + 3],
            gyro=values[force + 3 : force + 6],
            quaternion=_orientation(values[:size]),
        )


def _checks(body: bytes, digits: bytes) -> bool:
    text = body.partition(b"*")[0]
    found = reduce(xor, text) if len(digits) == 2 else binascii.crc_hqx(text, 0)
    return found == int(digits, 16)


def _numbers(fields: list[bytes]) -> Vector:
    """Return the numbers before the first field that is none."""
    values = []
    for field in fields:
        try:
            values.append(float(field))
        except ValueError:
            break
    return np.array(values)


def _orientation(values: Vector) -> Vector | None:
    if len(values) == 4:
        return from_ned(np.roll(values, 1))
    if len(values) == 3:
        return from_heading(*(float(angle) for angle in values))
    return None


def _texts(values: Vector, form: str) -> list[str]:
    return [format(float(value), form) for value in values]
