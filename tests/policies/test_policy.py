"""Laws of inference: numpy says what torch says, and damaged weights say nothing."""

from dataclasses import replace

import numpy as np
import pytest
from networks import Network, Sizes, network_for

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.envs.vec_env import EnvConfig, SimulationVecEnv
from ashore.hardware.spec import RobotSpec
from ashore.policies.errors import BundleError
from ashore.policies.policy import Policy

PLAIN = Sizes()
ENCODED = Sizes(context=30, latent=5)
SQUASH = (0.5, 1.0, 2.0)
CLOSE = {"abs": 1e-5, "rel": 1e-5}


def seen(size, n=500, seed=0):
    return np.random.default_rng(seed).normal(scale=3.0, size=(n, size)).astype(np.float32)


@pytest.mark.parametrize("squash", [None, SQUASH])
@pytest.mark.parametrize(
    "sizes",
    [
        *(replace(PLAIN, trunk=trunk) for trunk in [(), (8,), (32, 16), (64, 64, 64)]),
        replace(PLAIN, context=9),
        *(replace(ENCODED, encoder=encoder) for encoder in [(), (20,), (20, 12)]),
        replace(ENCODED, trunk=()),
        replace(ENCODED, present=0),
    ],
)
def test_numpy_acts_as_torch_does(sizes, squash):
    made = Network(sizes, squash=squash)
    policy, observation = Policy(made.weights()), seen(sizes.present + sizes.context)
    action = policy.act(observation)
    assert action.dtype == np.float32
    assert action == pytest.approx(made.act(observation), **CLOSE)
    alone = np.concatenate([policy.act(row[None]) for row in observation[:20]])
    assert alone == pytest.approx(made.act(observation[:20]), **CLOSE)
    assert policy.observation_size == sizes.present + sizes.context
    assert (policy.present_size, policy.action_size) == (
        sizes.present + (0 if sizes.latent else sizes.context),
        sizes.actions,
    )


def recorded(robot, task_name, ticks):
    """Observations of simulated robots that move about, and the contract they were built by."""
    spec = RobotSpec.load(robot)
    task = make_task(task_name, spec)
    contract = task.contract(spec).with_context(ticks, 2)
    config = EnvConfig(robots=4, seed=5)
    rows, rng = [], np.random.default_rng(0)
    env = SimulationVecEnv(spec, task, contract, Randomization.load(robot), config)
    rows.append(env.reset()[:, : contract.observation_size])
    for _ in range(40):
        wish = rng.normal(0.0, 0.7, (4, contract.action_size)).astype(np.float32)
        rows.append(env.advance(wish)[0][:, : contract.observation_size])
    found = np.concatenate(rows)
    return contract, ((found - found.mean(0)) / (found.std(0) + 0.1)).astype(np.float32)


@pytest.mark.parametrize(
    ("robot", "task"), [("servo", "track"), ("arm", "reach"), ("quadruped", "walk")]
)
def test_numpy_acts_as_torch_does_on_what_robots_saw(robot, task):
    contract, observation = recorded(robot, task, ticks=10)
    # A law about constants would prove nothing.
    assert np.median(observation.std(axis=0)) > 0.3
    for encoded in (False, True):
        made = network_for(contract, encoded)
        policy = Policy(made.weights())
        wanted = made.act(observation)
        assert policy.act(observation) == pytest.approx(wanted, abs=1e-5)
        alone = np.concatenate([policy.act(row[None]) for row in observation])
        assert alone == pytest.approx(wanted, abs=1e-5)


def test_a_worked_network():
    weights = {
        "trunk.0.weight": np.array([[1.0, 2.0], [0.0, -1.0]], np.float32),
        "trunk.0.bias": np.array([0.5, 0.0], np.float32),
        "head.weight": np.array([[2.0, 1.0]], np.float32),
        "head.bias": np.array([0.25], np.float32),
    }
    # trunk: (1 + 2 + 0.5, -1) = (3.5, -1); ELU: (3.5, 1/e - 1); head: 7 + 1/e - 1 + 0.25
    action = Policy(weights).act(np.array([[1.0, 1.0]], np.float32))
    assert action.item() == pytest.approx(6.25 + np.exp(-1.0))


