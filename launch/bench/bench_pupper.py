"""The benchmark of calibration on a robot that stands on its feet: a Pupper's real logs."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ashore.adapt.calibrate import CalibrationConfig, calibrate
from ashore.adapt.joint_error import JointError, joint_errors
from ashore.adapt.priors import STANDING, Prior
from ashore.adapt.replay import ReplayConfig
from ashore.adapt.trajectory import Trajectory
from ashore.envs.draft.robot_draft import RobotDraft
from ashore.envs.simulation import nominal_parameters
from ashore.hardware.importers.puppersim import JOINTS, import_puppersim
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec
from ashore.launch.bench.figure import Row, error_row

TRAIN = ("one_joint", "pitching")
"""Motions that are fitted; every other log in the folder is a test."""
HELD = ("one_joint",)
"""Motions of a robot in a stand: there, no joint at rest carries weight."""
PEER = "authors' simulator"
PEER_ERROR = {
    "one_joint": (0.0146, 0.0060),
    "pitching": (0.0463, 0.0149),
    "rolling": (0.0562, 0.0243),
}
"""Joint RMSE of the authors' hand-identified simulator, as it is and without offset [rad]."""

TORQUE_CONSTANT = 1.7 / 7.0
"""The authors' torque limit over their current limit [N m/A]."""
MOTOR = {
    "stiffness": 50.0 * TORQUE_CONSTANT,
    "velocity_gain": 5.0 * TORQUE_CONSTANT,
    "torque_limit": 7.0 * TORQUE_CONSTANT,
    "armature": 0.003,
    "friction_base": 0.1,
    "friction_load": 0.2,
    "viscous": 0.0,
}
"""Gains and limit of the robot's firmware, and a guess of what its gears add."""
POSE = (0.0, 0.6, -1.2)
"""How each leg stands: abduction, hip, knee [rad]."""
BASE = "pupper_v2_dji_chassis"

PRIORS: Mapping[str, Prior] = {
    **STANDING,
    "velocity_gain": Prior(sd=0.05, log=True, shared=True),
    "centre_of_mass": Prior(sd=0.01, on=f"{BASE}:x"),
}
"""What is fitted: eight numbers for the whole robot. With a zero offset for each joint beside them,
pitching fits better (0.011 for 0.014 rad) and rolling is predicted worse (0.024 for 0.020 rad, if
0.008 for 0.009 without offset): where a stiff joint comes to rest is the history of its friction,
not an offset."""

TEST = ReplayConfig(timestep=0.002)


def run(folder: Path, short: bool) -> list[Row]:
    """Draft the robot from its URDF, fit it to two motions, and predict the others.

    Args:
        folder: URDF and logs.
        short: spend less on fitting.

    Returns:
        Rows as those of `bench_calibrate`.
    """
    with tempfile.TemporaryDirectory() as scratch:
        spec = pupper(folder, Path(scratch))
        logs = load_logs(folder, spec, Path(scratch))
    config = CalibrationConfig(
        priors=PRIORS,
        window_iterations=0,
        whole_iterations=8 if short else 12,
        generations=0,
        replay=TEST,
        correlation=0.25,
    )
    fitted = calibrate(spec, [log for log in logs if log.label in TRAIN], config)
    parameters = nominal_parameters(spec)
    found = joint_errors(spec, logs, fitted.posterior.robot(parameters), TEST)
    nominal = joint_errors(spec, logs, {}, TEST)
    rows = [row for log in logs for row in _rows(log.label, found[log.source], nominal[log.source])]
    return [*rows, error_row("pupper_fit_seconds", fitted.seconds, "s")]


def pupper(folder: Path, scratch: Path) -> RobotSpec:
    """Draft the robot as `ashore robot new` does, and fill in what its firmware is known to do."""
    RobotDraft.of("pupper", folder / "pupper_v2a.urdf").write(scratch / "pupper")
    spec = RobotSpec.load(scratch / "pupper")
    drafted = {joint.name: joint for joint in spec.joints}
    joints = [
        replace(drafted[name], id=number, default=POSE[number % 3], motor=MOTOR)
        for number, name in enumerate(JOINTS)
    ]
    return replace(spec, joints=tuple(joints))


def load_logs(folder: Path, spec: RobotSpec, scratch: Path) -> list[Trajectory]:
    """Import the logs of a folder."""
    logs = []
    for path in sorted(folder.glob("*.npz")):
        out = import_puppersim(path, scratch / f"{path.stem}.mcap", path.stem in HELD)
        logs.append(Trajectory.from_log(Log.open(out), spec))
    return logs


def _rows(motion: str, found: JointError, nominal: JointError) -> Sequence[Row]:
    kind = "fit_" if motion in TRAIN else ""
    raw, without = PEER_ERROR.get(motion, (None, None))
    name = f"pupper_{motion}_{kind}rmse"
    return (
        error_row(f"{name}_rad", found.rmse, "rad", PEER, raw),
        error_row(f"{name}_without_offset_rad", found.without_offset, "rad", PEER, without),
        error_row(f"pupper_{motion}_nominal_rmse_rad", nominal.rmse, "rad", PEER, raw),
    )
