"""Bytes of a wire as a message that viewers of MCAP files know: protobuf's, of one field.

Bytes of no known encoding are an error to Foxglove, and a channel without a schema keeps
PlotJuggler before 3.17 from opening the file at all.

Source: Protocol Buffers, "Encoding" and google/protobuf/descriptor.proto; MCAP, "Well-known
encodings: protobuf".
"""

from ashore.hardware.errors import LogError

ENCODING = "protobuf"
"""MCAP's name of it, of messages and of schemas."""
SCHEMA_NAME = "ashore.Bytes"
"""The message's name."""
_BYTES, _OPTIONAL = 12, 1
_TAG = b"\x0a"
"""What field 1 begins with where a length follows."""


def wrapped(data: bytes) -> bytes:
    """The message of some bytes."""
    return _TAG + _varint(len(data)) + data


def unwrapped(message: bytes) -> bytes:
    """The bytes in a message.

    Raises:
        LogError: it is not of this kind.
    """
    size = shift = 0
    for place, byte in enumerate(message[1:6], start=2):
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            if message[:1] == _TAG and len(message) == place + size:
                return message[place:]
            break
    raise LogError("it is no message of bytes")


def _varint(number: int) -> bytes:
    """Seven bits a byte, the least first; all but the last have their highest bit set."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _text(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _schema() -> bytes:
    """A FileDescriptorSet of `package ashore; message Bytes { bytes data = 1; }`, proto3."""
    field = _text(1, b"data") + _number(3, 1) + _number(4, _OPTIONAL) + _number(5, _BYTES)
    message = _text(1, b"Bytes") + _text(2, field + _text(10, b"data"))
    file = _text(1, b"ashore/bytes.proto") + _text(2, b"ashore") + _text(4, message)
    return _text(1, file + _text(12, b"proto3"))


SCHEMA = _schema()
"""The schema in the file: a serialized FileDescriptorSet."""
