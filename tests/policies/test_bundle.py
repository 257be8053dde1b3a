"""Laws of the bundle: data only, whole or absent, and refused when anything was changed."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from networks import Network, Sizes, network_for
from sample_bundle import CONTRACT, bundle, layers, rewrite

from ashore.policies.bundle import Bundle
from ashore.policies.errors import BundleError
from ashore.policies.storage import whole_folder
from ashore.policies.storage.bundle_files import LARGEST
from ashore.policies.storage.manifest import MANIFEST
from ashore.policies.storage.weights_file import pack_weights, unpack_weights


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


HELD = """weights.safetensors critic.safetensors contract.json spec.json provenance.json
verdict.json posterior.json randomization.json card.md"""


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


def test_weights_of_another_width_than_the_contract_are_refused(saved):
    rewrite(saved, "weights.safetensors", pack_weights(layers(np.random.default_rng(0), 5, 8, 1)))
    with pytest.raises(BundleError, match=r"takes 5 observations .* of different policies"):
        Bundle.load(saved)


def test_a_contract_of_another_robot_is_refused(saved):
    rewrite(saved, "contract.json", replace(CONTRACT, robot="arm").to_json().encode())
    with pytest.raises(BundleError, match="made for robot 'arm'"):
        Bundle.load(saved)


def test_an_encoder_that_begins_elsewhere_than_the_contracts_context_is_refused(tmp_path):
    contract = CONTRACT.with_context(3, 1)
    whole = bundle(contract=contract, actor=network_for(contract, encoded=True).weights())
    Bundle.load(whole.save(tmp_path / "b"))
    other = Sizes(
        present=CONTRACT.observation_size - 1,
        context=contract.observation_size - CONTRACT.observation_size + 1,
        latent=4,
        actions=1,
    )
    with pytest.raises(BundleError, match=r"encoder begins behind 9 observations, .* behind 10"):
        Bundle.load(bundle(contract=contract, actor=Network(other).weights()).save(tmp_path / "c"))


def test_another_format_is_refused_with_what_to_do(saved):
    manifest = json.loads((saved / MANIFEST).read_text())
    for found, said in ((1, "format 1, .*: train it again"), (3, "format 3, .*: update Ashore")):
        (saved / MANIFEST).write_text(json.dumps({**manifest, "format": found}))
        with pytest.raises(BundleError, match=said):
            Bundle.load(saved)
    (saved / MANIFEST).write_text('{"format": 1, "sha256": {"weights.npz": "0"}}')
    with pytest.raises(BundleError, match="train it again"):
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
    monkeypatch.setattr(whole_folder, "_exchange", lambda one, other: False)
    with pytest.raises(BundleError, match="No space left"):
        bundle(2).save(tmp_path / "b")
    same(Bundle.load(tmp_path / "b"), bundle(1))
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("name", ["weights.safetensors", "verdict.json", MANIFEST])
def test_an_attachment_cannot_take_the_place_of_a_bundles_own_file(tmp_path, name):
    with pytest.raises(BundleError, match=f"no attachment can be called {name}"):
        bundle(attachments={name: b""}).save(tmp_path / "b")
    assert not list(tmp_path.iterdir())


def test_what_is_saved_is_never_too_large_to_be_loaded(tmp_path):
    with pytest.raises(BundleError, match=r"at most 67,108,864 bytes .* largest file is film.gif"):
        bundle(attachments={"film.gif": bytes(LARGEST)}).save(tmp_path / "b")
    assert not list(tmp_path.iterdir())


def test_a_figure_that_is_not_finite_is_kept_as_none_at_all(tmp_path):
    figures = {"reward": float("nan"), "slices": {"slow": [float("inf"), 1.0]}}
    kept = Bundle.load(bundle(provenance={"figures": figures}).save(tmp_path / "b"))
    assert kept.provenance == {"figures": {"reward": None, "slices": {"slow": [None, 1.0]}}}


def test_the_same_weights_are_the_same_bytes_in_whatever_order_and_layout(tmp_path):
    made = bundle()
    turned = {name: np.asfortranarray(made.actor[name]) for name in reversed(made.actor)}
    one, other = made.save(tmp_path / "a"), replace(made, actor=turned).save(tmp_path / "b")
    for path in one.iterdir():
        assert path.read_bytes() == (other / path.name).read_bytes()


def test_a_digest_is_the_same_on_every_machine_and_for_ever():
    weights = {"head.bias": np.array([0.5, -2.0], np.float32), "a": np.float32([[1.0], [3.0]])}
    table = (
        b'{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},'
        b'"head.bias":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}  '
    )
    numbers = bytes.fromhex("0000803f 00004040 0000003f 000000c0")
    assert pack_weights(weights) == len(table).to_bytes(8, "little") + table + numbers
    assert unpack_weights(pack_weights(weights), "w").keys() == weights.keys()
