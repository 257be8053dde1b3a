"""`FeltPlant`: a plant with an inertial sensor on its base."""

from ashore.envs.twin.imu.imu_firmware import ImuFirmware
from ashore.envs.twin.plant import Drive, InertialSense, Plant, Sense


class FeltPlant:
    """The same plant; each of its steps is felt by the sensor, and by nothing else."""

    def __init__(self, plant: Plant, imu: ImuFirmware) -> None:
        """Fix `imu` to the base of `plant`, whose time is 0 now."""
        self._plant, self._imu = plant, imu
        self.step_seconds = plant.step_seconds
        self._steps = 0
        self._said = b""

    def step(self, drive: Drive) -> Sense:
        """Advance by one step."""
        sense = self._plant.step(drive)
        self._steps += 1
        now = self._steps * self.step_seconds
        if self._imu.due(now) and (motion := self._plant.inertial()) is not None:
            self._said += self._imu.advance(now, motion)
        return sense

    def sense(self) -> Sense:
        """What the sensors see now."""
        return self._plant.sense()

    def inertial(self) -> InertialSense | None:
        """True motion of the base."""
        return self._plant.inertial()

    def heard(self) -> bytes:
        """Return what the sensor has said since this was last asked."""
        said, self._said = self._said, b""
        return said
