"""The one packet in which several servos answer: to a fast sync read, or a fast bulk read.

    header | 254 | LEN | 0x55 | then for each servo: error, id, data, CRC of everything so far

Source: ROBOTIS e-manual, "Fast Sync Read (0x8A)" and "Fast Bulk Read (0x9A)".
"""

from collections.abc import Callable, Sequence

from ashore.envs.twin.reply import Reply
from ashore.envs.twin.servos.servo import Servo
from ashore.hardware.wire.dynamixel import Instruction
from ashore.hardware.wire.frame import BROADCAST, HEADER, LONGEST, STATUS, crc16

Asked = tuple[int, bytes]
"""Whom, and the address and size of what, as they are in the packet."""


def joint_reply(asked: Sequence[Asked], find: Callable[[int], Servo | None]) -> list[Reply]:
    """Return the packet; it stops at the first that is silent, and is none if that is the first."""
    whole = 8 + sum(4 + int.from_bytes(block[2:4], "little") for _, block in asked)
    if not asked or whole > LONGEST:
        return []
    front = HEADER + bytes([BROADCAST]) + (whole - 7).to_bytes(2, "little") + bytes([STATUS])
    packet, crc, after = bytearray(front), crc16(front), 0.0
    for id_, block in asked:
        servo = find(id_)
        if servo is None or not servo.joins or not servo.memory.get("status_return_level"):
            break
        after = after if len(packet) > len(front) else servo.return_delay
        error, data = servo.execute(Instruction.READ, block)
        part = bytes([error, id_]) + data.ljust(int.from_bytes(block[2:4], "little"), b"\0")
        crc = crc16(part, crc)
        tail = crc.to_bytes(2, "little")
        crc = crc16(tail, crc)
        packet += part + tail
    return [Reply(BROADCAST, bytes(packet), after)] if len(packet) > len(front) else []
