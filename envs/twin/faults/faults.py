"""`Faults`: what goes wrong on a twin, and when."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from ashore.envs.twin.device import Device
from ashore.envs.twin.faults.fault_file import Fault, load_faults
from ashore.envs.twin.faults.imu_faults import ImuFault
from ashore.envs.twin.faults.line_fault import LineFault
from ashore.envs.twin.faults.port_faults import Stall, Unplug
from ashore.envs.twin.faults.sensor_faults import SensorFault
from ashore.envs.twin.faults.servo_faults import ServoFault
from ashore.envs.twin.faults.when import Chance
from ashore.envs.twin.faults.wire import Wire
from ashore.envs.twin.plant import Sense
from ashore.envs.twin.reply import Reply
from ashore.hardware.imu.codecs import make_codec
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.spec import RobotSpec

K = TypeVar("K")


class Faults:
    """What happens between a host and a twin's physics; without a file nothing does.

    Times are the twin's own [s], which in lockstep passes only by joint reads.
    """

    def __init__(
        self, faults: Sequence[Fault] = (), seed: int = 0, spec: RobotSpec | None = None
    ) -> None:
        """Draw from `seed`; the robot of `spec` is needed if there are faults."""
        ids = spec.ids if spec is not None else ()
        self._faults = [
            (fault.kind, Chance(fault.when, ids, np.random.default_rng([seed, place])))
            for place, fault in enumerate(faults)
        ]
        self._tables = [ControlTable.load(joint.servo) for joint in spec.joints] if spec else []
        self._wire = Wire(spec.bus.protocol if spec is not None else "dynamixel2")
        self._line, self._sensors = self._of(LineFault), self._of(SensorFault)
        self._servos, self._ports = self._of(ServoFault), self._of(Unplug)
        self._stalls = self._of(Stall)
        imu = self._of(ImuFault) if spec is not None and spec.imu is not None else []
        codec = spec.imu.codec if spec is not None and spec.imu is not None else ""
        self._imu = [(kind, chance, make_codec(codec)) for kind, chance in imu]

    @classmethod
    def load(cls, path: Path, seed: int, spec: RobotSpec) -> "Faults":
        """Read the faults of a file; `seed` is its random numbers' unless it has one of its own.

        Raises:
            TwinError: it cannot be read, or says what cannot be.
        """
        own, faults = load_faults(path, spec)
        return cls(faults, seed if own is None else own, spec)

    def requests(self, data: bytes, now: float) -> bytes:
        """Return what the servos hear of the host's `data`."""
        if not self._line:
            return data
        self._wire.hear(data, now)
        for kind, chance in self._line:
            data = kind.request(data, chance, self._wire)
        return data

    def replies(self, replies: list[Reply], now: float) -> list[Reply]:
        """Return what the line carries of the servos' `replies`."""
        if self._line:
            self._wire.now = now
        for kind, chance in self._line:
            replies = kind.replies(replies, chance, self._wire)
        return self._wire.in_order(replies) if self._line else replies

    def sense(self, sense: Sense, now: float) -> Sense:
        """Return what the sensors make of what there is to see."""
        for kind, chance in self._sensors:
            struck = chance.struck(now)
            sense = kind.sense(sense, struck)
        return sense

    def act(self, device: Device, now: float) -> None:
        """Do to the servos what happens to them by `now`."""
        for kind, chance in self._servos:
            for place in chance.begins(now):
                kind.act(device.servos[place], self._tables[place], now, chance.when.end)

    def imu(self, data: bytes, now: float) -> bytes:
        """Return what the line carries of the inertial sensor's `data`."""
        for kind, chance, codec in self._imu:
            if chance.lasts(now):
                data = kind.spoil(data, codec)
        return data

    def plugged(self, now: float) -> bool:
        """Whether the adapter is in its socket."""
        return not any(chance.lasts(now) for _, chance in self._ports)

    def reading(self, now: float) -> bool:
        """Whether the twin takes what the host sends; if not, it piles up."""
        return not any(chance.lasts(now) for _, chance in self._stalls)

    def _of(self, family: type[K]) -> list[tuple[K, Chance]]:
        return [(kind, chance) for kind, chance in self._faults if isinstance(kind, family)]
