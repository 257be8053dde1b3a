"""`ModelFields`: the parameters that are fields of MuJoCo's model, for any batch."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from ashore.envs.errors import ModelError
from ashore.envs.physics.parameter import Parameter
from ashore.envs.physics.rotation import product, quaternion, rotate

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

_BODY = (
    Parameter(name="mass", value=1.0, unit="x nominal", low=0.05, high=5.0),
    Parameter(name="inertia", value=1.0, unit="x nominal", low=0.05, high=20.0),
    Parameter(name="payload", value=0.0, unit="kg", low=0.0, high=50.0),
)
_JOINT = (
    Parameter(name="damping", value=0.0, unit="N m s/rad", low=0.0, high=100.0),
    Parameter(name="armature", value=0.0, unit="kg m2", low=0.0, high=10.0),
    Parameter(name="joint_friction", value=0.0, unit="N m", low=0.0, high=100.0),
    Parameter(name="stiffness", value=0.0, unit="N m/rad", low=0.0, high=1000.0),
)
_DOF_FIELDS = {
    "damping": "dof_damping",
    "armature": "dof_armature",
    "joint_friction": "dof_frictionloss",
}
_CENTRE = Parameter(name="centre_of_mass", value=0.0, unit="m", low=-0.5, high=0.5)
_PUSH = Parameter(name="push", value=0.0, unit="N", low=-1000.0, high=1000.0)
_MOUNTING = Parameter(name="joint_mounting", value=0.0, unit="rad", low=-0.6, high=0.6)
_FRICTION = Parameter(name="friction", value=1.0, unit="-", low=0.001, high=10.0)
_TILT = Parameter(name="gravity_tilt", value=0.0, unit="rad", low=-0.6, high=0.6)
_SLOPE = Parameter(name="floor_slope", value=0.0, unit="rad", low=-0.6, high=0.6)

_SLIDING = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)
_FLOORS = (mujoco.mjtGeom.mjGEOM_PLANE, mujoco.mjtGeom.mjGEOM_HFIELD)
_XYZ = ("x", "y", "z")


class ModelFields:
    """What `n` simulations of one model can differ in, each value over a remembered nominal.

    With `m0`, `I0` the nominal mass and principal inertias of a body:

        mass    = m0 * mass + payload            payload is a point at the centre of mass
        inertia = I0 * mass * inertia
        centre of mass, joint mounting, gravity, floor: turned or moved by the value

    `joint_mounting` turns a joint's body, with all it carries, by a rotation vector in its parent's
    frame; of several joints on one body, each turns it. `push` is a force at a body's centre of
    mass, in the world's frame, for as long as it is set. A field is copied for every simulation
    only once it is set.

    `down`, gravity's direction, and `up`, the floor's normal, are `(n, 3)` in the world's frame.
    """

    def __init__(
        self, batch: Batch, without: Collection[str] = (), inner: Collection[str] = ()
    ) -> None:
        """Name what can vary in the model of `batch`.

        Args:
            batch: the simulations.
            without: parameters that others write.
            inner: names of joints that are parts of other joints, and no elements of their own.
        """
        self._batch, model = batch, batch.model
        self._nominal = {
            name: np.array(getattr(model, name), dtype=np.float64)
            for name in ("body_mass", "body_inertia", "body_ipos", "body_quat", "geom_quat")
        }
        gravity = np.array(model.opt.gravity)
        pull = float(np.sqrt((gravity * gravity).sum()))
        self._straight_down = gravity / pull if pull else np.array([0.0, 0.0, -1.0])
        self.down = np.tile(self._straight_down, (batch.nsim, 1))
        self.up = np.tile([0.0, 0.0, 1.0], (batch.nsim, 1))
        self._bodies = np.flatnonzero(model.body_mass > 0.0)
        moving = np.flatnonzero(np.isin(model.jnt_type, _SLIDING))
        self._joints = np.array([j for j in moving if model.joint(j).name not in inner], np.intp)
        self._owners = model.jnt_bodyid[self._joints]
        self._rounds = _rounds(self._owners)
        self._geoms = np.flatnonzero((model.geom_contype | model.geom_conaffinity) > 0)
        on_world = (model.geom_bodyid == 0) & np.isin(model.geom_type, _FLOORS)
        self._floors = np.intersect1d(self._geoms, np.flatnonzero(on_world))
        self.parameters: dict[str, Parameter] = {}
        self.values: dict[str, Array] = {}
        for parameter, elements, nominal in self._laid_out():
            if parameter.name not in without and elements:
                self._add(parameter, elements, nominal)

    def _laid_out(self) -> list[tuple[Parameter, Sequence[str], Array | None]]:
        model = self._batch.model
        bodies = [model.body(i).name or f"body{i}" for i in self._bodies]
        joints = [model.joint(i).name or f"joint{i}" for i in self._joints]
        dofs = model.jnt_dofadr[self._joints]
        found: list[tuple[Parameter, Sequence[str], Array | None]] = []
        found += [(parameter, bodies, None) for parameter in _BODY]
        for parameter in _JOINT:
            field = _DOF_FIELDS.get(parameter.name)
            at = getattr(model, field)[dofs] if field else model.jnt_stiffness[self._joints]
            found.append((parameter, joints, at))
        geoms = [model.geom(i).name or f"geom{i}" for i in self._geoms]
        return [
            *found,
            (_CENTRE, _axes(bodies), None),
            (_PUSH, _axes(bodies), None),
            (_MOUNTING, _axes(joints), None),
            (_FRICTION, geoms, model.geom_friction[self._geoms, 0]),
            (_TILT, _XYZ[:2], None),
            (_SLOPE, _XYZ[:2] if len(self._floors) else (), None),
        ]

    def _add(self, parameter: Parameter, elements: Sequence[str], nominal: Array | None) -> None:
        values = np.full(len(elements), parameter.value) if nominal is None else np.array(nominal)
        self.parameters[parameter.name] = replace(
            parameter,
            value=float(values[0]),
            elements=tuple(elements),
            nominal=tuple(values.tolist()),
        )
        self.values[parameter.name] = np.tile(values, (self._batch.nsim, 1))

    def changed(self, name: str, ids: Ids) -> bool:
        """Write the field that a parameter stands for; say whether MuJoCo derives more from it."""
        if name in ("mass", "inertia", "payload"):
            self._write_masses(ids)
        elif name in _DOF_FIELDS:
            dofs = self._batch.model.jnt_dofadr[self._joints]
            self._batch.expand(_DOF_FIELDS[name])[ids[:, None], dofs] = self.values[name][ids]
        else:
            return {
                "stiffness": self._write_stiffness,
                "centre_of_mass": self._write_centres,
                "push": self.push,
                "joint_mounting": self._write_mountings,
                "friction": self._write_friction,
                "gravity_tilt": self._write_gravity,
                "floor_slope": self._write_floor,
            }[name](ids)
        return True

    def push(self, ids: Ids) -> bool:
        """Put the forces in force again, as after a reset."""
        force = self._vectors("push", ids)
        self._batch.bind("xfrc_applied")[ids[:, None], self._bodies, :3] = force
        return False

    def _vectors(self, name: str, ids: Ids) -> Array:
        """Values of a parameter with three axes an element, `(len(ids), m, 3)`."""
        values = self.values[name]
        return values[ids].reshape(len(ids), values.shape[1] // 3, 3)

    def _write_masses(self, ids: Ids) -> None:
        factor, bodies = self.values["mass"][ids], self._bodies
        mass = self._nominal["body_mass"][bodies] * factor + self.values["payload"][ids]
        inertia = factor * self.values["inertia"][ids]
        self._batch.expand("body_mass")[ids[:, None], bodies] = mass
        self._batch.expand("body_inertia")[ids[:, None], bodies] = (
            self._nominal["body_inertia"][bodies] * inertia[:, :, None]
        )

    def _write_centres(self, ids: Ids) -> bool:
        model, bodies = self._batch.model, self._bodies
        if np.any(model.body_simple[bodies]):
            raise ModelError(
                "the centre of mass of a robot that is one free body cannot be moved: MuJoCo takes "
                "its mass matrix as diagonal; give the body an off-centre inertial"
            )
        # MuJoCo skips the inertial frame of a body where it is the body's own, and the frame of a
        # geom or site where it is the inertial one.
        self._batch.expand("body_sameframe")[ids[:, None], bodies] = 0
        for kind in ("geom", "site"):
            name = f"{kind}_sameframe"
            bound = np.flatnonzero(getattr(model, name) == mujoco.mjtSameFrame.mjSAMEFRAME_INERTIA)
            if len(bound):
                self._batch.expand(name)[ids[:, None], bound] = 0
        self._batch.expand("body_ipos")[ids[:, None], bodies] = self._nominal["body_ipos"][
            bodies
        ] + self._vectors("centre_of_mass", ids)
        return True

    def _write_stiffness(self, ids: Ids) -> bool:
        stiffness = self._batch.expand("jnt_stiffness")
        stiffness[ids[:, None], self._joints] = self.values["stiffness"][ids]
        return True

    def _write_mountings(self, ids: Ids) -> bool:
        turn = quaternion(self._vectors("joint_mounting", ids))
        rotation = self._batch.expand("body_quat")
        rotation[ids[:, None], self._owners] = self._nominal["body_quat"][self._owners]
        for columns in self._rounds:
            at = (ids[:, None], self._owners[columns])
            rotation[at] = product(turn[:, columns], rotation[at])
        return True

    def _write_friction(self, ids: Ids) -> bool:
        friction = self._batch.expand("geom_friction")
        friction[ids[:, None], self._geoms, 0] = self.values["friction"][ids]
        return False

    def _write_gravity(self, ids: Ids) -> bool:
        leaning = _leaning(self.values["gravity_tilt"][ids])
        self.down[ids] = rotate(leaning, self._straight_down[None])
        nominal = np.array(self._batch.model.opt.gravity)
        self._batch.expand("opt.gravity")[ids] = rotate(leaning, nominal[None])
        return False

    def _write_floor(self, ids: Ids) -> bool:
        turn = _leaning(self.values["floor_slope"][ids])
        self.up[ids] = rotate(turn, np.array([[0.0, 0.0, 1.0]]))
        # MuJoCo skips the frame of a geom where it is its body's own.
        self._batch.expand("geom_sameframe")[ids[:, None], self._floors] = 0
        turned = product(turn[:, None], self._nominal["geom_quat"][self._floors][None])
        self._batch.expand("geom_quat")[ids[:, None], self._floors] = turned
        return True


def _rounds(owners: Ids) -> list[Ids]:
    """Columns of joints in rounds that have each body once, for bodies that several joints turn."""
    nth = np.array([int((owners[:i] == owner).sum()) for i, owner in enumerate(owners)], np.intp)
    return [np.flatnonzero(nth == k) for k in range(int(nth.max(initial=-1)) + 1)]


def _leaning(angles: Array) -> Array:
    """Quaternions of rotations about x and y together, `(n, 2)` [rad]."""
    return quaternion(np.concatenate([angles, np.zeros((len(angles), 1))], axis=1))


def _axes(names: Sequence[str]) -> list[str]:
    return [f"{name}:{axis}" for name in names for axis in _XYZ]
