"""A chain of servos in virtual time: each byte takes its time, and waiting takes none of ours."""

from collections.abc import Callable, Iterable
from itertools import takewhile

from ashore.hardware.wire import dynamixel, feetech
from ashore.hardware.wire.dynamixel import Block, Instruction
from ashore.hardware.wire.frame import Frame
from ashore.hardware.wire.parser import PacketParser

_PIECE = 31  # bytes that an adapter hands over at once


class InstantLine:
    """A transport that answers each instruction with what `script` returns, in virtual time."""

    def __init__(self, script: Callable[[Frame], bytes], parser: PacketParser) -> None:
        self.script = script
        self.time = 0.0
        self._parser = parser
        self._said = b""

    def now(self) -> float:
        """Time on this line [s]."""
        return self.time

    def write(self, data: bytes) -> None:
        """Take a request, and answer it at once."""
        self._said += b"".join(self.script(frame) for frame in self._parser.feed(data))

    def read(self, n: int, timeout: float) -> bytes:
        """Return `n` bytes, or those that are there."""
        data, self._said = self._said[:n], self._said[n:]
        self.time += 1e-6 + (max(timeout, 0.0) if len(data) < n else 0.0)
        return data

    def drain(self, quiet_seconds: float) -> bytes:
        """Throw away what is there."""
        return self.read(1 << 16, quiet_seconds)

    def close(self) -> None:
        """Nothing to let go of."""

    def fileno(self) -> None:
        """No descriptor."""


class TimedLine:
    """A transport with servos behind it, that counts what it is asked.

    Every reply holds the number of its question, so that a stale one is known: the last two bytes
    of all data.
    """

    def __init__(self, ids: Iterable[int], protocol: str = "dynamixel2", baud: int = 1_000_000):
        self.ids = list(ids)
        self.feetech = protocol == "feetech"
        self.byte = 10.0 / baud
        self.time = 0.0
        self.latency = 0.0003  # adapter and host [s]
        self.dead: set[int] = set()
        self.gap_silences = True
        self.late: Callable[[int], float] = lambda servo: 0.0
        self.asked: list[Frame] = []
        self.writes: list[bytes] = []
        self._parser = feetech.Parser(replies=False) if self.feetech else dynamixel.Parser()
        self._arriving: list[tuple[float, bytes]] = []
        self._free = dict.fromkeys(self.ids, 0.0)

    def now(self) -> float:
        """Time on this line [s]."""
        return self.time

    def write(self, data: bytes) -> None:
        """Take a request, and let the servos answer when it has passed."""
        self.writes.append(data)
        when = self.time + len(data) * self.byte
        for frame in self._parser.feed(data):
            self.asked.append(frame)
            for servo, reply in self._answers(frame):
                self._free[servo] = max(when, self._free[servo]) + self.late(servo)
                when = max(when, self._free[servo])
                for start in range(0, len(reply), _PIECE):
                    piece = reply[start : start + _PIECE]
                    when += len(piece) * self.byte
                    self._arriving.append((when + self.latency, piece))

    def read(self, n: int, timeout: float) -> bytes:
        """Return `n` bytes, or those that come within `timeout` [s]."""
        end, data = self.time + max(timeout, 0.0), b""
        while len(data) < n and self._arriving and self._arriving[0][0] <= end:
            when, reply = self._arriving.pop(0)
            self.time = max(self.time, when)
            data, rest = (data + reply)[:n], (data + reply)[n:]
            if rest:
                self._arriving.insert(0, (when, rest))
        if len(data) < n:
            self.time = end
        # A clock stands still for no reader.
        self.time += 1e-6
        return data

    def drain(self, quiet_seconds: float) -> bytes:
        """Throw away what comes until it is quiet."""
        drained = b""
        while piece := self.read(4096, quiet_seconds):
            drained += piece
        return drained

    def close(self) -> None:
        """Nothing to let go of."""

    def fileno(self) -> None:
        """No descriptor."""

    def data(self, size: int) -> bytes:
        """What a servo says now: the number of the question."""
        return len(self.asked).to_bytes(2, "little").rjust(size, b"\xaa")[-size:]

    def _answers(self, frame: Frame) -> list[tuple[int, bytes]]:
        if self.feetech:
            return self._feetech(frame)
        ids = [servo for servo in self.ids if frame.id in (servo, 254) and servo not in self.dead]
        params = frame.params
        match frame.instruction:
            case Instruction.PING:
                return [(i, dynamixel.status(i, 0, b"\xb0\x04\x34")) for i in ids]
            case Instruction.READ:
                return [(i, dynamixel.status(i, 0, self.data(params[2]))) for i in ids]
            case Instruction.SYNC_READ:
                return self._row([(i, params[2]) for i in params[4:]], dynamixel.status)
            case Instruction.BULK_READ:
                blocks = [(params[n], params[n + 3]) for n in range(0, len(params), 5)]
                return self._row(blocks, dynamixel.status)
            case Instruction.FAST_SYNC_READ:
                return self._jointly(dict.fromkeys(params[4:], params[2]))
            case Instruction.FAST_BULK_READ:
                blocks = [(params[n], params[n + 3]) for n in range(0, len(params), 5)]
                return self._jointly(dict(blocks))
            case Instruction.SYNC_WRITE | Instruction.BULK_WRITE | Instruction.ACTION:
                return []
        return [(i, dynamixel.status(i)) for i in ids]

    def _jointly(self, sizes: dict[int, int]) -> list[tuple[int, bytes]]:
        alive = list(takewhile(lambda servo: servo not in self.dead, sizes))
        blocks = {i: Block(0, self.data(sizes[i])) for i in alive}
        return [(alive[-1], dynamixel.fast_status(blocks, sizes))] if blocks else []

    def _feetech(self, frame: Frame) -> list[tuple[int, bytes]]:
        ids = [servo for servo in self.ids if frame.id in (servo, 254) and servo not in self.dead]
        match frame.instruction:
            case feetech.Instruction.READ:
                return [(i, feetech.status(i, 0, self.data(frame.params[1]))) for i in ids]
            case feetech.Instruction.SYNC_READ:
                size = frame.params[1]
                return self._row([(i, size) for i in frame.params[2:]], feetech.status)
            case feetech.Instruction.SYNC_WRITE | feetech.Instruction.ACTION:
                return []
        return [(i, feetech.status(i)) for i in ids]

    def _row(
        self, blocks: list[tuple[int, int]], status: Callable[..., bytes]
    ) -> list[tuple[int, bytes]]:
        said = []
        for servo, size in blocks:
            if servo in self.dead and self.gap_silences:
                break
            if servo not in self.dead:
                said.append((servo, status(servo, 0, self.data(size))))
        return said
