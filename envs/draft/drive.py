"""`Drive`: what a robot's file says of the motor of one joint, and what is guessed of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.envs.draft.robot_source import RobotSource
from ashore.envs.physics.limbs import free_joint

Array = NDArray[np.float64]

GRAVITY = 9.81
"""Standard gravity [m/s2]."""
RESERVE = 3.0
"""Guessed torque limit over the torque that holds the joint's load level."""
SHARE = 0.5
"""Share of a walking robot's weight that one leg must lift, in a guess of the torque limit."""
WEAKEST = 0.05
"""Smallest torque limit that is guessed [N m]."""
SINK = 0.15
"""Error at which a guessed stiffness asks for the torque limit [rad]."""
DAMPING = 0.7
"""Damping ratio of a guessed velocity gain."""
ENDLESS = 1000.0
"""Torque that no joint's servo has [N m]."""
LIGHTEST = 1e-4
"""Smallest armature that is guessed [kg m2]."""


@dataclass(frozen=True, kw_only=True)
class Drive:
    """A joint's motor, as parameters of the motor file `pd`."""

    joint: str
    """The joint."""
    values: Mapping[str, float]
    """Value of each parameter."""
    guessed: frozenset[str]
    """Which of them nothing in the file says."""


def driven_joints(source: RobotSource) -> list[int]:
    """Ids of the hinges that a motor turns: in the order of the actuators, if there are any."""
    model = source.model
    hinges = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_HINGE).tolist()
    by_actuator = [int(model.actuator_trnid[i, 0]) for i in joint_actuators(model)]
    driven = [joint for joint in dict.fromkeys(by_actuator) if joint in hinges]
    return driven or hinges


def read_drive(source: RobotSource, joint: int) -> Drive:
    """Read one joint's motor from its actuators and its passive forces, and guess the rest.

    Damping of the joint stays in the MJCF, where MuJoCo integrates it implicitly: the motor then
    has none of its own. A torque limit beyond `ENDLESS` is none.

    Guesses: the torque limit is `RESERVE` times what holds the joint's load level, and on a free
    base no less than lifts half the robot; the stiffness reaches it at `SINK`; the armature equals
    the load's inertia, as the gear ratio that accelerates a load fastest has it; the velocity gain
    damps both at the ratio `DAMPING`.

    Source: Pasch and Seering 1984, "On the Drive Systems for High-Performance Machines", J. Mech.
    Trans. Automation 106 (matched inertias).
    """
    model = source.model
    name = model.joint(joint).name
    dof = model.jnt_dofadr[joint]
    known = {
        **_gains(model, joint),
        "torque_limit": _torque_limit(source, joint),
        "armature": float(model.dof_armature[dof]),
        "friction_base": float(model.dof_frictionloss[dof]),
    }
    values = {key: value for key, value in known.items() if value > 0.0}
    if model.dof_damping[dof] > 0.0:
        values["viscous"] = 0.0
    load = _load_inertia(model, dof)
    guess = {
        "torque_limit": max(WEAKEST, holding_torque(model, joint)),
        "armature": max(LIGHTEST, load),
        "friction_base": 0.0,
        "viscous": 0.0,
    }
    merged = {**guess, **values}
    merged.setdefault("stiffness", merged["torque_limit"] / SINK)
    critical = 2.0 * float(np.sqrt(merged["stiffness"] * (load + merged["armature"])))
    merged.setdefault("velocity_gain", DAMPING * critical)
    order = ("stiffness", "velocity_gain", "torque_limit", "armature", "friction_base", "viscous")
    rounded = {key: float(f"{merged[key]:.3g}") for key in order}
    return Drive(joint=name, values=rounded, guessed=frozenset(rounded) - frozenset(values))


def joint_actuators(model: mujoco.MjModel) -> list[int]:
    """Ids of the actuators that act on a joint."""
    kinds = (mujoco.mjtTrn.mjTRN_JOINT, mujoco.mjtTrn.mjTRN_JOINTINPARENT)
    return np.flatnonzero(np.isin(model.actuator_trntype, kinds)).tolist()


def _actuators_of(model: mujoco.MjModel, joint: int) -> list[int]:
    return [i for i in joint_actuators(model) if model.actuator_trnid[i, 0] == joint]


def _gains(model: mujoco.MjModel, joint: int) -> dict[str, float]:
    """Stiffness and velocity gain of the joint's position and velocity actuators together."""
    stiffness = velocity = 0.0
    for i in _actuators_of(model, joint):
        if model.actuator_biastype[i] != mujoco.mjtBias.mjBIAS_AFFINE:
            continue
        square = float(model.actuator_gear[i, 0]) ** 2
        stiffness -= square * float(model.actuator_biasprm[i, 1])
        velocity -= square * float(model.actuator_biasprm[i, 2])
    return {"stiffness": stiffness, "velocity_gain": velocity}


def _torque_limit(source: RobotSource, joint: int) -> float:
    """Smallest torque limit that the file says, or 0 where it says none."""
    model = source.model
    limits = [source.efforts.get(model.joint(joint).name, 0.0)]
    if model.jnt_actfrclimited[joint]:
        limits.append(float(np.abs(model.jnt_actfrcrange[joint]).max()))
    for i in _actuators_of(model, joint):
        gear = abs(float(model.actuator_gear[i, 0]))
        if model.actuator_forcelimited[i]:
            limits.append(gear * float(np.abs(model.actuator_forcerange[i]).max()))
        direct = model.actuator_biastype[i] == mujoco.mjtBias.mjBIAS_NONE
        if direct and model.actuator_ctrllimited[i]:
            reach = float(np.abs(model.actuator_ctrlrange[i]).max())
            limits.append(gear * abs(float(model.actuator_gainprm[i, 0])) * reach)
    return min((limit for limit in limits if 0.0 < limit < ENDLESS), default=0.0)


def effective_inertia(model: mujoco.MjModel, armature: Array) -> Array:
    """Inertia that each degree of freedom feels in the initial pose, all others free, `(nv,)`.

    Args:
        model: the robot.
        armature: rotor inertia that is added to each, `(nv,)` [kg m2].
    """
    full = _mass_matrix(model) + np.diag(armature)
    return np.asarray(1.0 / np.diag(np.linalg.inv(full)))


def _load_inertia(model: mujoco.MjModel, dof: int) -> float:
    """Inertia that the joint turns in the initial pose, without its rotor [kg m2]."""
    return float(_mass_matrix(model)[dof, dof] - model.dof_armature[dof])


def _mass_matrix(model: mujoco.MjModel) -> Array:
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    full = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, full)
    return full


def holding_torque(model: mujoco.MjModel, joint: int) -> float:
    """Guess of the torque limit of a joint's motor, from what it has to carry [N m]."""
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    body = model.jnt_bodyid[joint]
    anchor = data.xanchor[joint]
    lever = float(np.linalg.norm(data.subtree_com[body] - anchor))
    level = RESERVE * GRAVITY * float(model.body_subtreemass[body]) * lever
    if free_joint(model) is None:
        return level
    carried = [g for g in range(model.ngeom) if _carries(model, body, model.geom_bodyid[g])]
    reach = max((float(np.linalg.norm(data.geom_xpos[g] - anchor)) for g in carried), default=lever)
    return max(level, SHARE * GRAVITY * float(model.body_mass.sum()) * reach)


def _carries(model: mujoco.MjModel, body: int, other: int) -> bool:
    while other > body:
        other = model.body_parentid[other]
    return bool(other == body)
