"""`SerialRobot`: the joints of a spec on a real serial line, and its inertial sensor on another."""

import math

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.errors import BusError, ContractError, SpecError
from ashore.hardware.imu.serial_imu import SerialImu
from ashore.hardware.joint_frame import JointFrame
from ashore.hardware.reading import Command, Reading
from ashore.hardware.run.clock import Clock, LockstepClock
from ashore.hardware.servo.families import servo_lines
from ashore.hardware.servo.roll_call import RollCall
from ashore.hardware.servo.sample_layout import SIGNALS, SampleScale
from ashore.hardware.servo.torque import Torque, write_all
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.bus import Bus, BusConfig, Result
from ashore.hardware.wire.transport import SerialTransport, Tap

LOCKSTEP_LATENCY = 2.0
"""How long a reply is waited for where waiting takes none of the robot's time [s]."""

_VOLTAGE, _TORQUE, _MARK = (list(SIGNALS).index(name) for name in ("voltage", "torque", "mark"))
_BUDGET = 0.5  # share of a control step that a read may take before it asks nobody again


class SerialRobot:
    """Servos on one bus, in SI units and in the spec's joint frame.

    One question brings position, velocity, current, duty, voltage, temperature, torque, watchdog
    and hardware error of every servo. What a servo model does not measure is NaN.
    """

    def __init__(
        self, spec: RobotSpec, bus: Bus, clock: Clock, imu: SerialImu | None = None
    ) -> None:
        """Take a bus that nothing was said on yet: call `connect`; or use `open`, which does.

        Raises:
            SpecError: a servo has no control table, or models that cannot be asked at once.
        """
        self.spec, self.bus, self.clock, self.imu = spec, bus, clock, imu
        self.lines = servo_lines(spec, bus)
        layouts = [line.layout for line in self.lines]
        places = [(layout.address, layout.size) for layout in layouts]
        self._blocks = dict(zip(spec.ids, places, strict=True))
        if len(set(self._blocks.values())) > 1 and spec.bus.protocol == "feetech":
            models = ", ".join(sorted({joint.servo for joint in spec.joints}))
            raise SpecError(
                f"robot {spec.name} has servos {models} on one Feetech line, which has no question "
                "for unlike ones; one model is possible"
            )
        self.frame = JointFrame(spec)
        self._scale = SampleScale(tuple(layouts))
        self._goals = [line.table["goal_position"] for line in self.lines]
        self._torque = Torque(spec, bus, self.lines)
        self._count = np.array([register.scale for register in self._goals])
        self._mid = np.array([register.zero for register in self._goals])
        self._raw = np.zeros((len(spec.joints), len(SIGNALS)))
        self._sampled = np.full(len(spec.joints), -math.inf)
        self._fast = False

    @classmethod
    def open(
        cls,
        spec: RobotSpec,
        port: str,
        clock: Clock,
        tap: Tap | None = None,
        latency: float | None = None,
        imu_port: str | None = None,
    ) -> "SerialRobot":
        """Open `port` and check that every servo of the spec is on it, before anything moves.

        Args:
            spec: the robot.
            port: a path such as /dev/ttyUSB0, or a pyserial URL.
            clock: what stamps the readings; a `LockstepClock` for a lockstep twin.
            tap: sees every byte that passes, for the log.
            latency: longest wait for a reply beyond the wire's own time [s]; None for the spec's,
                or for `LOCKSTEP_LATENCY` with a lockstep clock.
            imu_port: the port of the robot's inertial sensor, if it has one.

        Raises:
            PortError: a port does not open.
            BusError: a servo is missing, is another model, or refuses a setting; or the robot has
                an inertial sensor and no port was given for it.
        """
        if spec.imu is not None and imu_port is None:
            raise BusError(
                f"robot {spec.name} has an inertial sensor ({spec.imu.codec}) and no port was "
                "given for it; name it with --imu-port, such as --imu-port /dev/ttyUSB1"
            )
        lockstep = isinstance(clock, LockstepClock)
        if latency is None:
            latency = LOCKSTEP_LATENCY if lockstep else spec.bus.latency
        config = BusConfig(
            protocol=spec.bus.protocol,
            baud=spec.bus.baud,
            latency=latency,
            budget=None if lockstep else _BUDGET / spec.rate,
        )
        bus, imu = Bus(SerialTransport(port, spec.bus.baud, tap), config), None
        try:
            if spec.imu is not None and imu_port is not None:
                imu = SerialImu.open(spec.imu, imu_port, clock, tap)
            robot = cls(spec, bus, clock, imu)
            robot.connect(port)
        except BaseException:
            bus.close()
            if imu is not None:
                imu.close()
            raise
        return robot

    def connect(self, port: str) -> None:
        """Meet every servo, set up what a cycle needs, and take a first sample.

        Raises:
            BusError: a servo is missing, is another model, or refuses a setting.
        """
        roll = RollCall(self.spec, port, self.bus, self.lines)
        roll.require_all()
        self._fast = all(line.fast for line in self.lines)
        garbled = self.bus.counters.silent
        try:
            for line in self.lines:
                line.configure()
        except BusError:
            if self.bus.counters.silent > garbled:
                roll.require_single()
            raise
        missed = ~self.read().fresh
        if missed.any():
            name = self.spec.names[int(np.argmax(missed))]
            raise BusError(f"joint {name} on {port} gave no first sample; check its cable")
        self.frame.find_turns(self._scale.si(self._raw)["position"])

    def read(self) -> Reading:
        """One cycle of every joint."""
        results = self._ask()
        now = self.clock.now()
        for index, line in enumerate(self.lines):
            result = results[line.joint.id]
            if result.ok:
                self._take(index, line.layout.raw(result.data), now)
        return self._reading(now)

    def _take(self, index: int, raw: NDArray[np.float64], now: float) -> None:
        """Keep a sample, unless it is that of a servo that restarted and forgot what to tell."""
        if raw[_VOLTAGE] == 0.0:
            self._raw[index, _TORQUE] = 0.0
            return
        self._raw[index] = raw
        self._sampled[index] = now

    def _ask(self) -> dict[int, Result]:
        """Put the one question of a cycle: a sync read where all blocks are alike, else bulk."""
        if len(set(self._blocks.values())) > 1:
            ask = self.bus.fast_bulk_read if self._fast else self.bus.bulk_read
            return ask(self._blocks)
        address, size = self._blocks[self.spec.ids[0]]
        read = self.bus.fast_sync_read if self._fast else self.bus.sync_read
        return read(self.spec.ids, address, size)

    def _reading(self, now: float) -> Reading:
        columns, sign = self._scale.si(self._raw), self.frame.sign
        # A watchdog that ran out reads -1; servos without one have none to run out.
        lost = columns["watchdog"] < 0.0
        marks = np.array([line.mark for line in self.lines])
        lost |= np.isfinite(marks) & (self._raw[:, _MARK] != marks)
        return Reading(
            time=now,
            position=self.frame.angle(columns["position"]),
            velocity=sign * columns["velocity"],
            current=sign * columns["current"],
            duty=sign * columns["duty"],
            voltage=columns["voltage"].copy(),
            temperature=columns["temperature"].copy(),
            age=now - self._sampled,
            fault=columns["fault"].astype(np.uint8),
            torque_enabled=(columns["torque"] > 0.0) & ~lost,
            inertial=self.imu.read(now) if self.imu is not None else None,
        )

    def write(self, command: Command) -> Command:
        """Send goal positions in one packet, held to where a joint may rest whoever calls.

        Raises:
            ContractError: not one finite goal a joint.
        """
        wish = command.position
        if wish.shape != self._count.shape or not np.isfinite(wish).all():
            raise ContractError(
                f"goals {wish} were to be sent and {len(self._count)} finite angles are possible; "
                "pass the command through the safety filter first"
            )
        goal = self.frame.encoder(self.frame.clip(wish))
        counts = np.round(goal / self._count).astype(int) + self._mid
        write_all(self.bus, self.spec.ids, self._goals, counts.tolist())
        return Command(position=self.frame.angle((counts - self._mid) * self._count))

    def enable(self) -> None:
        """Hold every joint where it is, its watchdog armed and read back; or else none."""
        for line in self.lines:
            line.require_well()
        self._require_inside(np.array([line.position() for line in self.lines]))
        try:
            for line in self.lines:
                line.hold()
            for line in self.lines:
                line.arm_watchdog(self.spec.bus.watchdog)
        except BaseException:
            self.disable()
            raise

    def soften(self, share: float) -> None:
        """Let every joint hold with `share` of its stiffness, 0..1; nobody confirms it."""
        self._torque.soften(share)

    def disable(self) -> list[str]:
        """Take torque off: all at once, unconfirmed, and then joint by joint, confirmed."""
        return self._torque.release()

    def release_packets(self) -> list[bytes]:
        """The bytes that take torque off, for whoever has the port when this program is gone."""
        return self._torque.packets()

    def close(self) -> None:
        """Let go of the ports."""
        self.bus.close()
        if self.imu is not None:
            self.imu.close()

    def _require_inside(self, encoder: NDArray[np.float64]) -> None:
        angle = self.frame.angle(encoder)
        for index in self.frame.outside(angle):
            joint = self.spec.joints[index]
            raise BusError(
                f"joint {joint.name} is at {angle[index]:.3f} rad, outside its limits of "
                f"{joint.lower} to {joint.upper} rad; move it inside by hand, then start again"
            )
