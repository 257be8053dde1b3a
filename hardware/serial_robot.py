"""`SerialRobot`: the joints of a spec on a real serial line."""

import math
import struct

import numpy as np

from ashore.hardware.bus import Bus, BusConfig
from ashore.hardware.clock import Clock
from ashore.hardware.errors import BusError, PortLost
from ashore.hardware.reading import Command, Reading
from ashore.hardware.servo_line import ServoLine
from ashore.hardware.spec import JointSpec, RobotSpec
from ashore.hardware.transport import SerialTransport, Tap

CYCLE = {
    "hardware_error_status": "B",
    "torque_enable": "B",
    "bus_watchdog": "b",
    "present_pwm": "h",
    "present_current": "h",
    "present_velocity": "i",
    "present_position": "i",
    "present_input_voltage": "H",
    "present_temperature": "B",
}
"""Registers of one cycle, and how `struct` unpacks them: mapped into one block by indirection."""

_UNPACK = struct.Struct("<" + "".join(CYCLE.values()))
EXTENDED_POSITION = 4
_MARGIN = 0.02  # how far beyond a limit a joint may rest, for encoder noise [rad]


class SerialRobot:
    """Servos on one bus, in SI units and in the spec's joint frame.

    One fast sync read brings position, velocity, current, duty, voltage, temperature, torque,
    watchdog and hardware error of every servo, through indirect addresses set when it was opened.
    """

    def __init__(self, spec: RobotSpec, bus: Bus, clock: Clock) -> None:
        """Take an open bus; `open` is the usual way here."""
        self.spec, self.bus, self.clock = spec, bus, clock
        self.lines = [ServoLine(bus, joint) for joint in spec.joints]
        n = len(spec.joints)
        self._sign, self._zero = spec.column("sign"), spec.column("zero_offset")
        self._raw = np.zeros((n, len(CYCLE)))
        self._sampled = np.full(n, -math.inf)

    @classmethod
    def open(
        cls, spec: RobotSpec, port: str, clock: Clock, tap: Tap | None = None
    ) -> "SerialRobot":
        """Open `port` and check that every servo of the spec is on it, before anything moves.

        Raises:
            PortError: the port does not open.
            BusError: a servo is missing, is another model, or refuses a setting.
        """
        bus_spec = spec.bus
        transport = SerialTransport(port, bus_spec.baud, tap)
        bus = Bus(transport, BusConfig(baud=bus_spec.baud, latency=bus_spec.latency))
        robot = cls(spec, bus, clock)
        try:
            robot._meet(port)
            for line in robot.lines:
                line.configure(EXTENDED_POSITION, list(CYCLE))
        except BaseException:
            bus.close()
            raise
        return robot

    def _meet(self, port: str) -> None:
        answers = {line.joint: line.ping() for line in self.lines}
        silent = [joint for joint, result in answers.items() if not result.ok]
        if silent:
            raise BusError(_who_is_missing(self.spec, port, silent, self.bus))
        for line in self.lines:
            line.require_model(answers[line.joint], port)

    def read(self) -> Reading:
        """One cycle of every joint."""
        address, _ = self.lines[0].table.span(["indirect_data_1"])
        results = self.bus.fast_sync_read(self.spec.ids, address, _UNPACK.size)
        now = self.clock.now()
        for index, joint in enumerate(self.spec.joints):
            result = results[joint.id]
            if result.ok:
                self._raw[index] = _UNPACK.unpack(result.data)
                self._sampled[index] = now
        return self._reading(now)

    def _reading(self, now: float) -> Reading:
        si = self.lines[0].table
        columns = {
            name: np.array([(raw - si[name].zero) * si[name].scale for raw in self._raw[:, i]])
            for i, name in enumerate(CYCLE)
        }
        tripped = columns["bus_watchdog"] < 0
        fault = columns["hardware_error_status"].astype(np.uint8)
        return Reading(
            time=now,
            position=self._sign * (columns["present_position"] - self._zero),
            velocity=self._sign * columns["present_velocity"],
            current=self._sign * columns["present_current"],
            duty=self._sign * columns["present_pwm"],
            voltage=columns["present_input_voltage"],
            temperature=columns["present_temperature"],
            age=now - self._sampled,
            fault=fault,
            torque_enabled=(columns["torque_enable"] > 0) & ~tripped,
        )

    def write(self, command: Command) -> Command:
        """Send goal positions in one packet."""
        goal = self._sign * command.position + self._zero
        register = self.lines[0].table["goal_position"]
        counts = {
            joint.id: _clamp(round(float(goal[i]) / register.scale) + register.zero)
            for i, joint in enumerate(self.spec.joints)
        }
        self.bus.sync_write(counts, register)
        sent = np.array([register.to_si(counts[joint.id]) for joint in self.spec.joints])
        return Command(position=self._sign * (sent - self._zero))

    def enable(self) -> None:
        """Hold every joint where it is, its watchdog armed and read back."""
        places = [line.position() for line in self.lines]
        for joint, encoder in zip(self.spec.joints, places, strict=True):
            self._require_inside(joint, joint.sign * (encoder - joint.zero_offset))
        for line, place in zip(self.lines, places, strict=True):
            line.hold(place)
        for line in self.lines:
            line.arm_watchdog(self.spec.bus.watchdog)

    def disable(self) -> list[str]:
        """Take torque off, joint by joint."""
        complaints = []
        for line in self.lines:
            try:
                line.release()
            except (BusError, PortLost) as error:
                complaints.append(str(error))
        return complaints

    def close(self) -> None:
        """Let go of the port."""
        self.bus.close()

    def _require_inside(self, joint: JointSpec, angle: float) -> None:
        if not joint.lower - _MARGIN <= angle <= joint.upper + _MARGIN:
            raise BusError(
                f"joint {joint.name} is at {angle:.3f} rad, outside its limits of {joint.lower} "
                f"to {joint.upper} rad; move it inside by hand, then start again"
            )


def _clamp(counts: int) -> int:
    """Hold a goal within one turn either way of the encoder's zero."""
    return min(max(counts, 2048 - 4096), 2048 + 4096)


def _who_is_missing(spec: RobotSpec, port: str, silent: list[JointSpec], bus: Bus) -> str:
    found = [servo for servo, result in bus.scan().items() if result.ok]
    missing = ", ".join(f"{joint.id} ({joint.name})" for joint in silent)
    there = ", ".join(map(str, found)) or "none"
    return (
        f"no servo {missing} on {port} at {spec.bus.baud} baud; answered: {there}; "
        "check its power, its cable, its id and its baud rate"
    )