def test_a_worked_encoder():
    one = np.ones((1, 1), np.float32)
    weights = {
        "encoder.0.weight": -one,
        "encoder.0.bias": np.zeros(1, np.float32),
        "latent.weight": 2.0 * one,
        "latent.bias": one[0],
        "head.weight": np.array([[10.0, 1.0]], np.float32),
        "head.bias": np.zeros(1, np.float32),
        "head.squash": np.array([4.0], np.float32),
    }
    policy = Policy(weights)
    assert (policy.present_size, policy.context_size) == (1, 1)
    # context 1: ELU(-1) = 1/e - 1; latent 2/e - 1; head 10 * 0.1 + 2/e - 1 = 2/e
    action = policy.act(np.array([[0.1, 1.0]], np.float32))
    assert action.item() == pytest.approx(4.0 * np.tanh(2.0 / np.e))


def test_an_action_is_the_callers_to_keep():
    made = Network(ENCODED, squash=SQUASH)
    policy, observation = Policy(made.weights()), seen(37, 9)
    kept = [policy.act(row[None]) for row in observation]
    before = observation.copy()
    for n in (1, 3, 9, 2, 5, 1):
        for begin in range(0, 9, n):
            policy.act(observation[begin : begin + n])[:] = 99.0
    assert np.concatenate(kept) == pytest.approx(made.act(observation), **CLOSE)
    assert observation.tobytes() == before.tobytes()


def test_a_row_that_is_not_finite_says_so_in_its_own_action_alone():
    policy, observation = Policy(Network(ENCODED).weights()), seen(37, 4)
    observation[1, 0] = observation[2, 36] = np.nan
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(policy.act(observation))
    assert finite.tolist() == [[True] * 3, [False] * 3, [False] * 3, [True] * 3]


def test_a_large_negative_activation_does_not_overflow():
    weights = Network(ENCODED, seed=1, squash=SQUASH).weights()
    with np.errstate(all="raise", under="ignore"):
        action = Policy(weights).act(np.full((1, 37), -1e4, np.float32))
    assert np.isfinite(action).all()


NAN = np.full(16, np.nan, np.float32)


def zeros(*shape):
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("head.bias", None, "no 'head.bias'; they hold: encoder.0.weight"),
        ("trunk.0.weight", None, "no 'trunk.0.weight'"),
        ("trunk.1.bias", NAN, "trunk.1 holds numbers that are not"),
        ("trunk.0.weight", np.full((32, 12), np.inf, np.float32), "trunk.0 holds numbers"),
        ("trunk.0.weight", zeros(31, 12), r"trunk.0 has a weight float32 \(31, 12\)"),
        ("trunk.1.weight", zeros(16, 31), "32 numbers and the next takes 31"),
        ("head.weight", zeros(16), "head has a weight float32"),
        ("head.bias", np.array(1.0, np.float32), "head has a weight float32"),
        ("head.weight", np.zeros((3, 16)), "head has a weight float64"),
        ("head.bias", np.array(["a", "b", "c"]), r"a bias <U1 \(3,\)"),
        ("head.squash", zeros(4), r"head.squash is float32 \(4,\); expected finite float32 \(3,\)"),
        ("head.squash", NAN[:3], "head.squash is"),
        ("head.squash", np.ones(3), "head.squash is float64"),
        ("latent.weight", None, "no 'latent.weight'"),
        ("latent.bias", zeros(4), "latent has a weight"),
        ("latent.weight", zeros(5, 11), "layer encoder.1 gives 12 numbers and the next takes 11"),
        ("encoder.1.bias", NAN[:12], "encoder.1 holds numbers that are not finite"),
        ("encoder.0.bias", None, "no 'encoder.0.bias'"),
        ("trunk.0.weight", zeros(32, 4), "layer latent gives 5 numbers and trunk.0 takes 4"),
        ("decoder.0.weight", zeros(1, 1), "have 'decoder.0.weight', which is no part"),
        ("trunk.x.weight", zeros(1, 1), "have 'trunk.x.weight', which is no part"),
    ],
)
def test_damaged_weights_are_refused(name, value, said):
    weights = Network(ENCODED, squash=SQUASH).weights()
    weights.pop(name) if value is None else weights.update({name: value})
    with pytest.raises(BundleError, match=said):
        Policy(weights)
