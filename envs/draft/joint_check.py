"""Checks of a robot's joints and motors, one at a time."""

import math

import mujoco
import numpy as np

from ashore.envs.draft.drive import GRAVITY, effective_inertia
from ashore.envs.draft.finding import Finding, Inspected, judged, listed, suspicious

TINY = 0.12
"""A range below this looks like radians read as degrees: a whole turn would be 0.11 [rad]."""
WIDE = 2.0 * math.pi
"""An angle beyond this looks like degrees read as radians [rad]."""
UNLIMITED = 10.0
"""Torque limit over what lifts the whole robot by its longest lever, beyond which it is none."""
BARE = 0.01
"""Armature over the load's inertia below which a geared motor has none."""


def check_motors(robot: Inspected) -> list[Finding]:
    """Look for hinges without a motor, and for actuators that the simulation would fight."""
    model, found = robot.model, []
    hinges = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_HINGE)
    loose = [model.joint(j).name for j in hinges if j not in robot.joints]
    if loose:
        found.append(suspicious("motors", (
            f"no motor turns {listed(loose)}: they hang loose; give each a [[joints]] table, or "
            "weld them by taking their joint out of the MJCF"
        )))
    if model.nu:
        found.append(suspicious("motors", (
            f"the MJCF has {model.nu} actuators, which act beside the motors' torques; take "
            "<actuator> out and put gains and limits into [joints.motor]"
        )))
    return judged("motors", found, f"each of {len(robot.joints)} joints has one")


def check_torque(robot: Inspected) -> list[Finding]:
    """Look for motors that could throw the robot: as good as without a torque limit."""
    model, motors = robot.model, robot.motors
    limit = motors["torque_limit"] if "torque_limit" in motors else (
        motors["motor_constant"] * motors["current_limit"]
    )
    bodies = np.flatnonzero(model.body_mass > 0.0)
    places = robot.at_default.xipos[bodies]
    lever = float(np.linalg.norm(places[:, None] - places[None], axis=2).max())
    anchors = robot.at_default.xanchor[robot.joints]
    lever = max(lever, float(np.linalg.norm(places[:, None] - anchors[None], axis=2).max()))
    most = UNLIMITED * GRAVITY * float(model.body_mass.sum()) * lever
    names = robot.names(limit > most)
    found = [suspicious("torque", (
        f"as good as unlimited: {listed(names)}, up to {limit.max():.4g} N m, where {most:.3g} "
        "would throw the robot; set torque_limit in [joints.motor] to the servo's stall torque"
    ))] if names else []
    return judged("torque", found, f"limits are {limit.min():.3g} to {limit.max():.3g} N m")


def check_armature(robot: Inspected) -> list[Finding]:
    """Look for motors without rotor inertia."""
    model = robot.model
    dofs = model.jnt_dofadr[robot.joints]
    load = effective_inertia(model, -model.dof_armature * (1.0 - 1e-6))[dofs]
    armature = model.dof_armature[dofs]
    names = robot.names(armature < BARE * load)
    found = [suspicious("armature", (
        f"as good as none: {listed(names)}; set armature in [joints.motor] to the rotor's inertia "
        "times the square of the gear ratio"
    ))] if names else []
    return judged("armature", found, f"{armature.min():.3g} to {armature.max():.3g} kg m2")


def check_limits(robot: Inspected) -> list[Finding]:
    """Look for joints without limits, and for goals and poses outside of them."""
    model, spec, found = robot.model, robot.spec, []
    limited = model.jnt_limited[robot.joints].astype(bool)
    low, high = model.jnt_range[robot.joints].T
    if names := robot.names(~limited):
        found.append(suspicious("limits", (
            f"nothing stops {listed(names)} in the MJCF; give each joint a range"
        )))
    slack = 1e-3
    beyond = (spec.column("lower") < low - slack) | (spec.column("upper") > high + slack)
    if names := robot.names(limited & beyond):
        found.append(suspicious("limits", (
            f"lower and upper of {listed(names)} let goals leave the MJCF's range; narrow them"
        )))
    default = spec.column("default")
    outside = limited & ((default < low - slack) | (default > high + slack))
    if names := robot.names(outside):
        found.append(suspicious("default pose", (
            f"{listed(names)} begin outside the MJCF's range; change default in spec.toml"
        )))
    return judged("limits", found, "every joint has some, and begins within them")


def check_units(robot: Inspected) -> list[Finding]:
    """Look for degrees read as radians, and radians read as degrees."""
    model, spec = robot.model, robot.spec
    limited = model.jnt_limited[robot.joints].astype(bool)
    low, high = model.jnt_range[robot.joints].T
    ends = np.stack([np.where(limited, low, 0.0), np.where(limited, high, 0.0),
                     spec.column("lower"), spec.column("upper"), spec.column("default")])
    far = np.abs(ends).max(axis=0)
    found = []
    if names := robot.names(far > WIDE):
        found.append(suspicious("units", (
            f"{listed(names)} reach {far.max():.4g} rad, over a turn: degrees read as radians? "
            'write radians, or <compiler angle="degree"/> in the MJCF'
        )))
    narrow = np.minimum(np.where(limited, high - low, np.inf), ends[3] - ends[2])
    if names := robot.names(narrow < TINY):
        found.append(suspicious("units", (
            f"{listed(names)} move by {math.degrees(narrow.min()):.3g} degrees at most: radians "
            'read as degrees? add <compiler angle="radian"/> to the original and draft it again'
        )))
    return judged("units", found, "ranges look like radians")
