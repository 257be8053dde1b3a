"""`ashore calibrate`."""

from collections.abc import Sequence
from pathlib import Path

from ashore.adapt.adaptation import counter
from ashore.adapt.calibrate import Calibration, CalibrationConfig, calibrate
from ashore.adapt.diagnosis import diagnose
from ashore.adapt.errors import AdaptError
from ashore.adapt.priors import HEALTHY
from ashore.adapt.trajectory import Trajectory
from ashore.envs.simulation import nominal_parameters
from ashore.hardware.errors import LogError
from ashore.hardware.log import Log, check
from ashore.hardware.spec import RobotSpec
from ashore.launch.console import progress_bar, say


def run_calibration(robot: str, logs: Sequence[Path], out: Path | None) -> int:
    """Fit, say what the logs tell, and keep the posterior."""
    spec = RobotSpec.load(robot)
    trajectories = []
    for path in (found for given in logs for found in _expand(given)):
        log = Log.open(path)
        if log.header.robot != spec.name:
            raise AdaptError(
                f"{path} is of robot {log.header.robot!r}, not {spec.name!r}; "
                "give logs of one robot"
            )
        check(log)
        trajectories.append(Trajectory.from_log(log, spec))
    with progress_bar() as bar:
        fitted = calibrate(spec, trajectories, CalibrationConfig(priors=HEALTHY), counter(bar))
    _tell(fitted, spec)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(fitted.posterior.to_json(), encoding="utf-8")
        say(f"posterior: {out}")
    return 0


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
