"""Dynamixel Protocol 2.0 as pure bytes: every instruction, every reply, no I/O.

Source: ROBOTIS e-manual, "DYNAMIXEL Protocol 2.0", https://emanual.robotis.com/docs/en/dxl/protocol2/.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum

from ashore.hardware.errors import BusError
from ashore.hardware.wire.frame import LONGEST
from ashore.hardware.wire.frame import Parser as Parser
from ashore.hardware.wire.frame import crc16 as crc16
from ashore.hardware.wire.frame import encode as encode
from ashore.hardware.wire.frame import stuff as stuff
from ashore.hardware.wire.frame import unstuff as unstuff
from ashore.hardware.wire.joint_reply import Block as Block
from ashore.hardware.wire.joint_reply import fast_blocks as fast_blocks
from ashore.hardware.wire.joint_reply import fast_status as fast_status
from ashore.hardware.wire.joint_reply import fast_sync_blocks as fast_sync_blocks
from ashore.hardware.wire.joint_reply import fast_sync_length as fast_sync_length
from ashore.hardware.wire.joint_reply import fast_sync_status as fast_sync_status
from ashore.hardware.wire.parser import BROADCAST as BROADCAST
from ashore.hardware.wire.parser import STATUS as STATUS
from ashore.hardware.wire.parser import Frame as Frame
from ashore.hardware.wire.parser import PacketParser

ALERT = 0x80
LARGEST_ID = 252
LARGEST_PARAMS = LONGEST - 3

overhead = 11
"""Bytes of a status beyond its data."""
pong_size = 3
"""Bytes of the answer to a ping."""
identity_size = 3
"""Bytes of the answer to `identify`."""
largest_id = LARGEST_ID
"""Largest id a servo can have."""

ERROR_NAMES = {
    1: "result fail",
    2: "unknown instruction",
    3: "bad CRC",
    4: "data out of range",
    5: "data too short for its register",
    6: "data beyond a limit register",
    7: "address is read-only, undefined, or locked while torque is on",
}
"""Names of the low seven bits of a status's error byte. Source: e-manual, "Status Packet"."""


class Instruction(IntEnum):
    """What a packet asks for. Source: e-manual, "Instruction"."""

    PING = 0x01
    READ = 0x02
    WRITE = 0x03
    REG_WRITE = 0x04
    ACTION = 0x05
    FACTORY_RESET = 0x06
    REBOOT = 0x08
    CLEAR = 0x10
    CONTROL_TABLE_BACKUP = 0x20
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83
    FAST_SYNC_READ = 0x8A
    BULK_READ = 0x92
    BULK_WRITE = 0x93
    FAST_BULK_READ = 0x9A


CLEAR_TURNS = b"\x01DXL\x22"
"""Parameters of `clear`: forget whole turns, and the key that guards against accidents."""
BACKUP_KEY = b"CTRL"
"""Key that guards a backup and its restoring against accidents."""


def _instruct(servo: int, instruction: Instruction, params: bytes = b"") -> bytes:
    if servo != BROADCAST:
        _ids([servo])
    if len(params) > LARGEST_PARAMS:
        raise BusError(
            f"a packet with {len(params)} bytes of parameters; {LARGEST_PARAMS} are possible; "
            "split it by servo"
        )
    return encode(Frame(id=servo, instruction=instruction, params=params))


def _ids(servos: Iterable[int]) -> bytes:
    ids = list(servos)
    for servo in ids:
        if not 0 <= servo <= LARGEST_ID:
            raise BusError(f"no servo can have id {servo}; ids are 0 to 252, and 254 is everyone")
    return bytes(ids)


def _word(value: int) -> bytes:
    if not 0 <= value <= 0xFFFF:
        raise BusError(f"address or size {value} on a Dynamixel line; 0 to 65535 is possible")
    return value.to_bytes(2, "little")


def ping(servo: int) -> bytes:
    """Ask a servo whether it is there; it answers with model number and firmware version."""
    return _instruct(servo, Instruction.PING)


def identify(servo: int) -> bytes:
    """Ask one servo what it is: a ping, whose answer says so."""
    return ping(servo)


def identity(data: bytes) -> bytes:
    """Return the answer to `identify` as model number (2 bytes) and firmware version (1)."""
    return data


def read(servo: int, address: int, size: int) -> bytes:
    """Ask for `size` bytes from `address`."""
    return _instruct(servo, Instruction.READ, _word(address) + _word(size))


