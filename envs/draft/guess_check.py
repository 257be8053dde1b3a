"""The check for what was never measured: marks of guesses, and a motor file's placeholders."""

import re
from pathlib import Path

from ashore.envs.draft.finding import Finding, judged, listed, suspicious
from ashore.hardware.spec import RobotSpec, find_robot

MARK = re.compile(r"(?:^|\s)# guess\b:?\s*(.*)$")
"""What `ashore robot new` leaves on what it made up."""
KEY = re.compile(r"^\s*(\w+)\s*=")
NAME = re.compile(r'^\s*name\s*=\s*"([^"]*)"')

VITAL = ("stiffness", "velocity_gain", "torque_limit", "armature")
"""What the motor file `pd` only has placeholders for."""

NEXT = {
    "id": "compare with the ids that the servos answer to",
    "servo": "name the servo's model, or keep pd and calibrate it from a log",
    "sign": "turn each joint by hand and watch the encoder",
    "lower": "the file limits nothing; put in how far the joint may go",
    "upper": "the file limits nothing; put in how far the joint may go",
    "default": "put in the pose that the robot stands or rests in",
    "p_gain": "put in the servo's register",
    "stiffness": "the file has no position actuator; put in the servo's gain, or calibrate it",
    "velocity_gain": "the file has no such gain; put in the servo's, or calibrate it",
    "torque_limit": "the file limits no torque; put in the servo's stall torque",
    "armature": "the file has no armature; put in rotor inertia times gear ratio squared",
    "friction_base": "the file has no friction; calibrate it from a log",
    "viscous": "the file has no damping; calibrate it from a log",
    "rate": "put in how often the robot is to be commanded",
    "protocol": "put in what the servos speak",
    "baud": "put in the bus's speed",
    "step_limit": "put in what is safe",
    "velocity_limit": "put in what is safe",
    "roll": "put in how the sensor is mounted",
    "pitch": "put in how the sensor is mounted",
    "yaw": "put in how the sensor is mounted",
}
"""What to do about a guessed key."""


def check_guesses(robot: str | Path) -> list[Finding]:
    """Look for values that nobody has measured, key by key."""
    path = find_robot(robot) / "spec.toml"
    keys: dict[str, list[str]] = {}
    model: list[str] = []
    joint, inside = "", False
    for line in path.read_text(encoding="utf-8").splitlines():
        inside = inside or line.startswith("[[joints]]")
        if inside and (named := NAME.match(line)):
            joint = named.group(1)
        mark, keyed = MARK.search(line), KEY.match(line)
        if mark and keyed:
            keys.setdefault(keyed.group(1), []).append(joint)
        elif mark:
            model.append(mark.group(1))
    found = [suspicious("guess", text) for text in model]
    for key, joints in keys.items():
        whose = f" of {listed(joints)}" if any(joints) else ""
        found.append(suspicious("guess", f"{key}{whose}: {NEXT.get(key, 'put in what is true')}"))
    if found:
        found.append(suspicious("guess", (
            f'take the mark "# guess" off each line of {path} that is true'
        )))
    return judged("guess", found, "none left in spec.toml")


def check_placeholders(spec: RobotSpec) -> list[Finding]:
    """Look for motors of unknown kind that say less than one must know of a motor."""
    found = []
    for key in VITAL:
        names = [j.name for j in spec.joints if j.servo == "pd" and key not in j.motor]
        if names:
            found.append(suspicious("servos", (
                f"{key} of {listed(names)} is a placeholder; write it into [joints.motor]"
            )))
    return found
