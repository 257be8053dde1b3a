"""rustypot, an independent client in Rust, drives Feetech servos of both families in the twin."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from bench import Bench
from oracle import ATTEMPTS, insist

from ashore.hardware.spec import RobotSpec

rustypot = pytest.importorskip("rustypot", reason="no rustypot: pip install rustypot")

SPEC = RobotSpec.load("arm")
IDS = list(SPEC.ids)
PATIENCE = 0.5  # longest wait for an answer; this machine may be busy [s]
OVERHEAT = 1 << 2
FAMILIES = {
    "sts3215": (rustypot.Sts3215PyController, 777),
    "scs0009": (rustypot.Scs0009PyController, 1284),
}


class Family:
    """A chain of one model, and its client."""

    def __init__(self, model: str) -> None:
        kind, self.number = FAMILIES[model]
        self.robot = Bench(SPEC, rate=1000.0, model=model, protocol="feetech")
        self.client: Any = kind(self.robot.port, 1_000_000, PATIENCE)

    def close(self) -> None:
        self.client.close()
        self.robot.unplug()

    def put(self, servo: int, name: str, value: int) -> None:
        self.client.write_register(servo, name, value, ATTEMPTS)

    def get(self, servo: int, name: str) -> int:
        return int(self.client.read_register(servo, name, ATTEMPTS))


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Iterator[Family]:
    family = Family(request.param)
    yield family
    family.close()


@pytest.fixture
def sts() -> Iterator[Family]:
    family = Family("sts3215")
    yield family
    family.close()


def test_everyone_is_there_with_its_model(family: Family) -> None:
    found = insist(lambda: family.client.scan(IDS), lambda answer: len(answer) == len(IDS))
    assert found == dict.fromkeys(IDS, family.number)


def test_words_go_there_and_back_whichever_byte_comes_first(family: Family) -> None:
    for servo in IDS:
        family.put(servo, "goal_position", 600 + servo)
    assert [family.get(servo, "goal_position") for servo in IDS] == [600 + i for i in IDS]


def test_the_whole_chain_is_written_jointly(family: Family) -> None:
    goals = [500 + servo for servo in IDS]
    family.client.sync_write_register(IDS, "goal_position", goals, ATTEMPTS)
    assert family.client.sync_read_register(IDS, "goal_position", ATTEMPTS) == goals


def test_angles_mean_the_same_to_both(family: Family) -> None:
    family.client.sync_read_register(IDS, "present_position", ATTEMPTS)
    angles = insist(lambda: family.client.sync_read_present_position(IDS), lambda a: len(a) == 6)
    # 1024 counts are 300 degrees, 4096 are 360; the twin's robot stands in its default pose.
    expected = SPEC.column("sign") * SPEC.column("default") + SPEC.column("zero_offset")
    np.testing.assert_allclose(angles, expected, atol=0.02)


def test_a_sign_is_a_bit_of_its_own(sts: Family) -> None:
    sts.put(1, "goal_velocity", -300)
    assert sts.get(1, "goal_velocity") == -300
    sts.put(1, "lock", 0)
    sts.put(1, "homing_offset", -17)
    assert sts.get(1, "homing_offset") == -17
    assert list(sts.client.read_raw_data(1, 31, 2)) == [17, 1 << 3]  # bit 11


def test_a_fault_comes_with_every_answer(sts: Family) -> None:
    sts.robot.memory.put("hardware_error_status", OVERHEAT)
    assert sts.client.read_register_with_error(1, "present_voltage")[1] & OVERHEAT
    assert sts.client.read_register_with_error(2, "present_voltage")[1] == 0


@pytest.mark.slow
def test_everyone_is_found_by_one_broadcast(sts: Family) -> None:
    found = insist(lambda: sts.client.broadcast_scan(IDS), lambda answer: len(answer) == len(IDS))
    assert found == dict.fromkeys(IDS, 777)
