"""The benchmark of control cycles: how many a second each client gets through on a paced twin."""

import time
from dataclasses import dataclass, field

import numpy as np

from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.errors import RunError
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.bus import Bus, BusConfig
from ashore.hardware.wire.transport import SerialTransport
from ashore.launch.bench import bus_clients
from ashore.launch.bench.bus_clients import (
    FIRST,
    GOAL_SIZE,
    IN_ORDER,
    OURS,
    RAW,
    RUSTYPOT,
    SDK,
    STATE_SIZE,
    Cycle,
)
from ashore.launch.bench.figure import Row, row

ROBOT = "quadruped"
BAUDS = {1_000_000: "1M", 3_000_000: "3M"}
UNIT = "cycles/s"
_CODES = {1_000_000: 3, 3_000_000: 5}  # Source: ROBOTIS e-manual, "XM430-W350, Baud Rate (8)".
_WARM = 20
_QUIET = 0.05  # silence between two clients: no answer to one is left for the other [s]
_PEERS = {SDK: "the official SDK", RUSTYPOT: "rustypot"}


@dataclass(frozen=True, kw_only=True)
class CyclesConfig:
    """How long the clients take turns."""

    rounds: int = 10
    """Turns of each client at each baud."""
    seconds: float = 0.6
    """Length of a turn [s]."""
    latency_timer: float = 0.0
    """Of the twin's USB adapter; 0 for one that hands over a packet when it is whole [s]."""


@dataclass
class Score:
    """What one client did in its turns."""

    rates: list[float] = field(default_factory=list)
    """Cycles a second of each turn."""
    times: list[float] = field(default_factory=list)
    """Seconds of each cycle."""
    processor: list[float] = field(default_factory=list)
    """Share of one processor that it took in each turn."""
    asked: int = 0
    """States asked for."""
    lost: int = 0
    """States that did not come."""
    refusal: str = ""
    """Why it did nothing, if the system did not let it."""

    @property
    def rate(self) -> float:
        """The median turn's cycles a second."""
        return float(np.median(self.rates))


def wire_cycles(baud: int, servos: int) -> float:
    """Return how many cycles a second the wire itself allows, ten bits a byte and no pause.

    Fast sync read of 10 bytes and sync write of 4: 276 bytes with twelve servos.
    """
    ids = range(1, servos + 1)
    write = dynamixel.sync_write(dict.fromkeys(ids, bytes(GOAL_SIZE)), bus_clients.GOAL)
    read = dynamixel.fast_sync_read(ids, bus_clients.STATE, STATE_SIZE)
    size = len(write) + len(read) + dynamixel.fast_sync_length(servos, STATE_SIZE)
    return baud / (10.0 * size)


def run(config: CyclesConfig) -> list[Row]:
    """Let every client that is here take turns on one twin, at each baud."""
    ids = RobotSpec.load(ROBOT).ids
    rows = []
    options = TwinOptions(robot=ROBOT, latency_timer=config.latency_timer)
    for baud in BAUDS:
        with TwinProcess(options) as twin:
            settle(twin.port, baud, ids)
            rows += _rows(baud, len(ids), race(twin.port, baud, ids, config))
    return rows


def settle(port: str, baud: int, ids: tuple[int, ...]) -> None:
    """Bring every servo's return delay to 0 and its baud to `baud`, as a careful user does once."""
    spec = RobotSpec.load(ROBOT)
    table = ControlTable.load(spec.joints[0].servo)
    bus = Bus(SerialTransport(port, spec.bus.baud), BusConfig(baud=spec.bus.baud))
    try:
        bus.sync_write(dict.fromkeys(ids, 0), table["return_delay_time"])
        bus.sync_write(dict.fromkeys(ids, _CODES[baud]), table["baud_rate"])
        bus.transport.drain(0.1)
    finally:
        bus.close()


def race(port: str, baud: int, ids: tuple[int, ...], config: CyclesConfig) -> dict[str, Score]:
    """Let the clients take turns; each opens the port anew and warms up, off its clock."""
    names = bus_clients.installed()
    scores = {name: Score() for name in names}
    for turn in range(config.rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            time.sleep(_QUIET)
            try:
                with bus_clients.CLIENTS[name](port, baud, ids) as cycle:
                    _turn(cycle, ids, config.seconds, scores[name])
            except RunError as error:
                scores[name].refusal = str(error)
    return scores


def _turn(cycle: Cycle, ids: tuple[int, ...], seconds: float, score: Score) -> None:
    for i in range(_WARM):
        cycle(dict.fromkeys(ids, 2000 + i))
    times, i = [], 0
    began = before = time.perf_counter()
    processor = time.process_time()
    while before - began < seconds:
        i += 1
        states = cycle(dict.fromkeys(ids, 2000 + i % 100))
        score.asked += len(states)
        score.lost += sum(state is None for state in states)
        now = time.perf_counter()
        times.append(now - before)
        before = now
    taken = before - began
    score.processor.append((time.process_time() - processor) / taken)
    score.rates.append(len(times) / taken)
    score.times += times


def _rows(baud: int, servos: int, scores: dict[str, Score]) -> list[Row]:
    """Return the figures of one baud; a ratio to a peer is the rounds' median."""
    own, limit, mark = scores[OURS], wire_cycles(baud, servos), BAUDS[baud]
    wire, refusal = f"the wire at {mark}baud", scores[FIRST].refusal
    best, beside = (own, f"{wire}; {refusal}") if refusal else (scores[FIRST], wire)
    rows = [row(f"cycles_vs_wire_{mark}", best.rate, UNIT, beside, limit, best.rate / limit)]
    for name, peer in _PEERS.items():
        # The fixed names are those of 1 Mbaud.
        rows.append(_peer_row(f"cycles_vs_{name}{_suffix(baud)}", own, scores.get(name), peer))
    for figure, name in (("ordinary", OURS), ("in_order", IN_ORDER), ("ceiling", RAW)):
        rate = scores[name].rate
        rows.append(row(f"cycles_{figure}_{mark}", rate, UNIT, wire, limit, rate / limit))
    beyond = [1e6 * (float(np.percentile(best.times, q)) - 1.0 / limit) for q in (50.0, 99.0)]
    rows += [
        row(f"cycle_beyond_wire_{q}_{mark}_us", value, "us")
        for q, value in zip(("p50", "p99"), beyond, strict=True)
    ]
    share, sdk = _processor(own), scores.get(SDK)
    if sdk is None:
        rows.append(row(f"processor_{mark}", share, "%"))
    else:
        theirs = _processor(sdk)
        rows.append(row(f"processor_{mark}", share, "%", _PEERS[SDK], theirs, theirs / share))
    rows.append(row(f"states_lost_{mark}", 100.0 * own.lost / own.asked, "%"))
    return rows


def _peer_row(name: str, own: Score, peer: Score | None, what: str) -> Row:
    if peer is None:
        return row(name, own.rate, UNIT, f"{what} is not here: pip install 'ashore[dev]'")
    ratio = float(np.median(np.divide(own.rates, peer.rates)))
    return row(name, own.rate, UNIT, what, peer.rate, ratio)


def _suffix(baud: int) -> str:
    return "" if baud == min(BAUDS) else f"_{BAUDS[baud]}"


def _processor(score: Score) -> float:
    """Return the median turn's share of one processor, in percent."""
    return 100.0 * float(np.median(score.processor))
