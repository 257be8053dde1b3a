"""`TwinConfig`: what a twin is and how its time passes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ashore.envs.errors import TwinError
from ashore.envs.twin.firmware_config import FirmwareConfig
from ashore.envs.twin.imu.imu_config import ImuConfig
from ashore.envs.twin.line.line import LineConfig
from ashore.hardware.wire.dynamixel import LARGEST_ID

CLOCKS = ("real", "lockstep")


@dataclass(frozen=True, kw_only=True)
class TwinConfig:
    """What the twin is and how its time passes."""

    ids: tuple[int, ...]
    """Servo ids along the chain; one joint of the plant each, in its order."""
    rate: float
    """Control rate: how far one joint read moves a lockstep twin is `1 / rate` [Hz]."""
    clock: Literal["real", "lockstep"] = "real"
    """`real` follows the monotonic clock. In `lockstep` time stands still, except that every sync
    read, fast or not, and every fast bulk read first lets one control period pass, and then
    answers."""
    link: Path | None = None
    """Where to put a symbolic link to the pseudo-terminal."""
    protocol: str = "dynamixel2"
    """What the servos speak."""
    model: str | tuple[str, ...] = "xl330"
    """Servo model, by the name of its control table, of all or of each."""
    version: int | tuple[int | None, ...] | None = None
    """Servo firmware version, of all or of each; None is the control table's."""
    baud: int = 1_000_000
    """Rate that the servos are set to; a client at another rate hears nothing [bit/s]."""
    paced: bool = True
    """Whether replies take the time that the wire takes; in lockstep nothing is waited for."""
    latency_timer: float = 0.001
    """How long the USB adapter holds back what does not fill one of its packets; 0 for an adapter
    that doesn't [s]."""
    turnaround: float = 20e-6
    """What a servo needs to understand a packet and turn the line around [s]."""
    seed: int = 0
    """Of the jitter on the line, and of the inertial sensor's noise."""
    imu: ImuConfig | None = None
    """The inertial sensor, on a tty of its own; None without one."""

    def __post_init__(self) -> None:
        """Refuse a clock that cannot run, and ids that cannot be."""
        if self.clock not in CLOCKS:
            raise TwinError(f"no clock {self.clock!r}; possible: real, lockstep")
        if not 0.0 < self.rate <= 10_000.0:
            raise TwinError(f"a rate of {self.rate} Hz is not possible; 0 to 10000 is")
        strange = sorted({servo for servo in self.ids if not 0 <= servo <= LARGEST_ID})
        if strange or not self.ids:
            raise TwinError(f"servo ids {strange} are not possible; give some from 0 to 252")
        if not 0.0 <= self.latency_timer <= 0.255:
            raise TwinError(
                f"a latency timer of {self.latency_timer} s is not possible; 0 to 0.255 is"
            )

    @property
    def line(self) -> LineConfig:
        """What the wire costs beyond its bits."""
        return LineConfig(
            turnaround=self.turnaround,
            jitter=0.2 * self.turnaround,
            latency_timer=self.latency_timer,
            seed=self.seed,
        )

    @property
    def firmware(self) -> FirmwareConfig:
        """What the chain of servos is."""
        lockstep = self.clock == "lockstep"
        return FirmwareConfig(
            ids=self.ids,
            model=self.model,
            version=self.version,
            baud=self.baud,
            period=1.0 / self.rate if lockstep else None,
        )
