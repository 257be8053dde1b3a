"""Laws of the twin: the official SDK, unmodified, and our own bus both take it for a robot."""

import os
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import dynamixel_sdk as sdk
import pytest
from pendulum_plant import PendulumPlant

from ashore.envs.errors import TwinError
from ashore.envs.twin.twin import Twin, TwinConfig
from ashore.hardware.errors import PortError, PortLost
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.bus import Bus, BusConfig, Result, Status
from ashore.hardware.wire.transport import SerialTransport

TABLE = ControlTable.load("xl330")
IDS = (1, 2, 3)
# Long, because this machine may be busy; only what is missing waits for it.
PATIENT = BusConfig(latency=1.0, retries=0)


class Served:
    """A twin with a thread that serves it."""

    def __init__(self, **config: object) -> None:
        defaults = {"ids": IDS, "rate": 50.0, "clock": "lockstep"}
        self.twin = Twin(TwinConfig(**{**defaults, **config}), PendulumPlant(3))
        self.port = self.twin.open()
        self.thread = threading.Thread(target=self.twin.serve, daemon=True)
        self.thread.start()

    def unplug(self) -> None:
        self.twin.stop()
        self.thread.join(30.0)
        assert not self.thread.is_alive()
        self.twin.close()

    def bus(self) -> Bus:
        return Bus(SerialTransport(self.port), PATIENT)


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.unplug()


@pytest.fixture
def port(served: Served) -> Iterator[sdk.PortHandler]:
    port = sdk.PortHandler(served.port)
    assert port.openPort()
    assert port.setBaudRate(1_000_000)
    yield port
    port.closePort()


def sdk_do(call: Callable[[], tuple]) -> tuple:
    """Repeat an SDK call that timed out: its 34 ms are too short for a busy machine."""
    for _ in range(20):
        answer = call()
        if sdk.COMM_SUCCESS in answer[-2:]:
            return answer
    pytest.fail(f"the SDK heard nothing: {answer}")


def test_the_official_sdk_pings_reads_and_writes(port: sdk.PortHandler) -> None:
    packet = sdk.PacketHandler(2.0)
    assert sdk_do(lambda: packet.ping(port, 1))[0] == 1200
    assert sdk_do(lambda: packet.read1ByteTxRx(port, 2, 7))[0] == 2
    assert sdk_do(lambda: packet.write1ByteTxRx(port, 2, 65, 1)) == (sdk.COMM_SUCCESS, 0)
    assert sdk_do(lambda: packet.read1ByteTxRx(port, 2, 65))[0] == 1
    # A refusal: present position is read-only.
    assert sdk_do(lambda: packet.write4ByteTxRx(port, 2, 132, 0)) == (sdk.COMM_SUCCESS, 7)


def test_the_official_sdk_survives_bytes_that_must_be_stuffed(port: sdk.PortHandler) -> None:
    packet = sdk.PacketHandler(2.0)
    assert sdk_do(lambda: packet.write1ByteTxRx(port, 1, 11, 4))[1] == 0
    goal = 0xFFFDFFFF  # -131073, FF FF FD FF on the wire
    assert sdk_do(lambda: packet.write4ByteTxRx(port, 1, 116, goal))[1] == 0
    assert sdk_do(lambda: packet.read4ByteTxRx(port, 1, 116))[0] == goal


@pytest.mark.parametrize("way", ["txRxPacket", "fastSyncRead"])
def test_the_official_sdk_reads_the_whole_chain(port: sdk.PortHandler, way: str) -> None:
    reader = sdk.GroupSyncRead(port, sdk.PacketHandler(2.0), 126, 10)
    assert all(reader.addParam(servo) for servo in IDS)
    sdk_do(lambda: (getattr(reader, way)(),))
    assert [reader.getData(servo, 132, 4) for servo in IDS] == [2048] * 3


def test_the_official_sdk_writes_the_whole_chain(port: sdk.PortHandler) -> None:
    packet = sdk.PacketHandler(2.0)
    writer = sdk.GroupSyncWrite(port, packet, 116, 4)
    for servo in IDS:
        assert writer.addParam(servo, list((2000 + servo).to_bytes(4, "little")))
    assert writer.txPacket() == sdk.COMM_SUCCESS
    goals = [sdk_do(lambda i=i: packet.read4ByteTxRx(port, i, 116))[0] for i in IDS]
    assert goals == [2001, 2002, 2003]


def test_the_official_sdk_finds_the_chain_by_broadcast(port: sdk.PortHandler) -> None:
    found, _ = sdk.PacketHandler(2.0).broadcastPing(port)
    assert sorted(found) == [1, 2, 3]


