"""Laws of a bus in a control loop: what a silent servo costs, whether a late one counts."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from timed_line import TimedLine

from ashore.hardware.errors import BusError
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.bus import Bus, BusConfig, Result, Status
from ashore.hardware.wire.dynamixel import Instruction
from ashore.hardware.wire.protocol import ProtocolName

IDS = list(range(1, 13))
GOAL = ControlTable.load("xl330")["goal_position"]
WAYS = [
    ("dynamixel2", "fast_sync_read"),
    ("dynamixel2", "fast_bulk_read"),
    ("dynamixel2", "sync_read"),
    ("dynamixel2", "bulk_read"),
    ("feetech", "sync_read"),
]


def start(
    protocol: ProtocolName = "dynamixel2", budget: float | None = 0.006, baud: int = 1_000_000
) -> tuple[TimedLine, Bus]:
    """A bus that has heard everybody once, and so knows its line."""
    line = TimedLine(IDS, protocol, baud)
    config = BusConfig(protocol=protocol, baud=baud, budget=budget, return_delay=0.0)
    bus = Bus(line, config, now=line.now)
    assert all(bus.ping(servo).ok for servo in IDS)
    return line, bus


def ask(bus: Bus, way: str, ids: list[int]) -> dict[int, Result]:
    """Ask for ten bytes of each, at addresses that differ where they may."""
    if "bulk" in way:
        return getattr(bus, way)({servo: (56 + servo, 10) for servo in ids})
    return getattr(bus, way)(ids, 56, 10)


def numbers(results: dict[int, Result]) -> set[int]:
    """The questions that good answers answer."""
    return {int.from_bytes(r.data[-2:], "little") for r in results.values() if r.ok}


@pytest.mark.parametrize("dead", IDS)
@pytest.mark.parametrize("baud", [1_000_000, 3_000_000])
def test_one_silent_servo_of_twelve_costs_one_result_within_the_tick(dead: int, baud: int) -> None:
    line, bus = start(baud=baud)
    line.dead = {dead}
    for tick in range(20):
        began = line.time
        results = bus.fast_sync_read(IDS, 126, 10)
        assert [i for i, result in results.items() if not result.ok] == [dead]
        # 100 Hz. Joint read 2.0 ms, a pause of 2 ms, bulk read 3.0 ms, a pause: 9 ms at 1 Mbaud;
        # from then on the joint read of 11, and now and then a ping.
        assert line.time - began < (0.0098 if tick == 0 else 0.006)


@pytest.mark.parametrize("dead", [{3, 4}, {2, 9}, {1, 12}, {5, 6, 11}])
def test_two_holes_cost_two_results(dead: set[int]) -> None:
    for silences in (True, False):
        line, bus = start(budget=0.012)
        line.dead, line.gap_silences = dead, silences
        results = bus.fast_sync_read(IDS, 126, 10)
        results = bus.fast_sync_read(IDS, 126, 10)
        assert {i for i, result in results.items() if not result.ok} == dead


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(WAYS), st.sets(st.sampled_from(IDS)), st.booleans())
def test_whoever_is_silent_a_joint_read_ends_in_time_and_healthy_ones_are_heard(
    way: tuple[ProtocolName, str], dead: set[int], silences: bool
) -> None:
    line, bus = start(way[0])
    line.dead, line.gap_silences = dead, silences
    for _ in range(24):
        began = line.time
        results = ask(bus, way[1], IDS)
        # The budget, and the question that was under way when it ended.
        assert line.time - began < 0.006 + 0.006
    assert {i for i, result in results.items() if not result.ok} == dead


def test_a_silent_servo_is_asked_for_ever_more_rarely_and_heard_when_it_is_back() -> None:
    line, bus = start()
    line.dead = {7}
    bus.fast_sync_read(IDS, 126, 10)
    asked = len(line.asked)
    for _ in range(40):
        bus.fast_sync_read(IDS, 126, 10)
    proofs = [f for f in line.asked[asked:] if f.instruction != Instruction.FAST_SYNC_READ]
    assert len(proofs) < 10
    line.dead = set()
    assert any(bus.fast_sync_read(IDS, 126, 10)[7].ok for _ in range(8))
    assert all(result.ok for result in bus.fast_sync_read(IDS, 126, 10).values())


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(WAYS),
    st.sampled_from([None, 0.006]),
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.003, 0.03, 0.12]), min_size=1, max_size=60),
)
@example(WAYS[0], 0.006, [0.03, *[0.0] * 11])
def test_a_late_reply_is_never_taken_for_the_next_ones_whoever_is_late_and_how_much(
    way: tuple[ProtocolName, str], budget: float | None, lateness: list[float]
) -> None:
    line, bus = start(way[0], budget)
    waits = iter(lateness)
    line.late = lambda servo: next(waits, 0.0)
    for _ in range(12):
        before = len(line.asked)
        results = ask(bus, way[1], [1, 2, 3])
        single = bus.read_block(2, 56, 8)
        assert all(before < number <= len(line.asked) for number in numbers(results))
        assert not single.ok or numbers({2: single}) == {len(line.asked)}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(WAYS),
    st.lists(st.sampled_from([0.0, 0.0, 0.003, 0.03, 0.12]), min_size=1, max_size=60),
    st.sets(st.sampled_from(IDS)),
)
def test_whoever_is_late_a_joint_read_ends_within_two_budgets(
    way: tuple[ProtocolName, str], lateness: list[float], dead: set[int]
) -> None:
    line, bus = start(way[0], 0.01)
    waits, line.dead = iter(lateness), dead
    line.late = lambda servo: next(waits, 0.0)
    for _ in range(12):
        began = line.time
        ask(bus, way[1], IDS)
        assert line.time - began < 0.02


@pytest.mark.parametrize("way", WAYS)
def test_after_three_reads_that_nobody_heard_the_next_is_believed_at_once(
    way: tuple[ProtocolName, str],
) -> None:
    line, bus = start(way[0], 0.01)
    for silent in (1, 2, 3):
        line.dead = set(IDS)
        for _ in range(silent):
            assert not any(result.ok for result in ask(bus, way[1], IDS).values())
        line.dead = set()
        assert all(result.ok for result in ask(bus, way[1], IDS).values())


def ticks(line: TimedLine, bus: Bus, way: str, count: int) -> list[set[int]]:
    """Whom nobody heard in each of so many control steps of 20 ms; none takes longer."""
    silent = []
    for _ in range(count):
        began = line.time
        results = ask(bus, way, IDS)
        silent.append({servo for servo, result in results.items() if not result.ok})
        # Nothing that is believed is older than its step.
        assert line.time - began < 0.02
        line.time = began + 0.02
    return silent


@pytest.mark.parametrize("latency", [0.003, 0.008, 0.014])
@pytest.mark.parametrize("way", WAYS)
def test_an_adapter_that_becomes_slow_costs_three_control_steps_at_most(
    way: tuple[ProtocolName, str], latency: float
) -> None:
    line, bus = start(way[0], 0.01)
    assert ticks(line, bus, way[1], 10) == [set()] * 10
    line.latency = latency
    assert ticks(line, bus, way[1], 20)[3:] == [set()] * 17
    # It is learnt, and yet whoever is silent from then on costs no other more than three steps.
    line.dead = {7}
    assert ticks(line, bus, way[1], 20)[3:] == [{7}] * 17
    line.dead = set()
    assert set() in ticks(line, bus, way[1], 20)


@pytest.mark.parametrize("way", WAYS)
def test_what_the_last_client_asked_for_is_not_believed(way: tuple[ProtocolName, str]) -> None:
    line = TimedLine(IDS, way[0])
    config = BusConfig(protocol=way[0], budget=0.01, return_delay=0.0)
    line.late = lambda servo: 0.001
    ask(Bus(line, config, now=line.now), way[1], IDS[:1])
    # It asked, and was gone before anybody answered.
    line.write(line.writes[-1])
    results = ask(Bus(line, config, now=line.now), way[1], IDS[:1])
    assert numbers(results) == {len(line.asked)}


@pytest.mark.parametrize("protocol", ["dynamixel2", "feetech"])
def test_no_answer_to_another_programs_ping_is_a_proof(protocol: ProtocolName) -> None:
    line, bus = start(protocol)
    line.dead = {2}
    ask(bus, "sync_read", IDS)
    line.asked.clear()
    for _ in range(20):
        ask(bus, "sync_read", IDS)
        bus.ping(2)
    asked = [f for f in line.asked if f.id == 2 and f.instruction == Instruction.READ]
    size = 0 if protocol == "feetech" else 3
    at = 1 if protocol == "feetech" else 2
    assert asked
    assert all(frame.params[at] != size for frame in asked)


def test_who_was_late_is_waited_for_longer() -> None:
    line, bus = start()
    line.late = lambda servo: 0.0004
    for _ in range(30):
        results = bus.fast_sync_read(IDS, 126, 10)
    line.late = lambda servo: 0.003
    for _ in range(20):
        results = bus.fast_sync_read(IDS, 126, 10)
    assert all(result.ok for result in results.values())


def test_a_read_is_on_the_wire_while_the_last_is_decoded() -> None:
    line, bus = start()
    read = bus.begin_fast_sync_read(IDS, 126, 10)
    for _ in range(5):
        goals = bus.sync_write_packet(dict.fromkeys(IDS, 2048), GOAL)
        writes = len(line.writes)
        following = bus.begin_fast_sync_read(IDS, 126, 10, goals)
        asked = len(line.asked)
        # Goals and request leave in one write.
        assert line.writes[writes:] == [goals + dynamixel.fast_sync_read(IDS, 126, 10)]
        results = bus.finish(read)
        # The last question but two: the goals and the next request followed it.
        assert numbers(results) == {asked - 2}
        assert len(results) == 12
        read = following
    assert numbers(bus.finish(read)) == {len(line.asked)}


def test_a_hole_while_reads_overlap_costs_those_behind_it_one_tick() -> None:
    line, bus = start()
    read = bus.begin_fast_sync_read(IDS, 126, 10)
    seen = []
    for tick in range(12):
        line.dead = {7} if tick >= 3 else set()
        following = bus.begin_fast_sync_read(IDS, 126, 10)
        seen.append({i for i, result in bus.finish(read).items() if not result.ok})
        read = following
    bus.finish(read)
    assert seen[:4] == [set()] * 4
    assert seen[-1] == {7}
    assert sum(row != set() and row != {7} for row in seen) <= 2


def test_a_question_between_begin_and_finish_waits_its_turn() -> None:
    _, bus = start()
    read = bus.begin_fast_sync_read(IDS, 126, 10)
    assert bus.ping(3).ok
    assert all(result.ok for result in bus.finish(read).values())


def test_what_a_feetech_line_does_not_know_is_said() -> None:
    _, bus = start("feetech")
    with pytest.raises(BusError, match="fast sync read"):
        bus.begin_fast_sync_read(IDS, 56, 10)
    with pytest.raises(BusError, match="bulk read"):
        bus.bulk_read({1: (56, 2)})
    assert all(result.ok for result in bus.fast_sync_read(IDS, 56, 10).values())
    assert bus.ping(99).status is Status.MISSING
