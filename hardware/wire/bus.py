"""One serial line of servos: who was asked, who answered, and who did not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from ashore.hardware.servo.control_table import Register
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.ask_again import ask_behind, bulk, judge, several, silent_of
from ashore.hardware.wire.joint_read import Blocks, JointRead, sizes_of, widened, wider
from ashore.hardware.wire.patience import BusConfig
from ashore.hardware.wire.question import trimmed
from ashore.hardware.wire.result import Counters, Result, Status
from ashore.hardware.wire.servo_talk import ServoTalk

__all__ = ["Bus", "BusConfig", "Counters", "JointRead", "Result", "Status"]

_NOBODY: frozenset[int] = frozenset()
_MISSING = Result(Status.MISSING)


class Bus(ServoTalk):
    """One serial line and its servos; one thread uses it.

    Whatever is asked of many comes back as one result a servo. One that is silent costs its own
    result: those it silenced are asked again, within the config's budget. From then on it is in
    doubt, left out of joint reads, and asked for ever more rarely until it answers.

    Within a budget every read of many ends in bounded time, whoever is silent or late: after 1.9
    budgets, or after one budget, what one question takes on the wire, and a millisecond, if that
    is later. If nobody was heard in one, the next may be spent on waiting for what is late.
    """

    _under_way: JointRead | None = None

    def sync_read(self, ids: Iterable[int], address: int, size: int) -> dict[int, Result]:
        """Return `size` bytes from `address` of every servo, each in a reply of its own.

        Those that gave no good answer are asked again at once; on a Feetech line without a budget
        one by one.
        """
        return self._plain_read(dict.fromkeys(ids, (address, size)), alike=True)

    def bulk_read(self, blocks: Blocks) -> dict[int, Result]:
        """Return each servo's own block, `(address, size)`, as `sync_read` does.

        Raises:
            BusError: the line is not Dynamixel's.
        """
        self._require_dynamixel("bulk read")
        return self._plain_read(blocks, alike=False)

    def fast_sync_read(self, ids: Iterable[int], address: int, size: int) -> dict[int, Result]:
        """Return `size` bytes from `address` of every servo, all in one joint reply.

        Servos behind a missing one say nothing; they are asked again, by one bulk read, or, within
        a budget, if nobody at all was heard, by one more fast read. Firmware
        that does not know the instruction (XL330 before 46) is silent: use `sync_read`. So does
        this on a Feetech line, which has nothing faster.
        """
        if self.protocol is not dynamixel:
            return self.sync_read(ids, address, size)
        return self.finish(self.begin_fast_sync_read(ids, address, size))

    def fast_bulk_read(self, blocks: Blocks) -> dict[int, Result]:
        """Return each servo's own block, `(address, size)`, as `fast_sync_read` does.

        Raises:
            BusError: the line is not Dynamixel's.
        """
        return self.finish(self.begin_fast_bulk_read(blocks))

    def begin_fast_sync_read(
        self, ids: Iterable[int], address: int, size: int, first: bytes = b""
    ) -> JointRead:
        """Send a fast sync read, and return at once; `finish` gives its results.

        If another is under way, its reply is waited for, but not decoded: `finish` does that while
        the wire is busy with this one.

        Args:
            ids: whom to ask.
            address: first byte to read.
            size: bytes to read.
            first: an instruction that nobody answers, such as a sync write of goals, sent in the
                same write ahead of the question.

        Raises:
            BusError: the line is not Dynamixel's.
        """
        blocks = dict.fromkeys(ids, (address, size))
        return self._begin(blocks, first, _sync_request)

    def begin_fast_bulk_read(self, blocks: Blocks, first: bytes = b"") -> JointRead:
        """Send a fast bulk read, and return at once, as `begin_fast_sync_read` does.

        Raises:
            BusError: the line is not Dynamixel's.
        """
        return self._begin(blocks, first, dynamixel.fast_bulk_read)

    def finish(self, read: JointRead) -> dict[int, Result]:
        """Return what every servo said to a fast read that was begun.

        Those that a silent one cut off are asked again, unless the next read is on its way.
        """
        if read is not self._under_way:
            return read.results or judge(self._exchange, self._doubt, read)
        self._under_way = None
        try:
            self._exchange.collect(read)
            results = judge(self._exchange, self._doubt, read)
            if self.config.retries:
                results |= ask_behind(self._exchange, self._doubt, read, results)
        finally:
            self._exchange.patience.relax()
        return results

    def sync_write(self, values: Mapping[int, int], register: Register) -> None:
        """Put each servo's value [counts] in the same register; nobody confirms it.

        Raises:
            SpecError: a value is out of the register's range.
        """
        self._exchange.send(self.sync_write_packet(values, register))

    def sync_write_packet(self, values: Mapping[int, int], register: Register) -> bytes:
        """Return the instruction that `sync_write` sends.

        Raises:
            SpecError: a value is out of the register's range.
        """
        data = {servo: register.encode(value) for servo, value in values.items()}
        return self.protocol.sync_write(data, register.address)

    def bulk_write(self, values: Mapping[int, tuple[Register, int]]) -> None:
        """Put a value [counts] in each servo's own register; nobody confirms it.

        Raises:
            SpecError: a value is out of its register's range.
            BusError: the line is not Dynamixel's.
        """
        self._require_dynamixel("bulk write")
        blocks = {i: (register.address, register.encode(v)) for i, (register, v) in values.items()}
        self._exchange.send(dynamixel.bulk_write(blocks))

    def _plain_read(self, blocks: Blocks, *, alike: bool) -> dict[int, Result]:
        """Ask for blocks that come in a status each; they are of one address and size if alike."""
        results = dict[int, Result]()
        self._exchange.hurry()
        try:
            asked, more = self._worth_asking(blocks, jointly=False)
            if asked:
                ids, doubted = list(asked), [i for i in asked if i in self._doubt]
                sync = alike and self.protocol.sync_read(ids, *asked[ids[0]])
                packet = sync or several(self.protocol, asked)
                answers = self._exchange.ask(packet, sizes_of(asked), wary=doubted)
                self._weigh(answers, sizes_of(asked))
                results = trimmed(answers, more) if more else answers
            if self.config.retries:
                results |= self._ask_anew(silent_of(results, results), blocks)
        finally:
            self._exchange.patience.relax()
        return {servo: results.get(servo, _MISSING) for servo in blocks}

    def _begin(self, blocks: Blocks, first: bytes, request: Callable[[Blocks], bytes]) -> JointRead:
        """Send a fast read, `request` of those worth asking, behind an instruction `first`."""
        self._require_dynamixel("fast sync read")
        under_way, question = self._under_way, None
        if under_way is not None:
            # Arithmetic, and so done while the wire is busy, unless somebody must be asked first.
            question = None if self._doubt else self._question(blocks, first, request)
            self._exchange.collect(under_way)
            if not under_way.whole:
                judge(self._exchange, self._doubt, under_way)
                question = None
        self._exchange.hurry()
        try:
            read = question or self._question(blocks, first, request)
            if read.packet:
                self._exchange.begin(read)
        except BaseException:
            self._exchange.patience.relax()
            raise
        self._under_way = read
        return read

    def _question(
        self, blocks: Blocks, first: bytes, request: Callable[[Blocks], bytes]
    ) -> JointRead:
        """Return the read of those worth asking, behind an instruction `first`."""
        asked, more = self._worth_asking(blocks, jointly=True)
        doubted = frozenset(i for i in asked if i in self._doubt) if self._doubt else _NOBODY
        return JointRead(
            blocks=blocks, request=request, asked=asked, more=more, doubted=doubted, first=first
        )

    def _worth_asking(self, blocks: Blocks, *, jointly: bool) -> tuple[Blocks, int]:
        """Return whom a read of many should ask for what, and how much earlier that begins.

        Servos in doubt are proved first, or, where nobody is heard or a proof would cost too much,
        by the read itself.
        """
        patience = self._exchange.patience
        if patience.over():
            return {}, 0
        doubtful = [servo for servo in blocks if servo in self._doubt] if self._doubt else []
        if not doubtful:
            return blocks, 0
        due = [servo for servo in doubtful if self._doubt.due(servo)]
        well = [servo for servo in blocks if servo not in doubtful]
        if due and (not well or patience.slow):
            turn = self._doubt.vain(due[0]) % len(due)
            asked = {servo: blocks[servo] for servo in (*well, *due[turn:], *due[:turn])}
            more = wider(self._doubt, asked, jointly=jointly)
            if more is not None:
                return widened(asked, more), more
        present = self._present([servo for servo in blocks if servo in due or servo in well])
        if patience.over():
            return {}, 0
        return {servo: blocks[servo] for servo in present}, 0

    def _ask_anew(self, silent: Sequence[int], blocks: Blocks) -> dict[int, Result]:
        """Ask those again who left plain statuses owing; the first, likely dead, comes last."""
        self.counters.retried += len(silent)
        if self._may_ask_jointly and len(silent) > 1:
            if self._exchange.patience.over():
                return {}
            return bulk(self._exchange, self._doubt, [*silent[1:], silent[0]], blocks)
        found: dict[int, Result] = {}
        for servo in (*silent[1:], *silent[:1]):
            if not self._exchange.patience.over():
                address, size = blocks[servo]
                packet = self.protocol.read(servo, address, size)
                answer = self._ask(servo, packet, size, self.config.retries)
                found |= {} if answer.silent else {servo: answer}
        return found


def _sync_request(blocks: Blocks) -> bytes:
    """Return a fast sync read of blocks that are all alike."""
    return _request(tuple(blocks), *next(iter(blocks.values())))


@lru_cache(maxsize=16)
def _request(ids: tuple[int, ...], address: int, size: int) -> bytes:
    """Return a fast sync read; a control loop asks the same one for ever."""
    return dynamixel.fast_sync_read(ids, address, size)
