"""One serial line of Dynamixel servos: who was asked, who answered, and who did not."""

from collections.abc import Iterable, Mapping, Sequence

from ashore.hardware.servo.control_table import Register
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.exchange import BusConfig, Counters, Exchange, Result, Status
from ashore.hardware.wire.transport import Transport

__all__ = ["Bus", "BusConfig", "Counters", "Result", "Status"]

_PING_SIZE = 3
_PING_SLOT = 0.003  # how long each id waits for its turn after a broadcast ping [s]


class Bus:
    """One serial line and its servos; one thread uses it.

    Replies carry no number, so one that comes late looks like the answer to the next question.
    Two rules keep it from being believed. After a time-out the line is drained until it is quiet.
    And a servo that timed out is in doubt until it answers a ping: its replies come in order, so
    behind that answer nothing stale is left. One in doubt that does not answer is MISSING at
    once, and left out of joint reads, which a hole in the chain would cut short. Blocks of three
    bytes look like a ping's answer and lose this second protection: ask for four.
    """

    def __init__(self, transport: Transport, config: BusConfig | None = None) -> None:
        """Talk over `transport`; nothing is sent yet."""
        self.transport = transport
        self.config = config or BusConfig()
        self._exchange = Exchange(transport, self.config)
        self._doubtful: set[int] = set()

    @property
    def counters(self) -> Counters:
        """What has happened on this line since it was opened."""
        return self._exchange.counters

    def ping(self, servo: int) -> Result:
        """Ask whether `servo` is there; `data` is its model number (2 bytes) and firmware (1)."""
        result = self._ping(servo)
        for _ in range(self.config.retries):
            if result.silent:
                self.counters.retried += 1
                result = self._ping(servo)
        return result

    def scan(self, ids: Iterable[int] = range(253)) -> dict[int, Result]:
        """Ping everyone at once, and return what each of `ids` said, as `ping` would."""
        ids = list(ids)
        slots = _PING_SLOT * (max(ids, default=0) + 1)
        packet = dynamixel.ping(dynamixel.BROADCAST)
        results = self._exchange.ask(packet, ids, _PING_SIZE, slots)
        self._doubtful -= {servo for servo, result in results.items() if result.ok}
        return results

    def read(self, servo: int, register: Register) -> Result:
        """Return the bytes of one register; `register.decode(result.data)` is its value."""
        return self.read_block(servo, register.address, register.size)

    def read_block(self, servo: int, address: int, size: int) -> Result:
        """Return `size` bytes from `address` of one servo."""
        packet = dynamixel.read(servo, address, size)
        return self._ask(servo, packet, size, 1 + self.config.retries)

    def write(self, servo: int, register: Register, value: int) -> Result:
        """Put `value` [counts] in one register, and wait for the servo's word that it did.

        Raises:
            SpecError: the value is out of the register's range.
        """
        packet = dynamixel.write(servo, register.address, register.encode(value))
        return self._ask(servo, packet, 0, 1 + self.config.retries)

    def reboot(self, servo: int) -> Result:
        """Restart a servo's firmware: torque off, RAM to its defaults, faults cleared."""
        return self._ask(servo, dynamixel.reboot(servo), 0, 1)

    def sync_read(self, ids: Iterable[int], address: int, size: int) -> dict[int, Result]:
        """Return `size` bytes from `address` of every servo, each in a reply of its own.

        One that gave no good answer is asked again alone, by a plain read.
        """
        ids = list(ids)
        present = self._present(ids)
        results: dict[int, Result] = {}
        if present:
            packet = dynamixel.sync_read(present, address, size)
            results = self._judge(self._exchange.ask(packet, present, size))
        return self._complete(results, ids, address, size)

    def fast_sync_read(self, ids: Iterable[int], address: int, size: int) -> dict[int, Result]:
        """Return `size` bytes from `address` of every servo, all in one joint reply.

        Servos behind a missing one say nothing; they are asked again alone, by plain reads.
        Firmware that does not know the instruction (XL330 before 46) is silent: use `sync_read`.
        """
        ids = list(ids)
        present = self._present(ids)
        results: dict[int, Result] = {}
        if present:
            packet = dynamixel.fast_sync_read(present, address, size)
            results = self._judge(self._exchange.ask_jointly(packet, present, size))
        return self._complete(results, ids, address, size)

    def sync_write(self, values: Mapping[int, int], register: Register) -> None:
        """Put each servo's value [counts] in the same register; nobody confirms it.

        Raises:
            SpecError: a value is out of the register's range.
        """
        data = {servo: register.encode(value) for servo, value in values.items()}
        self._exchange.send(dynamixel.sync_write(data, register.address))

    def close(self) -> None:
        """Let go of the wire."""
        self.transport.close()

    def _ping(self, servo: int) -> Result:
        """Ping once; an answer ends all doubt about what is still under way."""
        result = self._exchange.ask(dynamixel.ping(servo), [servo], _PING_SIZE)[servo]
        if not result.silent:
            self._doubtful.discard(servo)
        return self._judge({servo: result})[servo]

    def _present(self, ids: Iterable[int]) -> list[int]:
        """Return those of `ids` that are not in doubt, or no longer are after a ping."""
        return [i for i in ids if i not in self._doubtful or not self._ping(i).silent]

    def _judge(self, results: dict[int, Result]) -> dict[int, Result]:
        """Hold servos that gave no good answer in doubt."""
        self._doubtful |= {servo for servo, result in results.items() if result.silent}
        return results

    def _ask(self, servo: int, packet: bytes, size: int, attempts: int) -> Result:
        """Send one servo's instruction until it answers, or the attempts are spent."""
        result = Result(Status.MISSING)
        for attempt in range(attempts):
            if not self._present([servo]):
                return Result(Status.MISSING)
            self.counters.retried += attempt > 0
            result = self._judge(self._exchange.ask(packet, [servo], size))[servo]
            if not result.silent:
                break
        return result

    def _complete(
        self, results: Mapping[int, Result], ids: Sequence[int], address: int, size: int
    ) -> dict[int, Result]:
        """Return a result for each of `ids`; who was asked and gave no good answer is asked alone.

        Alone, because a second joint question would move the time of a lockstep twin twice.
        """
        complete = {servo: results.get(servo, Result(Status.MISSING)) for servo in ids}
        packets = {i: dynamixel.read(i, address, size) for i, r in results.items() if r.silent}
        for servo, packet in packets.items() if self.config.retries else ():
            self.counters.retried += 1
            again = self._ask(servo, packet, size, self.config.retries)
            complete[servo] = again if not again.silent else complete[servo]
        return complete
