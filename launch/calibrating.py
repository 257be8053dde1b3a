"""`ashore calibrate`."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ashore.adapt.calibrate import Calibration, CalibrationConfig, Progress, calibrate
from ashore.adapt.diagnose.diagnosis import diagnose
from ashore.adapt.errors import AdaptError
from ashore.adapt.excite.rounds import KIND, rounds_of
from ashore.adapt.fixed_base import counter
from ashore.adapt.priors import ALIKE, HEALTHY, IN_AIR, STANDING, WIDE, Prior
from ashore.adapt.replay import ReplayConfig
from ashore.adapt.trajectory import Trajectory
from ashore.envs.physics.servo_model import load_servo
from ashore.envs.simulation import nominal_parameters
from ashore.hardware.errors import LogError
from ashore.hardware.logs.log import Log, check
from ashore.hardware.spec import RobotSpec
from ashore.launch.console import progress_bar, say
from ashore.launch.held_out_logs import require_not_held_out

UNEXPLAINED = 0.02
"""Mean error of the replays from which a servo in another state is tried [rad]."""
LESS = 0.5
"""Share of a healthy servo's error that a worn one must come below to be believed."""
MET = 0.7
"""Share of the stall current at which a limit begins to be looked for."""


def run_calibration(robot: str, logs: Sequence[Path], out: Path | None) -> int:
    """Fit, say what the logs tell, and keep the posterior."""
    spec = RobotSpec.load(robot)
    trajectories, excited = list[Trajectory](), True
    paths = [found for given in logs for found in _expand(given)]
    require_not_held_out(paths)
    for path in paths:
        log = Log.open(path)
        if log.header.robot != spec.name:
            raise AdaptError(
                f"{path} is of robot {log.header.robot!r}, not {spec.name!r}; "
                "give logs of one robot"
            )
        check(log)
        trajectories += rounds_of(log, spec)
        excited &= log.header.setup.get("kind") == KIND
    with progress_bar() as bar:
        fitted = _fitted(spec, trajectories, config_for(spec, excited), counter(bar))
    _tell(fitted, spec)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(fitted.posterior.to_json(), encoding="utf-8")
        say(f"posterior: {out}")
    return 0


def _fitted(
    spec: RobotSpec,
    logs: Sequence[Trajectory],
    config: CalibrationConfig,
    tell: Callable[[Progress], None],
) -> Calibration:
    """Fit a healthy servo; if none explains the logs, one in any state, if that explains more."""
    healthy = calibrate(spec, logs, config, tell)
    if config.priors is not HEALTHY or _off(healthy) < UNEXPLAINED:
        return healthy
    worn = calibrate(spec, logs, replace(config, priors=WIDE), tell)
    if _off(worn) > LESS * _off(healthy):
        return healthy
    say(
        f"no healthy servo explains these logs ({_off(healthy):.3f} rad are left, "
        f"{_off(worn):.3f} of a worn one): what follows is of a servo in any state of wear"
    )
    return worn


def _off(fitted: Calibration) -> float:
    """Mean error of the logs' replays [rad]."""
    return float(np.mean([*fitted.error.values()]))


def config_for(spec: RobotSpec, excited: bool = False) -> CalibrationConfig:
    """How a robot is calibrated, by its motors and by whether its base is free.

    A free base is not measured, so a log is replayed whole, from standing. Motors of a robot that
    stands are of one kind: twelve of everything would fit the log and predict the next one worse.
    Logs of robots that were `excited` tell more, of a base that stands fast: there each motor is
    its own, and in any state.
    """
    torque = load_servo(spec.joints[0].servo).law == "pd"
    if excited and spec.imu is None:
        return CalibrationConfig(priors=ALIKE if torque else WIDE)
    if excited:
        return CalibrationConfig(
            priors=ALIKE if torque else in_air(spec),
            window_iterations=5,
            whole_iterations=8,
            generations=0,
            replay=ReplayConfig(timestep=0.0025),
        )
    if spec.imu is None:
        return CalibrationConfig(priors=ALIKE if torque else HEALTHY)
    together = {name: replace(p, shared=True) for name, p in HEALTHY.items()}
    together["friction"] = STANDING["friction"]
    del together["encoder_offset"]
    return CalibrationConfig(
        priors=STANDING if torque else together,
        window_iterations=0,
        generations=0,
        correlation=0.25,
    )


def in_air(spec: RobotSpec) -> dict[str, Prior]:
    """What is believed of a robot in a stand: `IN_AIR`, with a limit of current that can be met.

    A limit above what its motors draw at a stall shows in nothing, and a fit that begins there
    never finds a lower one.
    """
    servo = load_servo(spec.joints[0].servo).parameters
    stall = servo["supply_voltage"].value / servo["resistance"].value
    mean = min(servo["current_limit"].value, MET * stall)
    return {**IN_AIR, "current_limit": replace(IN_AIR["current_limit"], mean=mean)}


def _tell(fitted: Calibration, spec: RobotSpec) -> None:
    """Say each parameter's interval, and each log's error before and after."""
    parameters = nominal_parameters(spec)
    for finding in diagnose(fitted.posterior, parameters, {}, spec.names).findings:
        say(f"  {finding}")
    say("mean absolute error of each log's whole replay [rad], nominal and calibrated:")
    for source, error in fitted.error.items():
        say(f"  {source:<32} {fitted.nominal_error[source]:.4f}  {error:.4f}")


def _expand(given: Path) -> list[Path]:
    if not given.is_dir():
        return [given]
    found = sorted(given.glob("*.mcap"))
    if not found:
        raise LogError(f"folder {given} holds no .mcap log; `ashore import` makes them")
    return found
