"""One question on a serial line, and whatever comes back before the deadline."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.frame import Frame, Parser
from ashore.hardware.wire.transport import Transport

_BITS_A_BYTE = 10  # 8N1: start, eight, stop
_STATUS_LENGTH = 11
_CHUNK = 4096


class Status(Enum):
    """How one servo's part of a transaction ended."""

    OK = "ok"
    MISSING = "missing"
    CORRUPT = "corrupt"
    REFUSED = "refused"


@dataclass(frozen=True)
class Result:
    """What one servo said."""

    status: Status
    """OK, or why there is no data."""
    data: bytes = b""
    """Registers asked for; empty unless OK."""
    error: int = 0
    """Error number of a refusal; `dynamixel.ERROR_NAMES` names it."""
    alert: bool = False
    """Whether the servo has a hardware error: read `hardware_error_status`."""

    @property
    def ok(self) -> bool:
        """Whether the servo did what it was asked."""
        return self.status is Status.OK

    @property
    def silent(self) -> bool:
        """Whether nothing that could be believed was heard."""
        return self.status in (Status.MISSING, Status.CORRUPT)


@dataclass(frozen=True, kw_only=True)
class BusConfig:
    """How long a bus waits, and how often it asks."""

    baud: int = 1_000_000
    """Bits a second, from which the time on the wire follows."""
    latency: float = 0.02
    """Longest wait beyond the wire's own time: USB latency timer, scheduling, a slow twin [s]."""
    return_delay: float = 0.0005
    """What each servo waits before it answers: register 9 in units of 2 us, 500 us new [s]."""
    retries: int = 1
    """How often a servo that gave no good answer is asked again."""


@dataclass(kw_only=True)
class Counters:
    """What has happened on a line since it was opened."""

    sent: int = 0
    """Instructions sent."""
    ok: int = 0
    """Good answers."""
    missing: int = 0
    """Answers that did not come in time."""
    corrupt: int = 0
    """Answers that came damaged."""
    refused: int = 0
    """Answers with an error number."""
    retried: int = 0
    """Questions asked again."""

    def count(self, results: Iterable[Result]) -> None:
        """Count each of `results` under its status."""
        for result in results:
            name = result.status.value
            setattr(self, name, getattr(self, name) + 1)


class Exchange:
    """Sends one question and sorts what comes back by servo.

    After a time-out the line is drained until it has been quiet for `latency`, so that a late
    reply neither collides with the next question nor answers it.
    """

    def __init__(self, transport: Transport, config: BusConfig) -> None:
        self.transport = transport
        self.config = config
        self.counters = Counters()
        self._parser = Parser()

    def send(self, packet: bytes) -> None:
        """Send an instruction that nobody answers, on a line freed of what nobody asked for."""
        self.transport.drain(0.0)
        self._parser.reset()
        self.counters.sent += 1
        self.transport.write(packet)

    def ask(
        self, packet: bytes, ids: Sequence[int], size: int, slots: float = 0.0
    ) -> dict[int, Result]:
        """Send an instruction that each of `ids` answers with a status of `size` bytes.

        `slots` is time that servos spend on waiting for their turn, beyond the usual [s].
        """
        self.send(packet)
        deadline = slots + self._deadline(len(packet) + len(ids) * (_STATUS_LENGTH + size), ids)
        results: dict[int, Result] = {}
        while len(results) < len(ids):
            left = deadline - time.monotonic()
            due = (len(ids) - len(results) - 1) * (_STATUS_LENGTH + size) + _STATUS_LENGTH
            wanted = max(due - len(self._parser), self._parser.lacking) if left > 0.0 else _CHUNK
            frames = self._parser.feed(self.transport.read(wanted, max(left, 0.0)))
            if left <= 0.0:
                frames += self._parser.flush()
            _sort(frames, ids, size, results)
            if left <= 0.0:
                break
        damaged = set(self._parser.corrupt_ids)
        return self._close(results, ids, damaged)

    def ask_jointly(self, packet: bytes, ids: Sequence[int], size: int) -> dict[int, Result]:
        """Send a fast sync read, which `ids` answer with one packet."""
        self.send(packet)
        whole = dynamixel.fast_sync_length(len(ids), size)
        deadline = self._deadline(len(packet) + whole, ids[:1])
        raw, blocks = b"", dynamixel.fast_sync_blocks(b"", ids, size)
        while len(blocks) < len(ids):
            left = deadline - time.monotonic()
            wanted = max(whole - len(raw), 1) if left > 0.0 else _CHUNK
            raw += self.transport.read(wanted, max(left, 0.0))
            blocks = dynamixel.fast_sync_blocks(raw, ids, size)
            if left <= 0.0:
                break
        results = {
            servo: _result(block.error, block.data) for servo, block in blocks.items() if block
        }
        return self._close(results, ids, {servo for servo, block in blocks.items() if not block})

    def _deadline(self, length: int, ids: Sequence[int]) -> float:
        wire = length * _BITS_A_BYTE / self.config.baud
        wait = wire + len(ids) * self.config.return_delay + self.config.latency
        return time.monotonic() + wait

    def _close(
        self, results: dict[int, Result], ids: Sequence[int], damaged: set[int]
    ) -> dict[int, Result]:
        """Return a result for each of `ids`, and quiet the line if one said nothing."""
        for servo in ids:
            silence = Status.CORRUPT if servo in damaged else Status.MISSING
            results.setdefault(servo, Result(silence))
        if any(result.silent for result in results.values()):
            self.transport.drain(self.config.latency)
        self.counters.count(results.values())
        return {servo: results[servo] for servo in ids}


def _sort(
    frames: Iterable[Frame], ids: Sequence[int], size: int, results: dict[int, Result]
) -> None:
    """Put each servo's first fitting status into `results`; echoes and strangers drop out."""
    for frame in frames:
        if frame.is_status and frame.id in ids and frame.id not in results:
            result = _result(frame.error, frame.params)
            if result.status is Status.REFUSED or len(result.data) == size:
                results[frame.id] = result


def _result(error: int, data: bytes) -> Result:
    number, alert = error & ~dynamixel.ALERT, bool(error & dynamixel.ALERT)
    if number:
        return Result(Status.REFUSED, b"", number, alert)
    return Result(Status.OK, data, 0, alert)