def test_our_bus_reads_and_writes_the_chain(served: Served) -> None:
    bus = served.bus()
    assert bus.ping(1) == Result(Status.OK, b"\xb0\x04\x34")
    assert all(result.ok for result in bus.scan(IDS).values())
    assert bus.write(1, TABLE["torque_enable"], 1).ok
    assert bus.write(1, TABLE["id"], 9) == Result(Status.REFUSED, b"", 7)
    bus.sync_write({1: 2100, 2: 2200}, TABLE["goal_position"])
    for read in (bus.sync_read, bus.fast_sync_read):
        goals = {i: r.data for i, r in read(IDS, 116, 4).items()}
        assert [int.from_bytes(data, "little") for data in goals.values()] == [2100, 2200, 2048]
    bus.close()


def test_our_bus_drives_a_joint_to_its_goal(served: Served) -> None:
    bus = served.bus()
    position = TABLE["present_position"]
    assert bus.write(1, TABLE["torque_enable"], 1).ok
    bus.sync_write({1: 2300}, TABLE["goal_position"])
    for _ in range(50):
        results = bus.fast_sync_read(IDS, position.address, position.size)
    positions = [position.decode(result.data) for result in results.values()]
    assert positions == [pytest.approx(2300, abs=20), 2048, 2048]
    bus.close()


def test_in_lockstep_two_runs_are_the_same_to_the_byte() -> None:
    def run() -> list[Result]:
        served = Served()
        bus = served.bus()
        bus.write(1, TABLE["torque_enable"], 1)
        bus.sync_write({1: 2500}, TABLE["goal_position"])
        seen = []
        for _ in range(20):
            bus.ping(2)
            seen += bus.fast_sync_read(IDS, 120, 27).values()
        bus.close()
        served.unplug()
        return seen

    first = run()
    assert all(result.ok for result in first)
    assert first == run()


def test_in_lockstep_a_joint_read_moves_time_by_one_period(served: Served) -> None:
    bus = served.bus()
    tick = TABLE["realtime_tick"]
    for period in range(1, 6):
        result = bus.sync_read([1], tick.address, tick.size)[1]
        assert tick.decode(result.data) == 20 * period
        assert tick.decode(bus.read(1, tick).data) == 20 * period
    bus.close()


def test_a_real_clock_moves_without_being_asked() -> None:
    served = Served(clock="real")
    bus = served.bus()
    tick = TABLE["realtime_tick"]
    first = tick.decode(bus.read(1, tick).data)
    later = first
    while later == first:
        later = tick.decode(bus.read(1, tick).data)
    assert later > first
    bus.close()
    served.unplug()


def test_an_unplugged_twin_is_a_lost_port() -> None:
    served = Served()
    bus = served.bus()
    assert bus.ping(1).ok
    served.unplug()
    with pytest.raises(PortLost):
        bus.ping(1)
    with pytest.raises(PortError):
        SerialTransport(served.port + "9")


def test_one_client_after_another_finds_the_line_clean(served: Served) -> None:
    for _ in range(3):
        bus = served.bus()
        bus.transport.write(b"\xff\xff\xfd\x00\x01")
        assert bus.ping(1).ok
        bus.close()


def test_an_instruction_cut_off_is_given_up_after_a_pause(served: Served) -> None:
    bus = Bus(SerialTransport(served.port), BusConfig(latency=0.3, retries=0))
    # A length of 4000 bytes that never come would swallow every instruction after it.
    bus.transport.write(b"\xff\xff\xfd\x00\x01\xa0\x0f\x03")
    answers = (bus.ping(1) for _ in range(20))
    assert any(answer.ok for answer in answers)
    bus.close()


@pytest.mark.slow
def test_a_client_that_never_reads_does_not_stop_the_twin(served: Served) -> None:
    bus = served.bus()
    for _ in range(400):
        bus.transport.write(dynamixel.bulk_read(dict.fromkeys(IDS, (0, 148))))
    answers = (bus.ping(1) for _ in range(20))
    assert any(answer.ok for answer in answers)
    bus.close()


def test_a_client_that_never_reads_cannot_keep_the_twin_from_stopping() -> None:
    served = Served()
    bus = served.bus()
    for _ in range(400):
        bus.transport.write(dynamixel.bulk_read(dict.fromkeys(IDS, (0, 148))))
    served.unplug()
    bus.close()


def test_the_link_leads_to_the_twin_and_goes_with_it(tmp_path: Path) -> None:
    link = tmp_path / "robot"
    link.symlink_to("/nowhere")
    served = Served(link=link)
    assert served.port == str(link)
    bus = served.bus()
    assert bus.ping(3).ok
    bus.close()
    served.unplug()
    assert not link.is_symlink()


