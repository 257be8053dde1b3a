"""One question on a serial line, and whatever comes back before the deadline."""

import math
import time
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field

from ashore.hardware.wire import joint_reply
from ashore.hardware.wire.joint_reply import Block
from ashore.hardware.wire.parser import Frame
from ashore.hardware.wire.patience import BusConfig, Patience
from ashore.hardware.wire.protocol import PROTOCOLS
from ashore.hardware.wire.result import Counters, Result, Status
from ashore.hardware.wire.transport import Transport

_CHUNK = 4096
_CORRUPT, _MISSING = Result(Status.CORRUPT), Result(Status.MISSING)


@dataclass(kw_only=True)
class JointRead:
    """A fast read that was sent; its reply is one packet."""

    blocks: Mapping[int, tuple[int, int]]
    """Address and size of each servo that the caller asked for."""
    sizes: Mapping[int, int]
    """Bytes of those really asked, in the order of asking; the others are in doubt."""
    sent: float = 0.0
    """When the request went out, on the monotonic clock [s]."""
    length: int = 0
    """Bytes of request and reply."""
    deadline: float = 0.0
    """Until when to wait, on the monotonic clock [s]."""
    raw: bytes = b""
    """What came."""
    collected: bool = False
    """Whether the wait for it is over."""
    results: dict[int, Result] = field(default_factory=dict)
    """What it says, of everybody asked for, once it is decoded."""

    @property
    def whole(self) -> bool:
        """Whether as many bytes came as were asked for."""
        return not self.sizes or joint_reply.is_whole(self.raw, self.sizes)


