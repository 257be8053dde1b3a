"""`ImuLine`: a twin's inertial sensor and the pseudo-terminal that it speaks on."""

from pathlib import Path

from ashore.envs.errors import TwinError
from ashore.envs.twin.faults.faults import Faults
from ashore.envs.twin.imu.felt_plant import FeltPlant
from ashore.envs.twin.imu.imu_config import ImuConfig
from ashore.envs.twin.imu.imu_firmware import ImuFirmware
from ashore.envs.twin.plant import Plant
from ashore.envs.twin.port import Port
from ashore.hardware.imu.codecs import make_codec

_LINK = "-imu"


class ImuLine:
    """Fixes a sensor to a plant, and sends on what it says."""

    def __init__(self, config: ImuConfig, plant: Plant, link: Path | None, seed: int) -> None:
        """Nothing is open yet.

        Args:
            config: the sensor.
            plant: what it is fixed to; from here on `self.plant` is to be stepped in its place.
            link: where the servos' line has its link; this one's has `-imu` behind.
            seed: of its noise.

        Raises:
            TwinError: the plant's base is fixed.
        """
        if plant.inertial() is None:
            raise TwinError("an inertial sensor was asked for and the robot's base is fixed")
        self.config = config
        self.plant = FeltPlant(plant, ImuFirmware(make_codec(config.codec), config, seed))
        self._port = Port(None if link is None else link.with_name(link.name + _LINK))

    @property
    def path(self) -> str:
        """Where a client finds it."""
        return self._port.path

    def open(self) -> str:
        """Make the pseudo-terminal and the link; return the path to use.

        Raises:
            TwinError: the link's place is taken by something else.
        """
        return self._port.open()

    def send(self, faults: Faults, now: float) -> None:
        """Send what the sensor has said by `now` [s]; nobody need be listening."""
        said = self.plant.heard()
        if not said or not self._port.is_open:
            return
        if self._port.baud != self.config.baud:
            said = garbled(said)
        self._port.send(faults.imu(said, now))

    def close(self) -> None:
        """Unplug it; closing twice is allowed."""
        self._port.close()


def garbled(data: bytes) -> bytes:
    """Return what a client at another rate makes of bytes: about as many, and none of them."""
    return bytes(byte ^ 0xFF for byte in data)
