"""Laws of replaying logs in simulation."""

import numpy as np
import pytest
from recorded import SERVO, recorded

from ashore.adapt.errors import AdaptError
from ashore.adapt.replay import Replay, ReplayConfig
from ashore.adapt.replay_set import whole_log_errors

pytestmark = pytest.mark.slow

TRUTH = {"friction_base": 0.03, "command_delay": 0.024, "encoder_offset": 0.05, "mass": 1.2}
VALUES = {name: np.full((1, 1), value) for name, value in TRUTH.items()}


def test_a_log_of_the_simulation_replays_to_zero_error_at_its_own_parameters():
    trajectory = recorded(TRUTH, quantum=False)
    assert whole_log_errors(SERVO, [trajectory], VALUES)["motion0"] < 1e-6
    # Quantised to 2 pi / 4096, the mean error is a quarter of a count: 0.38 mrad.
    assert whole_log_errors(SERVO, [recorded(TRUTH)], VALUES)["motion0"] < 6e-4


@pytest.mark.parametrize("name", list(TRUTH))
def test_each_wrong_parameter_shows_in_the_error(name):
    wrong = {key: value for key, value in VALUES.items() if key != name}
    assert whole_log_errors(SERVO, [recorded(TRUTH)], wrong)["motion0"] > 2e-3


def test_each_vector_and_window_is_simulated_as_if_it_were_alone():
    logs = [recorded(TRUTH, seed=seed, seconds=2.0) for seed in (1, 2)]
    windows = [w for log in logs for w in log.segments(0.5)]
    friction = np.array([[0.005], [0.03], [0.08]])
    together = Replay(SERVO, windows, 3).predict({"friction_base": friction})
    for p, value in enumerate(friction):
        for i, window in enumerate(windows):
            alone = Replay(SERVO, [window], 1).predict({"friction_base": value[None]})
            replay = Replay(SERVO, windows, 1)
            assert np.array_equal(together[p, replay.window == i], alone[0])


def test_results_do_not_depend_on_the_number_of_threads():
    windows = recorded(TRUTH).segments(0.5)
    values = {"viscous": np.array([[0.005], [0.02]])}
    one, two = (Replay(SERVO, windows, 2, ReplayConfig(threads=n)).predict(values) for n in (1, 2))
    assert np.array_equal(one, two)


def test_samples_that_are_not_measurements_weigh_nothing():
    fresh = np.ones((200, 1), dtype=bool)
    fresh[50:60] = False
    position = recorded(TRUTH, quantum=False).position
    position[50:60] += 1.0
    stale = recorded(TRUTH, position=position, fresh=fresh)
    assert whole_log_errors(SERVO, [stale], VALUES)["motion0"] < 1e-6


def test_a_motor_that_the_log_says_is_off_is_off_in_the_replay():
    off = recorded(torque_enabled=np.zeros((200, 1), dtype=bool))
    start = Replay(SERVO, off.segments(), 1).predict({})
    # Nothing moves the arm: it hangs where it began.
    assert np.abs(start - off.position[0]).max() < 1e-3


def test_the_supply_is_the_logs_median_unless_its_samples_are_asked_for():
    voltage = np.full((200, 1), 7.3)
    voltage[::7] = 8.5
    windows = recorded(voltage=voltage).segments()
    flat = recorded(voltage=np.full((200, 1), 7.3)).segments()
    assert np.array_equal(Replay(SERVO, windows, 1).predict({}), Replay(SERVO, flat, 1).predict({}))
    logged = ReplayConfig(voltage="logged")
    found = Replay(SERVO, windows, 1, logged).predict({})
    assert not np.array_equal(found, Replay(SERVO, flat, 1, logged).predict({}))


def test_no_window_is_refused():
    with pytest.raises(AdaptError, match="no window to replay"):
        Replay(SERVO, [], 1)
