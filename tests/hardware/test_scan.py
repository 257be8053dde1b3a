"""Laws of the scan and of a Feetech bus, on real pseudo-terminals."""

from collections.abc import Callable, Iterator

import pytest
from scripted_line import Script, ScriptedLine
from timed_line import InstantLine

from ashore.hardware.errors import PortError
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire import dynamixel, feetech
from ashore.hardware.wire.bus import Bus, BusConfig, Result, Status
from ashore.hardware.wire.dynamixel import Instruction
from ashore.hardware.wire.frame import Frame
from ashore.hardware.wire.protocol import ProtocolName
from ashore.hardware.wire.scan import Found, scan, scan_bus
from ashore.hardware.wire.transport import SerialTransport

TABLE = ControlTable.load("sts3215")
PONGS = {1: b"\xb0\x04\x34", 5: b"\xfc\x03\x30", 9: b"\x39\x30\x01"}
IDENTITY = b"\x03\x0a\x00\x09\x03"

Start = Callable[..., ScriptedLine]


@pytest.fixture
def start() -> Iterator[Start]:
    lines: list[ScriptedLine] = []

    def begin(script: Script, *, is_feetech: bool = False) -> ScriptedLine:
        lines.append(ScriptedLine(script, feetech.Parser(replies=False) if is_feetech else None))
        return lines[-1]

    yield begin
    for line in lines:
        line.unplug()


def look(script: Script, protocol: ProtocolName = "dynamixel2", **how: bool) -> list[Found]:
    """Scan a line in virtual time."""
    is_feetech = protocol == "feetech"
    parser = feetech.Parser(replies=False) if is_feetech else dynamixel.Parser()
    line = InstantLine(script, parser)
    config = BusConfig(protocol=protocol, latency=0.02, retries=0)
    return scan_bus(Bus(line, config, now=line.now), **how)


def dynamixels(frame: Frame) -> bytes:
    if frame.instruction != Instruction.PING:
        return b""
    ids = [i for i in PONGS if frame.id in (i, dynamixel.BROADCAST)]
    return b"".join(dynamixel.status(i, 0, PONGS[i]) for i in ids)


def feetechs(frame: Frame, ids: tuple[int, ...] = (1, 2)) -> bytes:
    ids = tuple(i for i in ids if frame.id in (i, feetech.BROADCAST))
    match frame.instruction:
        case feetech.Instruction.READ:
            start, size = frame.params
            data = IDENTITY if start == 0 else bytes(range(56, 56 + size))
            return b"".join(feetech.status(i, 0, data) for i in ids)
        case feetech.Instruction.SYNC_READ:
            data = bytes(range(frame.params[1]))
            return b"".join(feetech.status(i, 0x20, data) for i in frame.params[2:])
        case feetech.Instruction.SYNC_WRITE | feetech.Instruction.ACTION:
            return b""
    return b"".join(feetech.status(i) for i in ids)


def test_everyone_is_found_with_model_and_firmware() -> None:
    found = look(dynamixels)
    assert [(f.id, f.number, f.model, f.firmware) for f in found] == [
        (1, 1200, "XL330-M288", 0x34),
        (5, 1020, "XM430-W350", 0x30),
        (9, 12345, None, 1),
    ]
    assert {(f.protocol, f.baud, f.shared) for f in found} == {("dynamixel2", 1_000_000, False)}


def test_feetech_servos_are_found() -> None:
    found = look(feetechs, "feetech")
    assert [(f.id, f.model, f.firmware) for f in found] == [(1, "STS3215", 3), (2, "STS3215", 3)]


def test_servos_that_answer_no_question_to_everyone_are_found_by_a_thorough_scan() -> None:
    def shy(frame: Frame) -> bytes:
        return b"" if frame.id == feetech.BROADCAST else feetechs(frame)

    assert look(shy, "feetech") == []
    assert [f.id for f in look(shy, "feetech", thorough=True)] == [1, 2]


def test_two_servos_of_one_id_are_found_by_their_rubble() -> None:
    def collide(frame: Frame) -> bytes:
        both = bytearray(dynamixels(frame))
        if frame.id in (5, dynamixel.BROADCAST):
            # Two replies at once: their bits mix in the data.
            spot = both.index(PONGS[5])
            both[spot + 1] ^= 0xFF
        return bytes(both)

    found = look(collide)
    assert [(f.id, f.shared, f.number) for f in found] == [
        (1, False, 1200),
        (5, True, None),
        (9, False, 12345),
    ]


def test_two_servos_of_one_id_that_answer_in_turn_are_found() -> None:
    assert [f.shared for f in look(lambda f: dynamixels(f) * 2)] == [True] * 3


