"""Laws of a bus on a line that says anything: it ends, in bounded time, in our own words."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ashore.hardware.errors import HardwareError
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire import dynamixel, feetech
from ashore.hardware.wire.bus import Bus, BusConfig, Result, Status
from ashore.hardware.wire.dynamixel import Block
from ashore.hardware.wire.protocol import ProtocolName

IDS = [1, 2, 3, 4]
GOAL = ControlTable.load("xl330")["goal_position"]

sizes = st.sampled_from([0, 2, 3, 4, 5, 6, 7, 8])
scraps = st.binary(max_size=30) | st.sampled_from(
    [b"\xff\xff", b"\xff\xff\xfd\x00", b"\xff\xff\xfd\x00\x01\xff\x0f", b"\xff\xff\x01\xff"]
)
statuses = st.builds(
    lambda pack, servo, error, size, cut: pack(servo, error, b"\xff\xff\xfd\x01" * 2)[cut:],
    st.sampled_from([dynamixel.status, feetech.status]),
    st.integers(0, 6),
    st.sampled_from([0, 0, 0, 0x80, 7, 0x87, 255]),
    sizes,
    st.sampled_from([0, 0, 0, 1, -1]),
) | st.builds(
    lambda servo, error, size: dynamixel.status(servo, error, b"\xfd" * size),
    st.integers(0, 5),
    st.sampled_from([0, 0, 0x80, 7]),
    sizes,
)
joint = st.builds(
    lambda present, size, flip: _flip(
        dynamixel.fast_sync_status({i: Block(0, b"\x05" * size) for i in present}, 4, size), flip
    ),
    st.lists(st.sampled_from(IDS), max_size=4, unique=True),
    sizes,
    st.none() | st.integers(0, 400),
)
sayings = st.lists(st.tuples(scraps | statuses | joint, st.floats(0.0, 0.04)), max_size=4)


def _flip(packet: bytes, bit: int | None) -> bytes:
    if bit is None:
        return packet
    flipped = bytearray(packet)
    flipped[bit // 8 % len(packet)] ^= 1 << bit % 8
    return bytes(flipped)


class AnyLine:
    """Says what it was told to after each write, in virtual time."""

    def __init__(self, script: list[list[tuple[bytes, float]]], endless: bytes = b"") -> None:
        self.time = 0.0
        self.script = iter(script)
        self.coming: list[tuple[float, bytes]] = []
        self.endless = endless
        self.largest = 0

    def now(self) -> float:
        return self.time

    def write(self, data: bytes) -> None:
        when = self.time
        for said, pause in next(self.script, []):
            when += pause
            self.coming.append((when, said))

    def read(self, n: int, timeout: float) -> bytes:
        assert 0 < n < 1 << 17
        end, data = self.time + max(timeout, 0.0), b""
        while self.coming and len(data) < n and self.coming[0][0] <= end:
            when, said = self.coming.pop(0)
            self.time = max(self.time, when)
            data, rest = (data + said)[:n], (data + said)[n:]
            if rest:
                self.coming.insert(0, (when, rest))
        if self.endless and len(data) < n:
            data = (data + self.endless * n)[:n]
            self.time += 1e-6 * n
        self.time = max(self.time, end) if len(data) < n else self.time
        self.time += 1e-6
        return data

    def drain(self, quiet_seconds: float) -> bytes:
        drained = b""
        while len(drained) < 1 << 16 and (piece := self.read(4096, quiet_seconds)):
            drained += piece
        return drained

    def close(self) -> None:
        """Nothing to let go of."""

    def fileno(self) -> None:
        """No descriptor."""


QUESTIONS: list[Callable[[Bus], dict[int, Result]]] = [
    lambda bus: {1: bus.ping(1)},
    lambda bus: {1: bus.read_block(1, 0, 4)},
    lambda bus: {2: bus.write(2, GOAL, 5)},
    lambda bus: {2: bus.reg_write(2, GOAL, 5)},
    lambda bus: {3: bus.reboot(3)},
    lambda bus: {3: bus.factory_reset(3)},
    lambda bus: {3: bus.clear(3)},
    lambda bus: {3: bus.backup(3)},
    lambda bus: bus.scan(IDS),
    lambda bus: bus.sync_read(IDS, 100, 4),
    lambda bus: bus.fast_sync_read(IDS, 100, 5),
    lambda bus: bus.fast_sync_read([1, 4], 100, 8),
    lambda bus: bus.bulk_read({1: (0, 2), 4: (10, 6)}),
]


def check(bus: Bus, line: AnyLine, question: int) -> None:
    """Ask, and see that what comes back is whole, and came in bounded time."""
    began = line.time
    with suppress(HardwareError):
        for result in QUESTIONS[question](bus).values():
            assert isinstance(result.status, Status)
            assert not result.data or result.ok
    # 13 rounds at most of a wait and a drain that each end; scanning takes 15 ms of slots more.
    assert line.time - began < 2.0
    assert len(bus._exchange._parser) <= 4096 + 7


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["dynamixel2", "feetech"]),
    st.sampled_from([None, 0.006]),
    st.lists(sayings, max_size=12),
    st.lists(st.integers(0, len(QUESTIONS) - 1), min_size=1, max_size=6),
)
def test_whatever_is_said_a_bus_ends_in_bounded_time_with_whole_results(
    protocol: ProtocolName,
    budget: float | None,
    script: list[list[tuple[bytes, float]]],
    questions: list[int],
) -> None:
    line = AnyLine(script)
    bus = Bus(line, BusConfig(protocol=protocol, budget=budget), now=line.now)
    for question in questions:
        check(bus, line, question)


@pytest.mark.parametrize("protocol", ["dynamixel2", "feetech"])
@pytest.mark.parametrize("noise", [b"\x00", b"\xff", b"\xff\xff\xfd\x00", dynamixel.status(9)])
@pytest.mark.parametrize("question", [1, 9, 10])
def test_a_line_that_never_stops_talking_is_given_up(
    protocol: ProtocolName, noise: bytes, question: int
) -> None:
    line = AnyLine([], noise)
    bus = Bus(line, BusConfig(protocol=protocol, budget=0.006), now=line.now)
    check(bus, line, question)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from(["dynamixel2", "feetech"]),
    st.sampled_from([None, 0.006]),
    st.lists(sayings, max_size=40),
    st.lists(st.integers(0, len(QUESTIONS) - 1), min_size=1, max_size=12),
)
def test_whatever_is_said_for_long_a_bus_ends_in_bounded_time(
    protocol: ProtocolName,
    budget: float | None,
    script: list[list[tuple[bytes, float]]],
    questions: list[int],
) -> None:
    line = AnyLine(script)
    bus = Bus(line, BusConfig(protocol=protocol, budget=budget), now=line.now)
    for question in questions:
        check(bus, line, question)