def test_a_link_never_replaces_a_file(tmp_path: Path) -> None:
    taken = tmp_path / "robot"
    taken.write_text("mine")
    with pytest.raises(TwinError, match="File exists"):
        Twin(TwinConfig(ids=IDS, rate=50.0, link=taken), PendulumPlant(3)).open()
    assert taken.read_text() == "mine"


def test_what_cannot_be_served_is_refused() -> None:
    with pytest.raises(TwinError, match="lockstep"):
        TwinConfig(ids=IDS, rate=50.0, clock="fast")
    with pytest.raises(TwinError, match="rate"):
        TwinConfig(ids=IDS, rate=0.0)
    with pytest.raises(TwinError, match="ids"):
        TwinConfig(ids=(1, 253), rate=50.0)
    with pytest.raises(TwinError, match=r"latency timer of 3\.0 s is not possible"):
        TwinConfig(ids=IDS, rate=50.0, latency_timer=3.0)
    with pytest.raises(TwinError, match="no twin speaks 'modbus'"):
        Twin(TwinConfig(ids=IDS, rate=50.0, protocol="modbus"), PendulumPlant(3))
    with pytest.raises(TwinError, match="2 servo ids for a plant of 3 joints"):
        Twin(TwinConfig(ids=(1, 2), rate=50.0), PendulumPlant(3))
    with pytest.raises(TwinError, match="open"):
        Twin(TwinConfig(ids=IDS, rate=50.0), PendulumPlant(3)).serve()


# For silence, of which a busy machine only makes more.
BRISK = BusConfig(latency=0.08, retries=0)


def answers(served: Served, baud: int, config: BusConfig = PATIENT, servo: int = 1) -> Result:
    bus = Bus(SerialTransport(served.port, baud), replace(config, baud=baud))
    try:
        return bus.ping(servo)
    finally:
        bus.close()


def test_a_client_at_another_rate_hears_nothing_and_one_at_the_servos_own_does() -> None:
    # 4.5 Mbaud is no rate that termios has a name for.
    for baud in (57_600, 4_500_000):
        served = Served(baud=baud, model="xm430")
        assert answers(served, 1_000_000, BRISK).status is Status.MISSING
        assert answers(served, baud).ok
        served.unplug()


def test_a_new_rate_holds_from_the_next_packet_on(served: Served) -> None:
    bus = served.bus()
    assert bus.write(1, TABLE["baud_rate"], 1).ok
    bus.close()
    assert answers(served, 1_000_000, BRISK).status is Status.MISSING
    assert answers(served, 57_600).ok
    assert answers(served, 1_000_000, servo=2).ok


def test_a_client_that_hangs_up_says_nothing(served: Served) -> None:
    client = os.open(served.port, os.O_RDWR | os.O_NOCTTY)
    settings = termios.tcgetattr(client)
    settings[4] = settings[5] = termios.B0
    termios.tcsetattr(client, termios.TCSANOW, settings)
    os.write(client, dynamixel.ping(1))
    assert answers(served, 1_000_000).ok
    os.close(client)


def test_two_servos_of_one_id_are_heard_as_damage() -> None:
    served = Served(ids=(1, 2, 2))
    assert answers(served, 1_000_000).ok
    assert answers(served, 1_000_000, BRISK, servo=2).silent
    served.unplug()


@pytest.mark.parametrize("paced", [True, False])
def test_a_real_twin_answers_the_chain_with_and_without_the_wires_time(paced: bool) -> None:
    served = Served(clock="real", paced=paced)
    bus = served.bus()
    for _ in range(5):
        assert all(result.ok for result in bus.fast_sync_read(IDS, 126, 10).values())
        assert all(result.ok for result in bus.sync_read(IDS, 126, 10).values())
    bus.close()
    served.unplug()


SCRIPT = """
import sys
from pathlib import Path
from pendulum_plant import PendulumPlant
from ashore.envs.twin.twin import Twin, TwinConfig
with Twin(TwinConfig(ids=(1, 2, 3), rate=50.0, link=Path(sys.argv[1])), PendulumPlant(3)) as twin:
    sys.stdout.write(twin.open() + "\\n")
    sys.stdout.flush()
    twin.serve()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_twin_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    link = tmp_path / "robot"
    folder = str(Path(__file__).parent)
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(link)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": folder},
    )
    assert child.stdout is not None
    port = child.stdout.readline().strip()
    bus = Bus(SerialTransport(port), PATIENT)
    assert bus.ping(2).ok
    child.send_signal(number)
    _, errors = child.communicate(timeout=30)
    assert (child.returncode, errors) == (0, "")
    assert not link.is_symlink()
    bus.close()
