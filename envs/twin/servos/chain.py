"""Servos on one line: who answers which instruction, and who keeps silent.

Source: ROBOTIS e-manual, "DYNAMIXEL Protocol 2.0, Instruction" and "XL330-M288-T, Status Return
Level (68)".
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ashore.envs.twin.reply import Reply
from ashore.envs.twin.servos.joint_reply import joint_reply
from ashore.envs.twin.servos.rules import BAD_CRC
from ashore.envs.twin.servos.servo import Servo
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.dynamixel import Instruction
from ashore.hardware.wire.frame import BROADCAST, Frame

_KNOWS_BETTER = 42  # first firmware that ignores a broadcast reset of everything
_LEVEL: dict[int, int] = {Instruction.PING: 0, Instruction.READ: 1}


class Chain:
    """The protocol side of a chain of servos; it knows nothing of time."""

    def __init__(self, servos: Sequence[Servo], *, gap_silences: bool) -> None:
        """Connect `servos`.

        Args:
            servos: in the order of the chain.
            gap_silences: whether one missing from a sync read silences those behind it.
        """
        self._gap_silences = gap_silences
        self.listen(servos)

    def listen(self, servos: Sequence[Servo]) -> None:
        """Let only `servos`, a part of the chain, hear and answer what comes next."""
        self.listening = servos
        self._named: dict[int, list[Servo]] = {}
        self._seconds: dict[int, list[Servo]] = {}
        for servo in servos:
            self._named.setdefault(servo.id, []).append(servo)
            if servo.second_id is not None:
                self._seconds.setdefault(servo.second_id, []).append(servo)

    def answer(self, frame: Frame) -> list[Reply]:
        """Return the replies of the whole chain to one instruction."""
        if frame.id != BROADCAST:
            return self._one(frame.id, frame.instruction, frame.params)
        params = frame.params
        match frame.instruction:
            case Instruction.PING:
                return [r for s in self.listening for r in _status(s, Instruction.PING, b"")]
            case Instruction.SYNC_READ:
                return self._reads((servo, params[:4]) for servo in params[4:])
            case Instruction.BULK_READ:
                return self._reads((block[0], block[1:]) for block in _blocks(params, 5))
            case Instruction.FAST_SYNC_READ:
                return joint_reply([(id_, params[:4]) for id_ in params[4:]], self._first)
            case Instruction.FAST_BULK_READ:
                asked = [(block[0], block[1:]) for block in _blocks(params, 5)]
                return joint_reply(asked, self._first)
            case Instruction.SYNC_WRITE:
                self._sync_write(params)
            case Instruction.BULK_WRITE:
                self._bulk_write(params)
            case Instruction.FACTORY_RESET if params[:1] == b"\xff":
                # Every servo would become id 1, so firmware that knows better ignores it.
                for servo in self.listening:
                    if servo.memory.get("firmware_version") < _KNOWS_BETTER:
                        servo.execute(frame.instruction, params)
            case _:
                for servo in self.listening:
                    servo.execute(frame.instruction, params)
        return []

    def complain(self, ids: Iterable[int]) -> list[Reply]:
        """Return what firmware says that answers to a packet whose CRC failed."""
        return [
            Reply(id_, dynamixel.status(id_, BAD_CRC | servo.alert), servo.return_delay)
            for id_ in ids
            for servo in self._with(id_)
        ]

    def addressed(self, id_: int) -> list[Servo]:
        """Return those that obey a packet to `id_`."""
        return list(self.listening) if id_ == BROADCAST else self._with(id_) + self._second(id_)

    def _with(self, id_: int) -> list[Servo]:
        return self._named.get(id_, [])

    def _first(self, id_: int) -> Servo | None:
        return next(iter(self._with(id_)), None)

    def _second(self, id_: int) -> list[Servo]:
        return [servo for servo in self._seconds.get(id_, []) if servo.id != id_]

    def _one(self, id_: int, instruction: int, params: bytes) -> list[Reply]:
        for servo in self._second(id_):
            servo.execute(instruction, params)
        replies = [r for servo in self._with(id_) for r in _status(servo, instruction, params)]
        return [replace(reply, together=i > 0) for i, reply in enumerate(replies)]

    def _reads(self, blocks: Iterable[tuple[int, bytes]]) -> list[Reply]:
        replies: list[Reply] = []
        for servo, params in blocks:
            reply = self._one(servo, Instruction.READ, params)
            if not reply and self._gap_silences:
                break
            replies += reply
        return replies

    def _sync_write(self, params: bytes) -> None:
        address, size = params[:2], int.from_bytes(params[2:4], "little")
        for block in _blocks(params[4:], 1 + size):
            for servo in self.addressed(block[0]):
                servo.execute(Instruction.WRITE, address + block[1:])

    def _bulk_write(self, params: bytes) -> None:
        while len(params) >= 5:
            end = 5 + int.from_bytes(params[3:5], "little")
            if len(params) >= end:
                for servo in self.addressed(params[0]):
                    servo.execute(Instruction.WRITE, params[1:3] + params[5:end])
            params = params[end:]


def _status(servo: Servo, instruction: int, params: bytes) -> list[Reply]:
    """Carry an instruction out; return the status, unless the return level withholds it."""
    sender, level, after = servo.id, servo.memory.get("status_return_level"), servo.return_delay
    error, data = servo.execute(instruction, params)
    if level < _LEVEL.get(instruction, 2):
        return []
    return [Reply(sender, dynamixel.status(sender, error, data), after)]


def _blocks(data: bytes, size: int) -> list[bytes]:
    """Return `data` in blocks of `size`; a shorter rest is dropped."""
    return [data[i : i + size] for i in range(0, len(data) - size + 1, size)]
