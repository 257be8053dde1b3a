"""LeRobot's motor buses, unmodified but for imports that they never use, drive the twin."""

from bench import Bench
from oracle import needs, visit

from ashore.hardware.spec import RobotSpec

SPEC = RobotSpec.load("quadruped")


@needs("lerobot")
def test_lerobots_dynamixel_bus_finds_calibrates_reads_and_moves_the_chain() -> None:
    bench = Bench(SPEC, rate=1000.0, model="xm430")
    seen = visit("lerobot_dynamixel", bench.port, "lerobot")
    servos = bench.twin.firmware.servos
    bench.unplug()
    assert seen["calibrated"]
    assert seen["goals"] == seen["asked"]
    assert set(seen["torque"].values()) == {1}
    assert len(seen["positions"]) == 12
    assert all(0 <= position < 4096 for position in seen["positions"].values())
    # It let go at the end, and left what it had set.
    assert {servo.memory.get("torque_enable") for servo in servos} == {0}
    assert {servo.memory.get("return_delay_time") for servo in servos} == {0}
    assert {servo.memory.get("min_position_limit") for servo in servos} == {100}
