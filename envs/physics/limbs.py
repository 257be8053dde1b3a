"""`limb_of`: which limb of a robot a joint, body or geom belongs to; `free_joint`: its base."""

import mujoco
import numpy as np


def free_joint(model: mujoco.MjModel) -> int | None:
    """Return the id of the joint that lets a robot's base float, or None if it is fixed."""
    free = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
    return int(free[0]) if len(free) else None


def limb_of(model: mujoco.MjModel, element: str) -> int:
    """Return the body that the element's limb begins with, an id; the base itself is a limb too.

    A limb is what hangs together under the base: a leg of a quadruped, all of a fixed arm. The base
    is the body of a free joint, or the world. An axis after a colon (`trunk:x`) doesn't count.
    """
    body = _body(model, element.partition(":")[0])
    while model.body_parentid[body] != 0 and not _is_base(model, model.body_parentid[body]):
        body = model.body_parentid[body]
    return int(body)


def _is_base(model: mujoco.MjModel, body: int) -> bool:
    first = model.body_jntadr[body]
    return bool(first >= 0 and model.jnt_type[first] == mujoco.mjtJoint.mjJNT_FREE)


def _body(model: mujoco.MjModel, name: str) -> int:
    for kind, owner in (("joint", model.jnt_bodyid), ("geom", model.geom_bodyid)):
        found = mujoco.mj_name2id(model, getattr(mujoco.mjtObj, f"mjOBJ_{kind.upper()}"), name)
        if found >= 0:
            return int(owner[found])
    return int(max(0, mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, name)))
