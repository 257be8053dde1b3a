"""The official SDK drives the twin: every instruction it has, as the e-manual says they end."""

from collections.abc import Callable, Iterator
from typing import Any

import dynamixel_sdk as sdk
import pytest
from bench import Bench
from dynamixel_sdk import port_handler
from oracle import insist

from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("quadruped")
IDS = SPEC.ids
MODEL, ALERT = 1020, 0x80
OK = (sdk.COMM_SUCCESS, 0)
REFUSED = {"range": 4, "length": 5, "limit": 6, "access": 7}
PACKET = sdk.PacketHandler(2.0)
HEADER_LIKE = 0xFFFDFFFF  # -131073, FF FF FD FF on the wire


@pytest.fixture
def robot() -> Iterator[Bench]:
    bench = Bench(SPEC, rate=1000.0, model="xm430")
    yield bench
    bench.unplug()


@pytest.fixture
def port(robot: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[sdk.PortHandler]:
    # The SDK's own 34 ms are too short for a busy machine.
    monkeypatch.setattr(port_handler, "LATENCY_TIMER", 500)
    port = sdk.PortHandler(robot.port)
    assert port.openPort()
    assert port.setBaudRate(1_000_000)
    yield port
    port.closePort()


def ask(call: Callable[..., Any], *arguments: Any) -> Any:
    """Call until the communication succeeded; an answer ends with that, and maybe an error byte."""
    return insist(lambda: call(*arguments), lambda a: sdk.COMM_SUCCESS in a[-2:])


def group(call: Callable[[], int]) -> None:
    insist(call, lambda result: result == sdk.COMM_SUCCESS)


def data(value: int, size: int = 4) -> list[int]:
    return list(value.to_bytes(size, "little"))


def joint_read(
    port: sdk.PortHandler, way: str, address: int, size: int
) -> Callable[[], sdk.GroupSyncRead]:
    reader = sdk.GroupSyncRead(port, PACKET, address, size)
    assert all(reader.addParam(servo) for servo in IDS)

    def read() -> sdk.GroupSyncRead:
        group(getattr(reader, way))
        return reader

    return read


def write_goals(port: sdk.PortHandler, goals: dict[int, int]) -> None:
    writer = sdk.GroupSyncWrite(port, PACKET, 116, 4)
    assert all(writer.addParam(servo, data(goal)) for servo, goal in goals.items())
    assert writer.txPacket() == sdk.COMM_SUCCESS


def extend(port: sdk.PortHandler) -> None:
    """Bring everyone to extended position mode, where goals may be negative."""
    for servo in IDS:
        assert ask(PACKET.write1ByteTxRx, port, servo, 11, 4) == OK


def test_everyone_answers_a_ping_with_its_model(port: sdk.PortHandler) -> None:
    assert {ask(PACKET.ping, port, servo) for servo in IDS} == {(MODEL, *OK)}


@pytest.mark.slow
def test_everyone_is_found_by_one_broadcast(port: sdk.PortHandler, robot: Bench) -> None:
    found, result = ask(PACKET.broadcastPing, port)
    version = robot.memory.get("firmware_version")
    assert (found, result) == ({servo: [MODEL, version] for servo in IDS}, sdk.COMM_SUCCESS)


def test_every_size_is_written_and_read_back(port: sdk.PortHandler) -> None:
    for size, address, value in ((1, 65, 1), (2, 84, 1234), (4, 112, 300)):
        write = getattr(PACKET, f"write{size}ByteTxRx")
        read = getattr(PACKET, f"read{size}ByteTxRx")
        assert ask(write, port, 2, address, value) == OK
        assert ask(read, port, 2, address) == (value, *OK)
        assert ask(read, port, 3, address)[0] != value


def test_a_write_that_awaits_no_answer_is_carried_out(port: sdk.PortHandler) -> None:
    only_reads = 1  # of status return level: a write's answer would be taken for the read's
    assert ask(PACKET.write1ByteTxRx, port, 3, 68, only_reads) is not None
    assert PACKET.write2ByteTxOnly(port, 3, 84, 321) == sdk.COMM_SUCCESS
    assert ask(PACKET.read2ByteTxRx, port, 3, 84) == (321, *OK)


def test_a_question_and_its_answer_can_be_had_apart(port: sdk.PortHandler) -> None:
    def apart() -> tuple[int, int, int]:
        assert PACKET.read4ByteTx(port, 4, 132) == sdk.COMM_SUCCESS
        answer: tuple[int, int, int] = PACKET.read4ByteRx(port, 4)
        return answer

    assert ask(apart) == ask(PACKET.read4ByteTxRx, port, 4, 132)


@pytest.mark.parametrize(
    ("why", "size", "address", "value"),
    [
        ("access", 4, 132, 0),  # present position is read-only
        ("access", 1, 15, 0),  # nothing is there
        ("range", 1, 64, 2),  # torque is on or off
        ("limit", 2, 100, 886),  # beyond the PWM limit
        ("length", 2, 116, 0),  # half a goal
    ],
)
def test_what_a_servo_refuses_it_says_by_number(
    port: sdk.PortHandler, why: str, size: int, address: int, value: int
) -> None:
    write = getattr(PACKET, f"write{size}ByteTxRx")
    assert ask(write, port, 1, address, value) == (sdk.COMM_SUCCESS, REFUSED[why])


def test_settings_are_locked_while_torque_is_on(port: sdk.PortHandler) -> None:
    assert ask(PACKET.write1ByteTxRx, port, 1, 64, 1) == OK
    locked = (sdk.COMM_SUCCESS, REFUSED["access"])
    assert ask(PACKET.write1ByteTxRx, port, 1, 9, 0) == locked
    assert ask(PACKET.write1ByteTxRx, port, 1, 64, 0) == OK
    assert ask(PACKET.write1ByteTxRx, port, 1, 9, 0) == OK


def test_a_hardware_error_is_in_every_answer_and_can_be_read(
    port: sdk.PortHandler, robot: Bench
) -> None:
    robot.memory.put("hardware_error_status", 0b100)
    value, result, error = ask(PACKET.read1ByteTxRx, port, 1, 70)
    assert (value, result, error) == (0b100, sdk.COMM_SUCCESS, ALERT)
    assert "Hardware error" in PACKET.getRxPacketError(error)
    assert ask(PACKET.write1ByteTxRx, port, 1, 65, 1) == (sdk.COMM_SUCCESS, ALERT)
    assert ask(PACKET.read1ByteTxRx, port, 2, 70) == (0, *OK)


def test_a_registered_write_waits_for_the_action(port: sdk.PortHandler) -> None:
    for servo in (1, 2):
        assert ask(PACKET.regWriteTxRx, port, servo, 116, 4, data(1000 + servo)) == OK
    assert PACKET.regWriteTxOnly(port, 3, 116, 4, data(1003)) == sdk.COMM_SUCCESS
    for servo in (1, 2, 3):
        assert ask(PACKET.read1ByteTxRx, port, servo, 69) == (1, *OK)
        assert ask(PACKET.read4ByteTxRx, port, servo, 116)[0] != 1000 + servo
    assert PACKET.action(port, 254) == sdk.COMM_SUCCESS
    for servo in (1, 2, 3):
        assert ask(PACKET.read1ByteTxRx, port, servo, 69) == (0, *OK)
        assert ask(PACKET.read4ByteTxRx, port, servo, 116) == (1000 + servo, *OK)


def test_a_registered_write_that_cannot_be_is_refused_at_once(port: sdk.PortHandler) -> None:
    refused = (sdk.COMM_SUCCESS, REFUSED["access"])
    assert ask(PACKET.regWriteTxRx, port, 1, 132, 4, data(0)) == refused
    assert ask(PACKET.read1ByteTxRx, port, 1, 69) == (0, *OK)


def test_a_reboot_forgets_ram_and_keeps_eeprom(port: sdk.PortHandler) -> None:
    assert ask(PACKET.write1ByteTxRx, port, 5, 9, 7) == OK
    assert ask(PACKET.write1ByteTxRx, port, 5, 64, 1) == OK
    assert ask(PACKET.write2ByteTxRx, port, 5, 84, 99) == OK
    assert ask(PACKET.reboot, port, 5) == OK
    insist(lambda: passing(port, 5), lambda answer: answer == (MODEL, *OK), 20)
    assert ask(PACKET.read1ByteTxRx, port, 5, 9) == (7, *OK)
    assert ask(PACKET.read1ByteTxRx, port, 5, 64) == (0, *OK)
    assert ask(PACKET.read2ByteTxRx, port, 5, 84) == (800, *OK)


def passing(port: sdk.PortHandler, servo: int) -> tuple[int, int, int]:
    """Let some of the twin's time pass, which every joint read does, then ping."""
    others = sdk.GroupSyncRead(port, PACKET, 132, 4)
    assert others.addParam(1)
    for _ in range(100):
        others.txRxPacket()
    answer: tuple[int, int, int] = PACKET.ping(port, servo)
    return answer


@pytest.mark.parametrize(("option", "found"), [(0x01, 5), (0x02, 5)])
def test_a_factory_reset_keeps_the_id_it_is_told_to_keep(
    port: sdk.PortHandler, option: int, found: int
) -> None:
    assert ask(PACKET.write2ByteTxRx, port, 5, 36, 500) == OK
    assert ask(PACKET.factoryReset, port, 5, option) == OK
    if option == 0x01:
        # Its baud is the factory's again, and this is a pseudo-terminal: speak so.
        assert port.setBaudRate(57_600)
    insist(lambda: PACKET.ping(port, found), lambda answer: answer == (MODEL, *OK))
    assert ask(PACKET.read2ByteTxRx, port, found, 36) == (885, *OK)


def test_whole_turns_are_cleared(port: sdk.PortHandler) -> None:
    extend(port)
    assert ask(PACKET.clearMultiTurn, port, 1) == OK
    assert 0 <= ask(PACKET.read4ByteTxRx, port, 1, 132)[0] < 4096


@pytest.mark.parametrize("way", ["txRxPacket", "fastSyncRead"])
def test_the_whole_chain_answers_a_joint_read(port: sdk.PortHandler, way: str) -> None:
    reader = joint_read(port, way, 126, 10)()
    for servo in IDS:
        position = reader.getData(servo, 132, 4)
        assert position == ask(PACKET.read4ByteTxRx, port, servo, 132)[0]


@pytest.mark.parametrize("way", ["txRxPacket", "fastSyncRead"])
def test_goals_written_jointly_are_read_jointly(port: sdk.PortHandler, way: str) -> None:
    goals = {servo: 2000 + servo for servo in IDS}
    write_goals(port, goals)
    reader = joint_read(port, way, 116, 4)()
    assert {servo: reader.getData(servo, 116, 4) for servo in IDS} == goals


@pytest.mark.parametrize("way", ["txRxPacket", "fastSyncRead"])
def test_values_that_look_like_a_header_go_there_and_back(port: sdk.PortHandler, way: str) -> None:
    extend(port)
    goals = {servo: HEADER_LIKE if servo % 3 else 5 for servo in IDS}
    write_goals(port, goals)
    reader = joint_read(port, way, 116, 4)()
    assert {servo: reader.getData(servo, 116, 4) for servo in IDS} == goals
    assert ask(PACKET.write4ByteTxRx, port, 3, 116, HEADER_LIKE) == OK
    assert ask(PACKET.read4ByteTxRx, port, 3, 116) == (HEADER_LIKE, *OK)
    assert ask(PACKET.regWriteTxRx, port, 6, 116, 4, data(HEADER_LIKE)) == OK


@pytest.mark.slow
@pytest.mark.parametrize("way", ["txRxPacket", "fastSyncRead"])
def test_two_registers_may_look_like_a_header_together(port: sdk.PortHandler, way: str) -> None:
    extend(port)
    write_goals(port, dict.fromkeys(IDS, 0xFFFFFFFF))  # -1
    read = joint_read(port, way, 116, 6)
    ticks = []
    while not ticks or ticks[-1] % 256 != 0xFE:
        reader = read()
        assert {reader.getData(servo, 116, 4) for servo in IDS} == {0xFFFFFFFF}
        ticks.append(reader.getData(1, 120, 2))
        assert len(ticks) < 600
    # FF FF FF FF FD: a goal of -1, and a clock at 253 ms.
    assert any(tick % 256 == 0xFD for tick in ticks)


@pytest.mark.parametrize("way", ["txRxPacket", "fastBulkRead"])
def test_everyone_can_be_asked_for_something_else_at_once(port: sdk.PortHandler, way: str) -> None:
    reader = sdk.GroupBulkRead(port, PACKET)
    asked = {1: (132, 4), 3: (84, 2), 6: (146, 1), 7: (116, 4)}
    assert all(reader.addParam(servo, *block) for servo, block in asked.items())
    group(getattr(reader, way))
    for servo, (address, size) in asked.items():
        read = getattr(PACKET, f"read{size}ByteTxRx")
        assert reader.getData(servo, address, size) == ask(read, port, servo, address)[0]


def test_everyone_can_be_told_something_else_at_once(port: sdk.PortHandler) -> None:
    writer = sdk.GroupBulkWrite(port, PACKET)
    assert writer.addParam(1, 116, 4, data(2100))
    assert writer.addParam(2, 84, 2, data(650, 2))
    assert writer.addParam(3, 65, 1, [1])
    assert writer.txPacket() == sdk.COMM_SUCCESS
    assert ask(PACKET.read4ByteTxRx, port, 1, 116) == (2100, *OK)
    assert ask(PACKET.read2ByteTxRx, port, 2, 84) == (650, *OK)
    assert ask(PACKET.read1ByteTxRx, port, 3, 65) == (1, *OK)


def test_indirect_addresses_bring_scattered_registers_in_one_block(port: sdk.PortHandler) -> None:
    block = [70, *range(126, 136), *range(144, 147)]
    for servo in IDS:
        for slot, address in enumerate(block):
            assert ask(PACKET.write2ByteTxRx, port, servo, 168 + 2 * slot, address) == OK
    reader = joint_read(port, "fastSyncRead", 224, len(block))()
    for servo in IDS:
        assert reader.getData(servo, 224, 1) == 0
        assert reader.getData(servo, 231, 4) == ask(PACKET.read4ByteTxRx, port, servo, 132)[0]
        assert reader.getData(servo, 235, 2) == ask(PACKET.read2ByteTxRx, port, servo, 144)[0]
        assert reader.getData(servo, 237, 1) == ask(PACKET.read1ByteTxRx, port, servo, 146)[0]


def test_a_joint_follows_the_goals_of_the_sdk(port: sdk.PortHandler) -> None:
    before = ask(PACKET.read4ByteTxRx, port, 2, 132)[0]
    assert ask(PACKET.write1ByteTxRx, port, 2, 64, 1) == OK
    write_goals(port, {2: before + 100})
    read = joint_read(port, "fastSyncRead", 132, 4)
    seen = [read().getData(2, 132, 4) for _ in range(150)]
    assert seen[-1] > before + 20
