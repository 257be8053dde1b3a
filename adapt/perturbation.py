"""`Perturbation`: which coordinates can be changed at once, and still be told apart."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.priors import Coordinates
from ashore.adapt.trajectory import Window
from ashore.envs.physics.limbs import free_joint, limb_of
from ashore.envs.physics.robot_model import build_model
from ashore.envs.physics.standing import held
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]


class Perturbation:
    """Coordinates in groups, of which a replay changes one group at a time.

    On a base that stands fast, a limb's parameters move no other limb: one coordinate of each limb
    makes a group, and their derivatives are read from each limb's own joints. A quadruped in a
    stand has a quarter of the derivatives left to take. Otherwise each coordinate is alone.
    """

    def __init__(self, coordinates: Coordinates, limbs: Sequence[int]) -> None:
        """Sort the coordinates.

        Args:
            coordinates: what is differentiated by.
            limbs: the limb of each joint; the same of all where they move one another.
        """
        own = [joint for width in coordinates.widths for joint in _joints(width)]
        self._limb = np.array([-1 if joint is None else limbs[joint] for joint in own])
        rank = [list(limbs[:joint]).count(limb) for joint, limb in enumerate(limbs)]
        part = np.repeat(np.arange(len(coordinates.widths)), coordinates.widths)
        keys = [
            (p, rank[joint]) if joint is not None else (p, -1)
            for p, joint in zip(part.tolist(), own, strict=True)
        ]
        order = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        self.group = np.array([order[key] for key in keys])
        self.groups = len(order)
        self._limbs = np.array(limbs)

    @classmethod
    def of(
        cls, spec: RobotSpec, windows: Sequence[Window], coordinates: Coordinates
    ) -> "Perturbation":
        """Sort them for windows of a robot's logs."""
        return cls(coordinates, independent_limbs(spec, windows))

    def beside(self, z: Array, step: Array) -> Array:
        """Return `z` `(D,)`, and below it each group's neighbour, `step` `(D,)` away."""
        beside = np.tile(z, (self.groups + 1, 1))
        beside[1 + self.group, np.arange(len(z))] += step
        return beside

    def derivative(self, found: Array, step: Array, joint: NDArray[np.intp]) -> Array:
        """Take the derivative by each coordinate, `(M, D)`.

        Args:
            found: residuals of what `beside` returned, `(1 + groups, M)`.
            step: the same that it was given.
            joint: joint of each residual, `(M,)`.
        """
        change = (found[1:] - found[0]).T[:, self.group] / step
        elsewhere = self._limbs[joint][:, None] != self._limb
        change[elsewhere & (self._limb >= 0)] = 0.0
        return np.asarray(change)


def independent_limbs(spec: RobotSpec, windows: Sequence[Window]) -> list[int]:
    """Limb of each joint; all the same if a base that is free lets them move one another."""
    in_stand = all(window.trajectory.held for window in windows)
    model = build_model(held(spec) if in_stand else spec)
    if free_joint(model) is not None:
        return [0] * len(spec.joints)
    return [limb_of(model, name) for name in spec.names]


def _joints(width: int) -> list[int | None]:
    """Joint of each coordinate of a parameter; none where one value is for all."""
    return [None] if width == 1 else list(range(width))
