"""One packet of Dynamixel Protocol 2.0: its checksum, its stuffing, and how to find it in a stream.

    FF FF FD 00 | ID | LEN_L LEN_H | INST | params | CRC_L CRC_H

Source: ROBOTIS e-manual, "DYNAMIXEL Protocol 2.0", https://emanual.robotis.com/docs/en/dxl/protocol2/.
"""

from dataclasses import dataclass

HEADER = b"\xff\xff\xfd\x00"
STATUS = 0x55
BROADCAST = 0xFE
LONGEST = 4096
"""Longest packet believed, in bytes after LEN: the reply of a whole chain to a fast sync read."""

_PREFIX = len(HEADER) + 3


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        register = byte << 8
        for _ in range(8):
            register = (register << 1) ^ (0x8005 if register & 0x8000 else 0)
        table.append(register & 0xFFFF)
    return tuple(table)


_TABLE = _crc_table()


def crc16(data: bytes, register: int = 0) -> int:
    """Return the CRC of `data`: polynomial 0x8005, no reflection, going on from `register`.

    Source: ROBOTIS e-manual, "CRC".
    """
    for byte in data:
        register = ((register << 8) & 0xFFFF) ^ _TABLE[(register >> 8) ^ byte]
    return register


def stuff(body: bytes) -> bytes:
    """Return `body`, instruction and params, with an FD after every FF FF FD: no header hides."""
    return body.replace(b"\xff\xff\xfd", b"\xff\xff\xfd\xfd")


def unstuff(body: bytes) -> bytes:
    """Undo `stuff`."""
    return body.replace(b"\xff\xff\xfd\xfd", b"\xff\xff\xfd")


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A packet whose checksum held."""

    id: int
    """Whom an instruction is for, or who sent a status; 254 is everyone."""
    instruction: int
    """Instruction code; 0x55 marks a status."""
    params: bytes
    """Unstuffed parameters; a status's error byte is not among them."""
    error: int = 0
    """Error byte of a status: bit 7 is the alert, the rest an error number."""

    @property
    def is_status(self) -> bool:
        """Whether a servo sent it."""
        return self.instruction == STATUS


def seal(servo: int, body: bytes) -> bytes:
    """Return the packet around a body that is already stuffed: header, id, length and CRC."""
    packet = HEADER + bytes([servo]) + (len(body) + 2).to_bytes(2, "little") + body
    return packet + crc16(packet).to_bytes(2, "little")


def encode(frame: Frame) -> bytes:
    """Return the bytes of `frame` on the wire."""
    error = bytes([frame.error]) if frame.is_status else b""
    return seal(frame.id, stuff(bytes([frame.instruction]) + error + frame.params))


class Parser:
    """Bytes in, frames out, however the bytes are cut; its buffer never passes one packet.

    What fails its checksum is counted and skipped by one byte, so that a frame swallowed by a
    damaged length is still found.
    """

    def __init__(self) -> None:
        self.corrupt = 0
        """Packets that began and were damaged, since the start."""
        self.corrupt_ids: list[int] = []
        """Ids those packets carried since the last `reset`, as far as they can be believed."""
        self._buffer = bytearray()

    def __len__(self) -> int:
        """Return the bytes held back for an unfinished packet."""
        return len(self._buffer)

    @property
    def lacking(self) -> int:
        """Bytes that would finish the packet begun, or its length field; at least 1."""
        if not self._waiting():
            return _PREFIX - len(self._buffer)
        return _PREFIX + int.from_bytes(self._buffer[5:7], "little") - len(self._buffer)

    def reset(self) -> None:
        """Forget the unfinished packet and the ids of damaged ones; `corrupt` stays."""
        self._buffer.clear()
        self.corrupt_ids.clear()

    def feed(self, data: bytes) -> list[Frame]:
        """Take `data` and return the frames it completes."""
        frames = []
        view = memoryview(data)
        for start in range(0, len(view), LONGEST):
            self._buffer += view[start : start + LONGEST]
            frames += self._frames()
        return frames

    def flush(self) -> list[Frame]:
        """Give the unfinished packet up as damaged, and return frames its bytes had swallowed."""
        frames = []
        while self._waiting():
            self._skip()
            frames += self._frames()
        return frames

    def _frames(self) -> list[Frame]:
        frames = []
        while self._align() and (length := self._length()) is not None:
            end = _PREFIX + length
            if len(self._buffer) < end:
                break
            frame = _decode(bytes(self._buffer[:end]))
            if frame is None:
                self._skip()
                continue
            frames.append(frame)
            del self._buffer[:end]
        return frames

    def _align(self) -> bool:
        """Drop what precedes the first header; return whether a header and length are there."""
        start = self._buffer.find(HEADER)
        if start < 0:
            del self._buffer[: len(self._buffer) - _overlap(self._buffer)]
        else:
            del self._buffer[:start]
        return self._waiting()

    def _length(self) -> int | None:
        """Return LEN of the packet at the front, skipping headers whose LEN cannot be."""
        while self._waiting():
            length = int.from_bytes(self._buffer[5:7], "little")
            if 3 <= length <= LONGEST:
                return length
            self._skip()
            self._align()
        return None

    def _waiting(self) -> bool:
        return len(self._buffer) >= _PREFIX

    def _skip(self) -> None:
        self.corrupt += 1
        self.corrupt_ids.append(self._buffer[4])
        del self._buffer[0]


def _overlap(buffer: bytearray) -> int:
    """Return how many bytes at the end of `buffer` may begin a header."""
    return next(n for n in (3, 2, 1, 0) if buffer.endswith(HEADER[:n]))


def _decode(packet: bytes) -> Frame | None:
    """Return the frame of a whole packet, or None if it is damaged or too short for its kind."""
    if crc16(packet[:-2]) != int.from_bytes(packet[-2:], "little"):
        return None
    servo, body = packet[4], packet[_PREFIX:-2]
    instruction = body[0]
    # The joint reply to a fast sync read is the one packet that is never stuffed.
    if instruction != STATUS or servo != BROADCAST:
        body = unstuff(body)
    if instruction != STATUS:
        return Frame(id=servo, instruction=instruction, params=body[1:])
    if len(body) < 2:
        return None
    return Frame(id=servo, instruction=STATUS, error=body[1], params=body[2:])
