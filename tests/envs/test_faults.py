"""Laws of the twin's faults: what a file says happens, when it says so, and the same each time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pendulum_plant import PendulumPlant

import ashore.envs.twin.faults
from ashore.envs.errors import TwinError
from ashore.envs.twin.faults.faults import Faults
from ashore.envs.twin.faults.imu_faults import ImuFrozen
from ashore.envs.twin.faults.kinds import KINDS
from ashore.envs.twin.firmware_config import FirmwareConfig
from ashore.envs.twin.line.line import Line
from ashore.envs.twin.reply import Reply, joined
from ashore.envs.twin.sensed_plant import SensedPlant
from ashore.envs.twin.servos.firmware import Firmware
from ashore.hardware.imu.codecs import make_codec
from ashore.hardware.imu.imu_sample import ImuSample
from ashore.hardware.imu_spec import ImuSpec
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire import dynamixel, feetech
from ashore.hardware.wire.frame import Parser

SPEC = RobotSpec.load("quadruped")
SEEING = replace(SPEC, imu=ImuSpec(codec="vectornav_binary"))
IDS = SPEC.ids
ADDRESS, SIZE = 132, 4
WHOLE = dynamixel.fast_sync_length(12, SIZE)
EXAMPLE = Path(ashore.envs.twin.faults.__file__).with_name("example.toml")


class Chain:
    """Twelve servos behind faults, spoken to without a clock."""

    def __init__(self, text: str, folder: Path, seed: int = 0) -> None:
        path = folder / "faults.toml"
        path.write_text(text, encoding="utf-8")
        self.faults = Faults.load(path, seed, SPEC)
        config = FirmwareConfig(ids=IDS, model="xm430")
        self.firmware = Firmware(SensedPlant(PendulumPlant(12, supply=12.0), self.faults), config)

    def ask(self, packet: bytes, now: float = 0.0) -> list[Reply]:
        self.faults.act(self.firmware, now)
        heard = self.faults.requests(packet, now)
        return self.faults.replies(self.firmware.handle(heard, now), now)

    def fast(self, now: float = 0.0) -> bytes:
        return joined(self.ask(dynamixel.fast_sync_read(IDS, ADDRESS, SIZE), now))

    def plain(self, now: float = 0.0) -> list[Reply]:
        return self.ask(dynamixel.sync_read(IDS, ADDRESS, SIZE), now)

    def get(self, name: str, servo: int = 1) -> int:
        return self.firmware.servos[servo - 1].memory.get(name)


def fault(kind: str, **values: object) -> str:
    texts = {key: str(value).replace("'", '"') for key, value in values.items()}
    texts = {k: f'"{t}"' if isinstance(values[k], str) else t for k, t in texts.items()}
    lines = [f"{key} = {text}" for key, text in {"kind": f'"{kind}"', **texts}.items()]
    return "\n".join(["[[fault]]", *lines, ""])


def believed(raw: bytes) -> list[int]:
    """Who is believed of a joint reply."""
    found = dynamixel.fast_sync_blocks(raw, IDS, SIZE)
    return [servo for servo, block in found.items() if block is not None]


def senders(replies: list[Reply]) -> list[int]:
    return [frame.id for frame in Parser().feed(joined(replies))]


def test_nothing_happens_without_a_file() -> None:
    faults, reply = Faults(), Reply(1, b"abc")
    assert faults.requests(b"x", 0.0) == b"x"
    assert faults.replies([reply], 0.0) == [reply]
    assert faults.imu(b"y", 0.0) == b"y"
    assert faults.plugged(0.0)
    assert faults.reading(0.0)


def test_the_example_is_a_file_of_faults_and_names_every_kind() -> None:
    Faults.load(EXAMPLE, 0, SPEC)
    text = EXAMPLE.read_text(encoding="utf-8")
    said = "".join(line for line in text.splitlines() if line.startswith("#"))
    assert [kind for kind in KINDS if kind not in said] == []


def test_a_lost_reply_is_one_and_in_a_joint_reply_those_behind_wait_in_vain(tmp_path: Path) -> None:
    chain = Chain(fault("drop", joints=[3, "rear_left_hip"]), tmp_path)
    assert senders(chain.plain()) == [1, 2, 4, 5, 6, 7, 9, 10, 11, 12]
    assert believed(chain.fast()) == [1, 2]
    assert Chain(fault("drop", joints=[1]), tmp_path).fast() == b""
    assert Chain(fault("drop"), tmp_path).fast() == b""


def test_a_flipped_bit_costs_the_servo_that_it_was_of(tmp_path: Path) -> None:
    chain = Chain(fault("flip", joints=[5]), tmp_path)
    for _ in range(50):
        lost = set(IDS) - set(believed(chain.fast()))
        # A bit of its checksum is one of what the next servo's is counted on from.
        assert lost in ({5}, {5, 6})
    assert set(IDS) - set(senders(chain.plain())) == {5}


def test_a_truncated_reply_ends_within_the_servo_that_it_was_of(tmp_path: Path) -> None:
    chain = Chain(fault("truncate", joints=[5]), tmp_path)
    raw = chain.fast()
    assert believed(raw) == [1, 2, 3, 4]
    assert WHOLE - 8 * (SIZE + 4) < len(raw) < WHOLE - 7 * (SIZE + 4)
    assert 5 not in senders(chain.plain())


@pytest.mark.parametrize("lost", [1, 3, 99])
def test_a_short_status_is_true_to_its_checksum(tmp_path: Path, lost: int) -> None:
    chain = Chain(fault("short", joints=[2], lost=lost), tmp_path)
    frames = Parser().feed(joined(chain.plain()))
    assert [frame.id for frame in frames] == list(IDS)
    assert len(frames[1].params) == max(SIZE - lost, 0)
    raw = chain.fast()
    assert len(raw) == WHOLE - min(lost, SIZE)
    # The blocks behind it are shifted, so none of them is believed.
    assert believed(raw) == [1]


def test_a_short_status_of_another_protocol_is_true_too(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(fault("short", lost=2), encoding="utf-8")
    sts = tuple(replace(joint, servo="sts3215") for joint in SPEC.joints)
    spec = replace(SPEC, joints=sts, bus=replace(SPEC.bus, protocol="feetech"))
    replies = [Reply(1, feetech.status(1, 0, b"\x01\x02\x03"))]
    found = Faults.load(path, 0, spec).replies(replies, 0.0)
    assert found[0].data == feetech.status(1, 0, b"\x01")


def test_replies_are_doubled_or_change_places(tmp_path: Path) -> None:
    assert senders(Chain(fault("duplicate", joints=[2]), tmp_path).plain())[:4] == [1, 2, 2, 3]
    assert senders(Chain(fault("reorder", joints=[2]), tmp_path).plain())[:4] == [1, 3, 2, 4]


def test_a_late_reply_comes_ahead_of_a_later_one_and_nothing_overtakes_it(tmp_path: Path) -> None:
    chain = Chain(fault("late", joints=[3], times=1, requests=2), tmp_path)
    assert senders(chain.ask(dynamixel.ping(3))) == []
    assert senders(chain.ask(dynamixel.ping(4))) == []
    assert senders(chain.ask(dynamixel.ping(5))) == [3, 4, 5]
    assert senders(chain.ask(dynamixel.ping(3))) == [3]
    chain = Chain(fault("late", joints=[3], times=1), tmp_path)
    assert senders(chain.plain()) == [1, 2]
    assert senders(chain.plain())[:12] == [*IDS[2:], 1, 2]
    delayed = Chain(fault("delay", seconds=0.2, times=1), tmp_path)
    line = Line()
    for now in (0.0, 0.05, 0.1, 0.3):
        end = line.request(10, 1_000_000, now)
        line.reply(delayed.ask(dynamixel.ping(1 + round(now * 20)), end), 1_000_000)
    assert [frame.id for frame in Parser().feed(line.take(0.19))] == []
    assert [frame.id for frame in Parser().feed(line.take(0.25))] == [1, 2, 3]
    assert [frame.id for frame in Parser().feed(line.take(0.31))] == [7]


def test_delays_and_pauses_are_what_they_are_said_to_be(tmp_path: Path) -> None:
    usual = Chain("", tmp_path).ask(dynamixel.ping(3))[0]
    (slow,) = Chain(fault("delay", seconds=0.05), tmp_path).ask(dynamixel.ping(3))
    assert slow.after == pytest.approx(usual.after + 0.05)
    pieces = Chain(fault("split", seconds=0.002), tmp_path).ask(dynamixel.ping(3))
    assert joined(pieces) == usual.data
    assert [piece.after for piece in pieces] == [usual.after] + [0.002] * (len(usual.data) - 1)


@pytest.mark.parametrize("where", ["before", "inside", "after"])
def test_noise_is_where_it_is_said_to_be(tmp_path: Path, where: str) -> None:
    usual = Chain("", tmp_path).ask(dynamixel.ping(3))[0].data
    text = fault("noise", where=where, data="FF FF FD")
    found = joined(Chain(text, tmp_path).ask(dynamixel.ping(3)))
    assert len(found) == len(usual) + 3
    at = {"before": 0, "after": len(usual)}.get(where, found.index(b"\xff\xff\xfd", 1))
    assert found[:at] + found[at + 3 :] == usual
    assert (0 < at < len(usual)) == (where == "inside")


def test_a_request_is_heard_again_lost_or_damaged(tmp_path: Path) -> None:
    ping = dynamixel.ping(3)
    found = joined(Chain(fault("echo"), tmp_path).ask(ping))
    assert found.startswith(ping)
    assert len(found) > len(ping)
    write = dynamixel.sync_write({1: b"\0"}, 64)
    assert joined(Chain(fault("echo"), tmp_path).ask(write)) == write
    assert Chain(fault("deaf"), tmp_path).ask(ping) == []
    assert Chain(fault("garble"), tmp_path).ask(ping) == []


def test_a_stranger_is_heard_by_all_and_answered(tmp_path: Path) -> None:
    torque = dynamixel.write(3, 64, b"\x01")
    chain = Chain(fault("stranger", data=torque.hex(" ")), tmp_path)
    replies = chain.ask(dynamixel.ping(5))
    assert replies[0].data == torque
    assert senders(replies[1:]) == [3, 5]
    assert chain.get("torque_enable", 3) == 1
    assert len(senders(Chain(fault("stranger"), tmp_path).ask(dynamixel.ping(5)))) == 14


@pytest.mark.parametrize(
    ("error", "bit"),
    [("input voltage", 0), ("overheating", 2), ("motor encoder", 3), ("electrical", 4)],
)
def test_an_alert_is_set_once_and_takes_torque_off(tmp_path: Path, error: str, bit: int) -> None:
    chain = Chain(fault("alert", error=error, joints=[2], begin=1.0), tmp_path)
    for servo in (1, 2):
        chain.firmware.servos[servo - 1].memory.put("torque_enable", 1)
    chain.ask(b"", 0.9)
    assert chain.get("hardware_error_status", 2) == 0
    chain.ask(b"", 1.0)
    assert chain.get("hardware_error_status", 2) == 1 << bit
    assert chain.get("hardware_error_status", 1) == 0
    # 52, the XM430's shutdown register, has bits 2, 4 and 5.
    assert chain.get("torque_enable", 2) == int(not 52 >> bit & 1)
    chain.firmware.servos[1].boot()
    chain.ask(b"", 1.1)
    assert chain.get("hardware_error_status", 2) == 0


def test_servos_restart_go_off_the_line_and_lose_their_torque(tmp_path: Path) -> None:
    kinds = fault("reboot", joints=[1]) + fault("absent", joints=[2], end=2.0)
    kinds += fault("limp", joints=[3]) + fault("watchdog", joints=[4])
    chain = Chain(kinds, tmp_path)
    for servo in chain.firmware.servos:
        servo.memory.put("torque_enable", 1)
    assert senders(chain.plain()) == list(IDS[2:])
    assert senders(chain.plain(0.31)) == [1, *IDS[2:]]
    assert senders(chain.plain(2.0)) == list(IDS)
    assert [chain.get("torque_enable", servo) for servo in (1, 3, 4, 5)] == [0, 0, 1, 1]
    assert chain.get("bus_watchdog", 4) == -1


def test_servos_are_not_what_they_should_be(tmp_path: Path) -> None:
    kinds = fault("id", joints=[1], id=77) + fault("model", joints=[2], number=1060)
    kinds += fault("baud", joints=[3], baud=57600)
    kinds += fault("setting", register="return_delay_time", value=250, joints=[4])
    kinds += fault("setting", register="firmware_version", value=37, joints=[5])
    chain = Chain(kinds, tmp_path)
    chain.firmware.line_baud = 57600
    assert senders(chain.ask(dynamixel.ping(3))) == [3]
    chain.firmware.line_baud = None
    assert senders(chain.ask(dynamixel.ping(1))) == []
    assert senders(chain.ask(dynamixel.ping(77))) == [77]
    assert chain.get("model_number", 2) == 1060
    assert chain.ask(dynamixel.ping(4))[0].after == pytest.approx(500e-6)
    assert chain.get("firmware_version", 5) == 37


def test_sensors_lie_while_they_are_told_to(tmp_path: Path) -> None:
    kinds = fault("jump", angle=0.5, joints=[1]) + fault("stuck", joints=[2], begin=0.1, end=0.2)
    kinds += fault("sag", volts=9.0, joints=[3]) + fault("shows", signal="current", value=-0.1)
    chain = Chain(kinds, tmp_path)
    plant = PendulumPlant(12)
    seen = chain.faults.sense(plant.sense(), 0.0)
    assert seen.position[:2].tolist() == [0.5, 0.0]
    assert seen.voltage[2] == 9.0
    assert seen.current.tolist() == [-0.1] * 12
    for now, angle, expected in ((0.1, 0.3, 0.3), (0.15, 0.4, 0.3), (0.2, 0.5, 0.5)):
        plant.position[:] = angle
        assert chain.faults.sense(plant.sense(), now).position[1] == expected


def test_a_cable_and_a_reader_stop_for_as_long_as_was_said(tmp_path: Path) -> None:
    kinds = fault("unplug", begin=1.0, end=2.0) + fault("stall", begin=3.0, end=4.0)
    faults = Chain(kinds, tmp_path).faults
    assert [faults.plugged(now) for now in (0.9, 1.0, 1.9, 2.0)] == [True, False, False, True]
    assert [faults.reading(now) for now in (2.9, 3.0, 3.9, 4.0)] == [True, False, False, True]


def sample(seed: int) -> ImuSample:
    rng = np.random.default_rng(seed)
    return ImuSample(
        acceleration=np.array([0.0, 0.0, 9.8]) + rng.normal(0.0, 0.1, 3),
        gyro=rng.normal(0.0, 0.1, 3),
        quaternion=np.array([1.0, 0.0, 0.0, 0.0]),
    )


def test_an_inertial_sensor_is_silent_no_number_or_frozen(tmp_path: Path) -> None:
    codec, path = make_codec("vectornav_binary"), tmp_path / "faults.toml"
    kinds = fault("imu_silent", end=1.0) + fault("imu_nan", begin=1.0, end=2.0)
    path.write_text(kinds + fault("imu_frozen", begin=2.0, end=3.0), encoding="utf-8")
    faults = Faults.load(path, 0, SEEING)
    assert faults.imu(codec.encode(sample(0)), 0.5) == b""
    (lost,) = codec.feed(faults.imu(codec.encode(sample(0)), 1.5))
    assert not lost.sound
    first, second = (codec.feed(faults.imu(codec.encode(sample(seed)), 2.5))[0] for seed in (1, 2))
    assert second.repeats(first)
    assert not codec.feed(faults.imu(codec.encode(sample(3)), 3.5))[0].repeats(first)


def test_a_frozen_sensor_says_as_much_as_ever() -> None:
    codec = make_codec("witmotion")
    data = b"".join(codec.encode(sample(seed)) for seed in range(4))
    assert len(ImuFrozen().spoil(data, codec)) == len(data)


def test_the_same_seed_gives_the_same_faults(tmp_path: Path) -> None:
    text = fault("flip", probability=0.3) + fault("drop", probability=0.3)
    chains = [Chain(text, tmp_path, seed) for seed in (1, 1, 2)]
    first, again, other = ([chain.plain(now / 50) for now in range(20)] for chain in chains)
    assert first == again != other
    fixed = [Chain(f"seed = 5\n{text}", tmp_path, seed) for seed in (1, 2)]
    assert fixed[0].plain() == fixed[1].plain()


def test_a_fault_is_as_likely_as_was_said_and_no_more_often(tmp_path: Path) -> None:
    chain = Chain(fault("drop", probability=0.25), tmp_path)
    heard = sum(len(chain.plain()) for _ in range(200))
    assert heard / 2400 == pytest.approx(0.75, abs=0.03)
    chain = Chain(fault("drop", times=5), tmp_path)
    assert [len(chain.plain()) for _ in range(2)] == [7, 12]
    struck = [
        sum(Chain(fault("limp", probability=0.25), tmp_path, seed).faults._faults[0][1].struck(0.0))
        for seed in range(100)
    ]
    assert np.mean(struck) == pytest.approx(3.0, abs=0.5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (fault("dropp"), "fault[0] is of kind 'dropp', which there is not; did you mean 'drop'? "),
        ("[[fault]]\nbegin = 1.0\n", "fault[0] has no kind; kinds: drop, flip,"),
        (fault("delay", secnds=1.0), "unknown key fault[0].secnds; did you mean seconds? a fault"),
        (fault("drop") + fault("flip", bits=0), "fault[1].bits is 0; allowed: 1 to 64"),
        (fault("delay"), "fault[0].seconds is missing; add it, as a number"),
        (fault("drop", begin="soon"), "fault[0].begin is 'soon'; allowed: a number"),
        (fault("drop", begin=2.0, end=1.0), "fault[0].end is 1.0; allowed: later than begin (2.0)"),
        (fault("drop", probability=1.5), "fault[0].probability is 1.5; allowed: above 0, up to 1"),
        (fault("drop", joints=["front_left_kne"]), "did you mean 'front_left_knee'?"),
        (fault("drop", joints=[99]), "quadruped has no joint 99; joints: front_left_abduction,"),
        (fault("drop", joints=[]), "fault[0].joints is []; allowed: a list of names or ids"),
        (fault("unplug", joints=[1]), "fault[0].joints is [1]; allowed: none; it strikes no joint"),
        (fault("limp", times=1), "fault[0].times is 1; allowed: none; it has no packets to count"),
        (fault("alert", error="boredom"), "error is 'boredom'; allowed: of XM430-W350: input volt"),
        (fault("baud", baud=12), "fault[0].baud is 12; allowed: of XM430-W350: 9600, 57600,"),
        (fault("setting", register="led_", value=1), "has no register 'led_'; nearest: led"),
        (fault("setting", register="led", value=256), "value is 256; allowed: 0 to 255 in led"),
        (fault("noise", data="xyz"), "fault[0].data is 'xyz'; allowed: pairs of hexadecimal"),
        (fault("noise", where="there"), "where is 'there'; allowed: one of before, inside, after"),
        (fault("imu_nan"), "imu_nan'; allowed: any other: this sensor's protocol has no word"),
        ("seed = -1", "seed is -1; allowed: a whole number, 0 or more"),
        ("fault = 3", "fault is 3; allowed: one [[fault]] table each"),
        ("fauld = 3", "unknown key fauld; did you mean fault? a file of faults has: seed, fault"),
        ("[[fault", "not TOML: "),
    ],
)
def test_a_bad_file_is_a_sentence(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(TwinError) as refusal:
        Chain(text, tmp_path)
    said = str(refusal.value)
    assert said.startswith(str(tmp_path / "faults.toml"))
    assert says in said
    assert len(said.splitlines()) == 1


def test_faults_that_cannot_happen_to_a_robot_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(fault("imu_silent"), encoding="utf-8")
    with pytest.raises(TwinError, match="others; servo has none"):
        Faults.load(path, 0, RobotSpec.load("servo"))
    path.write_text(fault("watchdog"), encoding="utf-8")
    sts = replace(SPEC, joints=tuple(replace(joint, servo="sts3215") for joint in SPEC.joints))
    with pytest.raises(TwinError, match="any other for a STS3215, which has no bus watchdog"):
        Faults.load(path, 0, sts)
    with pytest.raises(TwinError, match=r"cannot read the faults in .*absent\.toml: No such file"):
        Faults.load(tmp_path / "absent.toml", 0, SPEC)


def test_a_chain_without_faults_is_whole(tmp_path: Path) -> None:
    raw = Chain("", tmp_path).fast()
    assert len(raw) == WHOLE
    assert believed(raw) == list(IDS)
