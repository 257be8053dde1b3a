"""The benchmark of calibration: held-out error on real logs of an XL330, and of a Pupper."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.calibrate import CalibrationConfig, calibrate
from ashore.adapt.errors import AdaptError
from ashore.adapt.priors import HEALTHY
from ashore.adapt.replay import ReplayConfig
from ashore.adapt.replay_set import whole_log_errors
from ashore.adapt.trajectory import Trajectory
from ashore.hardware.importers.bam import import_bam
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec
from ashore.launch.bench import bench_pupper
from ashore.launch.bench.figure import Row, error_row

GAINS = (100, 200, 800)
"""P gains of the logs; each is held out once."""
TEST = ReplayConfig(timestep=0.002)
"""How held-out logs are replayed, however short the fit."""
PEER = "best published model, same logs"
PEER_ERROR = 0.0557
"""Mean absolute position error of whole replays, of the best published friction model [rad]."""


def run(data_dir: Path, short: bool) -> list[Row]:
    """Fit on two gains' logs and test on the third's, for each of the three.

    An error is the mean, over a gain's four logs, of the mean absolute position error of a
    closed-loop replay of the whole log; `xl330_heldout_mae_rad` is the mean of the three. Rows of
    `bench_pupper` follow where its logs are there.

    Args:
        data_dir: folder of data sets, or the `xl330` one among them.
        short: spend less on fitting.

    Returns:
        Rows of name, value, unit, peer, peer_value and ratio; an error's ratio is peer / value.

    Raises:
        AdaptError: the logs aren't there.
    """
    spec = RobotSpec.load("servo")
    trajectories = load_bench(data_dir, spec)
    rows, held_out = [], {}
    for gain in GAINS:
        fitting = [t for t in trajectories if t.p_gain[0] != gain]
        test = [t for t in trajectories if t.p_gain[0] == gain]
        fitted = calibrate(spec, fitting, bench_config(short))
        values = {name: value[None] for name, value in fitted.posterior.value.items()}
        errors, nominal = (whole_log_errors(spec, test, v, TEST) for v in (values, {}))
        held_out[gain] = errors
        rows.append(_split_row(gain, errors, nominal))
        rows.append(error_row(f"xl330_kp{gain}_fit_mae_rad", _mean(fitted.error), "rad"))
        rows.append(error_row(f"xl330_kp{gain}_fit_seconds", fitted.seconds, "s"))
    everything = {source: error for errors in held_out.values() for source, error in errors.items()}
    overall = float(np.mean([_mean(errors) for errors in held_out.values()]))
    whole = error_row("xl330_heldout_mae_rad", overall, "rad", PEER, PEER_ERROR)
    rows = [whole, *rows, *_motion_rows(trajectories, everything)]
    standing = data_dir / "pupper"
    return [*rows, *bench_pupper.run(standing, short)] if standing.is_dir() else rows


def bench_config(short: bool) -> CalibrationConfig:
    """How a bench log of a healthy servo is fitted: with its published parameters as the prior."""
    return CalibrationConfig(
        priors=HEALTHY,
        window_iterations=0,
        whole_iterations=6 if short else 20,
        generations=8 if short else 16,
        replay=ReplayConfig(timestep=0.004 if short else 0.0025),
    )


def load_bench(data_dir: Path, spec: RobotSpec) -> list[Trajectory]:
    """Import the bench's logs.

    Raises:
        AdaptError: the logs aren't there.
    """
    folder = data_dir / "xl330" if (data_dir / "xl330").is_dir() else data_dir
    paths = sorted(folder.glob("*_kp*.json"))
    if not paths:
        raise AdaptError(
            f"no logs *_kp*.json in {folder}; give the folder that holds Rhoban's XL330 logs"
        )
    with tempfile.TemporaryDirectory() as scratch:
        logs = [Log.open(import_bam(p, Path(scratch) / f"{p.stem}.mcap")) for p in paths]
    return [Trajectory.from_log(log, spec) for log in logs]


def _split_row(gain: int, errors: Mapping[str, float], nominal: Mapping[str, float]) -> Row:
    name = f"xl330_kp{gain}_heldout_mae_rad"
    return error_row(name, _mean(errors), "rad", "nominal model", _mean(nominal))


def _motion_rows(trajectories: Sequence[Trajectory], errors: Mapping[str, float]) -> list[Row]:
    """Held-out error of each motion over the gains."""
    motions = dict.fromkeys(t.label for t in trajectories)
    return [
        error_row(
            f"xl330_{motion}_heldout_mae_rad",
            float(np.mean([errors[t.source] for t in trajectories if t.label == motion])),
            "rad",
        )
        for motion in motions
    ]


def _mean(errors: Mapping[str, float]) -> float:
    values: NDArray[np.float64] = np.array(list(errors.values()))
    return float(values.mean())
