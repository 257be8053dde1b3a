"""`stand`: robots with a free base put on the floor, and `held`: the same robot without one."""

from dataclasses import replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.envs.physics.limbs import free_joint, limb_of
from ashore.envs.simulation import Simulation
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

FAR = 10.0
"""Distance beyond which no floor is looked for [m]."""
FEET = 3
"""Fewest feet that say how a base is tilted."""
ROUNDS = 2
"""How often the tilt is corrected: a foot touches with another point when it is tilted."""
STAND = 2.0
"""How much higher a stand holds a base than the MJCF puts it, so that no foot finds a floor [m]."""


def held(spec: RobotSpec) -> RobotSpec:
    """Return the robot with its base fixed, high above the floor, as if it hung in a stand.

    A robot without a free base stays as it is.
    """
    mjcf = mujoco.MjSpec.from_string(spec.model)
    free = [joint for joint in mjcf.joints if joint.type == mujoco.mjtJoint.mjJNT_FREE]
    if not free:
        return spec
    for joint in free:
        joint.parent.pos = joint.parent.pos + np.array([0.0, 0.0, STAND])
    # A keyframe says where a free base is.
    for part in (*free, *mjcf.keys):
        mjcf.delete(part)
    mjcf.compile()
    return replace(spec, model=mjcf.to_xml())


def stand(simulation: Simulation, level: bool = True) -> None:
    """Put every robot's free base so that its feet touch the floor, as its joints are bent.

    A foot is the lowest point of a limb. The base is tilted to the plane that fits the feet best,
    by least squares, and lifted until the lowest touches height 0. A robot without a free base or
    without a floor stays as it is.

    Args:
        simulation: the robots.
        level: whether to tilt the base; else it is lifted only.
    """
    footing = Footing.of(simulation.batch.model)
    if footing is None:
        return
    state, data = simulation.batch.bind("qpos"), mujoco.MjData(simulation.batch.model)
    for robot in range(simulation.n):
        data.qpos[:] = state[robot]
        footing.set_down(data, level)
        state[robot] = data.qpos


class Footing:
    """The feet of one robot with a free base, and the floor below them."""

    def __init__(self, model: mujoco.MjModel, free: int, floor: int) -> None:
        """Take the model, the id of its free joint and that of the floor's shape."""
        self._model, self._floor = model, floor
        self._at = int(model.jnt_qposadr[free])
        self._limbs = _limbs(model, int(model.jnt_bodyid[free]))

    @classmethod
    def of(cls, model: mujoco.MjModel) -> "Footing | None":
        """Those of a model; None if its base is not free, or if there is no floor."""
        free = free_joint(model)
        planes = model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
        floors = np.flatnonzero((model.geom_bodyid == 0) & planes)
        return None if free is None or not len(floors) else cls(model, free, int(floors[0]))

    def set_down(self, data: mujoco.MjData, level: bool = True) -> None:
        """Put the lowest foot on the floor; if wanted, tilt the base to the plane of its feet."""
        for _ in range(ROUNDS if level else 1):
            feet = _feet(self._model, data, self._floor, self._limbs)
            _level(self._model, data, self._at, feet, level)


def _limbs(model: mujoco.MjModel, base: int) -> dict[int, list[int]]:
    """Shapes that can touch, by the body their limb begins with."""
    limbs: dict[int, list[int]] = {}
    for geom in np.flatnonzero((model.geom_contype | model.geom_conaffinity) > 0):
        body = int(model.geom_bodyid[geom])
        if body not in (0, base):
            limb = limb_of(model, model.body(body).name)
            limbs.setdefault(limb, []).append(int(geom))
    return limbs


def _feet(
    model: mujoco.MjModel, data: mujoco.MjData, floor: int, limbs: dict[int, list[int]]
) -> Array:
    """Lowest point of each limb, `(feet, 3)` [m]."""
    mujoco.mj_kinematics(model, data)
    feet = []
    for geoms in limbs.values():
        ends = np.zeros((len(geoms), 6))
        away = [mujoco.mj_geomDistance(model, data, floor, g, FAR, end)
                for g, end in zip(geoms, ends, strict=True)]
        feet.append(ends[int(np.argmin(away)), 3:])
    return np.array(feet).reshape(-1, 3)


def _level(
    model: mujoco.MjModel, data: mujoco.MjData, at: int, feet: Array, level: bool
) -> None:
    """Turn the base so that the plane of the feet is level, and put the lowest at height 0."""
    turn = np.array([1.0, 0.0, 0.0, 0.0])
    if level and len(feet) >= FEET:
        plane = np.column_stack([feet[:, :2], np.ones(len(feet))])
        slope = np.linalg.lstsq(plane, feet[:, 2], rcond=None)[0]
        normal = np.array([-slope[0], -slope[1], 1.0])
        mujoco.mju_quatZ2Vec(turn, normal / np.linalg.norm(normal))
        mujoco.mju_negQuat(turn, turn)
    rotation, centre = np.empty(4), data.qpos[at : at + 3].copy()
    mujoco.mju_mulQuat(rotation, turn, data.qpos[at + 3 : at + 7])
    matrix = np.empty(9)
    mujoco.mju_quat2Mat(matrix, turn)
    heights = ((feet - centre) @ matrix.reshape(3, 3).T)[:, 2] + centre[2]
    data.qpos[at + 3 : at + 7] = rotation
    data.qpos[at + 2] -= heights.min()
