"""`Witness`: a plant whose true motion is written down, for those who measure what a robot did."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.envs.errors import TwinError
from ashore.envs.physics.limbs import free_joint
from ashore.envs.physics.rotation import inverse, rotate
from ashore.envs.simulation import Simulation
from ashore.envs.twin.plant import Drive, InertialSense, Plant, Sense

BASE = ("x", "y", "z", "qw", "qx", "qy", "qz", "vx", "vy", "vz", "wx", "wy", "wz")
"""Columns of a free base: place in the world [m], rotation, velocity [m/s] and angular velocity
[rad/s], these two in the base's own frame."""


class Witness:
    """The same plant; at each control period its truth is a line of a CSV file.

    Columns are `time` [s], those of `BASE` where the base is free, and the true angle of each joint
    by its name [rad]. A line is on its way to the disk as soon as it is written.
    """

    def __init__(self, plant: Plant, simulation: Simulation, path: Path) -> None:
        """Begin the file; the plant's time is 0 now.

        Args:
            plant: what is stepped.
            simulation: what it is made of.
            path: file to write; an older one is replaced.

        Raises:
            TwinError: the file cannot be written.
        """
        self._plant, self._simulation = plant, simulation
        self.step_seconds = plant.step_seconds
        self._every = max(1, round(1.0 / (simulation.spec.rate * plant.step_seconds)))
        self._steps = 0
        joint = free_joint(simulation.batch.model)
        self._base = None if joint is None else _Base(simulation, joint)
        names = ("time", *(BASE if self._base else ()), *simulation.spec.names)
        try:
            self._file = path.open("w", encoding="utf-8", buffering=1)
            self._file.write(",".join(names) + "\n")
        except OSError as problem:
            raise TwinError(
                f"cannot write the truth to {path}: {problem.strerror}; name another file"
            ) from None

    def step(self, drive: Drive) -> Sense:
        """Advance by one step."""
        sense = self._plant.step(drive)
        self._steps += 1
        if self._steps % self._every == 0:
            base = self._base.row() if self._base else np.zeros(0)
            row = (self._steps * self.step_seconds, *base, *self._simulation.position[0])
            self._file.write(",".join(f"{value:.6g}" for value in row) + "\n")
        return sense

    def sense(self) -> Sense:
        """What the sensors see now."""
        return self._plant.sense()

    def inertial(self) -> InertialSense | None:
        """True motion of the base."""
        return self._plant.inertial()

    def close(self) -> None:
        """End the file."""
        self._file.close()


class _Base:
    """The free base of the only robot of a simulation."""

    def __init__(self, simulation: Simulation, joint: int) -> None:
        model = simulation.batch.model
        at, dof = int(model.jnt_qposadr[joint]), int(model.jnt_dofadr[joint])
        self._pose = simulation.batch.bind("qpos")[:, at : at + 7]
        self._velocity = simulation.batch.bind("qvel")[:, dof : dof + 6]

    def row(self) -> NDArray[np.float64]:
        """Numbers of `BASE`."""
        ahead = rotate(inverse(self._pose[:, 3:]), self._velocity[:, :3])
        return np.concatenate([self._pose[0], ahead[0], self._velocity[0, 3:]])
