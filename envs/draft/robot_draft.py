"""`RobotDraft`: a robot's folder, made from a user's MJCF or URDF, with its guesses marked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from ashore.envs.draft.draft_joint import DraftJoint, home_pose, read_joints
from ashore.envs.draft.draft_text import randomization_text, spec_text
from ashore.envs.draft.drive import effective_inertia
from ashore.envs.draft.robot_source import RobotSource, solid_geoms
from ashore.envs.errors import ModelError

GAP = 0.001
"""How far above the floor a drafted robot starts [m]."""
FAR = 100.0
"""Distance beyond which no shape is looked for [m]."""
SLOW = 0.5
"""Largest physics step over the shortest time constant of a joint under its motor."""
STEPS = (0.005, 0.004, 0.0025, 0.002, 0.00125, 0.001, 0.0005, 0.00025)
"""Physics steps to choose from [s]."""


@dataclass(frozen=True, kw_only=True)
class RobotDraft:
    """The files of a robot's folder, before they are written."""

    name: str
    """The robot's name."""
    spec: str
    """Text of spec.toml."""
    model: str
    """Text of the MJCF."""
    randomization: str
    """Text of randomization.toml."""
    joints: tuple[str, ...]
    """The joints that are driven, in order."""
    notes: tuple[str, ...]
    """What was left out or changed, as sentences."""
    guesses: tuple[str, ...]
    """What was made up of the model, as sentences; other guesses stand in the spec."""

    @classmethod
    def of(cls, name: str, path: Path, fixed: bool = False) -> "RobotDraft":
        """Draft robot `name` from a file.

        Args:
            name: the robot's name.
            path: an MJCF or URDF.
            fixed: whether the base is bolted to the world although a URDF does not say so.

        Raises:
            ModelError: a name that is no file's, a file that cannot be read, or nothing to drive.
        """
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
            raise ModelError(f"{name!r} cannot name files; use letters, digits, '_', '-' and '.'")
        source = RobotSource.read(path, fixed)
        joints = read_joints(source)
        if not joints:
            raise ModelError(f"{path} has no hinge joint: nothing there can be driven by a servo")
        _strip(source, joints)
        free = _free_body(source.mjcf) is not None
        _stand(source, joints)
        _part_overlaps(source, joints)
        _choose_timestep(source, joints)
        return cls(
            name=name,
            spec=spec_text(name, path.name, joints, source, free),
            model=source.mjcf.to_xml(),
            randomization=randomization_text(name, source.model),
            joints=tuple(joint.name for joint in joints),
            notes=tuple(source.notes),
            guesses=tuple(source.guesses),
        )

    def write(self, folder: Path) -> None:
        """Write the folder.

        Raises:
            ModelError: it exists, or cannot be made.
        """
        try:
            folder.mkdir(parents=True)
            (folder / "spec.toml").write_text(self.spec, encoding="utf-8")
            (folder / f"{self.name}.xml").write_text(self.model, encoding="utf-8")
            (folder / "randomization.toml").write_text(self.randomization, encoding="utf-8")
        except FileExistsError:
            raise ModelError(f"{folder} exists; remove it, or choose another --out") from None
        except OSError as error:
            raise ModelError(f"cannot make {folder}: {error.strerror}; choose another") from None


def _strip(source: RobotSource, joints: Sequence[DraftJoint]) -> None:
    """Take out what the simulation does itself: actuators, sensors, and the motors' own forces."""
    mjcf, pose = source.mjcf, home_pose(source.model)[0]
    if mjcf.actuators:
        source.notes.append(
            f"{len(mjcf.actuators)} actuators were taken out: the simulation applies the motors' "
            "torques itself; their gains and limits stand in spec.toml"
        )
    base = _free_body(mjcf)
    if base is not None:
        at = source.model.jnt_qposadr[source.model.body(base.name).jntadr[0]]
        base.pos, base.quat = pose[at : at + 3], pose[at + 3 : at + 7]
    for part in (*mjcf.actuators, *mjcf.sensors, *mjcf.keys):
        mjcf.delete(part)
    for joint in joints:
        hinge = mjcf.joint(joint.name)
        hinge.armature = hinge.frictionloss = 0.0
    source.model = mjcf.compile()


