"""Laws of the bus: every servo's answer stands alone, and no answer is taken for another's."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_line import Script, ScriptedLine

from ashore.hardware.errors import PortLost, SpecError
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.bus import Bus, BusConfig, Result, Status
from ashore.hardware.wire.dynamixel import Block, Instruction
from ashore.hardware.wire.frame import Frame
from ashore.hardware.wire.transport import SerialTransport

TABLE = ControlTable.load("xl330")
PONG = b"\xb0\x04\x34"
IDS = [1, 2, 3, 4]

replies = st.binary(max_size=40) | st.builds(
    lambda servo, error, data, cut: dynamixel.status(servo, error, data)[cut:],
    st.integers(0, 5),
    st.integers(0, 255),
    st.binary(max_size=6),
    st.sampled_from([0, 0, 0, 1]),
)

Start = Callable[..., tuple[ScriptedLine, Bus]]


@pytest.fixture
def start() -> Iterator[Start]:
    lines: list[ScriptedLine] = []
    buses: list[Bus] = []

    def begin(script: Script, *, retries: int = 0, latency: float = 0.05) -> tuple:
        lines.append(ScriptedLine(script))
        buses.append(
            Bus(SerialTransport(lines[-1].port), BusConfig(retries=retries, latency=latency))
        )
        return lines[-1], buses[-1]

    yield begin
    for bus in buses:
        bus.close()
    for line in lines:
        if line._open:
            line.unplug()


def block(servo: int, size: int = 4) -> bytes:
    """Four bytes that name their servo, and must be stuffed; more if asked."""
    return bytes([servo, 0xFF, 0xFF, 0xFD]).ljust(size, b"\0")


def healthy(frame: Frame, dead: tuple[int, ...] = ()) -> bytes:
    """Answer as servos 1 to 4 of a chain would, but for the dead."""
    ids = [frame.id] if frame.id != dynamixel.BROADCAST else IDS
    asked = list(frame.params[4:])
    alive = [servo for servo in (asked or ids) if servo not in dead]
    match frame.instruction:
        case Instruction.PING:
            return b"".join(dynamixel.status(servo, 0, PONG) for servo in alive)
        case Instruction.READ:
            size = frame.params[2]
            return b"".join(dynamixel.status(i, 0, block(i, size)) for i in ids if i not in dead)
        case Instruction.BULK_READ:
            blocks = [frame.params[n : n + 5] for n in range(0, len(frame.params), 5)]
            alive = [b for b in blocks if b[0] not in dead]
            return b"".join(dynamixel.status(b[0], 0, block(b[0], b[3])) for b in alive)
        case Instruction.SYNC_READ:
            return b"".join(dynamixel.status(i, 0, block(i)) for i in alive)
        case Instruction.FAST_SYNC_READ:
            first = next((n for n, i in enumerate(asked) if i in dead), len(asked))
            blocks = {i: Block(0, block(i)) for i in asked[:first]}
            return dynamixel.fast_sync_status(blocks, len(asked), 4)
        case Instruction.SYNC_WRITE:
            return b""
    return b"".join(dynamixel.status(i) for i in ids if i not in dead)


def only(dead: int) -> Script:
    return lambda frame: healthy(frame, dead=(dead,))


def test_a_servo_answers_with_its_register(start: Start) -> None:
    line, bus = start(healthy)
    assert bus.ping(3) == Result(Status.OK, PONG)
    assert bus.read(3, TABLE["present_position"]) == Result(Status.OK, block(3))
    assert bus.write(3, TABLE["torque_enable"], 1) == Result(Status.OK)
    assert bus.reboot(3).ok
    asked = [(frame.instruction, frame.params.hex()) for frame in line.asked]
    assert asked == [(1, ""), (2, "84000400"), (3, "400001"), (8, "")]
    assert (bus.counters.sent, bus.counters.ok) == (4, 4)


def test_a_value_that_cannot_be_never_reaches_the_line(start: Start) -> None:
    line, bus = start(healthy)
    with pytest.raises(SpecError):
        bus.write(1, TABLE["torque_enable"], 2)
    with pytest.raises(SpecError):
        bus.sync_write({1: 0, 2: 1 << 40}, TABLE["goal_position"])
    assert line.asked == []


@pytest.mark.parametrize("way", ["sync_read", "fast_sync_read"])
def test_a_chain_answers_whole(start: Start, way: str) -> None:
    _, bus = start(healthy)
    results = getattr(bus, way)(IDS, 132, 4)
    assert results == {i: Result(Status.OK, block(i)) for i in IDS}
    assert bus.counters.sent == 1


def test_sync_write_sends_one_packet_and_waits_for_nobody(start: Start) -> None:
    line, bus = start(healthy)
    bus.sync_write({1: 2048, 2: -1}, TABLE["goal_position"])
    assert bus.ping(1).ok
    assert line.asked[0].params.hex() == "74000400" + "0100080000" + "02ffffffff"


def test_scan_finds_who_is_there(start: Start) -> None:
    _, bus = start(only(2))
    found = bus.scan([1, 2, 3])
    assert [i for i, result in found.items() if result.ok] == [1, 3]
    assert found[2].status is Status.MISSING


@pytest.mark.parametrize("way", ["sync_read", "fast_sync_read"])
@pytest.mark.parametrize("dead", IDS)
def test_one_missing_servo_costs_one_result(start: Start, way: str, dead: int) -> None:
    _, bus = start(only(dead), retries=1, latency=0.02)
    for _ in range(2):
        results = getattr(bus, way)(IDS, 132, 4)
        good = {i: Result(Status.OK, block(i)) for i in IDS if i != dead}
        assert results == {**good, dead: Result(Status.MISSING)}
        assert list(results) == IDS


def test_a_dead_servo_is_left_out_of_the_next_joint_read(start: Start) -> None:
    line, bus = start(only(2), retries=1, latency=0.02)
    bus.fast_sync_read(IDS, 132, 4)
    before = len(line.asked)
    bus.fast_sync_read(IDS, 132, 4)
    again = [(f.instruction, f.id) for f in line.asked[before:]]
    assert again == [(Instruction.READ, 2), (Instruction.FAST_SYNC_READ, 254)]
    assert list(line.asked[-1].params[4:]) == [1, 3, 4]


def test_a_servo_that_comes_back_is_read_again(start: Start) -> None:
    line, bus = start(only(2), latency=0.02)
    assert bus.sync_read(IDS, 132, 4)[2].status is Status.MISSING
    line.script = healthy
    assert bus.sync_read(IDS, 132, 4)[2] == Result(Status.OK, block(2))


@pytest.mark.parametrize("way", ["sync_read", "fast_sync_read"])
def test_a_flipped_bit_is_corrupt_for_one_servo_and_retried_alone(start: Start, way: str) -> None:
    def flip(frame: Frame) -> bytes:
        packet = healthy(frame)
        if frame.instruction not in (Instruction.SYNC_READ, Instruction.FAST_SYNC_READ):
            return packet
        spot = packet.index(bytes([3, 0xFF, 0xFF]))
        return packet[:spot] + b"\x73" + packet[spot + 1 :]

    _, bus = start(flip)
    results = getattr(bus, way)(IDS, 132, 4)
    assert [r.status.value for r in results.values()] == ["ok", "ok", "corrupt", "ok"]
    assert bus.counters.corrupt == 1
    line, bus = start(flip, retries=1)
    assert getattr(bus, way)(IDS, 132, 4) == {i: Result(Status.OK, block(i)) for i in IDS}
    # The joint question was asked once: a second one would move a lockstep twin's time.
    assert sum(frame.id == dynamixel.BROADCAST for frame in line.asked) == 1


@pytest.mark.parametrize("garbage", [b"\x00\xff\xff\xfd", b"\xff\xff\xfd\x00\x01\x04\x00\x55\x00"])
def test_noise_and_echo_before_a_reply_change_nothing(start: Start, garbage: bytes) -> None:
    _, bus = start(lambda f: dynamixel.encode(f) + garbage + healthy(f))
    assert bus.read(1, TABLE["present_position"]).data == block(1)
    assert bus.sync_read(IDS, 132, 4)[4].data == block(4)
    assert bus.fast_sync_read(IDS, 132, 4)[4].data == block(4)


def test_a_damaged_length_does_not_swallow_the_replies_behind_it(start: Start) -> None:
    def inflate(frame: Frame) -> bytes:
        packet = bytearray(healthy(frame))
        packet[16 + 6] = 0x0F  # LEN_H of the second status: 3,849 bytes that never come
        return bytes(packet)

    _, bus = start(inflate)
    results = bus.sync_read(IDS, 132, 4)
    assert [r.status.value for r in results.values()] == ["ok", "corrupt", "ok", "ok"]


def test_without_retries_every_question_is_asked_once(start: Start) -> None:
    line, bus = start(only(2), retries=0, latency=0.02)
    bus.fast_sync_read(IDS, 132, 4)
    bus.read_block(4, 132, 4)
    asked = [frame.instruction for frame in line.asked]
    # Servo 4 was behind the hole, so a read of another length clears it before it is believed.
    assert asked == [Instruction.FAST_SYNC_READ, Instruction.READ, Instruction.READ]
    assert line.asked[1].params[2] != 4
    assert bus.counters.retried == 0


def test_replies_twice_or_out_of_order_go_to_their_servos(start: Start) -> None:
    def muddle(frame: Frame) -> bytes:
        return b"".join(dynamixel.status(i, 0, block(i)) for i in (4, 4, 1, 3, 2))

    _, bus = start(muddle)
    assert bus.sync_read(IDS, 132, 4) == {i: Result(Status.OK, block(i)) for i in IDS}


def test_a_refusal_keeps_its_number_and_is_not_asked_again(start: Start) -> None:
    line, bus = start(lambda f: dynamixel.status(f.id, 7), retries=3)
    assert bus.write(1, TABLE["id"], 2) == Result(Status.REFUSED, b"", 7)
    assert len(line.asked) == 1
    assert dynamixel.ERROR_NAMES[7].startswith("address is read-only")


def test_an_alert_does_not_hide_the_data(start: Start) -> None:
    line, bus = start(lambda f: dynamixel.status(1, 0x80, block(1)))
    assert bus.read_block(1, 132, 4) == Result(Status.OK, block(1), 0, alert=True)
    assert bus.sync_read([1], 132, 4)[1].alert
    line.script = lambda f: dynamixel.fast_sync_status({1: Block(0x80, block(1))}, 1, 4)
    assert bus.fast_sync_read([1], 132, 4)[1] == Result(Status.OK, block(1), 0, alert=True)


def test_a_reply_of_the_wrong_size_is_no_answer(start: Start) -> None:
    _, bus = start(lambda f: dynamixel.status(1, 0, b"\x01"), latency=0.02)
    assert bus.read_block(1, 132, 4).status is Status.MISSING


class Tardy:
    """A servo that answers every read one question late, for ever, and numbers its answers."""

    def __init__(self) -> None:
        self.held: list[bytes] = []
        self.count = 0

    def __call__(self, frame: Frame) -> bytes:
        if frame.instruction == Instruction.PING:
            self.held.append(dynamixel.status(1, 0, PONG))
        else:
            self.count += 1
            self.held.append(dynamixel.status(1, 0, self.count.to_bytes(4, "little")))
        return self.held.pop(0) if len(self.held) > 1 else b""


def test_a_late_reply_is_never_taken_for_the_next_ones(start: Start) -> None:
    tardy = Tardy()
    _, bus = start(tardy, latency=0.02)
    for _ in range(6):
        asked = tardy.count
        result = bus.read_block(1, 132, 4)
        # Whatever is believed answers the question just asked: the count after it.
        assert not result.ok or int.from_bytes(result.data, "little") == asked + 1


def test_a_reply_between_two_questions_answers_neither(start: Start) -> None:
    line, bus = start(healthy)
    assert bus.read_block(1, 132, 4).ok
    line.say(dynamixel.status(1, 0, b"old!"))
    assert bus.read_block(1, 132, 4).data == block(1)


def test_a_silent_line_is_drained_of_the_late_reply(start: Start) -> None:
    line, bus = start(lambda f: b"")
    drain = bus.transport.drain
    thrown = []

    def late(quiet_seconds: float) -> bytes:
        if quiet_seconds > 0.0:
            line.say(dynamixel.status(1, 0, b"late"))
        thrown.append(drain(quiet_seconds))
        return thrown[-1]

    bus.transport.drain = late
    assert bus.read_block(1, 132, 4).status is Status.MISSING
    assert thrown[-1] == dynamixel.status(1, 0, b"late")
    line.script = healthy
    assert bus.read_block(1, 132, 4).data == block(1)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(replies, max_size=4))
def test_no_reply_whatsoever_raises(said: list[bytes]) -> None:
    line = ScriptedLine(lambda frame: b"".join(said))
    bus = Bus(SerialTransport(line.port), BusConfig(latency=0.001, retries=1))
    for result in (
        bus.read_block(1, 132, 4),
        *bus.sync_read(IDS, 132, 4).values(),
        *bus.fast_sync_read(IDS, 132, 4).values(),
    ):
        assert len(result.data) == (4 if result.ok else 0)
    bus.close()
    line.unplug()


def test_a_refusal_in_a_joint_reply_stands_alone(start: Start) -> None:
    blocks = {i: Block(7 if i == 2 else 0, block(i)) for i in IDS}
    _, bus = start(lambda f: dynamixel.fast_sync_status(blocks, 4, 4))
    results = bus.fast_sync_read(IDS, 132, 4)
    assert results[2] == Result(Status.REFUSED, b"", 7)
    assert all(results[i].data == block(i) for i in (1, 3, 4))


def test_counters_add_up(start: Start) -> None:
    _, bus = start(only(2), retries=1, latency=0.02)
    bus.sync_read(IDS, 132, 4)
    counters = bus.counters
    # One joint question: three good, one missing; then a ping that finds nobody.
    assert (counters.sent, counters.ok, counters.missing, counters.retried) == (2, 3, 2, 1)


def test_an_unplugged_line_is_lost_and_not_missing(start: Start) -> None:
    line, bus = start(healthy)
    assert bus.ping(1).ok
    line.unplug()
    with pytest.raises(PortLost):
        bus.ping(1)
