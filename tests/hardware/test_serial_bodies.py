"""Laws of the serial robot with many servos: twelve and an IMU, Feetech's, and mixed models."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from bench import COUNT, SPEC, TWO_ARMS, Bench

from ashore.hardware.errors import BusError, SpecError
from ashore.hardware.reading import Command
from ashore.hardware.spec import RobotSpec

QUADRUPED, ARM = RobotSpec.load("quadruped"), RobotSpec.load("arm")
Benches = Callable[..., Bench]


def wired(benches: Benches, spec: RobotSpec, **config: object) -> Bench:
    """A bench of `spec`, each servo of its own model, on its own protocol."""
    models = tuple(joint.servo for joint in spec.joints)
    return benches(spec=spec, model=models, protocol=spec.bus.protocol, **config)


def counts(bench: Bench, name: str) -> list[int]:
    return [servo.memory.get(name) for servo in bench.twin.firmware.servos]


@pytest.mark.parametrize("spec", [QUADRUPED, ARM], ids=["quadruped", "arm"])
def test_enabling_never_jerks_and_letting_go_reaches_all(benches: Benches, spec: RobotSpec) -> None:
    bench = wired(benches, spec)
    robot = bench.open()
    assert not robot.read().torque_enabled.any()
    before = robot.read().position
    robot.enable()
    for _ in range(4):
        reading = robot.read()
        assert reading.torque_enabled.all()
    # Under their own weight they give way a little: XM430s and STS3215s have no integral gain.
    assert np.abs(reading.position - before).max() < 0.12
    assert robot.disable() == []
    assert not any(counts(bench, "torque_enable"))
    robot.close()


@pytest.mark.parametrize("spec", [QUADRUPED, ARM], ids=["quadruped", "arm"])
def test_the_servos_keep_the_joints_limits_themselves(benches: Benches, spec: RobotSpec) -> None:
    bench = wired(benches, spec)
    robot = bench.open()
    low, high = counts(bench, "min_position_limit"), counts(bench, "max_position_limit")
    for joint, lowest, highest in zip(spec.joints, low, high, strict=True):
        assert (lowest - 2048) * COUNT == pytest.approx(joint.lower - joint.rest_margin, abs=COUNT)
        assert (highest - 2048) * COUNT == pytest.approx(joint.upper + joint.rest_margin, abs=COUNT)
    robot.close()


def test_the_base_is_felt_in_every_tick(benches: Benches) -> None:
    robot = wired(benches, QUADRUPED).open()
    for _ in range(3):
        inertial = robot.read().inertial
        assert inertial.age == 0.0
        assert np.linalg.norm(inertial.gravity) == pytest.approx(1.0)
    assert inertial.gravity[2] < -0.99
    robot.close()


def test_a_robot_with_an_inertial_sensor_wants_its_port(benches: Benches) -> None:
    with pytest.raises(BusError, match=r"inertial sensor \(witmotion\) and no port .* --imu-port"):
        wired(benches, QUADRUPED).open(imu_port=None)


def test_one_silent_servo_of_twelve_ages_alone(benches: Benches) -> None:
    bench = wired(benches, QUADRUPED)
    robot = bench.open(latency=0.05)
    memory = bench.twin.firmware.servos[6].memory

    def ages(tick: int) -> list[float]:
        bench.clock.sleep_until(0.02 * tick)
        return robot.read().age.round(3).tolist()

    assert ages(1) == [0.0] * 12
    memory.put("status_return_level", 0)
    assert ages(2) == [0.02 * (i == 6) for i in range(12)]
    assert ages(3) == [0.04 * (i == 6) for i in range(12)]
    memory.put("status_return_level", 2)
    assert [0.0] * 12 in [ages(tick) for tick in range(4, 12)]
    robot.close()


@pytest.mark.parametrize("spec", [QUADRUPED, ARM], ids=["quadruped", "arm"])
def test_limits_of_a_joint_reach_its_servo(benches: Benches, spec: RobotSpec) -> None:
    first = replace(spec.joints[0], current_limit=0.8, pwm_limit=0.5)
    bench = wired(benches, replace(spec, joints=(first, *spec.joints[1:])))
    robot = bench.open()
    table = robot.lines[0].table
    duty = "pwm_limit" if spec is QUADRUPED else "max_torque"
    for name, value in (("current_limit", 0.8), (duty, 0.5)):
        register = table[name]
        assert register.to_si(counts(bench, name)[0]) == pytest.approx(value, abs=register.scale)
    robot.close()


def test_what_lies_behind_feetechs_lock_is_locked_again(benches: Benches) -> None:
    bench = wired(benches, ARM)
    bench.open().close()
    assert counts(bench, "lock") == [1] * 6
    assert counts(bench, "position_p_gain") == [joint.p_gain for joint in ARM.joints]


def test_a_watchdog_is_not_asked_of_servos_that_have_none(benches: Benches) -> None:
    spec = replace(ARM, bus=replace(ARM.bus, watchdog=0.2))
    bench = wired(benches, spec)
    robot = bench.open()
    with pytest.raises(BusError, match=r"has no watchdog of its own .* set it to 0 in the spec"):
        robot.enable()
    assert not any(counts(bench, "torque_enable"))
    robot.close()


def test_feetechs_servos_stay_within_one_turn(benches: Benches) -> None:
    first = replace(ARM.joints[0], zero_offset=2.0)
    bench = wired(benches, replace(ARM, joints=(first, *ARM.joints[1:])))
    with pytest.raises(BusError, match="a Feetech servo stays within one turn"):
        bench.open()


def test_unlike_feetech_servos_on_one_line_are_refused(benches: Benches) -> None:
    bench = wired(benches, ARM)
    first = replace(ARM.joints[0], servo="scs0009")
    bench.spec = replace(ARM, joints=(first, *ARM.joints[1:]))
    with pytest.raises(SpecError, match=r"servos scs0009, sts3215 on one Feetech line"):
        bench.open()


@pytest.mark.parametrize("spec", [QUADRUPED, ARM], ids=["quadruped", "arm"])
def test_a_softened_robot_holds_with_a_share(benches: Benches, spec: RobotSpec) -> None:
    bench = wired(benches, spec)
    robot = bench.open()
    robot.enable()
    robot.soften(0.25)
    robot.read()
    # Feetech's is a count short, which tells it from what a restart would set.
    values = {"position_p_gain": (200, 800), "torque_limit": (249, 999)}
    name = "position_p_gain" if spec is QUADRUPED else "torque_limit"
    soft, full = values[name]
    assert counts(bench, name) == [soft] * len(spec.joints)
    assert robot.read().torque_enabled.all()
    robot.enable()
    assert counts(bench, name) == [full] * len(spec.joints)
    robot.close()


@pytest.mark.parametrize("spec", [QUADRUPED, ARM], ids=["quadruped", "arm"])
def test_the_packets_left_to_a_supervisor_take_torque_off(
    benches: Benches, spec: RobotSpec
) -> None:
    bench = wired(benches, spec)
    robot = bench.open()
    robot.enable()
    together = robot.release_packets()[0]
    robot.bus.transport.write(together)
    assert not robot.read().torque_enabled.any()
    robot.enable()
    for packet in robot.release_packets()[1:]:
        robot.bus.transport.write(packet)
        robot.bus.transport.drain(0.05)
    assert not any(counts(bench, "torque_enable"))
    robot.close()


@pytest.mark.parametrize("models", [("xl330", "xm430"), ("xm430", "xl430")])
def test_models_may_be_mixed_on_one_line(benches: Benches, models: tuple[str, str]) -> None:
    left = replace(SPEC.joints[0], name="left", id=9, servo=models[0], p_gain=2000)
    right = replace(left, name="right", id=4, servo=models[1], sign=-1, zero_offset=0.3)
    bench = wired(benches, replace(SPEC, model=TWO_ARMS, joints=(left, right)))
    robot = bench.open()
    robot.enable()
    robot.write(Command(position=np.array([0.4, -0.2])))
    for _ in range(40):
        reading = robot.read()
    assert reading.fresh.all()
    assert reading.position == pytest.approx([0.4, -0.2], abs=0.05)
    assert reading.temperature == pytest.approx([28.0, 28.0], abs=3.0)
    # An XL430 has no current sensor: that is no number, rather than zero.
    assert np.isnan(reading.current).tolist() == [False, models[1] == "xl430"]
    assert robot.disable() == []
    robot.close()
