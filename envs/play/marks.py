"""What is drawn over a scene: arrows, and a ghost of where a robot is asked to be."""

import mujoco
import numpy as np

from ashore.envs.tasks.task import Array

_GHOST_GEOMS = 500
_UNIT = np.eye(3).flatten()


def arrow(start: Array, along: Array, width: float, rgba: Array) -> mujoco.MjvGeom:
    """An arrow from `start` `(3,)` [m] along a vector `(3,)` [m], `width` [m] thick."""
    geom = mujoco.MjvGeom()
    kind = mujoco.mjtGeom.mjGEOM_ARROW
    colour = rgba.astype(np.float32)
    mujoco.mjv_initGeom(geom, kind, np.zeros(3), np.zeros(3), _UNIT, colour)
    mujoco.mjv_connector(geom, kind, width, start, start + along)
    return geom


def ghost(model: mujoco.MjModel, data: mujoco.MjData, rgba: Array) -> list[mujoco.MjvGeom]:
    """All that moves of a model, posed as `data` is, in one colour."""
    scene = mujoco.MjvScene(model, _GHOST_GEOMS)
    moves = int(mujoco.mjtCatBit.mjCAT_DYNAMIC)
    parts = (mujoco.MjvOption(), None, mujoco.MjvCamera(), moves)
    mujoco.mjv_updateScene(model, data, *parts, scene)
    geoms = []
    for drawn in scene.geoms[: scene.ngeom]:
        geom = mujoco.MjvGeom()
        turn, colour = np.array(drawn.mat, dtype=np.float64).flatten(), rgba.astype(np.float32)
        size, place = np.array(drawn.size, np.float64), np.array(drawn.pos, np.float64)
        mujoco.mjv_initGeom(geom, drawn.type, size, place, turn, colour)
        geom.dataid = drawn.dataid
        geoms.append(geom)
    return geoms


def draw(scene: mujoco.MjvScene, geoms: list[mujoco.MjvGeom]) -> None:
    """Add marks to a scene, as far as there is room."""
    for geom in geoms[: scene.maxgeom - scene.ngeom]:
        mine = scene.geoms[scene.ngeom]
        turn, colour = np.array(geom.mat, dtype=np.float64).flatten(), np.array(geom.rgba)
        size, place = np.array(geom.size, np.float64), np.array(geom.pos, np.float64)
        mujoco.mjv_initGeom(mine, geom.type, size, place, turn, colour)
        mine.dataid = geom.dataid
        scene.ngeom += 1
