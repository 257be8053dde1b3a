"""`build_model`: a spec's MJCF compiled for simulation, with play in its gears if asked for."""

import math

import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.envs.errors import ModelError
from ashore.envs.physics.backlash import add_play
from ashore.envs.physics.engine import set_for_batch
from ashore.envs.physics.motor_model import motor_parameters
from ashore.envs.physics.servo_model import servos_of
from ashore.hardware.spec import RobotSpec

Indices = NDArray[np.intp]

_STICKING = 0.999
"""Impedance of dry friction. At MuJoCo's default of 0.9 a joint that should stick creeps: an XL330
holding 0.49 kg at 0.1 m and 0.5 rad slides by 0.07 rad in two seconds."""


def build_model(
    spec: RobotSpec,
    longest: float | None = None,
    backlash: bool = False,
    visuals: bool = False,
) -> mujoco.MjModel:
    """Compile a robot's MJCF with its servos' armatures, and with what is only seen if `visuals`.

    Physics steps are the MJCF's own, or `longest` [s], shortened until they divide the control
    period. With `backlash`, each joint gains a second, limited hinge in series: the motor moves the
    first, the encoder on the output shaft sees their sum.

    Raises:
        ModelError: the MJCF does not compile, or lacks a joint that the spec names; or a servo has
            no motor file.
    """
    try:
        mjcf = mujoco.MjSpec.from_string(spec.model)
        longest = longest or mjcf.option.timestep
        steps = math.ceil(1.0 / (spec.rate * longest) - 1e-9)
        mjcf.option.timestep = 1.0 / (spec.rate * steps)
        # Geoms that touch nothing cost time in every step; what they weigh stays.
        from_geoms = mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_TRUE
        unseen = not visuals and mjcf.compiler.inertiafromgeom != from_geoms
        mjcf.compiler.discardvisual = unseen
        _require_joints(spec, [joint.name for joint in mjcf.joints])
        for name, armature in zip(spec.names, _armatures(spec), strict=True):
            mjcf.joint(name).armature = armature
            mjcf.joint(name).solimp_friction[:2] = _STICKING
        if backlash:
            for name in spec.names:
                add_play(mjcf, name)
        model = mjcf.compile()
        set_for_batch(model)
        return model
    except ValueError as error:
        raise ModelError(f"the MJCF of robot {spec.name!r} does not compile: {error}") from None


def joint_addresses(model: mujoco.MjModel, names: tuple[str, ...]) -> tuple[Indices, Indices]:
    """Addresses in qpos and in qvel of the named hinges, each `(len(names),)`."""
    joints = [model.joint(name) for name in names]
    return (
        np.array([joint.qposadr[0] for joint in joints], dtype=np.intp),
        np.array([joint.dofadr[0] for joint in joints], dtype=np.intp),
    )


def columns(addresses: Indices) -> Indices | slice:
    """The addresses as a slice where they follow one another, which numpy reads without a copy."""
    first, after = int(addresses[0]), int(addresses[-1]) + 1
    together = np.array_equal(addresses, np.arange(first, after))
    return slice(first, after) if together else addresses


def _require_joints(spec: RobotSpec, found: list[str]) -> None:
    missing = [name for name in spec.names if name not in found]
    if missing:
        raise ModelError(
            f"the MJCF of robot {spec.name!r} has no joint {missing[0]!r}; "
            f"it has: {', '.join(found) or 'none'}"
        )


def _armatures(spec: RobotSpec) -> tuple[float, ...]:
    return motor_parameters(spec, servos_of(spec))["armature"].nominal
