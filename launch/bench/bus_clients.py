"""Clients of a servo line that take the same control cycle: ours, the official SDK, rustypot."""

import os
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

import serial

from ashore.hardware.errors import PortError
from ashore.hardware.run.realtime import realtime
from ashore.hardware.servo.control_table import ControlTable, Register
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.bus import Bus, BusConfig, JointRead, Result
from ashore.hardware.wire.transport import SerialTransport

MODEL = "xm430"
GOAL, GOAL_SIZE = 116, 4
STATE, STATE_SIZE = 126, 10
"""Goal position; present current, velocity and position. Source: ROBOTIS e-manual, "XM430-W350"."""

OURS, FIRST, IN_ORDER = "ours", "ours first", "in order"
SDK, RUSTYPOT, RAW = "sdk", "rustypot", "raw"
PACKAGES = {SDK: "dynamixel-sdk", RUSTYPOT: "rustypot"}
"""Peers, and what to install for each."""

State = tuple[int, int, int]
"""Current, velocity and position of one servo, in counts."""
Cycle = Callable[[Mapping[int, int]], Sequence[State | None]]
"""One control cycle: put the goals [counts], and return every servo's state, None where lost."""

SPIN = 0.0001
"""How long before an answer is due our bus polls for it [s]."""

_STATE = struct.Struct("<hii")
_PATIENCE = 0.05  # longest wait for an answer beyond its time on the wire [s]


@contextmanager
def ours(port: str, baud: int, ids: Sequence[int]) -> Iterator[Cycle]:
    """Our bus with one question always on the wire: a cycle's states are the last question's.

    They are decoded, and the next goals encoded, while the wire is busy.
    """
    bus, goal = _bus(port, baud)
    under_way: list[JointRead] = []

    def cycle(goals: Mapping[int, int]) -> list[State | None]:
        packet = bus.sync_write_packet(goals, goal)
        under_way.append(bus.begin_fast_sync_read(ids, STATE, STATE_SIZE, packet))
        return _states(bus.finish(under_way.pop(0)))

    try:
        under_way.append(bus.begin_fast_sync_read(ids, STATE, STATE_SIZE))
        yield cycle
    finally:
        # An answer left on the way would be taken for the next client's.
        for read in under_way:
            bus.finish(read)
        bus.close()


@contextmanager
def first(port: str, baud: int, ids: Sequence[int]) -> Iterator[Cycle]:
    """Ours, with the real-time priority of a robot that is run so.

    Raises:
        RunError: the system refuses it.
    """
    with realtime(), ours(port, baud, ids) as cycle:
        yield cycle


@contextmanager
def in_order(port: str, baud: int, ids: Sequence[int]) -> Iterator[Cycle]:
    """Our bus as a robot uses it: goals and question, then the answer, then the next goals."""
    bus, goal = _bus(port, baud)

    def cycle(goals: Mapping[int, int]) -> list[State | None]:
        packet = bus.sync_write_packet(goals, goal)
        read = bus.begin_fast_sync_read(ids, STATE, STATE_SIZE, packet)
        return _states(bus.finish(read))

    try:
        yield cycle
    finally:
        bus.close()


def _bus(port: str, baud: int) -> tuple[Bus, Register]:
    config = BusConfig(baud=baud, latency=_PATIENCE, return_delay=0.0, retries=0, spin=SPIN)
    return Bus(SerialTransport(port, baud), config), ControlTable.load(MODEL)["goal_position"]


def _states(results: Mapping[int, Result]) -> list[State | None]:
    return [_STATE.unpack(r.data) if r.ok else None for r in results.values()]


@contextmanager
def official_sdk(port: str, baud: int, ids: Sequence[int]) -> Iterator[Cycle]:
    """The official SDK by its own means: fast sync read and sync write."""
    sdk = import_module("dynamixel_sdk")
    handler, packet = sdk.PortHandler(port), sdk.PacketHandler(2.0)
    if not (handler.openPort() and handler.setBaudRate(baud)):
        raise PortError(f"the SDK cannot open {port} at {baud} baud")
    reader = sdk.GroupSyncRead(handler, packet, STATE, STATE_SIZE)
    writer = sdk.GroupSyncWrite(handler, packet, GOAL, GOAL_SIZE)
    for servo in ids:
        reader.addParam(servo)
        writer.addParam(servo, [0, 0, 0, 0])

    def cycle(goals: Mapping[int, int]) -> list[State | None]:
        for servo, goal in goals.items():
            writer.changeParam(servo, list(goal.to_bytes(GOAL_SIZE, "little")))
        writer.txPacket()
        if reader.fastSyncRead() != sdk.COMM_SUCCESS:
            return [None] * len(ids)
        return [
            (
                _signed(reader.getData(servo, STATE, 2), 16),
                _signed(reader.getData(servo, STATE + 2, 4), 32),
                _signed(reader.getData(servo, STATE + 6, 4), 32),
            )
            for servo in ids
        ]

    try:
        yield cycle
    finally:
        handler.closePort()


@contextmanager
def rustypot(port: str, baud: int, ids: Sequence[int]) -> Iterator[Cycle]:
    """The client in Rust by its own means: raw fast sync read and sync write."""
    client = import_module("rustypot").Xl430PyController(port, baud, _PATIENCE)
    client.set_fast_sync_read(True)
    everyone = list(ids)

    def cycle(goals: Mapping[int, int]) -> list[State | None]:
        data = [list(goal.to_bytes(GOAL_SIZE, "little")) for goal in goals.values()]
        client.sync_write_raw_data(list(goals), GOAL, data)
        try:
            blocks = client.sync_read_raw_data(everyone, STATE, STATE_SIZE)
        except RuntimeError:
            return [None] * len(everyone)
        return [_STATE.unpack(bytes(block)) for block in blocks]

    try:
        yield cycle
    finally:
        client.close()


@contextmanager
def raw(port: str, baud: int, ids: Sequence[int]) -> Iterator[Cycle]:
    """No client: one packet that never changes, and its reply awaited without sleep or look.

    What it reaches is what twin and pseudo-terminal allow.
    """
    whole = dynamixel.fast_sync_length(len(ids), STATE_SIZE)
    goals = dynamixel.sync_write(dict.fromkeys(ids, bytes(GOAL_SIZE)), GOAL)
    request = goals + dynamixel.fast_sync_read(ids, STATE, STATE_SIZE)
    opened = serial.Serial(port, baud, timeout=0)
    descriptor = opened.fileno()

    def cycle(_: Mapping[int, int]) -> list[State | None]:
        os.write(descriptor, request)
        got, until = 0, time.monotonic() + _PATIENCE
        while got < whole and time.monotonic() < until:
            try:
                got += len(os.read(descriptor, whole))
            except BlockingIOError:
                continue
        return [(0, 0, 0) if got == whole else None] * len(ids)

    try:
        yield cycle
    finally:
        opened.close()


CLIENTS = {
    OURS: ours,
    FIRST: first,
    IN_ORDER: in_order,
    SDK: official_sdk,
    RUSTYPOT: rustypot,
    RAW: raw,
}
"""Every client, by name."""


def installed() -> list[str]:
    """Return the clients that are here."""
    modules = {SDK: "dynamixel_sdk", RUSTYPOT: "rustypot"}
    return [name for name in CLIENTS if find_spec(modules.get(name, "os")) is not None]


def _signed(value: int, bits: int) -> int:
    return value - (value >> bits - 1 << bits)
