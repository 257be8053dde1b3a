"""A twin with faults in virtual time: each byte takes its time, and waiting takes none of ours."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from bench import SPEC as SERVO
from pendulum_plant import PendulumPlant

from ashore.envs.twin.faults.faults import Faults
from ashore.envs.twin.imu.imu_config import ImuConfig
from ashore.envs.twin.plant import InertialSense
from ashore.envs.twin.reply import Reply
from ashore.envs.twin.twin import Twin, TwinConfig
from ashore.hardware.errors import PortLost
from ashore.hardware.imu.serial_imu import SerialImu
from ashore.hardware.imu_spec import ImuSpec
from ashore.hardware.reading import Command, Reading
from ashore.hardware.run.clock import LockstepClock
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.servo.sample_layout import SIGNALS
from ashore.hardware.spec import RobotSpec
from ashore.hardware.wire.bus import Bus, BusConfig
from ashore.hardware.wire.transport import Tap

JOINT = SERVO.joints[0]
SPEC = replace(
    SERVO,
    name="chain",
    joints=tuple(
        replace(JOINT, name=n, id=i) for i, n in enumerate(("left", "middle", "right"), 1)
    ),
)
SENSING = replace(SPEC, imu=ImuSpec(codec="vectornav_binary"))
FEETECH = replace(
    SPEC,
    name="feetech chain",
    joints=tuple(
        replace(joint, servo="sts3215", p_gain=32, lower=-3.0, upper=3.0) for joint in SPEC.joints
    ),
    bus=replace(SPEC.bus, protocol="feetech", watchdog=0.0),
)
READ = ("position", "velocity", "current", "duty", "voltage", "temperature", "fault")


class RockingPlant(PendulumPlant):
    """Pendulums on a base that is never still."""

    def inertial(self) -> InertialSense:
        sway = 0.1 * np.sin(7.0 * self.position[0] + np.arange(3.0))
        return InertialSense(
            angular_velocity=sway,
            specific_force=np.array([0.0, 0.0, 9.81]) + sway,
            rotation=np.array([1.0, 0.0, 0.0, 0.0]),
        )


class Truth(NamedTuple):
    """What the registers of all servos held when a request was answered, in SI units."""

    time: float
    values: dict[str, np.ndarray]


class VirtualTwin(Twin):
    """A twin that is spoken to without a port, and keeps what was true."""

    truths: list[Truth]

    @property
    def baud(self) -> int:
        return self.config.baud

    def answer(self, data: bytes, until: float | None) -> list[Reply]:
        replies = super().answer(data, until)
        memories = [servo.memory for servo in self.firmware.servos]
        table = ControlTable.load(str(self.config.model))
        values = {}
        for signal in READ:
            name = next(name for name in SIGNALS[signal] if name in table.registers)
            values[signal] = np.array([table[name].to_si(m.get(name)) for m in memories])
        self.truths.append(Truth(self.time, values))
        return replies


class VirtualWire:
    """The servos' line, as `SerialTransport` makes one of a real port."""

    def __init__(self, twin: VirtualTwin, clock: LockstepClock, tap: Tap | None) -> None:
        self.twin, self.clock, self.tap = twin, clock, tap
        self._heard = b""

    def write(self, data: bytes) -> None:
        self._require_plugged()
        end = self.twin.line.request(len(data), self.twin.baud, self.clock.now())
        self.twin.line.reply(self.twin.answer(data, end), self.twin.baud)
        if self.tap is not None:
            self.tap("tx", data)

    def read(self, n: int, timeout: float) -> bytes:
        self._require_plugged()
        deadline = self.clock.now() + max(timeout, 0.0)
        self._heard += self.twin.line.take(self.clock.now())
        while len(self._heard) < n:
            due = self.twin.line.due()
            moment = deadline if due is None else min(due, deadline)
            self.clock.sleep_until(moment)
            self._heard += self.twin.line.take(self.clock.now())
            if moment == deadline:
                break
        data, self._heard = self._heard[:n], self._heard[n:]
        # A look at the port takes a microsecond.
        self.clock.sleep_until(self.clock.now() + 1e-6)
        if data and self.tap is not None:
            self.tap("rx", data)
        return data

    def drain(self, quiet_seconds: float) -> bytes:
        drained = b""
        while len(drained) < 1 << 16:
            first = self.read(1, quiet_seconds)
            if not first:
                break
            drained += first + self.read(4096, 0.0)
        return drained

    def fileno(self) -> None:
        return None

    def close(self) -> None:
        return None

    def _require_plugged(self) -> None:
        if not self.twin.faults.plugged(self.clock.now()):
            raise PortLost("the virtual port is gone; plug it in again")


