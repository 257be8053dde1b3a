"""The shipped arm's twin: Feetech firmware, MuJoCo and the project's own bus on a real tty."""

from collections.abc import Iterator

import numpy as np
import pytest
from bench import Bench

from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.bus import Bus, BusConfig, Status
from ashore.hardware.wire.transport import SerialTransport

SPEC = RobotSpec.load("arm")
TABLE = ControlTable.load("sts3215")
CYCLE = TABLE.span(["present_position", "present_current"])


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(spec=SPEC, model="sts3215", protocol="feetech")
    yield bench
    bench.unplug()


@pytest.fixture
def bus(bench: Bench) -> Iterator[Bus]:
    transport = SerialTransport(bench.port, SPEC.bus.baud)
    # Nothing here is about waiting; a busy machine may take its time.
    yield Bus(transport, BusConfig(protocol="feetech", latency=1.0))
    transport.close()


def cycle(bus: Bus) -> dict[str, np.ndarray]:
    """Read what a driver reads in every cycle; by register, in SI units, `(6,)`."""
    start, size = CYCLE
    results = bus.sync_read(SPEC.ids, start, size)
    assert {result.status for result in results.values()} == {Status.OK}
    found = {}
    for register in TABLE:
        at = register.address - start
        if at >= 0 and at + register.size <= size:
            parts = [results[i].data[at : at + register.size] for i in SPEC.ids]
            found[register.name] = np.array([register.to_si(register.decode(p)) for p in parts])
    return found


def test_the_arm_is_found_held_and_moved(bench: Bench, bus: Bus) -> None:
    for servo in SPEC.ids:
        answer = bus.ping(servo)
        assert int.from_bytes(answer.data[:2], "little") == TABLE.number
    here = cycle(bus)["present_position"]
    assert here == pytest.approx(SPEC.column("default"), abs=0.02)
    goal = TABLE["goal_position"]
    bus.sync_write({i: goal.to_counts(a) for i, a in zip(SPEC.ids, here, strict=True)}, goal)
    bus.sync_write(dict.fromkeys(SPEC.ids, 1), TABLE["torque_enable"])
    for _ in range(15):
        held = cycle(bus)
    # The P gain as delivered leaves some error under the arm's weight, and no more.
    assert held["present_position"] == pytest.approx(here, abs=0.1)
    assert held["present_input_voltage"] == pytest.approx([12.0] * 6, abs=0.2)
    assert not held["hardware_error_status"].any()
    wanted = here + np.array([0.4, -0.3, 0.3, -0.3, 0.5, 0.3])
    bus.sync_write({i: goal.to_counts(a) for i, a in zip(SPEC.ids, wanted, strict=True)}, goal)
    fastest = np.zeros(6)
    for _ in range(60):
        now = cycle(bus)
        fastest = np.maximum(fastest, np.abs(now["present_velocity"]))
    assert now["present_position"] == pytest.approx(wanted, abs=0.1)
    # An STS3215 of 12 V runs free at 4.7 rad/s.
    assert 0.5 < fastest.max() < 5.0
    truth = bench.plant.sense().position
    assert now["present_position"] == pytest.approx(truth, abs=0.01)


def test_the_spec_has_the_p_gain_that_the_servos_are_delivered_with() -> None:
    assert {joint.p_gain for joint in SPEC.joints} == {TABLE["position_p_gain"].initial}


def test_an_arm_that_pushes_against_its_stop_falls_to_the_protective_torque(
    bench: Bench, bus: Bus
) -> None:
    goal, pan = TABLE["goal_position"], SPEC.ids[0]
    bus.sync_write({pan: goal.to_counts(SPEC.joints[0].upper + 1.0)}, goal)
    loads, errors = [], []
    for _ in range(200):
        now = cycle(bus)
        loads.append(now["present_load"][0])
        errors.append(int(now["hardware_error_status"][0]))
    assert max(loads) > 0.8
    assert loads[-1] == pytest.approx(0.2, abs=0.01)
    assert TABLE.faults(errors[-1]) == ["overload"]
    # Two seconds at 50 Hz, from when the error became so large.
    assert 99 <= errors.index(errors[-1]) < 150
