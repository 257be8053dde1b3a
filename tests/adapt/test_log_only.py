"""Laws of tuning an encoder on a log alone."""

from dataclasses import replace

import numpy as np
import pytest
from bench import small_bundle
from refusal import refused

from ashore.adapt.errors import AdaptError
from ashore.adapt.tuning.forward_model import ForwardModel
from ashore.adapt.tuning.log_only import Stretch, tune_on_log
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.hardware.logs.log import LogHeader, LogWriter
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle

SPEC = RobotSpec.load("servo")
PLAIN = make_task("track", SPEC).contract(SPEC)
CONTRACT = PLAIN.with_context(4, 1)
PRESENT, PAST = CONTRACT.present_size, CONTRACT.observation_size - CONTRACT.present_size


def layer(rng, name, wide, narrow, gain=1.0):
    weight = gain * rng.normal(size=(narrow, wide)) / np.sqrt(wide)
    bias = 0.1 * rng.normal(size=narrow)
    return {f"{name}.weight": weight.astype("f4"), f"{name}.bias": bias.astype("f4")}


def made(contract=CONTRACT):
    """A policy with an encoder, whose decoder's next observations stay bounded."""
    rng = np.random.default_rng(0)
    encoder = layer(rng, "encoder.0", PAST, 24) | layer(rng, "encoder.1", 24, 12)
    encoder |= layer(rng, "latent", 12, 6)
    trunk = layer(rng, "trunk.0", PRESENT + 6, 8) | layer(rng, "head", 8, 1)
    return Bundle(
        robot=SPEC,
        contract=contract,
        actor={**encoder, **trunk},
        critic=layer(rng, "decoder", PRESENT + 6, 3 + PRESENT, 0.6),
        randomization=Randomization.load("servo").to_json(),
        provenance={},
    )


def other_robot(bundle, count, shift, seed=1):
    """What is lived through where another latent, `shift` away, says what comes next."""
    rng = np.random.default_rng(seed)
    moved = dict(bundle.actor)
    for part in ("latent.weight", "latent.bias", "encoder.1.bias"):
        moved[part] = moved[part] + shift * rng.normal(size=moved[part].shape).astype("f4")
    model = ForwardModel(bundle.contract, moved, bundle.critic)
    observation = rng.normal(size=(count, PRESENT + PAST)).astype("f4")
    weight, bias = model.weight.numpy(), model.bias.numpy()
    hidden = observation[:, PRESENT:]
    for name in ("encoder.0", "encoder.1"):
        raw = hidden @ moved[f"{name}.weight"].T + moved[f"{name}.bias"]
        hidden = np.where(raw > 0.0, raw, np.expm1(np.minimum(raw, 0.0)))
    latent = hidden @ moved["latent.weight"].T + moved["latent.bias"]
    for t in range(count - 1):
        seen = np.concatenate([observation[t, :PRESENT], latent[t]])
        observation[t + 1, :PRESENT] = weight @ seen + bias + 0.02 * rng.normal(size=PRESENT)
    action = bundle.policy.act(observation)
    return [Stretch(observation=half, action=said)
            for half, said in zip(np.split(observation, 2), np.split(action, 2), strict=True)]


@pytest.mark.slow
def test_an_encoder_learns_from_a_log_alone_what_robot_this_is():
    bundle = made()
    tuned = tune_on_log(bundle, other_robot(bundle, 2_000, 0.5))
    assert tuned.after < 0.3 * tuned.before < tuned.nothing
    changed = {name for name in bundle.actor if (bundle.actor[name] != tuned.actor[name]).any()}
    parts = ("weight", "bias")
    assert changed == {f"{name}.{part}" for name in ("encoder.1", "latent") for part in parts}
    replace(bundle, actor=tuned.actor).require_whole()


@pytest.mark.slow
def test_a_robot_that_the_encoder_knows_teaches_it_little():
    bundle = made()
    tuned = tune_on_log(bundle, other_robot(bundle, 2_000, 0.0))
    assert tuned.after == pytest.approx(tuned.before, rel=0.03)


def test_without_an_encoder_there_is_nothing_that_a_log_alone_could_tune():
    bundle = made(PLAIN)
    trunk = {name: value for name, value in bundle.actor.items() if "trunk" in name}
    with pytest.raises(AdaptError, match=r"no encoder .* train one with `ashore train --memory"):
        tune_on_log(replace(bundle, actor=trunk, critic={}), [])


def test_a_log_that_is_too_short_or_of_another_policy_is_refused():
    bundle = made()
    lived = other_robot(bundle, 60, 0.0)
    with pytest.raises(AdaptError, match=r"holds 58 steps .* at least 200; record for longer"):
        tune_on_log(bundle, lived)
    narrow = [replace(each, observation=each.observation[:, 1:]) for each in lived]
    with pytest.raises(AdaptError, match="give a log that this policy recorded"):
        tune_on_log(bundle, narrow)


def test_a_policy_without_an_encoder_is_refused_before_anything_is_fitted(capsys, tmp_path):
    bundle = small_bundle()
    bundle.save(tmp_path / "bundle")
    log = LogWriter(tmp_path / "log.mcap", LogHeader(robot="servo"), offline=True)
    log.event(0.0, "info", "state", "running")
    log.close()
    said = refused(
        capsys, "adapt", tmp_path / "log.mcap", "--policy", tmp_path / "bundle",
        "--out", tmp_path / "out", "--strategy", "log_only",
    )
    assert "has no encoder that a log alone could tune" in said
