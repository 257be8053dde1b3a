"""One serial line of servos: who was asked, who answered, and who did not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from ashore.hardware.servo.control_table import Register
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.ask_again import Blocks, ask_behind, bulk, hold
from ashore.hardware.wire.exchange import JointRead
from ashore.hardware.wire.patience import BusConfig
from ashore.hardware.wire.result import Counters, Result, Status
from ashore.hardware.wire.servo_talk import ServoTalk

__all__ = ["Bus", "BusConfig", "Counters", "JointRead", "Result", "Status"]

_JOINTLY = -1  # "length" of what a servo may owe after a fast read: no status is like it


class Bus(ServoTalk):
    """One serial line and its servos; one thread uses it.

    Whatever is asked of many comes back as one result a servo. One that is silent costs its own
    result: those it silenced are asked again, within the config's budget. From then on it is in
    doubt, left out of joint reads, and asked for ever more rarely until it answers.
    """

    _under_way: JointRead | None = None

    def sync_read(self, ids: Iterable[int], address: int, size: int) -> dict[int, Result]:
        """Return `size` bytes from `address` of every servo, each in a reply of its own.

        One that gave no good answer is asked again alone; several, on a Dynamixel line, at once.
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

        Servos behind a missing one say nothing; they are asked again, by one bulk read. Firmware
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
        return self._begin(blocks, first, lambda asked: _request(asked, address, size))

    def begin_fast_bulk_read(self, blocks: Blocks, first: bytes = b"") -> JointRead:
        """Send a fast bulk read, and return at once, as `begin_fast_sync_read` does.

        Raises:
            BusError: the line is not Dynamixel's.
        """
        return self._begin(
            blocks, first, lambda asked: dynamixel.fast_bulk_read({i: blocks[i] for i in asked})
        )

    def finish(self, read: JointRead) -> dict[int, Result]:
        """Return what every servo said to a fast read that was begun.

        Those that a silent one cut off are asked again, unless the next read is on its way.
        """
        if read is not self._under_way:
            return read.results or self._judge(read)
        self._under_way = None
        try:
            self._exchange.collect(read)
            results = self._judge(read)
            if self.config.retries:
                silent = _silent(results, read.sizes)
                results |= ask_behind(self._exchange, self._doubt, silent, read.blocks)
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
        patience, results = self._exchange.patience, dict[int, Result]()
        patience.hurry()
        try:
            present = self._worth_asking(blocks)
            if present and alike:
                packet = self.protocol.sync_read(present, *blocks[present[0]])
                results = self._exchange.ask(packet, {i: blocks[i][1] for i in present})
                hold(self._doubt, results, blocks)
            elif present:
                results = bulk(self._exchange, self._doubt, present, blocks)
            if self.config.retries:
                results |= self._ask_anew(_silent(results, present), blocks)
        finally:
            patience.relax()
        return {servo: results.get(servo, Result(Status.MISSING)) for servo in blocks}

    def _begin(
        self, blocks: Blocks, first: bytes, request: Callable[[tuple[int, ...]], bytes]
    ) -> JointRead:
        """Send a fast read, `request` of those worth asking, behind an instruction `first`."""
        self._require_dynamixel("fast sync read")
        under_way, question = self._under_way, None
        if under_way is not None:
            # Arithmetic, and so done while the wire is busy, unless somebody must be asked first.
            question = None if self._doubt else self._question(blocks, request)
            self._exchange.collect(under_way)
            if not under_way.whole:
                self._judge(under_way)
                question = None
        self._exchange.patience.hurry()
        try:
            packet, read = question or self._question(blocks, request)
            if packet or first:
                self._exchange.begin(packet, read, first)
        except BaseException:
            self._exchange.patience.relax()
            raise
        self._under_way = read
        return read

    def _question(
        self, blocks: Blocks, request: Callable[[tuple[int, ...]], bytes]
    ) -> tuple[bytes, JointRead]:
        """Return `request` of those worth asking, and the read that it begins."""
        asked = tuple(self._worth_asking(blocks))
        read = JointRead(blocks=blocks, sizes={i: blocks[i][1] for i in asked})
        return request(asked) if asked else b"", read

    def _judge(self, read: JointRead) -> dict[int, Result]:
        """Return what a collected reply says of everybody, and hold the silent in doubt."""
        results = self._exchange.decode(read)
        if not read.whole:
            for servo in _silent(results, results):
                self._doubt.owe(servo, _JOINTLY)
        read.results = {servo: results.get(servo, Result(Status.MISSING)) for servo in read.blocks}
        return read.results

    def _worth_asking(self, ids: Iterable[int]) -> list[int]:
        """Return those of `ids` whom a joint read should ask."""
        worth = [servo for servo in ids if servo not in self._doubt or self._doubt.due(servo)]
        return self._present(worth)

    def _ask_anew(self, silent: Sequence[int], blocks: Blocks) -> dict[int, Result]:
        """Ask those again who left plain statuses owing; the first, likely dead, comes last."""
        self.counters.retried += len(silent)
        if self.protocol is dynamixel and len(silent) > 1:
            present = self._present(silent)
            if not present or self._exchange.patience.over():
                return {}
            return bulk(self._exchange, self._doubt, present, blocks)
        found: dict[int, Result] = {}
        for servo in (*silent[1:], *silent[:1]):
            if not self._exchange.patience.over():
                address, size = blocks[servo]
                packet = self.protocol.read(servo, address, size)
                answer = self._ask(servo, packet, size, self.config.retries)
                found |= {} if answer.silent else {servo: answer}
        return found


def _silent(results: Mapping[int, Result], asked: Iterable[int]) -> list[int]:
    """Return those of `asked` that gave no good answer."""
    return [servo for servo in asked if results[servo].silent]


@lru_cache(maxsize=16)
def _request(ids: tuple[int, ...], address: int, size: int) -> bytes:
    """Return a fast sync read; a control loop asks the same one for ever."""
    return dynamixel.fast_sync_read(ids, address, size)