class Exchange:
    """Sends one question and sorts what comes back by servo.

    After a time-out the line is drained until it has been quiet for as long as a reply may be
    late, so that none collides with the next question.
    """

    def __init__(
        self, transport: Transport, config: BusConfig, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.transport = transport
        self.config = config
        self.protocol = PROTOCOLS[config.protocol]
        self.counters = Counters()
        self.patience = Patience(config, now)
        self.twice: set[int] = set()
        """Who answered the last question more than once."""
        self._parser = self.protocol.parser()
        self._missed: tuple[float, int] | None = None
        self._open: JointRead | None = None

    def send(self, packet: bytes) -> float:
        """Send an instruction that nobody answers, on a line freed of what nobody asked for.

        If a fast read is under way, its reply is waited for first. Returns when the instruction
        went out, on the monotonic clock [s].
        """
        if self._open is not None:
            self.collect(self._open)
        if self.transport.drain(0.0):
            self._lateness()
        self._parser.reset()
        self.counters.sent += 1
        sent = self.patience.now()
        self.transport.write(packet)
        return sent

    def ask(
        self,
        packet: bytes,
        sizes: Mapping[int, int],
        slots: float = 0.0,
        wary: Container[int] = (),
    ) -> dict[int, Result]:
        """Send an instruction that servos answer with a status each, of so many bytes.

        `slots` is time that they spend on waiting for their turn, beyond the usual [s]. Refusals
        of those in `wary` are not believed: they have no length to tell a late one by.
        """
        sent = self.send(packet)
        lengths = {servo: self.protocol.overhead + size for servo, size in sizes.items()}
        length = len(packet) + sum(lengths.values())
        deadline = self.patience.deadline(length, len(sizes), slots)
        # Once somebody has spoken, a pause means that nobody else will.
        pause = self.patience.pause(max(lengths.values(), default=0)) + slots
        silent_from = math.inf
        results: dict[int, Result] = {}
        self.twice = set()
        while len(results) < len(sizes):
            left = min(deadline, silent_from + pause) - self.patience.now()
            frames = self._parser.feed(self._hear(lengths, results, left, pause))
            if frames:
                silent_from = self.patience.now()
            if left <= 0.0:
                frames += self._parser.flush()
            self._sort(frames, sizes, results, wary)
            if left <= 0.0:
                break
        if not slots:
            self._note(sent, length, len(results) == len(sizes))
        damaged = set(self._parser.corrupt_ids)
        for servo in sizes:
            results.setdefault(servo, _CORRUPT if servo in damaged else _MISSING)
        self.counters.count(results.values())
        return {servo: results[servo] for servo in sizes}

    def begin(self, packet: bytes, read: JointRead, first: bytes = b"") -> None:
        """Send a fast read, in one write with an instruction `first` that nobody answers."""
        self.counters.sent += bool(first)
        whole = joint_reply.fast_length(read.sizes.values())
        read.length = len(first) + len(packet) + whole
        read.sent = self.send(first + packet)
        read.deadline = self.patience.deadline(read.length, 1)
        self._open = read

    def collect(self, read: JointRead) -> None:
        """Wait for the reply to a fast read; nothing of it is decoded yet."""
        if self._open is read:
            self._open = None
        if read.collected or not read.sizes:
            return
        whole = joint_reply.fast_length(read.sizes.values())
        pause = self.patience.pause(whole // max(len(read.sizes), 1))
        raw, left, read.collected = self._poll(read, whole), 1.0, True
        silent_from = self.patience.now() if raw else math.inf
        most = whole + _CHUNK
        while left > 0.0 and len(raw) < most and not joint_reply.is_whole(raw, read.sizes):
            left = min(read.deadline, silent_from + pause) - self.patience.now()
            wanted = max(whole - len(raw), 1) if left > 0.0 else _CHUNK
            data = self.transport.read(wanted, min(max(left, 0.0), pause / 2))
            if data:
                silent_from = self.patience.now()
                raw += data
        read.raw = raw
        self._note(read.sent, read.length, read.whole)

    def _poll(self, read: JointRead, whole: int) -> bytes:
        """Return what came of a reply by asking over and over from shortly before it is due on."""
        spin, raw = self.config.spin, b""
        due = read.sent + self.patience.wire(read.length)
        if spin:
            time.sleep(max(due - spin - self.patience.now(), 0.0))
            # One that was woken late shares its processor, and had better sleep again.
            until = due + spin if self.patience.now() < due else due
            while len(raw) < whole and self.patience.now() < until:
                raw += self.transport.read(whole - len(raw), 0.0)
        return raw

    def decode(self, read: JointRead) -> dict[int, Result]:
        """Return what each servo asked said in the reply that was collected."""
        if not read.sizes:
            return {}
        blocks = joint_reply.fast_blocks(read.raw, read.sizes)
        results = dict.fromkeys(read.sizes, _MISSING)
        for servo, block in blocks.items():
            results[servo] = self._result(block) if block else _CORRUPT
        self.counters.count(results.values())
        return results

    def _hear(
        self, lengths: Mapping[int, int], results: Mapping[int, Result], left: float, pause: float
    ) -> bytes:
        """Return bytes that came: no more than what is due, and not beyond a pause."""
        if left <= 0.0:
            return self.transport.read(_CHUNK, 0.0)
        missing = [length for servo, length in lengths.items() if servo not in results]
        # The last status may be a refusal, which is shorter.
        due = sum(missing) - missing[-1] + self.protocol.overhead
        wanted = max(due - len(self._parser), self._parser.lacking)
        return self.transport.read(wanted, min(left, pause / 2))

    def _sort(
        self,
        frames: Iterable[Frame],
        sizes: Mapping[int, int],
        results: dict[int, Result],
        wary: Container[int],
    ) -> None:
        """Put each servo's first fitting status into `results`; echoes and strangers drop out."""
        for frame in frames:
            if frame.is_status and frame.id in sizes and frame.id not in results:
                result = self._result(Block(frame.error, frame.params))
                if result.status is Status.REFUSED:
                    fits = frame.id not in wary
                else:
                    fits = len(result.data) == sizes[frame.id]
                if fits:
                    results[frame.id] = result
                    continue
            if frame.is_status:
                self._lateness()
                self.twice |= {frame.id} & results.keys()

    def _result(self, block: Block) -> Result:
        error, data = block
        if not error:
            return Result(Status.OK, data)
        number, alert = self.protocol.refusal(error), self.protocol.alert(error)
        if number:
            return Result(Status.REFUSED, b"", number, alert)
        return Result(Status.OK, data, self.protocol.hardware(error), alert)

    def _note(self, sent: float, length: int, answered: bool) -> None:
        """Learn from how a question ended, and quiet the line if somebody said nothing.

        In a hurry the line has been quiet already, for as long as anybody was waited for.
        """
        if answered:
            self._missed = None
            self.patience.learn(sent, length)
            return
        self._missed = (sent, length)
        if self.transport.drain(0.0 if self.patience.hurried else self.patience.allowance):
            self._lateness()

    def _lateness(self) -> None:
        """Learn that the last question was answered after all, now that nobody waited any more."""
        if self._missed is not None:
            self.patience.learn(*self._missed)
            self._missed = None
