"""`Question`: an instruction that servos answer with a status each, and what they said to it."""

from collections.abc import Container, Iterable, Mapping

from ashore.hardware.wire.joint_reply import Block
from ashore.hardware.wire.parser import Frame
from ashore.hardware.wire.protocol import ServoProtocol
from ashore.hardware.wire.result import Result, Status


class Question:
    """An instruction, whom it asks for how many bytes, and who answered so far.

    An adapter that lets its host hear itself sends the instruction back. On a Feetech line that
    may look like a servo's answer, byte for byte: the first such frame is held aside.
    """

    def __init__(
        self,
        protocol: ServoProtocol,
        packet: bytes,
        sizes: Mapping[int, int],
        wary: Container[int] = (),
    ) -> None:
        """Begin without answers; refusals of those in `wary` are not believed."""
        self.protocol, self.packet, self.sizes, self.wary = protocol, packet, sizes, wary
        self.lengths = {servo: protocol.overhead + size for servo, size in sizes.items()}
        """Bytes of each good answer."""
        self.results: dict[int, Result] = {}
        """What each servo said."""
        self.twice: set[int] = set()
        """Who answered more than once."""
        self.echo: Frame | None = None
        """The instruction as it came back, or what is just like it."""

    @property
    def length(self) -> int:
        """Bytes of the instruction and all good answers."""
        return len(self.packet) + sum(self.lengths.values())

    @property
    def open(self) -> bool:
        """Whether somebody has not answered."""
        return len(self.results) < len(self.sizes)

    def due(self, held: int, lacking: int) -> int:
        """Return how many bytes to wait for, with `held` of a packet here that lacks `lacking`."""
        missing = [length for servo, length in self.lengths.items() if servo not in self.results]
        # The last status may be a refusal, which is shorter.
        due = sum(missing) - missing[-1] + self.protocol.overhead
        return max(due - held, lacking)

    def take(self, frames: Iterable[Frame]) -> list[Frame]:
        """Keep each servo's first fitting status; return whatever else servos said."""
        strays = []
        for frame in frames:
            if self.echo is None and self._is_echo(frame):
                self.echo = frame
            elif frame.is_status and not self._fits(frame):
                strays.append(frame)
                self.twice |= {frame.id} & self.results.keys()
        return strays

    def take_echo(self) -> None:
        """Take what is like the instruction for an answer: nothing else came, nor is it an echo."""
        if self.echo is not None and self.echo.is_status:
            self._fits(self.echo)

    def _is_echo(self, frame: Frame) -> bool:
        size = self.protocol.overhead + len(frame.params)
        # Only a Feetech status is as long as its kin among instructions.
        alike = size == len(self.packet) or not frame.is_status
        return alike and self.protocol.encode(frame) == self.packet

    def _fits(self, frame: Frame) -> bool:
        """Keep a status, if it is its servo's first and what was asked for."""
        if frame.id not in self.sizes or frame.id in self.results:
            return False
        result = heard(self.protocol, Block(frame.error, frame.params))
        if result.status is Status.REFUSED:
            fits = frame.id not in self.wary
        else:
            fits = len(result.data) == self.sizes[frame.id]
        if fits:
            self.results[frame.id] = result
        return fits


def heard(protocol: ServoProtocol, block: Block) -> Result:
    """Return what a servo's error byte and data say."""
    error, data = block
    if not error:
        return Result(Status.OK, data)
    number, alert = protocol.refusal(error), protocol.alert(error)
    if number:
        return Result(Status.REFUSED, b"", number, alert)
    return Result(Status.OK, data, protocol.hardware(error), alert)


def trimmed(results: Mapping[int, Result], more: int) -> dict[int, Result]:
    """Return results without the `more` bytes by which their blocks began too early."""
    return {servo: result._replace(data=result.data[more:]) for servo, result in results.items()}
