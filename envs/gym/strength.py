"""`Strength`: actuators that pull less, or more, than their model says."""

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from ashore.envs.physics.parameter import Parameter

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

_GAINS = (mujoco.mjtGain.mjGAIN_FIXED, mujoco.mjtGain.mjGAIN_AFFINE)
_BIASES = (mujoco.mjtBias.mjBIAS_NONE, mujoco.mjtBias.mjBIAS_AFFINE)
_FIELDS = ("actuator_gainprm", "actuator_biasprm", "actuator_forcerange")


class Strength:
    """A factor on the force of each actuator of a MuJoCo model, parameter `strength`.

    The force of an actuator with fixed or affine gain and bias is linear in both, so

        force = clip(gain * strength * input + bias * strength, forcerange * strength)

    Muscles and others have no such parameter.
    """

    def __init__(self, batch: Batch) -> None:
        """Name the actuators of the model of `batch` that have a strength."""
        model, self._batch = batch.model, batch
        plain = np.isin(model.actuator_gaintype, _GAINS) & np.isin(model.actuator_biastype, _BIASES)
        self._ids = np.flatnonzero(plain)
        self._nominal = {name: np.array(getattr(model, name))[self._ids] for name in _FIELDS}
        names = tuple(model.actuator(i).name or f"actuator{i}" for i in self._ids)
        self.parameters: dict[str, Parameter] = {}
        self.values: dict[str, Array] = {}
        if names:
            self.parameters["strength"] = Parameter(
                name="strength", value=1.0, unit="x nominal", low=0.0, high=5.0, elements=names
            )
            self.values["strength"] = np.ones((batch.nsim, len(names)))

    def changed(self, name: str, ids: Ids) -> bool:
        """Write the gains, biases and limits of the actuators of robots `ids`."""
        factor = self.values[name][ids][:, :, None]
        for field, nominal in self._nominal.items():
            self._batch.expand(field)[np.ix_(ids, self._ids)] = nominal * factor
        return False
