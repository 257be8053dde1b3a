"""`ServoTalk`: questions to one servo, each believed only when nothing stale can answer it."""

import time
from collections.abc import Callable, Iterable, Mapping

from ashore.hardware.errors import BusError
from ashore.hardware.servo.control_table import Register
from ashore.hardware.wire import dynamixel, feetech
from ashore.hardware.wire.ask_again import several
from ashore.hardware.wire.doubt import Doubt
from ashore.hardware.wire.exchange import Exchange
from ashore.hardware.wire.parser import BROADCAST
from ashore.hardware.wire.patience import PROOFS, BusConfig
from ashore.hardware.wire.protocol import ServoProtocol
from ashore.hardware.wire.result import Counters, Result, Status
from ashore.hardware.wire.transport import Transport

_PING_SLOT = 0.003  # how long each id waits for its turn after a broadcast ping [s]


class ServoTalk:
    """One serial line and questions to one servo at a time; one thread uses it.

    Replies carry no number, so one that comes late looks like the answer to the next question.
    Two rules keep it from being believed. After a time-out the line is drained until it is quiet.
    And a servo that timed out is in doubt (`Doubt`) until it answers a question whose answer has
    another length than all that it may still have under way: a read whose length is its number.
    """

    def __init__(
        self,
        transport: Transport,
        config: BusConfig | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Talk over `transport`; nothing is sent yet. Waits are measured by `now` [s]."""
        self.transport = transport
        self.config = config or BusConfig()
        self._exchange = Exchange(transport, self.config, now)
        self._doubt = Doubt(now)
        self._heard_twice: frozenset[int] = frozenset()

    @property
    def counters(self) -> Counters:
        """What has happened on this line since it was opened."""
        return self._exchange.counters

    @property
    def heard_twice(self) -> frozenset[int]:
        """Ids that answered the last `scan` more than once: several servos have them."""
        return self._heard_twice

    @property
    def protocol(self) -> ServoProtocol:
        """The packets of this line's wire protocol."""
        return self._exchange.protocol

    def ping(self, servo: int) -> Result:
        """Ask whether `servo` is there; `data` is its model number (2 bytes) and firmware (1)."""
        protocol = self.protocol
        result = Result(Status.MISSING)
        for attempt in range(1 + self.config.retries):
            self.counters.retried += attempt > 0
            size = protocol.identity_size
            # Only an answer to another program could be taken for this one's.
            fresh = size not in self._doubt.owes(servo) and self._doubt.rests(servo)
            result = self._exchange.ask(protocol.identify(servo), {servo: size})[servo]
            if result.silent:
                self._doubt.owe(servo, size)
                continue
            if fresh:
                self._doubt.settle([servo])
            break
        return result._replace(data=protocol.identity(result.data)) if result.ok else result

    def scan(self, ids: Iterable[int] = range(253)) -> dict[int, Result]:
        """Ping everyone at once, and return what each of `ids` said, as `ping` would."""
        ids = list(ids)
        slots = _PING_SLOT * (max(ids, default=0) + 1)
        sizes = dict.fromkeys(ids, self.protocol.pong_size)
        results = self._exchange.ask(self.protocol.ping(BROADCAST), sizes, slots)
        self._heard_twice = frozenset(self._exchange.twice)
        found = [servo for servo, result in results.items() if result.ok]
        if self.protocol.pong_size == self.protocol.identity_size:
            self._doubt.settle(found)
            return results
        return results | {servo: self.ping(servo) for servo in found}

    def read(self, servo: int, register: Register) -> Result:
        """Return the bytes of one register; `register.decode(result.data)` is its value."""
        return self.read_block(servo, register.address, register.size)

    def read_block(self, servo: int, address: int, size: int) -> Result:
        """Return `size` bytes from `address` of one servo."""
        packet = self.protocol.read(servo, address, size)
        return self._ask(servo, packet, size, 1 + self.config.retries)

    def write(self, servo: int, register: Register, value: int) -> Result:
        """Put `value` [counts] in one register, and wait for the servo's word that it did.

        Raises:
            SpecError: the value is out of the register's range.
        """
        packet = self.protocol.write(servo, register.address, register.encode(value))
        return self._ask(servo, packet, 0, 1 + self.config.retries)

    def reg_write(self, servo: int, register: Register, value: int) -> Result:
        """Let a servo hold `value` [counts] back for a register until `action`.

        Raises:
            SpecError: the value is out of the register's range.
        """
        packet = self.protocol.reg_write(servo, register.address, register.encode(value))
        return self._ask(servo, packet, 0, 1 + self.config.retries)

    def action(self) -> None:
        """Let every servo do what `reg_write` told it; nobody confirms it."""
        self._exchange.send(self.protocol.action())

    def reboot(self, servo: int) -> Result:
        """Restart a servo's firmware: torque off, RAM to its defaults, faults cleared."""
        return self._ask(servo, self.protocol.reboot(servo), 0, 1)

    def factory_reset(self, servo: int) -> Result:
        """Return a servo to its factory values; its id and its baud rate stay."""
        return self._ask(servo, self.protocol.factory_reset(servo), 0, 1)

    def clear(self, servo: int) -> Result:
        """Let a servo forget whole turns; a Dynamixel refuses while it moves."""
        clear = feetech.forget_turns if self.protocol is feetech else dynamixel.clear
        return self._ask(servo, clear(servo), 0, 1)

    def backup(self, servo: int) -> Result:
        """Let a servo keep a copy of its control table; it refuses while torque is on.

        Raises:
            BusError: the line is not Dynamixel's.
        """
        self._require_dynamixel("control table backup")
        return self._ask(servo, dynamixel.backup(servo), 0, 1)

    def restore(self, servo: int) -> Result:
        """Let a servo bring back what `backup` kept, and restart.

        Raises:
            BusError: the line is not Dynamixel's.
        """
        self._require_dynamixel("restoring a control table")
        return self._ask(servo, dynamixel.restore(servo), 0, 1)

    def close(self) -> None:
        """Let go of the wire."""
        self.transport.close()

    def _require_dynamixel(self, what: str) -> None:
        if self.protocol is not dynamixel:
            raise BusError(
                f"{what} was asked of a {self.config.protocol} line; Dynamixel servos alone know "
                "it; read and write registers instead"
            )

    def _present(self, ids: Iterable[int]) -> list[int]:
        """Return those of `ids` that are not in doubt, or no longer are after a proof."""
        ids, patience = list(ids), self._exchange.patience
        doubtful = [i for i in ids if i in self._doubt and not self._doubt.rests(i)]
        fresh = [servo for servo in doubtful if self._doubt.fresh(servo)]
        if len(fresh) > 1 and not patience.over() and self._prove_all(fresh):
            doubtful = [servo for servo in doubtful if servo not in fresh]
        for servo in self._doubt.likeliest(doubtful):
            if not patience.over(PROOFS):
                self._prove(servo)
        return [servo for servo in ids if servo not in self._doubt]

    def _prove(self, servo: int) -> None:
        """Ask one servo in doubt something that nothing stale can answer."""
        size = self._doubt.proof([servo])
        if size is not None:
            packet = self.protocol.read(servo, 0, size)
            self._weigh(self._exchange.ask(packet, {servo: size}, wary=(servo,)), {servo: size})

    def _prove_all(self, servos: list[int]) -> bool:
        """Ask several servos in doubt at once; the first, who may have cut the others off, last.

        Returns whether there was a question that nothing stale of any can answer, and that moves
        no lockstep twin.
        """
        size = self._doubt.proof(servos) if self._may_ask_jointly else None
        if size is None:
            return False
        servos = [*servos[1:], servos[0]]
        sizes = dict.fromkeys(servos, size)
        packet = several(self.protocol, dict.fromkeys(servos, (0, size)))
        self._weigh(self._exchange.ask(packet, sizes, wary=servos), sizes)
        return True

    @property
    def _may_ask_jointly(self) -> bool:
        """Whether several can be asked once more: a sync read would move a lockstep twin."""
        return self.protocol is dynamixel or self._exchange.patience.hurried

    def _weigh(self, answers: Mapping[int, Result], sizes: Mapping[int, int]) -> None:
        """Believe again who answered a proof, or a question while not in doubt; doubt the others.

        No question is asked of a servo in doubt unless it is a proof.
        """
        for servo, answer in answers.items():
            if not answer.silent:
                self._doubt.settle([servo])
            elif servo in self._doubt:
                self._doubt.fail(servo, sizes[servo])
            else:
                self._doubt.owe(servo, sizes[servo])

    def _ask(self, servo: int, packet: bytes, size: int, attempts: int) -> Result:
        """Send one servo's instruction until it answers, or the attempts are spent."""
        result = Result(Status.MISSING)
        for attempt in range(attempts):
            if not self._present([servo]) or self._exchange.patience.over():
                return Result(Status.MISSING)
            self.counters.retried += attempt > 0
            result = self._exchange.ask(packet, {servo: size})[servo]
            if not result.silent:
                break
            self._doubt.owe(servo, size)
        return result
