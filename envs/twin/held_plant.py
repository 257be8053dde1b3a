"""`HeldPlant`: a walking robot whose base hangs in a stand, its feet off the floor."""

from collections.abc import Mapping

import numpy as np

from ashore.envs.errors import TwinError
from ashore.envs.physics.parameter import Parameter
from ashore.envs.physics.standing import held
from ashore.envs.simulation import nominal_parameters
from ashore.envs.twin.plant import InertialSense, Vector
from ashore.envs.twin.servo_plant import ServoPlant
from ashore.hardware.spec import RobotSpec


class HeldPlant(ServoPlant):
    """The same robot with its base fixed. Of what is hidden, a floor and a base show nothing."""

    def __init__(
        self, spec: RobotSpec, hidden: Mapping[str, float | Vector], step: float = 0.001
    ) -> None:
        """Hang the robot up; arguments are those of `ServoPlant`.

        Raises:
            TwinError: its base is not free.
            ModelError: a value that is not physical.
        """
        hung = held(spec)
        if hung is spec:
            raise TwinError(
                f"robot {spec.name!r} has no free base that a stand could hold; leave out --held"
            )
        known = nominal_parameters(hung, hidden)
        kept = {n: v for n, v in hidden.items() if n in known and _fits(v, known[n])}
        super().__init__(hung, kept, step)

    def inertial(self) -> InertialSense:
        """A base that rests: a stand lets nothing through."""
        fields = self.simulation.fields
        pull = float(np.linalg.norm(self.simulation.batch.model.opt.gravity))
        return InertialSense(
            angular_velocity=np.zeros(3),
            specific_force=-pull * fields.down[0],
            rotation=np.array([1.0, 0.0, 0.0, 0.0]),
        )


def _fits(value: float | Vector, parameter: Parameter) -> bool:
    """Whether a value is of a parameter's elements; one with another for the sensor isn't."""
    return np.size(value) in (1, len(parameter.elements))
