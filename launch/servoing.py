"""`ashore servo read`, `ashore servo write`, `ashore servo reboot`."""

from collections.abc import Sequence

from ashore.hardware.errors import BusError, SpecError
from ashore.hardware.servo.control_table import Register
from ashore.hardware.wire.bus import Bus
from ashore.launch.console import say
from ashore.launch.servo_line import NamedServo, named_servos, open_line
from ashore.launch.servo_request import ServoRequest
from ashore.launch.servo_write import ServoWrite, ask, moves, refusal


def run_servo_read(port: str, ids: str, registers: Sequence[str], request: ServoRequest) -> int:
    """Print registers of some servos, all of them if none is named."""
    servos = named_servos(ids, request)
    wanted = [_named(servo, registers) for servo in servos]
    bus = open_line(port, servos, request)
    try:
        for servo, names in zip(servos, wanted, strict=True):
            for register in names:
                _show(bus, servo, register)
    finally:
        bus.close()
    return 0


def _named(servo: NamedServo, registers: Sequence[str]) -> list[Register]:
    if registers:
        return [servo.table[name] for name in registers]
    return [register for register in servo.table if not register.name.startswith("indirect_")]


def _show(bus: Bus, servo: NamedServo, register: Register) -> None:
    value = ask(bus, servo, register.name)
    meaning = "" if register.unit == "1" and register.scale == 1.0 else _si(register, value)
    say(f"{servo.who}  {register.name:<24} {value}{meaning}")


def _si(register: Register, value: int) -> str:
    unit = "" if register.unit == "1" else f" {register.unit}"
    return f"  = {register.to_si(value):.6g}{unit}"


def run_servo_write(
    port: str, ids: str, register: str, value: int, request: ServoRequest, force: bool
) -> int:
    """Write one register of some servos, and read it back.

    Raises:
        SpecError: the register is read-only, cannot hold the value, or can move the motor.
        BusError: a servo refuses or does not answer; those before it are written.
    """
    servos = named_servos(ids, request)
    for servo in servos:
        _require_writable(servo, register, value, force)
    if register == "id" and len(servos) > 1:
        raise SpecError(f"{len(servos)} servos cannot all have id {value}; change one at a time")
    bus = open_line(port, servos, request)
    try:
        for servo in servos:
            say(ServoWrite(bus, servo, servo.table[register], value).run())
    finally:
        bus.close()
    return 0


def _require_writable(servo: NamedServo, name: str, value: int, force: bool) -> None:
    register = servo.table[name]
    if register.access == "r":
        raise SpecError(f"{name} of {servo.who} can only be read; the servo itself sets it")
    register.encode(value)
    if moves(register) and not force:
        raise SpecError(
            f"{name} of {servo.who} can move the motor or let it fall; add --force if everyone is "
            "out of its reach"
        )


def run_servo_reboot(port: str, ids: str, request: ServoRequest, force: bool) -> int:
    """Restart some servos: faults are cleared, torque is gone.

    Raises:
        BusError: a servo holds torque, refuses, or does not answer.
    """
    servos = named_servos(ids, request)
    bus = open_line(port, servos, request)
    try:
        for servo in servos:
            _reboot(bus, servo, force)
    finally:
        bus.close()
    return 0


def _reboot(bus: Bus, servo: NamedServo, force: bool) -> None:
    if not force and ask(bus, servo, "torque_enable"):
        raise BusError(
            f"{servo.who} holds torque and lets go when it restarts; hold the robot and add --force"
        )
    result = bus.reboot(servo.id)
    if not result.ok:
        raise BusError(f"cannot restart {servo.who}: {refusal(result, bus)}")
    say(f"{servo.who} restarts; its torque is off")
