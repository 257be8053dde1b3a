"""Laws of the twin's wire: a schedule in pure arithmetic, and packets that meet on it."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ashore.envs.twin.line.adapter import PACKET, Adapter, Burst
from ashore.envs.twin.line.device_clock import DeviceClock
from ashore.envs.twin.line.levels import collided, heard, levels
from ashore.envs.twin.line.line import Line, LineConfig, wire_time
from ashore.envs.twin.line.pacer import Pacer
from ashore.envs.twin.reply import Reply

EXACT = LineConfig(turnaround=0.0, jitter=0.0)
MEGA = 1_000_000


def cycle(config: LineConfig, replies: list[Reply], baud: int, request: int = 100) -> float:
    """How long until the host has everything, from rest."""
    line = Line(config)
    line.request(request, baud, 0.0)
    line.reply(replies, baud)
    moment = 0.0
    while (due := line.due()) is not None:
        moment = due
        line.take(due)
    return moment


def statuses(size: int, after: float = 0.0) -> list[Reply]:
    return [Reply(servo, bytes(size), after) for servo in range(12)]


JOINT = [Reply(254, bytes(176))]


@pytest.mark.parametrize(
    ("replies", "baud", "milliseconds"),
    [
        # Twelve servos, 10 bytes each, and their goals: 352 bytes a cycle, or 276.
        (statuses(21), MEGA, 3.52),
        (JOINT, MEGA, 2.76),
        (statuses(21), 3 * MEGA, 1.1733),
        (JOINT, 3 * MEGA, 0.92),
        (statuses(21, after=0.0005), MEGA, 9.52),
        ([Reply(254, bytes(176), 0.0005)], MEGA, 3.26),
    ],
)
def test_a_cycle_takes_its_bits_and_its_return_delays(
    replies: list[Reply], baud: int, milliseconds: float
) -> None:
    assert 1e3 * cycle(EXACT, replies, baud) == pytest.approx(milliseconds, abs=1e-3)


def test_every_reply_turns_the_line_around() -> None:
    slow = LineConfig(turnaround=20e-6, jitter=0.0)
    assert cycle(slow, statuses(21), MEGA) == pytest.approx(3.52e-3 + 12 * 20e-6)


def test_jitter_is_seeded_and_bounded() -> None:
    def of(seed: int) -> float:
        return cycle(LineConfig(turnaround=20e-6, jitter=4e-6, seed=seed), statuses(21), MEGA)

    assert of(1) == of(1) != of(2)
    assert 12 * 16e-6 < of(1) - 3.52e-3 < 12 * 24e-6


def test_a_request_waits_for_a_wire_that_is_busy_and_never_starts_before_it_was_sent() -> None:
    line = Line(EXACT)
    assert line.request(10, MEGA, 5.0) == pytest.approx(5.0001)
    line.reply([Reply(1, bytes(100))], MEGA)
    assert line.request(10, MEGA, 5.0005) == pytest.approx(5.0011 + 0.0001)
    assert line.request(10, MEGA, 6.0) == pytest.approx(6.0001)


def test_a_reply_still_to_come_does_not_hold_up_another_servo() -> None:
    line = Line(EXACT)
    line.request(10, MEGA, 0.0)
    line.reply([Reply(1, b"late" * 3, after=0.05)], MEGA)
    line.request(10, MEGA, 0.01)
    line.reply([Reply(2, b"soon" * 3)], MEGA)
    assert line.take(0.02) == b"soon" * 3
    assert line.take(0.1) == b"late" * 3


@pytest.mark.parametrize(("timer", "lowest", "highest"), [(0.016, 50, 62), (0.001, 240, 330)])
def test_the_latency_timer_caps_the_rate_of_a_host_that_answers_at_once(
    timer: float, lowest: float, highest: float
) -> None:
    line = Line(LineConfig(turnaround=0.0, jitter=0.0, latency_timer=timer))
    now, cycles = 0.0, 50
    for _ in range(cycles):
        line.request(100, MEGA, now)
        line.reply(JOINT, MEGA)
        got = 0
        while got < 176:
            due = line.due()
            assert due is not None
            assert due >= now
            now = due
            got += len(line.take(now))
    assert lowest < cycles / now < highest


def test_a_full_packet_does_not_wait_for_the_timer() -> None:
    adapter = Adapter(0.016)
    adapter.receive(Burst(0.0, bytes(PACKET + 1), 1e-5))
    assert adapter.due() == pytest.approx(PACKET * 1e-5)
    assert len(adapter.take(0.001)) == PACKET
    assert adapter.due() == pytest.approx(PACKET * 1e-5 + 0.016)


bursts = st.lists(st.tuples(st.floats(0.0, 0.05), st.binary(min_size=1, max_size=200)), max_size=8)


@given(bursts, st.sampled_from([0.0, 0.001, 0.016]))
def test_the_adapter_loses_nothing_and_hands_over_no_byte_before_it_was_there(
    gaps: list[tuple[float, bytes]], timer: float
) -> None:
    adapter, byte, begin = Adapter(timer), 1e-5, 0.0
    whole, ends = b"", []
    for gap, data in gaps:
        begin += gap
        adapter.receive(Burst(begin, data, byte))
        ends += [begin + (k + 1) * byte for k in range(len(data))]
        begin += len(data) * byte
        whole += data
    got, last = b"", 0.0
    while (due := adapter.due()) is not None:
        assert due >= last
        got, last = got + adapter.take(due), due
        if got:
            assert due > ends[len(got) - 1] - 1e-9
    assert got == whole
    if ends and timer:
        assert last < ends[-1] + timer + 1e-9


@given(st.binary(max_size=60))
def test_what_one_sender_sends_is_heard(data: bytes) -> None:
    assert heard(levels(data)) == data


@given(st.binary(min_size=1, max_size=20))
def test_equal_packets_that_begin_together_pass_as_one(data: bytes) -> None:
    assert collided([(0, data), (0, data)]) == data


def test_packets_that_differ_or_begin_apart_destroy_each_other() -> None:
    first, second = bytes.fromhex("fffffd0001"), bytes.fromhex("fffffd0002")
    assert collided([(0, first), (0, second)]) == bytes.fromhex("fffffd0000")
    assert collided([(0, first), (3, first)]) != first


def test_two_servos_of_one_id_collide_on_the_line() -> None:
    line = Line(LineConfig(seed=1))
    line.request(10, MEGA, 0.0)
    pair = [Reply(1, b"\xff\x0f" * 9), Reply(1, b"\xff\x0f" * 9, together=True)]
    line.reply(pair, MEGA)
    assert line.take(math.inf) not in (pair[0].data, 2 * pair[0].data)


class Far:
    """A twin that takes a request of ten bytes for one of twenty, in a time that a test moves."""

    step_seconds = 0.001
    baud = MEGA

    def __init__(self, always: int) -> None:
        self.always = always  # readable, so that no sleep lasts
        self.time = 0.0
        self.incoming = b""
        self.sent: list[tuple[float, bytes]] = []
        self.asked: list[float | None] = []
        self.hushed = 0
        self.slept = 0
        self.now = 100.0

    def clock(self) -> float:
        self.now += 1e-6
        return self.now

    def fileno(self) -> int:
        self.slept += 1
        return self.always

    def read(self) -> bytes:
        data, self.incoming = self.incoming, b""
        return data

    def send(self, data: bytes) -> None:
        self.sent.append((self.now - 100.0, data))

    def answer(self, data: bytes, until: float | None) -> list[Reply]:
        self.asked.append(until)
        return [Reply(1, bytes(20))]

    def advance(self, until: float) -> None:
        self.time = until

    def hush(self) -> None:
        self.hushed += 1


@pytest.fixture
def far() -> Iterator[Far]:
    with Path("/dev/zero").open("rb") as always:
        yield Far(always.fileno())


def serve(far: Far) -> Pacer:
    return Pacer(far, Line(EXACT), DeviceClock(far, far.clock))


def until_sent(far: Far, pacer: Pacer) -> float:
    """Turn until something is sent; return when that was."""
    before = len(far.sent)
    while len(far.sent) == before:
        far.now += 20e-6
        pacer.turn()
    return far.sent[-1][0]


def test_a_reply_is_delivered_at_its_moment_and_not_before(far: Far) -> None:
    pacer = serve(far)
    far.now += 0.01
    far.incoming = bytes(10)
    asked = far.now - 100.0
    sent = until_sent(far, pacer)
    # 30 bytes of 10 us.
    assert asked + 300e-6 <= sent < asked + 300e-6 + 50e-6
    assert far.asked == [pytest.approx(asked + 100e-6, abs=50e-6)]


def test_a_delivery_that_came_late_is_not_the_hosts_loss_nor_its_gain(far: Far) -> None:
    pacer = serve(far)
    far.incoming = bytes(10)
    pacer.turn()
    asked = far.now - 100.0
    far.now += 0.0005  # this process did not run; the reply was due 0.2 ms ago
    assert until_sent(far, pacer) - (asked + 300e-6) > 0.2e-3
    far.now += 100e-6  # the host thinks
    far.incoming = bytes(10)
    again = until_sent(far, pacer)
    # 300 us of reply, 100 us of thought, 300 us of the next: as if nothing had been late.
    assert asked + 700e-6 <= again < asked + 760e-6


def test_a_host_that_pauses_is_not_paid_for_lateness_that_cost_it_nothing(far: Far) -> None:
    pacer = serve(far)
    far.incoming = bytes(10)
    pacer.turn()
    far.now += 0.0013
    until_sent(far, pacer)
    far.now += 0.002
    far.incoming = bytes(10)
    asked = far.now - 100.0
    assert until_sent(far, pacer) >= asked + 300e-6


def test_a_host_as_quick_as_before_is_awaited_without_sleep_or_physics(far: Far) -> None:
    pacer = serve(far)
    for thought in (0.0, 0.8e-3, 0.8e-3):
        far.now += thought
        far.incoming = bytes(10)
        until_sent(far, pacer)
    slept, time = far.slept, far.time
    far.now += 0.8e-3
    pacer.turn()
    assert (far.slept, far.time) == (slept, time)
    far.now += 0.5e-3  # it does not ask after all
    for _ in range(5):
        pacer.turn()
    assert far.time > time


def test_physics_keeps_up_and_an_unfinished_instruction_is_given_up(far: Far) -> None:
    pacer = serve(far)
    far.incoming = bytes(10)
    end = far.now + 0.3
    while far.now < end:
        far.now += 100e-6
        pacer.turn()
    assert far.time == pytest.approx(0.3, abs=0.004)
    assert far.hushed == 1


def test_a_process_that_was_suspended_does_not_make_up_for_it(far: Far) -> None:
    pacer = serve(far)
    pacer.turn()
    far.now += 100.0
    for _ in range(20):
        pacer.turn()
    assert far.time < 1.0


def test_wire_time_is_ten_bits_a_byte() -> None:
    assert wire_time(100, MEGA) == pytest.approx(1e-3)
    assert np.isclose(wire_time(1, 57_600), 10 / 57_600)
