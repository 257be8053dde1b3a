"""`SensedPlant`: a plant whose sensors can fail."""

from ashore.envs.twin.faults.faults import Faults
from ashore.envs.twin.plant import Drive, InertialSense, Plant, Sense


class SensedPlant:
    """The same plant, seen through the sensors' faults."""

    def __init__(self, plant: Plant, faults: Faults) -> None:
        """Look at `plant`, whose time is 0 now."""
        self._plant, self._faults = plant, faults
        self.step_seconds = plant.step_seconds
        self._steps = 0

    def step(self, drive: Drive) -> Sense:
        """Advance by one step."""
        self._steps += 1
        return self._faults.sense(self._plant.step(drive), self._steps * self.step_seconds)

    def sense(self) -> Sense:
        """What the sensors see now."""
        return self._faults.sense(self._plant.sense(), self._steps * self.step_seconds)

    def inertial(self) -> InertialSense | None:
        """True motion of the base; the inertial sensor's faults are on its own line."""
        return self._plant.inertial()
