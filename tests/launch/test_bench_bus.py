"""The benchmark of the servo bus: all do the same work, and every figure is there."""

import pytest
from bench import Bench

from ashore.hardware.errors import RunError
from ashore.hardware.spec import RobotSpec
from ashore.launch.bench import bench_bus, bench_cycles, bench_ticks, bus_clients
from ashore.launch.bench.bench_cycles import CyclesConfig, wire_cycles
from ashore.launch.bench.bench_ticks import TicksConfig
from ashore.launch.bench.table import legend

QUADRUPED = RobotSpec.load("quadruped")


def test_the_wire_takes_276_bytes_a_cycle():
    # 74 B sync write, 26 B request, 8 + 12 x 14 B joint reply; ten bits each: 2.76 ms at 1 Mbaud.
    assert wire_cycles(1_000_000, 12) == pytest.approx(1.0 / 0.00276)
    assert wire_cycles(3_000_000, 12) == pytest.approx(1.0 / 0.00092)


@pytest.mark.parametrize("name", bus_clients.CLIENTS)
def test_every_client_puts_the_goals_and_gets_the_states(name):
    if name not in bus_clients.installed():
        pytest.skip(f"no {name} here")
    robot = Bench(QUADRUPED, rate=1000.0, model="xm430")
    goals = {servo: 2000 + servo for servo in QUADRUPED.ids}
    try:
        with bus_clients.CLIENTS[name](robot.port, 1_000_000, QUADRUPED.ids) as cycle:
            states = cycle(goals)
            states = cycle(goals)
            if states == [None] * 12:
                pytest.skip("the machine was too busy for this client's patience")
    except RunError as refusal:
        pytest.skip(str(refusal))
    robot.unplug()
    memories = [servo.memory for servo in robot.twin.firmware.servos]
    if name != bus_clients.RAW:
        assert [memory.get("goal_position") for memory in memories] == list(goals.values())
        assert [state[2] for state in states] == [m.get("present_position") for m in memories]
    assert len(states) == 12


@pytest.mark.slow
def test_every_figure_of_the_cycles_is_there_and_compares_with_its_peer():
    config = CyclesConfig(rounds=1, seconds=0.05)
    rows = {row["name"]: row for row in bench_cycles.run(config)}
    for name in ("cycles_vs_wire_1M", "cycles_vs_wire_3M", "cycles_vs_sdk", "cycles_vs_rustypot"):
        own = rows[name]
        assert own["value"] > 0.0
        if own["peer_value"] is not None:
            assert own["ratio"] == pytest.approx(own["value"] / own["peer_value"])
    assert rows["cycles_vs_wire_1M"]["peer_value"] == pytest.approx(362.3, abs=0.1)
    assert {"processor_1M", "states_lost_3M", "cycles_ceiling_1M"} <= set(rows)
    assert rows["cycles_vs_sdk"]["value"] == rows["cycles_ordinary_1M"]["value"]


@pytest.mark.slow
def test_without_the_right_to_real_time_the_wire_is_raced_at_ordinary_priority(monkeypatch):
    def refused():
        raise RunError("no real-time priority: Operation not permitted")

    monkeypatch.setattr(bus_clients, "realtime", refused)
    rows = {row["name"]: row for row in bench_cycles.run(CyclesConfig(rounds=1, seconds=0.05))}
    assert rows["cycles_vs_wire_3M"]["value"] == rows["cycles_ordinary_3M"]["value"] > 0.0
    assert "no real-time priority" in rows["cycles_vs_wire_3M"]["peer"]


@pytest.mark.slow
def test_every_figure_of_the_ticks_is_there():
    config = TicksConfig(rounds=1, seconds=0.1, rates=(100,))
    rows = {row["name"]: row for row in bench_ticks.run(config)}
    for kind in ("", "_loaded", "_fifo", "_loaded_fifo", "_loaded_kernel"):
        quantiles = [rows[f"late_100hz{kind}_{q}_us"]["value"] for q in bench_ticks.QUANTILES]
        if kind.endswith(("fifo", "kernel")) and quantiles == [None] * 3:
            assert "no real-time priority" in rows[f"late_100hz{kind}_p50_us"]["peer"]
            continue
        assert quantiles == sorted(quantiles)
        assert 0.0 <= rows[f"late_100hz{kind}_skipped"]["value"] <= 100.0


def test_every_figure_means_something():
    names = ("cycles_vs_wire_1M", "cycles_ceiling_3M", "late_50hz_p50_us", "processor_1M")
    assert all(any(name.startswith(key) for key in bench_bus.MEANINGS) for name in names)
    assert all(len(line) <= 100 for line in legend(bench_bus.MEANINGS))
