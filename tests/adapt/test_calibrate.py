"""Laws of calibration, on robots whose parameters are known and on a real servo."""

import json
from pathlib import Path

import numpy as np
import pytest
from recorded import SERVO, recorded

from ashore.adapt.calibrate import CalibrationConfig, calibrate
from ashore.adapt.errors import AdaptError
from ashore.adapt.posterior import Posterior
from ashore.adapt.priors import HEALTHY, WIDE
from ashore.adapt.replay import ReplayConfig
from ashore.adapt.replay_set import whole_log_errors
from ashore.launch.bench.bench_calibrate import bench_config, load_bench

pytestmark = pytest.mark.slow

BENCH = Path(__file__).resolve().parents[3] / "shared" / "data" / "xl330"

TRUTH = {
    "gain_divisor": 520.0,
    "motor_constant": 0.31,
    "friction_base": 0.04,
    "command_delay": 0.027,
    "encoder_offset": -0.04,
    "viscous": 0.012,
}
KNOWN = {name: WIDE[name] for name in (*TRUTH, "armature", "current_limit")}
QUICK = CalibrationConfig(priors=KNOWN, window_iterations=6, whole_iterations=8)


@pytest.fixture(scope="module")
def logs():
    return [recorded(TRUTH, seed=seed) for seed in range(3)]


@pytest.fixture(scope="module")
def fitted(logs):
    return calibrate(SERVO, logs, QUICK)


@pytest.mark.parametrize("name", list(TRUTH))
def test_a_worn_servo_is_recovered_within_its_intervals(fitted, name):
    low, high = fitted.posterior.intervals(0.999)[name]
    assert low[0] < TRUTH[name] < high[0]
    assert fitted.posterior.told(name)


def test_delay_offset_and_gain_are_told_sharply(fitted):
    value = fitted.posterior.value
    assert value["command_delay"][0] == pytest.approx(0.027, abs=0.001)
    assert value["encoder_offset"][0] == pytest.approx(-0.04, abs=0.003)
    assert value["gain_divisor"][0] == pytest.approx(520.0, rel=0.03)


def test_the_calibrated_robot_is_predicted_to_a_count(fitted, logs):
    # A count is 1.5 mrad.
    assert max(fitted.error.values()) < 0.0015
    assert min(fitted.nominal_error.values()) > 0.02
    unseen = recorded(TRUTH, seed=9)
    values = {name: value[None] for name, value in fitted.posterior.value.items()}
    assert whole_log_errors(SERVO, [unseen], values)["motion9"] < 0.0015


def test_what_the_logs_cannot_tell_keeps_the_priors_width(fitted):
    # A weak servo under slow goals never reaches its current limit.
    assert fitted.untold == ("current_limit",)
    assert fitted.posterior.ratio("current_limit") == pytest.approx(1.0, abs=0.02)


def test_the_same_logs_give_the_same_posterior_on_any_number_of_threads():
    short = recorded(TRUTH, seconds=1.0)
    few = {name: WIDE[name] for name in ("gain_divisor", "command_delay")}
    one, two = (
        calibrate(
            SERVO,
            [short],
            CalibrationConfig(
                priors=few, window_iterations=1, whole_iterations=1, replay=ReplayConfig(threads=n)
            ),
        ).posterior.to_json()
        for n in (1, 2)
    )
    assert one == two


def test_progress_tells_stage_iteration_and_error(logs):
    seen = []
    few = CalibrationConfig(
        priors={"gain_divisor": WIDE["gain_divisor"]}, whole_iterations=2, generations=1
    )
    calibrate(SERVO, logs[:1], few, seen.append)
    assert list(dict.fromkeys(p.stage for p in seen)) == ["windows", "whole logs", "polish"]
    assert seen[-1].error < seen[0].error


def test_the_posterior_survives_being_written(fitted):
    text = fitted.posterior.to_json()
    assert Posterior.from_json(text).to_json() == text
    assert json.loads(text)["names"] == list(KNOWN)


def test_a_calibration_of_nothing_is_refused(logs):
    with pytest.raises(AdaptError, match="no log to calibrate from"):
        calibrate(SERVO, [])
    with pytest.raises(AdaptError, match="nothing to fit"):
        CalibrationConfig(priors={})


@pytest.mark.skipif(not BENCH.is_dir(), reason="the bench's logs are not here")
def test_a_real_servo_is_predicted_better_at_a_gain_it_was_not_fitted_at():
    logs = load_bench(BENCH, SERVO)
    fitting = [log for log in logs if log.p_gain[0] == 200.0]
    test = [log for log in logs if log.p_gain[0] == 100.0]
    quick = CalibrationConfig(
        priors=HEALTHY,
        window_iterations=2,
        whole_iterations=5,
        generations=0,
        replay=bench_config(short=True).replay,
    )
    values = calibrate(SERVO, fitting, quick).posterior.value
    after = whole_log_errors(SERVO, test, {k: v[None] for k, v in values.items()})
    before = whole_log_errors(SERVO, test, {})
    # Measured: 0.047 rad before, below 0.03 after.
    assert np.mean(list(after.values())) < 0.7 * np.mean(list(before.values()))
