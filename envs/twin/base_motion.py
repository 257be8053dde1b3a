"""`BaseMotion`: how the free base of a plant moves, as a perfect inertial sensor would feel it."""

import numpy as np

from ashore.envs.physics.limbs import free_joint
from ashore.envs.physics.rotation import inverse, rotate
from ashore.envs.simulation import Simulation
from ashore.envs.twin.plant import InertialSense


class BaseMotion:
    """Reads the base of the only robot of a simulation.

    With the base's rotation `R`, its acceleration `a` in the world and gravity `g`:

        specific force = R^-1 (a - g)
    """

    def __init__(self, simulation: Simulation, joint: int) -> None:
        """Look at the free joint of id `joint`."""
        model, batch = simulation.batch.model, simulation.batch
        at, dof = int(model.jnt_qposadr[joint]), int(model.jnt_dofadr[joint])
        self._rotation = batch.bind("qpos")[:, at + 3 : at + 7]
        self._spin = batch.bind("qvel")[:, dof + 3 : dof + 6]
        self._acceleration = batch.bind("qacc")[:, dof : dof + 3]
        self._down = simulation.fields.down
        self._pull = float(np.linalg.norm(model.opt.gravity))

    @classmethod
    def of(cls, simulation: Simulation) -> "BaseMotion | None":
        """The motion of a simulation's base, if it floats."""
        joint = free_joint(simulation.batch.model)
        return None if joint is None else cls(simulation, joint)

    def sense(self) -> InertialSense:
        """What the last physics step did to the base."""
        felt = self._acceleration - self._pull * self._down
        return InertialSense(
            angular_velocity=self._spin[0].copy(),
            specific_force=rotate(inverse(self._rotation), felt)[0],
            rotation=self._rotation[0].copy(),
        )
