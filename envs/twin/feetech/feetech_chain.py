"""`FeetechChain`: servos on one line, who answers which instruction and who keeps silent.

Source: Feetech, "Communication protocol manual", "Instruction type".
"""

from collections.abc import Sequence
from dataclasses import replace

from ashore.envs.twin.feetech.feetech_servo import FeetechServo
from ashore.envs.twin.reply import Reply
from ashore.hardware.wire import feetech
from ashore.hardware.wire.feetech import Instruction
from ashore.hardware.wire.parser import BROADCAST, Frame

_ALWAYS_ANSWERED = (Instruction.PING, Instruction.READ)


class FeetechChain:
    """The protocol side of a chain of servos; it knows nothing of time."""

    def __init__(self, servos: Sequence[FeetechServo], *, gap_silences: bool) -> None:
        """Connect `servos`.

        Args:
            servos: in the order of the chain.
            gap_silences: whether one missing from a sync read silences those behind it.
        """
        self.listening = servos
        self._gap_silences = gap_silences

    def answer(self, frame: Frame) -> list[Reply]:
        """Return the replies of the whole chain to one instruction."""
        if frame.id != BROADCAST:
            return self._one(frame.id, frame.instruction, frame.params)
        match frame.instruction:
            case Instruction.PING:
                return [r for s in self.listening for r in _status(s, Instruction.PING, b"")]
            case Instruction.SYNC_READ:
                return self._sync_read(frame.params)
            case Instruction.SYNC_WRITE:
                self._sync_write(frame.params)
            case Instruction.READ:
                return []
            case _:
                for servo in self.listening:
                    servo.execute(frame.instruction, frame.params)
        return []

    def _with(self, id_: int) -> list[FeetechServo]:
        return [servo for servo in self.listening if servo.id == id_]

    def _one(self, id_: int, instruction: int, params: bytes) -> list[Reply]:
        replies = [r for servo in self._with(id_) for r in _status(servo, instruction, params)]
        return [replace(reply, together=i > 0) for i, reply in enumerate(replies)]

    def _sync_read(self, params: bytes) -> list[Reply]:
        replies: list[Reply] = []
        for id_ in params[2:]:
            reply = self._one(id_, Instruction.READ, params[:2])
            if not reply and self._gap_silences:
                break
            replies += reply
        return replies

    def _sync_write(self, params: bytes) -> None:
        if len(params) < 2:
            return
        address, size = params[:1], params[1]
        for start in range(2, len(params) - size, 1 + size):
            for servo in self._with(params[start]):
                servo.execute(Instruction.WRITE, address + params[start + 1 : start + 1 + size])


def _status(servo: FeetechServo, instruction: int, params: bytes) -> list[Reply]:
    """Carry an instruction out; return the status, unless the return level withholds it."""
    sender, after = servo.id, servo.return_delay
    answers = servo.memory.get("status_return_level") or instruction in _ALWAYS_ANSWERED
    data = servo.execute(instruction, params)
    if data is None or not answers or len(data) > feetech.LARGEST_PARAMS:
        return []
    return [Reply(sender, feetech.status(sender, servo.error, data), after)]
