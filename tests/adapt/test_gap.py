"""Laws of a log beside simulation: where it restarts, what it counts, and what comes out."""

from dataclasses import replace

import numpy as np
import pytest
from recorded import SERVO, recorded
from wired import sessions

from ashore.adapt.diagnose.record import Record
from ashore.adapt.errors import AdaptError
from ashore.adapt.gap.conduct import conduct
from ashore.adapt.gap.gap import GapConfig, gap
from ashore.adapt.gap.lags import lags
from ashore.adapt.gap.moving_base import moving_base
from ashore.adapt.gap.parity import parity
from ashore.adapt.gap.replay_job import JobConfig
from ashore.adapt.gap.simulator import NOMINAL, Simulator, calibrated
from ashore.adapt.gap.tally import Tally
from ashore.adapt.gap.way import ONE_STEP, OPEN, Way
from ashore.adapt.posterior import Posterior
from ashore.adapt.priors import HEALTHY, Coordinates
from ashore.envs.physics.rotation import rotate, upright
from ashore.envs.simulation import nominal_parameters
from ashore.envs.twin.hidden import draw_hidden
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle

QUARTER = Way(name="0.25 s", seconds=0.25)


def rows(way, trajectory, usable=None):
    usable = np.ones(len(trajectory.time), dtype=bool) if usable is None else usable
    return [(window.begin, window.end) for window in way.windows(trajectory, usable)]


def test_windows_share_their_ends_and_none_spans_a_gap_or_what_is_not_to_be_used():
    # Two seconds at 50 Hz: windows of a quarter of a second have 13 samples, counting both ends.
    log = recorded(seconds=2.0)
    assert rows(QUARTER, log)[:2] == [(0, 14), (13, 27)]
    assert rows(QUARTER, log)[-1][1] == 100
    assert rows(ONE_STEP, log) == [(k, k + 2) for k in range(99)]
    assert rows(OPEN, log) == [(0, 100)]
    usable = np.ones(100, dtype=bool)
    usable[40:60] = False
    assert rows(OPEN, log, usable) == [(0, 40), (60, 100)]
    time = log.time.copy()
    time[50:] += 3.0
    assert rows(OPEN, replace(log, time=time)) == [(0, 50), (50, 100)]


def test_a_window_begins_where_every_joint_answered():
    fresh = np.ones((100, 1), dtype=bool)
    fresh[[0, 1, 13, 14]] = False
    begins = [begin for begin, _ in rows(QUARTER, recorded(seconds=2.0, fresh=fresh))]
    assert begins[:2] == [2, 15]
    assert fresh[begins].all()


def test_a_long_recording_is_put_right_every_twenty_seconds():
    log = recorded(seconds=2.0)
    # 100 samples in 50 s: 41 of them span twenty seconds.
    ends = rows(OPEN, replace(log, time=25.0 * log.time))
    assert [begin for begin, _ in ends] == [0, 40, 80]


def test_errors_are_root_mean_squares_of_what_was_measured_by_horizon():
    tally = Tally(simulators=1, bins=2, reach=1.0)
    since = np.array([0.0, 0.25, 0.5, 1.0])
    measured = {"x": np.array([[9.0, 0.0], [0.0, 0.0], [0.0, np.nan], [0.0, 0.0]])}
    predicted = {"x": np.array([[[0.0, 0.0], [3.0, 1.0], [4.0, 7.0], [0.0, 2.0]]])}
    # In two parts: whatever is added later counts alike.
    for part in (slice(0, 3), slice(3, 4)):
        tally.add(
            since[part],
            since[part] > 0.0,
            {"x": measured["x"][part]},
            {"x": predicted["x"][:, part]},
        )
    # First column 3, 4 and 0: sqrt(25 / 3); second 1 and 2, one was not measured: sqrt(5 / 2).
    assert tally.rmse["x"][0] == pytest.approx([np.sqrt(25 / 3), np.sqrt(5 / 2)])
    assert tally.by_horizon["x"][0] == pytest.approx(np.array([[3.0, 1.0], [np.sqrt(8.0), 2.0]]))
    assert tally.horizon == pytest.approx([0.25, 0.75])


def test_a_body_is_turned_until_what_it_feels_as_down_is_down():
    rng = np.random.default_rng(0)
    felt = rng.normal(size=(50, 3))
    felt /= np.linalg.norm(felt, axis=1, keepdims=True)
    felt = np.concatenate([felt, [[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]]])
    down = rotate(upright(felt), felt)
    assert np.abs(down - [0.0, 0.0, -1.0]).max() < 1e-12
    assert upright(felt[-2:-1])[0] == pytest.approx([1.0, 0.0, 0.0, 0.0])


def test_two_delays_count_as_one_of_commands():
    parameters = nominal_parameters(SERVO)
    names = {"command_delay": HEALTHY["command_delay"]}
    one = Coordinates(names, parameters, 1)
    posterior = Posterior.of(one, np.zeros(1), np.eye(1))
    late = replace(
        posterior,
        names=("command_delay", "observation_delay"),
        widths=(1, 1),
        on=(),
        log=np.zeros(2, dtype=bool),
        mode=np.array([0.02, 0.01]),
        covariance=np.eye(2) * 1e-6,
        prior_mean=np.zeros(2),
        prior_sd=np.ones(2),
        low=np.zeros(2),
        high=np.full(2, 0.1),
    )
    assert calibrated(SERVO, late.to_json()).values["command_delay"] == pytest.approx(0.03)


