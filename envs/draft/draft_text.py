"""The text of a drafted robot's spec.toml and randomization.toml."""

import json
from collections.abc import Sequence

import mujoco
import numpy as np

from ashore.envs.draft.draft_joint import DraftJoint
from ashore.envs.draft.robot_source import RobotSource
from ashore.envs.physics.limbs import free_joint

_HEAD = """\
# {name}, drafted from {file}. Angles in rad, times in s, SI units throughout.
# A line marked "guess" holds what the file did not say: put in what is true, and take the mark off.
# `ashore robot check FOLDER` lists the marks that are left, and what is missing or looks wrong.
"""

_ROBOT = """
name = {name}
description = {description}
model = {model}
rate = 50                    # guess: control steps per second

[bus]
protocol = "dynamixel2"      # guess: or "feetech"
baud = 1_000_000             # guess

[safety]
step_limit = 0.5             # guess: largest change of a goal in one control step
velocity_limit = 20.0        # guess: a joint faster than this stops the run
"""

_IMU = """
[imu]                        # from the base's frame to the sensor's: roll, then pitch, then yaw
roll = 0.0                   # guess
pitch = 0.0                  # guess
yaw = 0.0                    # guess
"""

_RANDOMIZATION = """\
# Randomization of {name}: one table a term, a first guess of how far robots differ from the spec.
# `set`, `scale` and `add` = [low, high] act on the nominal value; `each` says what shares a draw.

[mass]
parameter = "mass"
scale = [0.9, 1.1]
each = "element"

[strength]
parameter = "strength"
scale = [0.8, 1.1]
each = "element"

[armature]
parameter = "armature"
scale = [0.7, 1.4]
each = "robot"

[friction_base]
parameter = "friction_base"
add = [0.0, {friction}]
each = "element"

[command_delay]
parameter = "command_delay"
set = [0.002, 0.02]
each = "robot"

[encoder_offset]
parameter = "encoder_offset"
add = [-0.02, 0.02]
each = "element"
"""

_PAYLOAD = """
[payload]
parameter = "payload"
on = {base}
add = [0.0, {payload}]
each = "robot"
"""

_FLOOR = """
[floor]
parameter = "friction"
scale = [0.6, 1.2]
each = "robot"
"""

_COLUMN = 29


def spec_text(
    name: str, file: str, joints: Sequence[DraftJoint], source: RobotSource, free: bool
) -> str:
    """Return spec.toml of a robot of these joints, each guess marked."""
    parts = [_HEAD.format(name=name, file=file)]
    if source.guesses:
        parts.append("".join(f"# guess: {guess}\n" for guess in source.guesses))
    parts.append(
        _ROBOT.format(
            name=json.dumps(name),
            description=json.dumps(f"drafted from {file}"),
            model=json.dumps(f"{name}.xml"),
        )
    )
    if free:
        parts.append(_IMU)
    parts += [_joint_text(joint, number) for number, joint in enumerate(joints, start=1)]
    return "".join(parts)


def randomization_text(name: str, model: mujoco.MjModel) -> str:
    """Return randomization.toml of terms that any robot of this package has."""
    text = _RANDOMIZATION.format(name=name, friction=0.02)
    free = free_joint(model)
    if free is None:
        return text
    if np.any(model.geom_contype | model.geom_conaffinity):
        text += _FLOOR
    base = model.jnt_bodyid[free]
    payload = round(0.15 * float(model.body_subtreemass[base]), 3)
    return text + _PAYLOAD.format(base=json.dumps(model.body(base).name), payload=payload)


def _joint_text(joint: DraftJoint, number: int) -> str:
    lines = ["", "[[joints]]", f"name = {json.dumps(joint.name)}"]
    lines.append(_line("id", str(number), "guess: in the order of the model"))
    lines.append(_line("servo", '"pd"', "guess: a torque source; or the servo's model"))
    lines.append(_line("sign", "1", "guess: -1 if the encoder counts the other way"))
    for key in ("lower", "upper", "default"):
        mark = "guess" if key in joint.guessed else ""
        lines.append(_line(key, _number(getattr(joint, key)), mark))
    lines.append(_line("p_gain", "400", "guess: position P gain register"))
    lines += ["", "[joints.motor]"]
    for key, value in joint.drive.values.items():
        mark = "guess" if key in joint.drive.guessed else ""
        lines.append(_line(key, _number(value), mark))
    return "\n".join(lines) + "\n"


def _line(key: str, value: str, mark: str) -> str:
    text = f"{key} = {value}"
    return f"{text.ljust(_COLUMN)}# {mark}" if mark else text


def _number(value: float) -> str:
    return repr(round(value, 6) + 0.0)
