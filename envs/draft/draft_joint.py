"""`DraftJoint`: a joint of a robot's file as its spec will have it, and what of it is guessed."""

import math
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.envs.draft.drive import Drive, driven_joints, joint_actuators, read_drive
from ashore.envs.draft.robot_source import RobotSource

HOME = "home"
"""Name of the keyframe that is taken for the default pose."""


@dataclass(frozen=True, kw_only=True)
class DraftJoint:
    """One driven joint."""

    name: str
    """Its name."""
    lower: float
    """Smallest angle [rad]."""
    upper: float
    """Largest angle [rad]."""
    default: float
    """Angle of the default pose [rad]."""
    drive: Drive
    """Its motor."""
    guessed: frozenset[str]
    """Which of the fields above nothing in the file says."""


def read_joints(source: RobotSource) -> tuple[DraftJoint, ...]:
    """Read the driven joints, and note those that stay without a motor."""
    model, driven = source.model, driven_joints(source)
    if driven and not len(joint_actuators(model)):
        source.guesses.append("no actuator turns a joint there: every hinge was given a motor")
    for joint in range(model.njnt):
        kind = mujoco.mjtJoint(int(model.jnt_type[joint]))
        name = model.joint(joint).name
        if joint not in driven and kind == mujoco.mjtJoint.mjJNT_HINGE:
            source.notes.append(f"joint {name!r} has no actuator: it hangs loose")
        if kind in (mujoco.mjtJoint.mjJNT_SLIDE, mujoco.mjtJoint.mjJNT_BALL):
            source.notes.append(f"joint {name!r} is no hinge and gets no motor: it hangs loose")
    drives = [read_drive(source, joint) for joint in driven]
    endless = [drive.joint for drive in drives if "torque_limit" in drive.guessed]
    if endless:
        source.notes.append(f"nothing limits the torque of {len(endless)} of {len(drives)} joints")
    return tuple(
        _read_joint(source, joint, drive) for joint, drive in zip(driven, drives, strict=True)
    )


def home_pose(model: mujoco.MjModel) -> tuple[NDArray[np.float64], bool]:
    """Return the pose of keyframe `home`, else of the first; and whether there is any."""
    names = [model.key(i).name for i in range(model.nkey)]
    if not names:
        return model.qpos0.copy(), False
    return model.key_qpos[names.index(HOME) if HOME in names else 0].copy(), True


def _read_joint(source: RobotSource, joint: int, drive: Drive) -> DraftJoint:
    model = source.model
    limited = bool(model.jnt_limited[joint])
    lower, upper = model.jnt_range[joint] if limited else (-math.pi, math.pi)
    pose, said = home_pose(model)
    angle = float(pose[model.jnt_qposadr[joint]])
    inside = lower <= angle <= upper
    guessed = set() if limited else {"lower", "upper"}
    return DraftJoint(
        name=model.joint(joint).name,
        lower=float(lower),
        upper=float(upper),
        default=min(max(angle, float(lower)), float(upper)),
        drive=drive,
        guessed=frozenset(guessed if said and inside else {*guessed, "default"}),
    )