def test_what_is_no_posterior_of_this_robot_is_refused():
    with pytest.raises(AdaptError, match="not a posterior"):
        calibrated(SERVO, "no JSON")
    belief = Bundle.load(find_bundle("quadruped"))
    with pytest.raises(AdaptError, match="posterior"):
        calibrated(SERVO, belief.contract.to_json())


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """Six seconds of a quadruped with soft servos, through its wire."""
    folder = tmp_path_factory.mktemp("walk")
    return next(sessions("quadruped", folder, 6.0, [3], hidden="soft_servos"))


@pytest.fixture(scope="module")
def spec():
    return Bundle.load(find_bundle("quadruped")).spec


@pytest.fixture(scope="module")
def told(spec):
    """The simulator that knows what the twin is."""
    drawn = draw_hidden(spec, "soft_servos")
    return Simulator(name="told", values={name: value[None] for name, value in drawn.items()})


@pytest.fixture(scope="module")
def found(spec, walk, told):
    return gap(spec, walk, [NOMINAL, told])


@pytest.mark.slow
def test_who_is_told_what_the_robot_is_predicts_its_walk_and_the_nominal_simulator_does_not(found):
    for way in ("0.1 s", "0.25 s", "0.5 s", "1 s"):
        for name, share in (("joint_position", 4.0), ("imu_gyro", 1.5), ("joint_current", 1.5)):
            nominal, told = np.sqrt(np.square(found.errors[way][name]).mean(axis=1))
            assert share * told < nominal, (way, name)
    # Within a tenth of a second the joints are known to less than a degree.
    assert np.sqrt(np.square(found.errors["0.1 s"]["joint_position"][1]).mean()) < 0.012
    profile = np.sqrt(np.square(found.profile["joint_position"][0]).mean(axis=1))
    assert profile[0] < profile[10:].mean()


@pytest.mark.slow
def test_memory_bounds_change_nothing(spec, walk, told, found):
    small = gap(spec, walk, [NOMINAL, told], GapConfig(job=JobConfig(work=20_000)))
    for way, errors in found.errors.items():
        for name, value in errors.items():
            assert np.array_equal(small.errors[way][name], value), (way, name)


@pytest.mark.slow
def test_the_base_is_put_where_its_sensors_and_legs_say(spec, walk):
    base = moving_base(walk, spec)
    assert np.linalg.norm(base.gravity, axis=1) == pytest.approx(1.0)
    assert base.velocity.shape == (len(walk.readings), 3)
    # Standing before and after, walking between.
    at_work = Record.of(walk, spec).working
    assert np.abs(base.velocity[at_work]).mean() > 0.05
    assert not base.velocity[:5].any()


@pytest.mark.slow
def test_soft_servos_lag_and_react_no_later(spec, walk, found):
    late = lags(spec, walk, found)
    robot, nominal, told = np.nanmedian(late.crossed, axis=1)
    assert robot > nominal + 0.02
    assert told == pytest.approx(robot, abs=0.008)
    robot, nominal, _ = np.nanmedian(late.reaction, axis=1)
    assert robot == pytest.approx(nominal, abs=0.012)


@pytest.mark.slow
def test_the_log_tells_how_it_came_about(spec, walk):
    seen = conduct(walk, Record.of(walk, spec))
    assert seen.jitter["p50"] == pytest.approx(0.02, abs=1e-3)
    assert (seen.lost, seen.damage) == (0, None)
    assert (seen.missing == 0.0).all()
    assert seen.events["info", "state"] >= 3


@pytest.mark.slow
def test_a_policy_run_again_says_the_same_and_one_bit_is_noticed(walk):
    bundle = Bundle.load(find_bundle("quadruped"))
    again = parity(walk, bundle.contract, bundle)
    assert again.exact
    assert again.steps == 300
    assert str(again).endswith("bit for bit")
    action = walk.policy.action.copy()
    action[100, 3] = np.nextafter(action[100, 3], np.float32(9.0))
    bit = parity(replace(walk, policy=replace(walk.policy, action=action)), bundle.contract, bundle)
    assert not bit.exact
    assert bit.holds
    action[100, 3] += 0.1
    far = parity(replace(walk, policy=replace(walk.policy, action=action)), bundle.contract, bundle)
    assert not far.holds
    assert "1 of 300 actions" in str(far)
    assert far.action.first == 100
    assert "first after 2.00 s" in str(far)
    seen = walk.policy.observation.copy()
    seen[7, 0] = np.nextafter(seen[7, 0], np.float32(9.0))
    wrong = replace(walk, policy=replace(walk.policy, observation=seen))
    assert not parity(wrong, bundle.contract).holds


@pytest.mark.slow
def test_another_policys_log_is_refused(walk):
    bundle = Bundle.load(find_bundle("quadruped"))
    other = replace(walk, header=replace(walk.header, setup={"policy": "0123456789abcdef"}))
    with pytest.raises(AdaptError, match="recorded by policy 0123456789abcdef"):
        parity(other, bundle.contract, bundle)
