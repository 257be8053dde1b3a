"""Feetech's two kits, which bear one name, and LeRobot's Feetech bus drive the twin."""

from collections.abc import Callable
from typing import Any

from bench import Bench
from oracle import needs, visit

from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("arm")
IDS = range(1, 7)
STS, SCS = 777, 1284
FINE = [0, 0]  # communication succeeded, and the servo has nothing to complain of

Benches = Callable[..., Bench]


def drive(benches: Benches, client: str, *packages: str, model: str = "sts3215") -> Any:
    """Let a client drive a chain of six; return what it saw, and the servos it left behind."""
    bench = benches(spec=SPEC, rate=1000.0, model=model, protocol="feetech")
    return visit(client, bench.port, *packages), bench.twin.firmware.servos


@needs("ftservo-python-sdk")
def test_feetechs_own_kit_drives_the_sts_family(benches: Benches) -> None:
    seen, _ = drive(benches, "ftservo", "ftservo-python-sdk")
    assert seen["pings"] == [[STS, *FINE]] * 6
    assert (seen["unlock"], seen["limit"], seen["lock"]) == (FINE, FINE, FINE)
    assert seen["limit_read"] == [5, *FINE]
    assert seen["torque"] == [FINE] * 6
    assert seen["position"][1:] == FINE
    assert seen["position_speed"][0] == seen["position"][0]
    assert (seen["write"], seen["write_read"]) == (FINE, [2100, *FINE])
    # Sign and magnitude: 300 with bit 15 set.
    assert (seen["negative_speed"], seen["speed_read"]) == (FINE, [300 | 1 << 15, *FINE])
    assert (seen["registered"], seen["action"]) == (FINE, 0)
    assert seen["before_action"][0] != 1900
    assert seen["after_action"] == [1900, *FINE]
    assert (seen["sync_write"], seen["sync_read"]) == (0, 0)
    assert seen["goals"] == [2000 + servo for servo in IDS]


@needs("ftservo-python-sdk")
def test_feetechs_own_kit_drives_the_scs_family(benches: Benches) -> None:
    seen, _ = drive(benches, "ftservo_scs", "ftservo-python-sdk", model="scs0009")
    assert seen["pings"] == [[SCS, *FINE]] * 6
    assert seen["torque"] == [FINE] * 6
    assert 0 <= seen["position"][0] < 1024
    assert (seen["write"], seen["write_read"]) == (FINE, [600, *FINE])
    assert (seen["registered"], seen["action"]) == (FINE, 0)
    assert seen["after_action"] == [400, *FINE]
    assert seen["sync_write"] == 0
    assert seen["goals"] == [[500 + servo, *FINE] for servo in IDS]


@needs("feetech-servo-sdk")
def test_the_kit_that_pypis_users_have_drives_the_sts_family(benches: Benches) -> None:
    seen, _ = drive(benches, "feetech_servo", "feetech-servo-sdk")
    assert seen["pings"] == [[STS, *FINE]] * 6
    assert seen["torque"] == [FINE] * 6
    assert seen["position"][1:] == FINE
    assert (seen["write"], seen["write_read"]) == (FINE, [2100, *FINE])
    assert (seen["registered"], seen["action"]) == (FINE, 0)
    assert seen["before_action"][0] != 2000
    assert seen["after_action"] == [2000, *FINE]
    assert (seen["sync_write"], seen["sync_read"]) == (0, 0)
    assert seen["goals"] == [2000 + servo for servo in IDS]


@needs("lerobot", "feetech-servo-sdk")
def test_lerobots_feetech_bus_finds_calibrates_reads_and_moves_the_chain(
    benches: Benches,
) -> None:
    seen, servos = drive(benches, "lerobot_feetech", "lerobot", "feetech-servo-sdk")
    assert seen["calibrated"]
    assert seen["goals"] == seen["asked"]
    assert set(seen["torque"].values()) == {1}
    assert set(seen["lock"].values()) == {1}
    assert len(seen["positions"]) == 6
    assert {servo.memory.get("torque_enable") for servo in servos} == {0}
    assert {servo.memory.get("min_position_limit") for servo in servos} == {100}
