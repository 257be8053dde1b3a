"""`Bumps`: ground that is higher or lower under each foot."""

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.physics.parameter import Parameter

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

_ROUGHNESS = Parameter(name="floor_roughness", value=0.0, unit="m", low=0.0, high=0.1)
_WAVES = np.array([[17.0, 7.0], [-11.0, 23.0]], dtype=np.float32)
"""Wave vectors of the ground [rad/m]: bumps 25 to 35 cm long."""
_ROUND = (mujoco.mjtGeom.mjGEOM_SPHERE, mujoco.mjtGeom.mjGEOM_CAPSULE)


class Bumps:
    """A flat floor that `n` robots feel as rough, each its own.

    The ground's height under a point `p` of robot `i` is

        h = roughness (1 + mean_k sin(w_k . p + phase_ik)) / 2,  between 0 and roughness

    A foot, which is a sphere or capsule on the last body of a limb, is made thicker by `h` at every
    control tick, so that it rests on the floor as if the ground were higher there. Slopes of the
    ground are not felt. A height field would double the time of a step.
    """

    def __init__(self, batch: Batch, dice: Dice) -> None:
        """Find the feet; `dice` lay out each robot's ground."""
        model = batch.model
        self._batch, self.dice = batch, dice
        parents = np.isin(np.arange(model.nbody), model.body_parentid)
        last = ~parents[model.geom_bodyid]
        colliding = (model.geom_contype | model.geom_conaffinity) > 0
        self._feet = np.flatnonzero(np.isin(model.geom_type, _ROUND) & last & colliding)
        self._thickness = model.geom_size[self._feet, 0].copy()
        self._bound = model.geom_rbound[self._feet].copy()
        self._places = batch.bind("geom_xpos")
        self._phases = np.zeros((batch.nsim, len(_WAVES)))
        self.parameters = {_ROUGHNESS.name: _ROUGHNESS}
        self.values = {_ROUGHNESS.name: np.zeros((batch.nsim, 1))}
        self._rough = False

    def changed(self, name: str, ids: Ids) -> bool:
        """Remember whether anybody's floor is rough."""
        self._rough = self._rough or bool(self.values[name].any())
        return False

    def restart(self, ids: Ids) -> Array:
        """Lay out new ground for robots `ids`; return how much higher they must begin [m]."""
        self._phases[ids] = self.dice.of(ids).uniform(0.0, 2.0 * np.pi, len(_WAVES))
        return np.asarray(self.values[_ROUGHNESS.name][ids, 0])

    def advance(self) -> None:
        """Bring the ground under every foot; called once a control tick."""
        if not self._rough:
            return
        place = self._places[:, self._feet, :2].astype(np.float32)
        height = np.zeros(place.shape[:2])
        for (x, y), phase in zip(_WAVES, self._phases.T.astype(np.float32), strict=True):
            height += np.sin(x * place[..., 0] + y * place[..., 1] + phase[:, None])
        height = 0.5 * self.values[_ROUGHNESS.name] * (1.0 + height / len(_WAVES))
        self._batch.expand("geom_size")[:, self._feet, 0] = self._thickness + height
        self._batch.expand("geom_rbound")[:, self._feet] = self._bound + height
