"""`SerialRobot`: the joints of a spec on a real serial line."""

import math
import struct

import numpy as np

from ashore.hardware.errors import BusError, ContractError, PortLost, SpecError
from ashore.hardware.joint_spec import JointSpec
from ashore.hardware.reading import Command, Reading
from ashore.hardware.run.clock import Clock, LockstepClock
from ashore.hardware.servo.servo_line import ServoLine
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.bus import Bus, BusConfig
from ashore.hardware.wire.transport import SerialTransport, Tap

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
LOCKSTEP_LATENCY = 2.0
"""How long a reply is waited for where waiting takes none of the robot's time [s]."""

_UNPACK = struct.Struct("<" + "".join(CYCLE.values()))
_MARGIN = 0.02  # how far beyond a limit a joint may rest, for encoder noise [rad]


class SerialRobot:
    """Servos on one bus, in SI units and in the spec's joint frame.

    One fast sync read brings position, velocity, current, duty, voltage, temperature, torque,
    watchdog and hardware error of every servo, through indirect addresses set when it was opened.
    """

    def __init__(self, spec: RobotSpec, bus: Bus, clock: Clock) -> None:
        """Take a bus that nothing was said on yet: call `connect`; or use `open`, which does.

        Raises:
            SpecError: the servos are of more than one model.
        """
        models = sorted({joint.servo for joint in spec.joints})
        if len(models) > 1:
            raise SpecError(f"servos {', '.join(models)} on one bus; only one model is possible")
        self.spec, self.bus, self.clock = spec, bus, clock
        self.lines = [ServoLine(bus, joint) for joint in spec.joints]
        self._table = self.lines[0].table
        self._sign, self._zero = spec.column("sign"), spec.column("zero_offset")
        self._lower, self._upper = spec.column("lower"), spec.column("upper")
        self._scale = np.array([self._table[name].scale for name in CYCLE])
        self._origin = np.array([self._table[name].zero for name in CYCLE])
        self._raw = np.zeros((len(spec.joints), len(CYCLE)))
        self._sampled = np.full(len(spec.joints), -math.inf)

    @classmethod
    def open(
        cls,
        spec: RobotSpec,
        port: str,
        clock: Clock,
        tap: Tap | None = None,
        latency: float | None = None,
    ) -> "SerialRobot":
        """Open `port` and check that every servo of the spec is on it, before anything moves.

        Args:
            spec: the robot.
            port: a path such as /dev/ttyUSB0, or a pyserial URL.
            clock: what stamps the readings; a `LockstepClock` for a lockstep twin.
            tap: sees every byte that passes, for the log.
            latency: longest wait for a reply beyond the wire's own time [s]; None for the spec's,
                or for `LOCKSTEP_LATENCY` with a lockstep clock.

        Raises:
            PortError: the port does not open.
            BusError: a servo is missing, is another model, or refuses a setting.
        """
        if spec.bus.protocol != "dynamixel2":
            raise BusError(
                f"robot {spec.name} speaks {spec.bus.protocol!r}; this version speaks dynamixel2 "
                "on the wire, and simulates the others"
            )
        if latency is None:
            lockstep = isinstance(clock, LockstepClock)
            latency = LOCKSTEP_LATENCY if lockstep else spec.bus.latency
        bus = Bus(
            SerialTransport(port, spec.bus.baud, tap),
            BusConfig(baud=spec.bus.baud, latency=latency),
        )
        try:
            robot = cls(spec, bus, clock)
            robot.connect(port)
        except BaseException:
            bus.close()
            raise
        return robot

    def connect(self, port: str) -> None:
        """Meet every servo, set up what a cycle needs, and take a first sample.

        Raises:
            BusError: a servo is missing, is another model, or refuses a setting.
        """
        answers = {line.joint.id: line.ping() for line in self.lines}
        if not all(answer.ok for answer in answers.values()):
            silent = [joint for joint in self.spec.joints if not answers[joint.id].ok]
            raise BusError(_who_is_missing(self.spec, port, silent, self.bus))
        for line in self.lines:
            line.require_model(answers[line.joint.id], port)
        for line in self.lines:
            line.configure(list(CYCLE))
        missed = ~self.read().fresh
        if missed.any():
            name = self.spec.names[int(np.argmax(missed))]
            raise BusError(f"joint {name} on {port} gave no first sample; check its cable")
        self._find_turns()

    def read(self) -> Reading:
        """One cycle of every joint."""
        address, _ = self._table.span(["indirect_data_1"])
        results = self.bus.fast_sync_read(self.spec.ids, address, _UNPACK.size)
        now = self.clock.now()
        for index, joint in enumerate(self.spec.joints):
            result = results[joint.id]
            if result.ok:
                self._raw[index] = _UNPACK.unpack(result.data)
                self._sampled[index] = now
        return self._reading(now)

    def _reading(self, now: float) -> Reading:
        columns = dict(zip(CYCLE, ((self._raw - self._origin) * self._scale).T, strict=True))
        return Reading(
            time=now,
            position=self._sign * (columns["present_position"] - self._zero),
            velocity=self._sign * columns["present_velocity"],
            current=self._sign * columns["present_current"],
            duty=self._sign * columns["present_pwm"],
            voltage=columns["present_input_voltage"].copy(),
            temperature=columns["present_temperature"].copy(),
            age=now - self._sampled,
            fault=columns["hardware_error_status"].astype(np.uint8),
            torque_enabled=(columns["torque_enable"] > 0.0) & (columns["bus_watchdog"] >= 0.0),
        )

    def write(self, command: Command) -> Command:
        """Send goal positions in one packet, held within the spec's limits whoever calls.

        Raises:
            ContractError: not one finite goal a joint.
        """
        wish = command.position
        if wish.shape != self._zero.shape or not np.isfinite(wish).all():
            raise ContractError(
                f"goals {wish} were to be sent and {len(self._zero)} finite angles are possible; "
                "pass the command through the safety filter first"
            )
        goal = self._sign * np.clip(wish, self._lower, self._upper) + self._zero
        register = self._table["goal_position"]
        counts = np.round(goal / register.scale).astype(int) + register.zero
        self.bus.sync_write(dict(zip(self.spec.ids, counts.tolist(), strict=True)), register)
        sent = (counts - register.zero) * register.scale
        return Command(position=self._sign * (sent - self._zero))

    def enable(self) -> None:
        """Hold every joint where it is, its watchdog armed and read back; or else none."""
        for line in self.lines:
            line.require_well()
        for index, line in enumerate(self.lines):
            self._require_inside(index, line.position())
        try:
            for line in self.lines:
                line.hold()
            for line in self.lines:
                line.arm_watchdog(self.spec.bus.watchdog)
        except BaseException:
            self.disable()
            raise

    def disable(self) -> list[str]:
        """Take torque off: all at once, unconfirmed, and then joint by joint, confirmed."""
        complaints = []
        for act in (self._cut, *(line.release for line in self.lines)):
            try:
                act()
            except PortLost as lost:
                return [f"torque may still be on: {lost}; {self._aftermath()}"]
            except Exception as problem:
                # Whatever goes wrong with one joint or with the log, the others are still reached.
                complaints.append(str(problem))
        return complaints

    def close(self) -> None:
        """Let go of the port."""
        self.bus.close()

    def _cut(self) -> None:
        """Reach also the servos whose replies are lost, which the bus asks nothing any more."""
        self.bus.sync_write(dict.fromkeys(self.spec.ids, 0), self._table["torque_enable"])

    def _aftermath(self) -> str:
        seconds = self.spec.bus.watchdog
        stop = f"stop by themselves after {seconds} s" if seconds else "hold on without a watchdog"
        return f"the servos {stop}; cut their power to make them limp"

    def _find_turns(self) -> None:
        """Find the whole turn of each joint, which a servo forgets when it boots.

        After a boot it counts from 0 to 4095 wherever it is; if that is outside the joint's limits
        and a turn up or down is inside, it is there. One that has counted beyond one turn since
        knows better.
        """
        turn = round(math.tau / self._table["present_position"].scale)
        column = list(CYCLE).index("present_position")
        angles = self._reading(self.clock.now()).position
        for index, joint in enumerate(self.spec.joints):
            if _inside(joint, angles[index]) or not 0 <= self._raw[index, column] < turn:
                continue
            for whole in (-math.tau, math.tau):
                if _inside(joint, angles[index] + whole):
                    self._zero[index] -= joint.sign * whole

    def _require_inside(self, index: int, encoder: float) -> None:
        joint = self.spec.joints[index]
        angle = joint.sign * (encoder - self._zero[index])
        if not _inside(joint, angle):
            raise BusError(
                f"joint {joint.name} is at {angle:.3f} rad, outside its limits of {joint.lower} "
                f"to {joint.upper} rad; move it inside by hand, then start again"
            )


def _inside(joint: JointSpec, angle: float) -> bool:
    return bool(joint.lower - _MARGIN <= angle <= joint.upper + _MARGIN)


def _who_is_missing(spec: RobotSpec, port: str, silent: list[JointSpec], bus: Bus) -> str:
    found = [servo for servo, result in bus.scan().items() if result.ok]
    missing = ", ".join(f"{joint.id} ({joint.name})" for joint in silent)
    there = ", ".join(map(str, found)) or "none"
    return (
        f"no servo {missing} on {port} at {spec.bus.baud} baud; answered: {there}; "
        "check its power, its cable, its id and its baud rate"
    )
