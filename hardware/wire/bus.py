"""One serial line of servos: who was asked, who answered, and who did not."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from ashore.hardware.servo.control_table import Register
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.exchange import JointRead
from ashore.hardware.wire.patience import BusConfig
from ashore.hardware.wire.result import Counters, Result, Status
from ashore.hardware.wire.servo_talk import ServoTalk

__all__ = ["Bus", "BusConfig", "Counters", "JointRead", "Result", "Status"]

_FRUITLESS = 2  # bulk reads nobody answers, after which those cut off are left for this time
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

        One that gave no good answer is asked again alone, by a plain read.
        """
        ids = tuple(ids)
        patience = self._exchange.patience
        patience.hurry()
        try:
            present = self._worth_asking(ids)
            results: dict[int, Result] = {}
            if present:
                packet = self.protocol.sync_read(present, address, size)
                results = self._exchange.ask(packet, dict.fromkeys(present, size))
                self._hold(results, size)
            if self.config.retries:
                results |= self._ask_alone(_silent(results, present), address, size)
        finally:
            patience.relax()
        return {servo: results.get(servo, Result(Status.MISSING)) for servo in ids}

    def fast_sync_read(self, ids: Iterable[int], address: int, size: int) -> dict[int, Result]:
        """Return `size` bytes from `address` of every servo, all in one joint reply.

        Servos behind a missing one say nothing; they are asked again, by one bulk read. Firmware
        that does not know the instruction (XL330 before 46) is silent: use `sync_read`. So does
        this on a Feetech line, which has nothing faster.
        """
        if self.protocol is not dynamixel:
            return self.sync_read(ids, address, size)
        return self.finish(self.begin_fast_sync_read(ids, address, size))

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
        self._require_dynamixel("fast sync read")
        if self._under_way is not None:
            self._exchange.collect(self._under_way)
            if not self._under_way.whole:
                self._judge(self._under_way)
        patience, ids = self._exchange.patience, tuple(ids)
        patience.hurry()
        try:
            sizes = dict.fromkeys(self._worth_asking(ids), size)
            read = JointRead(ids=ids, address=address, size=size, sizes=sizes)
            packet = _request(tuple(sizes), address, size) if sizes else b""
            if packet or first:
                self._exchange.begin(packet, read, first)
        except BaseException:
            patience.relax()
            raise
        self._under_way = read
        return read

    def finish(self, read: JointRead) -> dict[int, Result]:
        """Return what every servo said to a fast sync read that was begun.

        Those that a silent one cut off are asked again, unless the next read is on its way.
        """
        if read is not self._under_way:
            return read.results or self._judge(read)
        self._under_way = None
        try:
            self._exchange.collect(read)
            results = self._judge(read)
            if self.config.retries:
                results |= self._ask_behind(_silent(results, read.sizes), read)
        finally:
            self._exchange.patience.relax()
        return results

    def bulk_read(self, blocks: Mapping[int, tuple[int, int]]) -> dict[int, Result]:
        """Return each servo's own block, `(address, size)`, each in a reply of its own.

        Raises:
            BusError: the line is not Dynamixel's.
        """
        self._require_dynamixel("bulk read")
        present = self._present(blocks)
        results = self._bulk(present, blocks) if present else {}
        return {servo: results.get(servo, Result(Status.MISSING)) for servo in blocks}

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

    def _worth_asking(self, ids: Iterable[int]) -> list[int]:
        """Return those of `ids` whom a joint read should ask."""
        worth = [servo for servo in ids if servo not in self._doubt or self._doubt.due(servo)]
        return self._present(worth)

    def _hold(self, results: Mapping[int, Result], size: int) -> None:
        """Hold servos that gave no good answer in doubt."""
        for servo, result in results.items():
            if result.silent:
                self._doubt.owe(servo, size)

    def _judge(self, read: JointRead) -> dict[int, Result]:
        """Return what a collected reply says of everybody, and hold the silent in doubt."""
        results = self._exchange.decode(read)
        if not read.whole:
            self._hold(results, _JOINTLY)
        read.results = {servo: results.get(servo, Result(Status.MISSING)) for servo in read.ids}
        return read.results

    def _ask_behind(self, silent: Sequence[int], read: JointRead) -> dict[int, Result]:
        """Ask those again whom the first of `silent` cut off, and it last.

        A status is never like the rest of a joint reply, so no proof is needed first. Nor is this
        a second joint read, which would move the time of a lockstep twin twice.
        """
        found: dict[int, Result] = {}
        fruitless = 0
        while silent and fruitless < _FRUITLESS and not self._exchange.patience.over():
            order = [*silent[1:], silent[0]]
            self.counters.retried += len(order)
            if len(order) == 1:
                packet = self.protocol.read(order[0], read.address, read.size)
                answers = self._exchange.ask(packet, {order[0]: read.size})
                self._settle(answers, read.size)
            else:
                answers = self._bulk(order, dict.fromkeys(order, (read.address, read.size)))
            found |= {servo: answer for servo, answer in answers.items() if not answer.silent}
            # Whoever is silent ahead of one that answered is silent by itself.
            heard = [n for n, servo in enumerate(order) if servo in found]
            fruitless += not heard
            silent = order[heard[-1] + 1 : -1] if heard else order[:-1]
        return found

    def _bulk(self, ids: Sequence[int], blocks: Mapping[int, tuple[int, int]]) -> dict[int, Result]:
        """Send a bulk read to `ids` and return who answered what."""
        packet = dynamixel.bulk_read({servo: blocks[servo] for servo in ids})
        answers = self._exchange.ask(packet, {servo: blocks[servo][1] for servo in ids})
        for servo, answer in answers.items():
            self._settle({servo: answer}, blocks[servo][1])
        return answers

    def _settle(self, answers: Mapping[int, Result], size: int) -> None:
        """Believe again who answered, and hold the others in doubt."""
        self._doubt.settle(servo for servo, answer in answers.items() if not answer.silent)
        self._hold(answers, size)

    def _ask_alone(self, silent: Sequence[int], address: int, size: int) -> dict[int, Result]:
        """Ask each of `silent` again by a plain read; the first, likely dead, comes last."""
        found: dict[int, Result] = {}
        for servo in (*silent[1:], *silent[:1]):
            if self._exchange.patience.over():
                break
            self.counters.retried += 1
            packet = self.protocol.read(servo, address, size)
            answer = self._ask(servo, packet, size, self.config.retries)
            if not answer.silent:
                found[servo] = answer
        return found


def _silent(results: Mapping[int, Result], asked: Iterable[int]) -> list[int]:
    """Return those of `asked` that gave no good answer."""
    return [servo for servo in asked if results[servo].silent]


@lru_cache(maxsize=16)
def _request(ids: tuple[int, ...], address: int, size: int) -> bytes:
    """Return a fast sync read; a control loop asks the same one for ever."""
    return dynamixel.fast_sync_read(ids, address, size)
