"""A small bundle for tests, and the means to tamper with it."""

import hashlib
import json
import tracemalloc

import numpy as np
import pytest

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import LONGEST_REASON, Bundle
from ashore.policies.errors import BundleError
from ashore.policies.storage.manifest import MANIFEST

SPEC = RobotSpec.load("servo")
CONTRACT = make_task("track", SPEC).contract(SPEC)


def layers(rng, *sizes, stem="trunk", head="head"):
    names = [*(f"{stem}.{i}" for i in range(len(sizes) - 2)), head]
    made = {}
    for name, wide, narrow in zip(names, sizes[:-1], sizes[1:], strict=True):
        made[f"{name}.weight"] = rng.normal(size=(narrow, wide)).astype(np.float32)
        made[f"{name}.bias"] = rng.normal(size=narrow).astype(np.float32)
    return made


def bundle(seed=0, **changed):
    rng, size = np.random.default_rng(seed), CONTRACT.observation_size
    parts = {
        "robot": SPEC,
        "contract": CONTRACT,
        "actor": layers(rng, size, 8, 1),
        "critic": layers(rng, size, 4, 1, stem="value", head="value_head"),
        "randomization": Randomization.load("servo").to_json(),
        "provenance": {"seed": seed},
        "verdict": {"answer": "IMPROVED"},
        "posterior": "{}",
        "lineage": ("0123456789abcdef",),
        "attachments": {"card.md": b"# card"},
    }
    return Bundle(**{**parts, **changed})


def rewrite(folder, name, content):
    """Put `content` into a bundle as someone who knows the manifest would."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["sha256"][name] = hashlib.sha256(content).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))


MEMORY = 8 << 20
"""Far less than any hostile file asks for, and far more than a refusal needs."""
WEIGHTS = ("weights.safetensors", "critic.safetensors")
FINITE = ("contract.json", "spec.json", "provenance.json", "verdict.json")
JSON = (*FINITE, "randomization.json", "posterior.json")


def refused(folder):
    """The one sentence, and proof that little memory was taken for it."""
    tracemalloc.start()
    try:
        with pytest.raises(BundleError) as found:
            Bundle.load(folder)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    said = str(found.value)
    assert peak < MEMORY
    assert len(said) < LONGEST_REASON + len(str(folder)) + 50
    assert said.isprintable()
    return said
