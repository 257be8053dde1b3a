"""Laws of inference: numpy says what torch says, and damaged weights say nothing."""

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3.common.policies import ActorCriticPolicy

from ashore.policies.errors import BundleError
from ashore.policies.network import (
    actor_weights,
    critic_weights,
    final_layers,
    load_weights,
    network_options,
    widths,
)
from ashore.policies.policy import Policy


def network(seed, trunk=(32, 16), critic=(24,)):
    torch.manual_seed(seed)
    spaces = gymnasium.spaces.Box(-10.0, 10.0, (7,)), gymnasium.spaces.Box(-1.0, 1.0, (3,))
    made = ActorCriticPolicy(*spaces, lambda _: 0.0, **network_options(trunk, critic, 0.5))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return made


def by_torch(made, observation):
    with torch.no_grad():
        return made.get_distribution(torch.from_numpy(observation)).mode().numpy()


@pytest.mark.parametrize("trunk", [(), (8,), (32, 16), (64, 64, 64)])
def test_numpy_acts_as_torch_does(trunk):
    made = network(0, trunk)
    observation = np.random.default_rng(0).normal(scale=3.0, size=(500, 7)).astype(np.float32)
    action = Policy(actor_weights(made)).act(observation)
    assert action.dtype == np.float32
    assert action == pytest.approx(by_torch(made, observation), abs=1e-5, rel=1e-5)


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


def test_a_large_negative_activation_does_not_overflow():
    weights = actor_weights(network(1))
    with np.errstate(all="raise", under="ignore"):
        action = Policy(weights).act(np.full((1, 7), -1e4, np.float32))
    assert np.isfinite(action).all()


def test_weights_go_into_another_network_whole():
    one, other = network(2), network(3)
    load_weights(other, actor_weights(one), critic_weights(one))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_widths_are_read_from_the_weights():
    made = network(0, (32, 16), (24, 8))
    assert widths(actor_weights(made), "trunk") == (32, 16)
    assert widths(critic_weights(made), "value") == (24, 8)


@pytest.mark.parametrize(("rung", "layers"), [("head", 1), ("block", 2), ("all", 3)])
def test_a_rung_trains_the_last_layers_of_the_actor(rung, layers):
    made = network(0)
    chosen = final_layers(made, rung)
    assert len(chosen) == 2 * layers  # a weight and a bias each
    before, observation = actor_weights(made), np.ones((1, 7), np.float32)
    with torch.no_grad():
        for parameter in chosen:
            parameter += 1.0
    after = actor_weights(made)
    names = ["trunk.0", "trunk.1", "head"]
    changed = [n for n in names if not np.array_equal(before[f"{n}.bias"], after[f"{n}.bias"])]
    assert changed == names[-layers:]
    assert np.isfinite(by_torch(made, observation)).all()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("head.bias", None, "no 'head.bias'; they hold: trunk.0.weight"),
        ("trunk.1.bias", np.full(16, np.nan, np.float32), "trunk.1 holds numbers that are not"),
        ("trunk.0.weight", np.full((32, 7), np.inf, np.float32), "trunk.0 holds numbers"),
        (
            "trunk.0.weight",
            np.zeros((31, 7), np.float32),
            r"trunk.0 has a weight float32 \(31, 7\)",
        ),
        (
            "trunk.1.weight",
            np.zeros((16, 31), np.float32),
            "32 numbers and the next takes 31",
        ),
        ("head.weight", np.zeros(16, np.float32), "head has a weight float32"),
        ("head.bias", np.array(1.0, np.float32), "head has a weight float32"),
        ("head.weight", np.zeros((3, 16)), "head has a weight float64"),
        ("head.bias", np.array(["a", "b", "c"]), r"a bias <U1 \(3,\)"),
    ],
)
def test_damaged_weights_are_refused(name, value, said):
    weights = actor_weights(network(0))
    weights.pop(name) if value is None else weights.update({name: value})
    with pytest.raises(BundleError, match=said):
        Policy(weights)