class ImuWire:
    """The inertial sensor's line; also the twin's end of it."""

    is_open = True

    def __init__(self, twin: VirtualTwin, clock: LockstepClock) -> None:
        self.twin, self.clock = twin, clock
        self.baud = ImuConfig().baud
        self._said = b""

    def send(self, data: bytes) -> None:
        self._said += data

    def read(self, n: int, timeout: float) -> bytes:
        self.clock.sleep_until(self.clock.now() + max(timeout, 0.0))
        self.twin.advance(self.clock.now())
        data, self._said = self._said[:n], self._said[n:]
        return data

    def drain(self, quiet_seconds: float) -> bytes:
        return self.read(1 << 16, quiet_seconds)

    def fileno(self) -> None:
        return None

    def close(self) -> None:
        return None


class Watched:
    """A robot of which nothing wrong may be believed.

    What is fresh was true at a moment of this read, and what is not is as it was. A servo that
    restarted has forgotten which registers make up its sample, and all of it reads 0, torque too.
    """

    def __init__(self, robot: SerialRobot, twin: VirtualTwin) -> None:
        self.spec, self.robot, self.twin = robot.spec, robot, twin
        self.readings: list[Reading] = []
        self.longest = 0.0
        self._last: Reading | None = None

    def read(self) -> Reading:
        clock, seen = self.robot.clock, len(self.twin.truths)
        begin = clock.now()
        reading = self.robot.read()
        self.longest = max(self.longest, clock.now() - begin)
        self._require_true(reading, self.twin.truths[seen:])
        self.readings.append(reading)
        self._last = reading
        return reading

    def _require_true(self, reading: Reading, truths: list[Truth]) -> None:
        if self._last is None and not reading.fresh.all():
            return
        for joint, fresh in enumerate(reading.fresh):
            found = [getattr(reading, signal)[joint] for signal in READ]
            if fresh:
                possible = [[t.values[signal][joint] for signal in READ] for t in truths]
            else:
                possible = [[getattr(self._last, signal)[joint] for signal in READ]]
            possible += [[-np.pi, 0, 0, 0, 0, 0, 0]] * (not reading.torque_enabled[joint])
            near = [np.allclose(found, values, atol=1e-9) for values in possible]
            assert any(near), f"joint {joint} at {reading.time}: {found} is none of {possible}"

    def enable(self) -> None:
        self.robot.enable()

    def disable(self) -> list[str]:
        return self.robot.disable()

    def soften(self, share: float) -> None:
        self.robot.soften(share)

    def write(self, command: Command) -> Command:
        return self.robot.write(command)


class VirtualBench:
    """Three servos, perhaps an inertial sensor, and what goes wrong with them."""

    def __init__(self, faults: str, folder: Path, spec: RobotSpec = SPEC, **config: object) -> None:
        path = folder / "faults.toml"
        path.write_text(faults, encoding="utf-8")
        self.spec, self.clock = spec, LockstepClock()
        options = {"ids": spec.ids, "rate": spec.rate, "baud": spec.bus.baud, **config}
        options |= {"protocol": spec.bus.protocol, "model": spec.joints[0].servo}
        sensing = spec.imu is not None
        if sensing:
            options["imu"] = ImuConfig(codec=spec.imu.codec)
        plant = (RockingPlant if sensing else PendulumPlant)(len(spec.joints), position=0.3)
        self.twin = VirtualTwin(TwinConfig(**options), plant, Faults.load(path, 1, spec))
        self.twin.truths = []
        self.plant = plant

    def open(self, tap: Tap | None = None) -> Watched:
        """Connect as `SerialRobot.open` does."""
        wire = VirtualWire(self.twin, self.clock, tap)
        bus = self.spec.bus
        config = BusConfig(
            protocol=bus.protocol,
            baud=bus.baud,
            latency=bus.latency,
            budget=0.5 / self.spec.rate,
        )
        robot = SerialRobot(self.spec, Bus(wire, config, self.clock.now), self.clock, self._imu())
        robot.connect("the virtual port")
        return Watched(robot, self.twin)

    def _imu(self) -> SerialImu | None:
        if self.spec.imu is None:
            return None
        wire = ImuWire(self.twin, self.clock)
        self.twin._imu._port = wire
        return SerialImu(self.spec.imu, wire)

    def torque(self) -> list[int]:
        """Whether each servo has torque, as it says itself."""
        return [servo.memory.get("torque_enable") for servo in self.twin.firmware.servos]