def test_a_servo_whose_pong_was_damaged_once_is_asked_again() -> None:
    def once(frame: Frame) -> bytes:
        said = dynamixels(frame)
        if frame.id == dynamixel.BROADCAST:
            return said[:-1] + bytes([said[-1] ^ 1])
        return said

    assert [(f.id, f.shared) for f in look(once)] == [(1, False), (5, False), (9, False)]


@pytest.mark.slow
def test_a_scan_opens_the_port_at_every_rate_in_every_protocol(start: Start) -> None:
    tried: list[tuple[str, int]] = []
    found = scan(start(dynamixels).port, [1_000_000, 57_600], tell=lambda *what: tried.append(what))
    # A pseudo-terminal has no rate of its own, and answers at all.
    assert [(f.baud, f.id) for f in found] == [
        (baud, servo) for baud in (1_000_000, 57_600) for servo in PONGS
    ]
    assert tried == [
        (protocol, baud) for protocol in ("dynamixel2", "feetech") for baud in (1_000_000, 57_600)
    ]


def test_a_port_that_is_none_is_said() -> None:
    with pytest.raises(PortError, match="ttyUSB77"):
        scan("/dev/ttyUSB77", [1_000_000])


def open_bus(line: ScriptedLine) -> Bus:
    return Bus(SerialTransport(line.port), BusConfig(protocol="feetech", latency=0.05))


def test_a_feetech_bus_reads_writes_and_pings(start: Start) -> None:
    line = start(feetechs, is_feetech=True)
    bus = open_bus(line)
    assert bus.ping(2) == Result(Status.OK, b"\x09\x03\x03")
    assert bus.read(1, TABLE["present_position"]).data == bytes([56, 57])
    assert bus.write(1, TABLE["goal_position"], -5).ok
    assert bus.reg_write(1, TABLE["goal_position"], 5).ok
    bus.action()
    bus.sync_write({1: 2048, 2: -1}, TABLE["goal_position"])
    assert bus.clear(1).ok
    assert bus.reboot(1).ok
    bus.close()
    asked = [(frame.id, frame.instruction, frame.params.hex()) for frame in line.asked]
    assert asked == [
        (2, 2, "0005"),
        (1, 2, "3802"),
        (1, 3, "2a0580"),
        (1, 4, "2a0500"),
        (254, 5, ""),
        (254, 0x83, "2a02" + "010008" + "020180"),
        (1, 0x0A, ""),
        (1, 8, ""),
    ]


def test_hardware_errors_of_a_feetech_status_come_with_its_data(start: Start) -> None:
    bus = open_bus(start(feetechs, is_feetech=True))
    results = bus.sync_read([1, 2], 56, 15)
    bus.close()
    # Bit 5 is overload: an alert, not a refusal.
    overload = Result(Status.OK, bytes(range(15)), 0x20, alert=True)
    assert results == {1: overload, 2: overload}
    assert TABLE.faults(0x20) == ["overload"]


def test_an_echo_of_the_adapter_is_no_answer(start: Start) -> None:
    bus = open_bus(start(lambda f: feetech.encode(f) + feetechs(f), is_feetech=True))
    assert bus.ping(1).ok
    assert bus.read_block(1, 56, 15).data == bytes(range(56, 71))
    assert bus.sync_read([1, 2], 56, 15)[2].ok
    bus.close()


@pytest.mark.parametrize("piece", [1, 3, 64])
def test_an_echo_that_is_just_like_an_answer_is_none(start: Start, piece: int) -> None:
    # A read of two bytes, and a status with two bytes of data, differ in nothing.
    def echoing(frame: Frame) -> bytes:
        return feetech.encode(frame) + feetechs(frame, (1,))

    for present, status in ((1, Status.OK), (2, Status.MISSING)):
        line = InstantLine(echoing, feetech.Parser(replies=False))
        read = line.read
        line.read = lambda n, timeout, read=read: read(min(n, piece), timeout)
        bus = Bus(line, BusConfig(protocol="feetech"), now=line.now)
        result = bus.read(present, TABLE["homing_offset"])
        assert (result.status, result.data) == (status, b"89" * (present == 1))


def test_a_reply_that_begins_like_its_request_or_is_like_it_is_heard_where_nothing_echoes() -> None:
    said = [feetech.status(1, 2, b"\x1f\x03"), feetech.status(1, 2, b"\x1f\x02")]
    line = InstantLine(lambda frame: said.pop(0), feetech.Parser(replies=False))
    bus = Bus(line, BusConfig(protocol="feetech"), now=line.now)
    assert bus.read_block(1, 31, 2).data == b"\x1f\x03"
    assert bus.read_block(1, 31, 2).data == b"\x1f\x02"
