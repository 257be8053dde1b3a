"""Laws of the residual: kept where parameters don't explain a log, and nowhere else."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from bench import small_bundle
from recorded import SERVO, recorded
from wired import sessions

from ashore.adapt.calibrate import CalibrationConfig, calibrate
from ashore.adapt.evidence import open_loop
from ashore.adapt.fixed_base import fit_fixed_base
from ashore.adapt.posterior import Posterior
from ashore.adapt.priors import RESIDUAL, WIDE, Coordinates
from ashore.adapt.replay import Replay, ReplayConfig
from ashore.adapt.residual import ResidualConfig, fit_residual
from ashore.envs.physics.delta_action import DELTA_ACTION
from ashore.envs.simulation import Simulation, nominal_parameters
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import find_robot

JOINT = '<joint name="shoulder" type="hinge"'
HOSE = f'{JOINT} stiffness="0.02" springref="10"'
"""Pulls with 0.2 N m, less by a tenth for each radian: two fifths of what the weight does."""
NAMES = ("gain_divisor", "motor_constant", "friction_base", "friction_load", "viscous",
         "command_delay", "encoder_offset", "mass")
QUICK = CalibrationConfig(
    priors={name: WIDE[name] for name in NAMES},
    replay=ReplayConfig(timestep=0.004, threads=1),
    whole_iterations=4,
    generations=0,
)
ASKED = ResidualConfig(least_seconds=1.0, least_samples=1)


def pulled(folder):
    """The servo's folder with a hose beside its motor, of which no parameter knows."""
    shutil.copytree(find_robot("servo"), folder)
    path = folder / "servo.xml"
    text = path.read_text()
    assert JOINT in text
    path.write_text(text.replace(JOINT, HOSE))
    return folder


def follower():
    """A policy that adds nothing to what it is asked to follow."""
    bundle = small_bundle()
    return replace(bundle, actor={k: np.zeros_like(v) for k, v in bundle.actor.items()})


def with_delta(value, width=0.01):
    """A belief in one coefficient, and in nothing else."""
    priors = {"delta_bias": RESIDUAL["delta_bias"]}
    coordinates = Coordinates(priors, nominal_parameters(SERVO, priors), 1)
    z = coordinates.vector({"delta_bias": np.array([value])})
    return Posterior.of(coordinates, z, np.eye(1) * width**2)


def test_a_simulation_has_a_delta_action_only_where_it_is_asked_for():
    plain, with_it = (Simulation(SERVO, 1, SimulationConfig().having(n)) for n in ((), RESIDUAL))
    assert not set(DELTA_ACTION) & set(plain.parameters)
    assert set(with_it.parameters) == {*plain.parameters, *DELTA_ACTION}


def test_robots_drawn_from_a_posterior_are_shifted_as_it_says():
    task = make_task("track", SERVO)
    source = with_delta(0.2)
    env = SimulationVecEnv(SERVO, task, task.contract(SERVO), source, EnvConfig(robots=4))
    env.reset()
    drawn = env.simulation.values("delta_bias")
    assert drawn == pytest.approx(0.2, abs=0.01)
    assert len(np.unique(drawn)) == 4


def test_a_replay_shifts_its_goals_by_the_delta_action():
    windows = recorded(seconds=1.0).segments()
    replay = Replay(SERVO, windows, 2, ReplayConfig(threads=1, having=DELTA_ACTION))
    none, some = replay.predict({"delta_bias": np.array([[0.0], [0.2]])})
    without = Replay(SERVO, windows, 1, ReplayConfig(threads=1)).predict({})[0]
    np.testing.assert_array_equal(none, without)
    # Friction and the load keep a little of the shift of 0.2 rad.
    assert 0.1 < np.median(some - none) < 0.21


def test_a_short_log_is_not_asked_for_a_residual():
    few = replace(QUICK, priors={"gain_divisor": WIDE["gain_divisor"]}, window_iterations=1)
    log = recorded(seconds=1.0)
    found = calibrate(SERVO, [log], replace(few, whole_iterations=0))
    told = fit_residual(SERVO, [log], found, few)
    assert told.calibration is found
    assert "1.0 s with 50 measurements of a joint are too few" in told.why


@pytest.mark.slow
def test_a_hose_that_no_parameter_knows_is_learned_and_predicts_what_was_held_out(tmp_path):
    bundle = follower()
    task = make_task("track", bundle.spec)
    logs = list(sessions("servo", tmp_path, 5.0, range(6), pulled(tmp_path / "twin"), bundle))
    fitted, alone = (
        fit_fixed_base(bundle, task, logs, replace(QUICK, residual=asked), 0.5, lambda _, __: None)
        for asked in (True, False)
    )
    assert fitted.residual.kept, fitted.residual.why
    assert fitted.residual.gain.low > 0.0
    assert fitted.evidence.calibrated.mean() < 0.7 * alone.evidence.calibrated.mean()
    assert set(DELTA_ACTION) < set(fitted.target.names)
    assert any(f.depth == "unmodelled" and f.outside for f in fitted.diagnosis.findings)
    assert any("no parameter explains" in said for said in fitted.diagnosis.advice)


@pytest.mark.slow
def test_a_worn_servo_within_the_parameters_gets_no_residual():
    truth = {"gain_divisor": 400.0, "friction_base": 0.03, "command_delay": 0.02}
    logs = [recorded(truth, seconds=6.0, seed=seed) for seed in range(4)]
    found = calibrate(SERVO, logs, QUICK)
    explained = fit_residual(SERVO, logs, found, QUICK)
    assert (explained.kept, explained.gain) == (False, None)
    assert explained.calibration is found
    # Asked all the same, it has nothing to say.
    asked = fit_residual(SERVO, logs, found, QUICK, replace(ASKED, least_error=0.0))
    assert (asked.kept, asked.calibration is found) == (False, True), asked.why
    values = open_loop(SERVO, [recorded(truth, seed=9)], found.posterior.value, 0.5)
    assert values.calibrated.mean() < 0.002