def write(servo: int, address: int, data: bytes) -> bytes:
    """Put `data` at `address`."""
    return _instruct(servo, Instruction.WRITE, _word(address) + data)


def reg_write(servo: int, address: int, data: bytes) -> bytes:
    """Hold `data` back for `address` until `action`."""
    return _instruct(servo, Instruction.REG_WRITE, _word(address) + data)


def action(servo: int = BROADCAST) -> bytes:
    """Carry out what `reg_write` held back."""
    return _instruct(servo, Instruction.ACTION)


def factory_reset(servo: int, keep: int = 0x02) -> bytes:
    """Return to factory values: all (`keep` 0xFF), all but the id (1), or but id and baud (2)."""
    return _instruct(servo, Instruction.FACTORY_RESET, bytes([keep]))


def reboot(servo: int) -> bytes:
    """Restart the firmware: RAM to its defaults, faults cleared, torque off."""
    return _instruct(servo, Instruction.REBOOT)


def clear(servo: int) -> bytes:
    """Forget whole turns, so that the present position is within one; refused while moving."""
    return _instruct(servo, Instruction.CLEAR, CLEAR_TURNS)


def backup(servo: int) -> bytes:
    """Keep a copy of the control table; refused while torque is on."""
    return _instruct(servo, Instruction.CONTROL_TABLE_BACKUP, b"\x01" + BACKUP_KEY)


def restore(servo: int) -> bytes:
    """Bring back what `backup` kept, then restart; refused while torque is on."""
    return _instruct(servo, Instruction.CONTROL_TABLE_BACKUP, b"\x02" + BACKUP_KEY)


def sync_read(ids: Iterable[int], address: int, size: int) -> bytes:
    """Ask several servos for the same block; each answers with its own status, in this order."""
    params = _word(address) + _word(size) + _ids(ids)
    return _instruct(BROADCAST, Instruction.SYNC_READ, params)


def fast_sync_read(ids: Iterable[int], address: int, size: int) -> bytes:
    """Ask several servos for the same block; they answer with one joint packet."""
    params = _word(address) + _word(size) + _ids(ids)
    return _instruct(BROADCAST, Instruction.FAST_SYNC_READ, params)


def sync_write(data: Mapping[int, bytes], address: int) -> bytes:
    """Put the bytes of each servo at the same address, all of one size; nobody answers."""
    sizes = {len(value) for value in data.values()}
    if len(sizes) != 1:
        raise BusError(
            f"sync write of sizes {sorted(sizes)}: one size for every servo is possible; "
            "split it by size"
        )
    blocks = b"".join(_ids([servo]) + value for servo, value in data.items())
    return _instruct(BROADCAST, Instruction.SYNC_WRITE, _word(address) + _word(*sizes) + blocks)


def bulk_read(blocks: Mapping[int, tuple[int, int]]) -> bytes:
    """Ask each servo for its own `(address, size)`; each answers with its own status."""
    params = b"".join(_ids([i]) + _word(a) + _word(n) for i, (a, n) in blocks.items())
    return _instruct(BROADCAST, Instruction.BULK_READ, params)


def fast_bulk_read(blocks: Mapping[int, tuple[int, int]]) -> bytes:
    """Ask each servo for its own `(address, size)`; they answer with one joint packet."""
    params = b"".join(_ids([i]) + _word(a) + _word(n) for i, (a, n) in blocks.items())
    return _instruct(BROADCAST, Instruction.FAST_BULK_READ, params)


def bulk_write(blocks: Mapping[int, tuple[int, bytes]]) -> bytes:
    """Put each servo's bytes at its own address, `(address, data)`; nobody answers."""
    params = b"".join(
        _ids([servo]) + _word(address) + _word(len(data)) + data
        for servo, (address, data) in blocks.items()
    )
    return _instruct(BROADCAST, Instruction.BULK_WRITE, params)


def status(servo: int, error: int = 0, params: bytes = b"") -> bytes:
    """Return a servo's reply."""
    return encode(Frame(id=servo, instruction=STATUS, error=error, params=params))


def refusal(error: int) -> int:
    """Return the number in a status's error byte, which `ERROR_NAMES` names; 0 for none."""
    return error & ~ALERT


def alert(error: int) -> bool:
    """Return whether a status's error byte tells of a hardware error."""
    return bool(error & ALERT)


def hardware(error: int) -> int:
    """Return the bits of hardware errors in a status's error byte: none, a register has them."""
    return 0


def parser() -> PacketParser:
    """Return a parser of what servos say."""
    return Parser()
