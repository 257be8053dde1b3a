"""`check_robot`: what is missing in a robot's folder, what is suspicious, what is fine."""

from dataclasses import replace
from pathlib import Path

from ashore.envs.draft.body_check import check_contacts, check_floor, check_inertias, check_masses
from ashore.envs.draft.finding import Finding, Inspected, judged, missing
from ashore.envs.draft.guess_check import check_guesses, check_placeholders
from ashore.envs.draft.joint_check import (
    check_armature,
    check_limits,
    check_motors,
    check_torque,
    check_units,
)
from ashore.envs.draft.mirror_check import check_mirror, check_order
from ashore.envs.draft.motion_check import check_motion
from ashore.envs.errors import ModelError
from ashore.envs.physics.motors import make_motors
from ashore.envs.physics.servo_model import load_servo
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.hardware.spec import RobotSpec

CHECKS = (
    check_motors,
    check_torque,
    check_armature,
    check_limits,
    check_units,
    check_order,
    check_mirror,
    check_masses,
    check_inertias,
    check_contacts,
    check_floor,
    check_motion,
)


def check_robot(robot: str | Path) -> list[Finding]:
    """Look at a shipped robot, or at one in a folder.

    Raises:
        SpecError: there is no such robot, or its spec says what cannot be.
        ModelError: its MJCF does not compile.
    """
    spec = RobotSpec.load(robot)
    found = _check_servos(spec)
    if any(finding.severity == "missing" for finding in found):
        spec = replace(spec, joints=tuple(replace(j, servo="pd", motor={}) for j in spec.joints))
    inspected = Inspected(spec)
    for check in CHECKS:
        found += check(inspected)
    return [*found, *_check_randomization(str(robot), spec), *check_guesses(robot)]


def _check_servos(spec: RobotSpec) -> list[Finding]:
    """Look for servos without a motor file, and motor tables that do not fit theirs."""
    try:
        for joint in spec.joints:
            load_servo(joint.servo)
        make_motors(spec, 1)
    except ModelError as error:
        text = f'{error}; or make it servo = "pd" with a [joints.motor] table'
        return [missing("servos", text)]
    models = sorted({joint.servo for joint in spec.joints})
    return judged("servos", check_placeholders(spec), f"{', '.join(models)}: known")


def _check_randomization(robot: str, spec: RobotSpec) -> list[Finding]:
    try:
        randomization = Randomization.load(robot)
        randomization.check(Simulation(spec, 1, SimulationConfig(threads=1, backlash=True)))
    except ModelError as error:
        return [missing("randomization", str(error))]
    return judged("randomization", [], f"{len(randomization.terms)} terms, all physical")
