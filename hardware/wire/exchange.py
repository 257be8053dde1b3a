"""One question on a serial line, and whatever comes back before the deadline."""

import math
import time
from collections.abc import Callable, Container, Iterable, Mapping

from ashore.hardware.wire import joint_reply
from ashore.hardware.wire.joint_read import JointRead
from ashore.hardware.wire.parser import BROADCAST, Frame
from ashore.hardware.wire.patience import BusConfig, Patience
from ashore.hardware.wire.protocol import PROTOCOLS
from ashore.hardware.wire.question import Question, heard, trimmed
from ashore.hardware.wire.result import Counters, Result, Status
from ashore.hardware.wire.transport import Transport

_CHUNK = 4096
_QUIET = 0.02  # longest that an adapter keeps a reply, and more than servos take to give it [s]
_WINDOWS = 10  # stretches of that in which a line may become quiet before the first instruction
_CORRUPT, _MISSING = Result(Status.CORRUPT), Result(Status.MISSING)


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
        self._settled = False
        self._sent = b""
        self._gated = False  # whether the adapter keeps what the host says from it
        self._missed: tuple[float, int, Mapping[int, int]] | None = None
        self._open: JointRead | None = None

    def hurry(self) -> None:
        """Let the budget of a joint read begin, if the config has one.

        If nobody was heard in the last one, and something comes now, the line has become slow:
        this one is spent on letting everything that is under way pass by.
        """
        if not self._settled:
            self._settle()
        self.patience.hurry()
        if self.patience.whole and self.transport.drain(0.0).replace(self._sent, b"", 1):
            self._lateness()
            while (left := self.patience.left) > 0.0:
                self.transport.read(_CHUNK, left)

    def send(self, packet: bytes) -> float:
        """Send an instruction that nobody answers, on a line freed of what nobody asked for.

        If a fast read is under way, its reply is waited for first. The first instruction of all
        waits until whoever spoke here before has its answers: the line must be quiet for once.
        Returns when the instruction went out, on the monotonic clock [s].
        """
        if self._open is not None:
            self.collect(self._open)
        if not self._settled:
            self._settle()
        # What nobody answered may have come back by itself.
        if self.transport.drain(0.0).replace(self._sent, b"", 1):
            self._lateness()
        self._parser.reset()
        self.counters.sent += 1
        self._sent, sent = packet, self.patience.now()
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
        question = Question(self.protocol, packet, sizes, wary)
        sent = self.send(packet)
        self._listen(question, slots)
        results, self.twice = question.results, question.twice
        if question.echo is None and results:
            self._gated = True
        elif self._gated and question.open:
            question.take_echo()
        if results:
            self.patience.hear()
        if not slots:
            silent = {i: n for i, n in sizes.items() if i not in results}
            self._note(sent, question.length, silent)
        damaged = set(self._parser.corrupt_ids)
        for servo in sizes:
            results.setdefault(servo, _CORRUPT if servo in damaged else _MISSING)
        self.counters.count(results.values())
        return {servo: results[servo] for servo in sizes}

    def _listen(self, question: Question, slots: float) -> None:
        """Take what comes until everybody has answered, or nobody will any more."""
        lengths = question.lengths
        deadline = self.patience.deadline(question.length, len(lengths), slots)
        # Once somebody has spoken, a pause means that nobody else will.
        pause = self.patience.pause(max(lengths.values(), default=0)) + slots
        silent_from, left = math.inf, 1.0
        while question.open and left > 0.0:
            left = min(deadline, silent_from + pause) - self.patience.now()
            frames = self._parser.feed(self._hear(question, left, pause))
            if frames:
                silent_from = self.patience.now()
            if left <= 0.0:
                frames += self._parser.flush()
            self._weigh(question.take(frames))

    def _hear(self, question: Question, left: float, pause: float) -> bytes:
        """Return bytes that came: no more than what is due, and not beyond a pause."""
        if left <= 0.0:
            return self.transport.read(_CHUNK, 0.0)
        wanted = question.due(len(self._parser), self._parser.lacking)
        return self.transport.read(wanted, min(left, pause / 2))

    def begin(self, read: JointRead) -> None:
        """Send a fast read, and what goes ahead of it."""
        self.counters.sent += bool(read.first)
        read.sent = self.send(read.packet)
        read.deadline = self.patience.deadline(read.length, 1)
        self._open = read

    def collect(self, read: JointRead) -> None:
        """Wait for the reply to a fast read; nothing of it is decoded yet."""
        if self._open is read:
            self._open = None
        if read.collected or not read.sizes:
            return
        whole = read.shape.length
        pause = self.patience.pause(whole // len(read.sizes))
        raw, left, read.collected = self._poll(read), 1.0, True
        silent_from = self.patience.now() if raw else math.inf
        most = whole + _CHUNK
        while left > 0.0 and len(raw) < most and not read.shape.is_whole(raw):
            left = min(read.deadline, silent_from + pause) - self.patience.now()
            wanted = read.shape.lacking(raw) if left > 0.0 else _CHUNK
            data = self.transport.read(wanted, min(max(left, 0.0), pause / 2))
            if data:
                silent_from = self.patience.now()
                raw += data
        read.raw = raw
        is_whole = read.whole
        if is_whole or read.heard:
            self.patience.hear()
        silent = {} if is_whole else {BROADCAST: whole - self.protocol.overhead}
        self._note(read.sent, read.length, silent)

    def _poll(self, read: JointRead) -> bytes:
        """Return what came of a reply by asking over and over from shortly before it is due on."""
        spin, whole, raw = self.config.spin, read.shape.length, b""
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
            results[servo] = heard(self.protocol, block) if block else _CORRUPT
        if read.more:
            results = trimmed(results, read.more)
        self.counters.count(results.values())
        return results

    def _settle(self) -> None:
        """Throw away what somebody else asked for, until it is quiet, and not for ever."""
        self._settled, quiet = True, min(self.config.latency, _QUIET)
        for _ in range(_WINDOWS):
            if not self.transport.read(_CHUNK, quiet):
                break

    def _note(self, sent: float, length: int, silent: Mapping[int, int]) -> None:
        """Learn from how a question ended, and quiet the line if somebody said nothing.

        In a hurry the line has been quiet already, for as long as anybody was waited for. `silent`
        are the sizes of what did not come.
        """
        if not silent:
            self._missed = None
            self.patience.learn(sent, length)
            return
        self._missed = (sent, length, silent)
        if self.transport.drain(0.0 if self.patience.hurried else self.patience.allowance):
            self._lateness()

    def _weigh(self, strays: Iterable[Frame]) -> None:
        """Learn from answers that nobody waited for any more."""
        silent = self._missed[2] if self._missed is not None else {}
        if any(silent.get(frame.id) == len(frame.params) for frame in strays):
            self._lateness()

    def _lateness(self) -> None:
        """Learn that the last question was answered after all, now that nobody waited any more."""
        if self._missed is not None:
            self.patience.learn(*self._missed[:2])
            self._missed = None
