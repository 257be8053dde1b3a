"""Laws of bundles whose parts are of another type or size: refused, or harmless on a robot."""

import hashlib
import json
from copy import deepcopy
from dataclasses import asdict

import numpy as np
import pytest
from networks import network_for
from sample_bundle import CONTRACT, SPEC, bundle, refused, rewrite

from ashore.adapt.errors import AdaptError
from ashore.adapt.verdict import require_deployable
from ashore.envs.dice import Dice
from ashore.envs.errors import EnvsError
from ashore.envs.tasks import make_task
from ashore.hardware.errors import HardwareError
from ashore.hardware.reading import Reading
from ashore.policies.bundle import Bundle
from ashore.policies.controller import PolicyController
from ashore.policies.errors import PoliciesError
from ashore.policies.gymnasium_robot import GymnasiumRobot
from ashore.policies.storage.manifest import MANIFEST

pytestmark = pytest.mark.slow

WRONG = (None, True, -1, 0, 2**62, 1.0, 1.5, 1e300, "", "x", "\n" * 999, [], [[]], {}, {"a": 1})


def places(value, path=()):
    """Paths to every part of a JSON value, itself first."""
    yield path
    if not isinstance(value, (dict, list)):
        return
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in parts:
        yield from places(part, (*path, key))


def tampered(value, path, wrong):
    if not path:
        return wrong
    changed = deepcopy(value)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = wrong
    return changed


def sealed(contract):
    """A contract's JSON with the hash that its content has, as someone who knows would write it."""
    if isinstance(contract, dict):
        rest = {key: value for key, value in contract.items() if key != "hash"}
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
        contract = {**rest, "hash": hashlib.sha256(text.encode()).hexdigest()[:16]}
    return json.dumps(contract).encode()


def drive(loaded):
    """Let what was loaded decide for a few ticks, as on a robot."""
    spec, one = loaded.spec, np.ones(len(loaded.spec.joints))
    loaded.contract.require_fit(spec)
    task = make_task(loaded.contract.task, spec)
    episode = PolicyController(loaded, task, task.plan(Dice(0, 1))[0])
    for tick in range(3):
        reading = Reading(
            time=tick / spec.rate,
            position=0.1 * one,
            velocity=0.0 * one,
            current=0.0 * one,
            voltage=6.0 * one,
            temperature=30.0 * one,
            age=0.0 * one,
            fault=np.zeros(len(one), np.uint8),
        )
        decision = episode.decide(tick / spec.rate, reading)
        assert decision.command.position.shape == one.shape
    require_deployable(loaded, "this")


@pytest.mark.parametrize("name", ["contract.json", "spec.json", "provenance.json", "verdict.json"])
def test_a_part_of_another_type_or_size_is_refused_or_does_no_harm(tmp_path, name):
    contract = CONTRACT.with_context(3, 2)
    contract = contract.with_normaliser(
        np.zeros(contract.observation_size), np.ones(contract.observation_size)
    )
    saved = bundle(
        contract=contract,
        actor=network_for(contract, encoded=True).weights(),
        provenance={"seed": 0, "config": {"gamma": 0.95}, "figures": {}},
        verdict={"answer": "IMPROVED", "why": ["it is better"], "slices": {}},
    ).save(tmp_path / "b")
    whole = json.loads((saved / name).read_text())
    refusals, harmless = [], 0
    for path in places(whole):
        if name == "contract.json" and len(path) > 1 and isinstance(path[1], int) and path[1] > 0:
            continue  # the first term, and the first number of a normaliser, stand for the others
        for wrong in WRONG:
            changed = tampered(whole, path, wrong)
            content = sealed(changed) if name == "contract.json" else json.dumps(changed).encode()
            rewrite(saved, name, content)
            try:
                drive(Bundle.load(saved))
            except (PoliciesError, HardwareError, EnvsError, AdaptError) as error:
                refusals.append(str(error))
            else:
                harmless += 1
    assert [said for said in refusals if len(said.splitlines()) != 1] == []
    assert len(refusals) > harmless


@pytest.mark.parametrize("key", ["format", "digest", "lineage", "attachments", "sha256"])
def test_a_manifest_of_another_type_is_refused(saved, key):
    whole = json.loads((saved / MANIFEST).read_text())
    changes = [{**whole, key: wrong} for wrong in WRONG if type(wrong) is not type(whole[key])]
    changes += [{k: v for k, v in whole.items() if k != key}, {**whole, "more": 1}, [whole], None]
    changes += [{**whole, key: [[]]}, {**whole, key: {"card.md": 3}}, {**whole, key: {"": "x"}}]
    for changed in changes:
        (saved / MANIFEST).write_text(json.dumps(changed))
        refused(saved)


def test_a_contract_that_asks_for_endless_memory_is_refused(saved):
    for changed in ({"delay": 10**9}, {"delay": 2**62}, {"stride": 10**12, "history": 3}):
        data = json.loads(json.dumps(asdict(CONTRACT)))
        data["terms"][0] |= changed
        rewrite(saved, "contract.json", sealed(data))
        assert "ticks to be remembered" in refused(saved)


@pytest.mark.parametrize("wrong", [3, [], {"name": 3}, {"name": "x", "arguments": 3}, {"x": 1}, {}])
def test_an_environments_file_of_another_type_is_refused(tmp_path, wrong):
    robot = GymnasiumRobot(name=SPEC.name)
    saved = bundle(robot=robot).save(tmp_path / "b")
    Bundle.load(saved)
    rewrite(saved, "gymnasium.json", json.dumps(wrong).encode())
    refused(saved)
