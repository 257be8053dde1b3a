"""Laws of the trained networks' layers: named as `Policy` names them, and put back whole."""

import gymnasium
import numpy as np
import pytest
import torch

from ashore.policies.learners.actor_critic import ActorCritic, Shape
from ashore.policies.learners.low_rank import add_low_rank
from ashore.policies.learners.network import (
    RUNGS,
    actor_weights,
    critic_weights,
    final_layers,
    load_weights,
    widths,
)
from ashore.policies.policy import Policy

ENCODED = {"context": 30, "encoder": (20, 12), "latent": 5}


def network(seed, **shape):
    torch.manual_seed(seed)
    shape = Shape(**{"present": 7, "privileged": 4, "trunk": (32, 16), "critic": (24, 8), **shape})
    seen = shape.observed + shape.privileged
    spaces = gymnasium.spaces.Box(-10.0, 10.0, (seen,)), gymnasium.spaces.Box(-1.0, 1.0, (3,))
    made = ActorCritic(*spaces, lambda _: 0.0, shape=shape)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return made


def by_torch(made, observation):
    with torch.no_grad():
        wide = np.pad(observation, ((0, 0), (0, made.shape.privileged)))
        return made.get_distribution(torch.from_numpy(wide)).mode().numpy()


@pytest.mark.parametrize("squash", [None, torch.tensor([0.5, 1.0, 2.0])])
@pytest.mark.parametrize("shape", [{}, {"trunk": ()}, {"context": 9}, ENCODED])
def test_what_was_trained_acts_the_same_by_numpy(shape, squash):
    made = network(0, **shape)
    made.squash = squash
    size = made.shape.observed
    seen = np.random.default_rng(0).normal(scale=3.0, size=(200, size)).astype(np.float32)
    policy = Policy(actor_weights(made))
    assert policy.act(seen) == pytest.approx(by_torch(made, seen), abs=1e-5, rel=1e-5)


@pytest.mark.parametrize("shape", [{}, ENCODED])
def test_weights_go_into_another_network_whole(shape):
    one, other = network(2, **shape), network(3, **shape)
    one.squash = torch.ones(3)
    load_weights(other, actor_weights(one), critic_weights(one))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert torch.equal(other.squash, one.squash)


def test_widths_are_read_from_the_weights():
    made = network(0, **ENCODED)
    assert widths(actor_weights(made), "trunk") == (32, 16)
    assert widths(actor_weights(made), "encoder") == (20, 12)
    assert widths(critic_weights(made), "value") == (24, 8)


TRAINED = {
    "head": {"head"},
    "block": {"trunk.1", "head"},
    "low_rank": {"trunk.0", "trunk.1", "head"},
    "all": {"trunk.0", "trunk.1", "head"},
}


def changed(before, after):
    """Layers whose weights or biases are not the same."""
    return {name.rpartition(".")[0] for name in before if (before[name] != after[name]).any()}


@pytest.mark.parametrize("rung", RUNGS)
def test_a_rung_trains_its_layers_of_the_actor_the_head_first(rung):
    made = network(0, **ENCODED)
    before = actor_weights(made)
    if rung == "low_rank":
        add_low_rank(made, 3)
    layers = final_layers(made, rung)
    assert [each is made.actor[-1].weight for each in layers[0]] == [True, False]
    with torch.no_grad():
        for parameter in (each for layer in layers for each in layer):
            parameter += 1.0
    assert changed(before, actor_weights(made)) == TRAINED[rung]
    assert len(layers) == len(TRAINED[rung])


def test_a_change_of_low_rank_is_none_at_first_and_merges_into_plain_weights_of_that_rank():
    made = network(0)
    before = actor_weights(made)
    add_low_rank(made, 3)
    assert changed(before, actor_weights(made)) == set()
    with torch.no_grad():
        for parameter in (each for layer in final_layers(made, "low_rank") for each in layer):
            parameter += 0.2 * torch.randn_like(parameter)
    after = actor_weights(made)
    seen = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    assert Policy(after).act(seen) == pytest.approx(by_torch(made, seen), abs=1e-5, rel=1e-5)
    moved = [after[f"trunk.{i}.weight"] - before[f"trunk.{i}.weight"] for i in range(2)]
    assert [np.linalg.matrix_rank(each, tol=1e-4) for each in moved] == [3, 3]
    same = [np.array_equal(after[f"trunk.{i}.bias"], before[f"trunk.{i}.bias"]) for i in range(2)]
    assert same == [True, True]
