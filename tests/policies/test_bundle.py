"""Laws of the bundle: data only, whole or absent, and refused when anything was changed."""

import hashlib
import io
import json
import os
import pickle
from dataclasses import replace

import numpy as np
import pytest

from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import MANIFEST, Bundle
from ashore.policies.errors import BundleError

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


@pytest.fixture
def saved(tmp_path):
    return bundle().save(tmp_path / "b")


def rewrite(folder, name, content):
    """Put `content` into a bundle as someone who knows the manifest would."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["sha256"][name] = hashlib.sha256(content).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))


def same(one, other):
    for name in ("actor", "critic"):
        ours, theirs = getattr(one, name), getattr(other, name)
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[key], theirs[key]) for key in ours)
    assert replace(one, actor={}, critic={}) == replace(other, actor={}, critic={})


def test_a_bundle_survives_the_disk(saved):
    same(Bundle.load(saved), bundle())
    assert Bundle.load(saved).digest == bundle().digest


def test_a_pretrained_bundle_has_no_verdict(tmp_path):
    plain = bundle(verdict=None, posterior=None, lineage=(), attachments={})
    same(Bundle.load(plain.save(tmp_path / "b")), plain)


def test_the_digest_names_weights_and_contract():
    other = replace(CONTRACT, mean=(0.5,) * CONTRACT.observation_size)
    assert bundle().digest == bundle(provenance={}, verdict=None).digest
    assert len({bundle().digest, bundle(1).digest, bundle(contract=other).digest}) == 3


HELD = """weights.npz critic.npz contract.json spec.json provenance.json verdict.json
posterior.json randomization.json card.md"""


@pytest.mark.parametrize("name", HELD.split())
def test_an_edited_or_lost_file_is_refused_by_name(saved, name):
    content = bytearray((saved / name).read_bytes())
    content[len(content) // 2] ^= 1
    (saved / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"{name} was edited or damaged"):
        Bundle.load(saved)
    (saved / name).unlink()
    with pytest.raises(BundleError, match=f"has lost {name}"):
        Bundle.load(saved)


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_among_the_weights_is_refused_and_never_run(saved, tmp_path):
    sprung = tmp_path / "sprung"
    buffer = io.BytesIO()
    np.savez(buffer, **{"head.weight": np.array([Trap(str(sprung))], dtype=object)})
    for content in (buffer.getvalue(), pickle.dumps(Trap(str(sprung)))):
        rewrite(saved, "weights.npz", content)
        with pytest.raises(BundleError, match="weights cannot be read"):
            Bundle.load(saved)
    assert not sprung.exists()


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/../../secret", "..", ".", ""])
def test_a_manifest_cannot_name_a_file_outside(saved, name):
    (saved.parent / "secret").write_bytes(b"x")
    manifest = json.loads((saved / MANIFEST).read_text())
    manifest["sha256"][name] = hashlib.sha256(b"x").hexdigest()
    (saved / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BundleError):
        Bundle.load(saved)


def test_weights_of_another_width_than_the_contract_are_refused(saved):
    buffer = io.BytesIO()
    np.savez(buffer, **layers(np.random.default_rng(0), 5, 8, 1))
    rewrite(saved, "weights.npz", buffer.getvalue())
    with pytest.raises(BundleError, match=r"takes 5 observations .* of different policies"):
        Bundle.load(saved)


def test_a_contract_of_another_robot_is_refused(saved):
    rewrite(saved, "contract.json", replace(CONTRACT, robot="arm").to_json().encode())
    with pytest.raises(BundleError, match="made for robot 'arm'"):
        Bundle.load(saved)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("spec.json", b"3"),
        ("spec.json", b"[]"),
        ("contract.json", b"\xff"),
        ("provenance.json", b"{"),
        ("weights.npz", b""),
        ("critic.npz", b"PK"),
        ("randomization.json", b"\xff"),
    ],
)
def test_content_that_is_not_what_its_name_says_is_refused(saved, name, content):
    rewrite(saved, name, content)
    with pytest.raises(BundleError):
        Bundle.load(saved)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"format": 1}',
        '{"format": 1, "sha256": 3}',
        '{"format": 1, "sha256": {}}',
        '{"format": 1, "sha256": {"weights.npz": 3}}',
    ],
)
def test_what_is_no_manifest_is_refused(saved, text):
    (saved / MANIFEST).write_text(text)
    with pytest.raises(BundleError):
        Bundle.load(saved)


def test_another_format_is_refused_with_both_numbers(saved):
    text = (saved / MANIFEST).read_text().replace('"format": 1', '"format": 2')
    (saved / MANIFEST).write_text(text)
    with pytest.raises(BundleError, match="has format 2; this version reads 1"):
        Bundle.load(saved)


def test_a_folder_that_is_no_bundle_is_neither_read_nor_overwritten(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(BundleError, match=r"is not a bundle: it has no bundle.json"):
        Bundle.load(tmp_path / "notes")
    with pytest.raises(BundleError, match="exists and is not a bundle"):
        bundle().save(tmp_path / "notes")
    assert (tmp_path / "notes" / "mine.txt").read_text() == "mine"
    with pytest.raises(BundleError, match="is not a bundle"):
        Bundle.load(tmp_path / "nowhere")


def test_saving_again_replaces_the_older_one_and_leaves_nothing_beside_it(tmp_path):
    bundle(1).save(tmp_path / "b")
    bundle(2, attachments={}).save(tmp_path / "b")
    same(Bundle.load(tmp_path / "b"), bundle(2, attachments={}))
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_failed_save_keeps_the_older_one_and_leaves_nothing_half_written(tmp_path):
    bundle(1).save(tmp_path / "b")
    with pytest.raises(BundleError, match="cannot write bundle"):
        bundle(2, attachments={"no/such/folder": b""}).save(tmp_path / "b")
    same(Bundle.load(tmp_path / "b"), bundle(1))
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_swap_that_fails_puts_the_older_one_back(tmp_path, monkeypatch):
    bundle(1).save(tmp_path / "b")
    rename = os.replace

    def fail(source, target):
        if os.path.basename(source) == "new":
            raise OSError(28, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(BundleError, match="No space left"):
        bundle(2).save(tmp_path / "b")
    same(Bundle.load(tmp_path / "b"), bundle(1))
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