def _free_body(mjcf: mujoco.MjSpec) -> Any:
    """Return the body of the first free joint, or None."""
    free = (joint for joint in mjcf.joints if joint.type == mujoco.mjtJoint.mjJNT_FREE)
    return next((joint.parent for joint in free), None)


def _stand(source: RobotSource, joints: Sequence[DraftJoint]) -> None:
    """Put a free robot that came without a floor on one."""
    mjcf, model = source.mjcf, source.model
    base = _free_body(mjcf)
    solid = solid_geoms(model)
    if base is None or np.any(model.geom_bodyid[solid] == 0):
        return
    name = "floor" if mjcf.geom("floor") is None else "drafted_floor"
    mjcf.worldbody.add_geom(name=name, type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0.0, 0.0, 0.05])
    mjcf.worldbody.add_light(pos=[0.0, 0.0, 3.0])
    model = mjcf.compile()
    data, floor = _posed(model, joints), model.geom(name).id
    lowest = min(
        (
            mujoco.mj_geomDistance(model, data, floor, geom, FAR, np.zeros(6))
            for geom in solid_geoms(model)
            if model.geom_bodyid[geom] != 0
        ),
        default=0.0,
    )
    base.pos = np.array([base.pos[0], base.pos[1], base.pos[2] + GAP - lowest])
    source.guesses.append("the model has no floor: a level one, touched in the default pose")
    source.model = mjcf.compile()


def _part_overlaps(source: RobotSource, joints: Sequence[DraftJoint]) -> None:
    """Let bodies of the robot that overlap in the default pose pass through each other."""
    model = source.model
    data = _posed(model, joints)
    pairs = {
        tuple(sorted((model.body(a).name, model.body(b).name)))
        for a, b in model.geom_bodyid[data.contact.geom]
        if a != 0 and b != 0
    }
    for first, second in sorted(pairs):
        source.mjcf.add_exclude(bodyname1=first, bodyname2=second)
        source.guesses.append(
            f"bodies {first!r} and {second!r} overlap in the default pose: they never touch"
        )
    source.model = source.mjcf.compile()


def _choose_timestep(source: RobotSource, joints: Sequence[DraftJoint]) -> None:
    """Shorten the physics step until each motor's spring turns slowly against it.

    A joint of inertia `I` under stiffness `k` needs steps below `SLOW sqrt(I / k)`: the stiffness
    acts on the state at the step's beginning. The velocity gain is integrated implicitly.
    """
    model = source.model
    dofs = [model.joint(joint.name).dofadr[0] for joint in joints]
    armature = np.zeros(model.nv)
    armature[dofs] = [joint.drive.values["armature"] for joint in joints]
    inertia = effective_inertia(model, armature)[dofs]
    stiffness = np.array([joint.drive.values["stiffness"] for joint in joints])
    longest = SLOW * np.min(np.sqrt(inertia / stiffness))
    wanted = min(longest, model.opt.timestep)
    steps = [step for step in STEPS if step <= wanted] or [STEPS[-1]]
    if steps[0] < model.opt.timestep:
        source.notes.append(
            f"physics steps are {steps[0]} s: a joint's motor is too quick for longer ones"
        )
    source.mjcf.option.timestep = min(steps[0], model.opt.timestep)


def _posed(model: mujoco.MjModel, joints: Sequence[DraftJoint]) -> mujoco.MjData:
    data = mujoco.MjData(model)
    for joint in joints:
        data.qpos[model.joint(joint.name).qposadr[0]] = joint.default
    mujoco.mj_forward(model, data)
    return data
