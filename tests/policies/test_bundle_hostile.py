"""Laws of bundles that strangers made: nothing runs, nothing is exhausted, one sentence is said."""

import hashlib
import io
import json
import os
import pickle
import shutil
import signal
import socket
import struct
import tracemalloc
from copy import deepcopy
from dataclasses import asdict

import numpy as np
import pytest
import torch
from networks import network_for
from sample_bundle import CONTRACT, SPEC, bundle, rewrite

from ashore.adapt.errors import AdaptError
from ashore.adapt.verdict import require_deployable
from ashore.envs.dice import Dice
from ashore.envs.errors import EnvsError
from ashore.envs.tasks import make_task
from ashore.hardware.errors import HardwareError
from ashore.hardware.reading import Reading
from ashore.policies.bundle import LONGEST_REASON, Bundle
from ashore.policies.controller import PolicyController
from ashore.policies.errors import BundleError, PoliciesError
from ashore.policies.gymnasium_robot import GymnasiumRobot
from ashore.policies.manifest import MANIFEST
from ashore.policies.weights_file import pack_weights

MEMORY = 8 << 20
"""Far less than any of these files asks for, and far more than a refusal needs."""
WEIGHTS = ("weights.safetensors", "critic.safetensors")
FINITE = ("contract.json", "spec.json", "provenance.json", "verdict.json")
JSON = (*FINITE, "randomization.json", "posterior.json")


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return bundle().save(tmp_path_factory.mktemp("original") / "b")


@pytest.fixture
def saved(original, tmp_path):
    return shutil.copytree(original, tmp_path / "b")


@pytest.fixture(autouse=True)
def impatient():
    """A load that waits for somebody fails instead of waiting for ever."""

    def fail(number, frame):
        raise TimeoutError("loading waits for somebody")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


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


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def arrays_with(trap):
    buffer = io.BytesIO()
    np.savez(buffer, **{"head.weight": np.array([trap], dtype=object)})
    return buffer.getvalue()


def archive_with(trap):
    buffer = io.BytesIO()
    torch.save({"head.weight": trap}, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("name", [*WEIGHTS, *JSON, MANIFEST])
@pytest.mark.parametrize("disguise", [pickle.dumps, arrays_with, archive_with])
def test_a_pickle_is_refused_and_never_run(saved, tmp_path, name, disguise):
    sprung = tmp_path / "sprung"
    content = disguise(Trap(str(sprung)))
    (saved / MANIFEST).write_bytes(content) if name == MANIFEST else rewrite(saved, name, content)
    assert name.split(".")[0] in refused(saved)
    assert not sprung.exists()


def file_of(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(**changed):
    return {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], **changed}


ONE = struct.pack("<f", 1.0)
TWICE = json.dumps({"a": entry()})[:-1] + "," + json.dumps({"a": entry()})[1:]
LIES = {
    "no bytes": b"",
    "half a length": b"abc",
    "an endless header": file_of(b"{}", length=2**64 - 1),
    "a header beyond the file": file_of(b"{}", length=50_000_000),
    "a long header": file_of(b"{" + b" " * (2 << 20) + b"}"),
    "a header that is a list": file_of([]),
    "a header that is not text": file_of(b"\xff\xfe"),
    "a deep header": file_of(b'{"a":' + b"[" * 100_000),
    "bytes that belong to no array": file_of({"a": entry()}, ONE + ONE),
    "an array beyond the file": file_of({"a": entry(shape=[2], data_offsets=[0, 8])}, ONE),
    "an array before the file": file_of({"a": entry(data_offsets=[-4, 0])}, ONE),
    "an array backwards": file_of({"a": entry(data_offsets=[4, 0])}, ONE),
    "two arrays in one place": file_of({"a": entry(), "b": entry()}, ONE),
    "a gap": file_of({"a": entry(), "b": entry(data_offsets=[8, 12])}, 3 * ONE),
    "an endless array": file_of({"a": entry(shape=[2**62], data_offsets=[0, 2**64 - 4])}, ONE),
    "an endless shape": file_of({"a": entry(shape=[2**62, 2**62])}, ONE),
    "an endless shape of nothing": file_of({"a": entry(shape=[0, 2**62], data_offsets=[0, 0])}),
    "a hundred axes": file_of({"a": entry(shape=[1] * 100)}, ONE),
    "half numbers": file_of({"a": entry(dtype="BF16", shape=[2])}, ONE),
    "whole numbers": file_of({"a": entry(dtype="I32")}, ONE),
    "double numbers": file_of({"a": entry(dtype="F64", data_offsets=[0, 8])}, ONE + ONE),
    "objects": file_of({"a": entry(dtype="O")}, ONE),
    "one name twice": file_of(TWICE.encode(), ONE),
    "a number that is none": file_of({"a": entry()}, struct.pack("<f", np.nan)),
    "a number without end": file_of({"a": entry()}, struct.pack("<f", np.inf)),
}


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("lie", LIES)
def test_weights_that_lie_are_refused(saved, name, lie):
    rewrite(saved, name, LIES[lie])
    assert name in refused(saved)


def test_a_name_that_no_terminal_should_print_is_not_printed(saved):
    rewrite(saved, WEIGHTS[0], pack_weights({"\x1b]0;owned\x07\n" * 99: np.ones(3, np.float32)}))
    refused(saved)


def test_no_weights_at_all_are_refused(saved):
    rewrite(saved, WEIGHTS[0], pack_weights({}))
    assert "no 'head.weight'" in refused(saved)


TEXTS = {
    "nothing": b"",
    "half of it": b'{"a": ',
    "no text": b"\xff\xfe\x00",
    "deep lists": b"[" * 100_000,
    "deep tables": b'{"a":' * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "a key twice": b'{"a": 1, "a": 2}',
    "half a character": b'{"a": ["\\ud800"]}',
    "what steers a terminal": b'{"a": "\\u001b[2J"}',
    "a name that steers it": b'{"\\u009b2J": 1}',
    "many digits": b"[" + b"9" * 5000 + b"]",
    "more digits than Python converts": b"[-" + b"9" * 500_000 + b"]",
}
NOT_FINITE = {
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "1e999": b'{"a": [1e999]}',
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *((name, content) for name in (*JSON, MANIFEST) for content in TEXTS.values()),
        *((name, content) for name in (*FINITE, MANIFEST) for content in NOT_FINITE.values()),
    ],
)
def test_text_that_is_no_sound_json_is_refused_by_its_files_name(saved, name, content):
    (saved / MANIFEST).write_bytes(content) if name == MANIFEST else rewrite(saved, name, content)
    assert f"{name} is no sound JSON" in refused(saved)


@pytest.mark.parametrize("name", [*WEIGHTS, *JSON, "card.md", MANIFEST])
def test_only_regular_files_are_read(saved, tmp_path, name):
    path, secret = saved / name, tmp_path / "secret"
    content = path.read_bytes()
    secret.write_bytes(content)
    path.unlink()
    for place in (secret, "/dev/zero", "/dev/stdin", saved / "other", path):
        path.symlink_to(place)
        assert f"{name} is a link" in refused(saved)
        path.unlink()
    os.mkfifo(path)
    assert f"{name} is no regular file" in refused(saved)
    path.unlink()
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(saved, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{here}/{name}")
        os.close(here)
        assert f"{name} is no regular file" in refused(saved)
    path.unlink()
    path.mkdir()
    assert f"{name} is no regular file" in refused(saved)
    path.rmdir()
    path.write_bytes(content)
    Bundle.load(saved)


def test_what_is_not_a_folder_is_not_a_bundle(tmp_path):
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("file", "pipe", "loop", "nothing", "file/inside", "x" * 300):
        assert "is not a bundle" in refused(tmp_path / name)


@pytest.mark.parametrize("name", [*WEIGHTS, *JSON, "card.md", MANIFEST])
def test_a_file_of_many_gigabytes_is_not_read(saved, name):
    with (saved / name).open("r+b") as file:
        file.truncate(20 << 30)
    assert f"{name} is larger than the " in refused(saved)


def test_many_files_are_not_read_beyond_what_a_bundle_holds(saved):
    manifest = json.loads((saved / MANIFEST).read_text())
    for i in range(4):
        with (saved / f"part{i}").open("wb") as file:
            file.truncate(40 << 20)
        manifest["sha256"][f"part{i}"] = hashlib.sha256(bytes(40 << 20)).hexdigest()
    (saved / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="part1 is larger than the 2"):
        Bundle.load(saved)


OUTSIDE = ["../secret", "/etc/hostname", "a/../../secret", "..", ".", "", ".hidden", "\n"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_manifest_cannot_name_a_file_outside(saved, name):
    (saved.parent / "secret").write_bytes(b"x")
    manifest = json.loads((saved / MANIFEST).read_text())
    manifest["sha256"][name] = hashlib.sha256(b"x").hexdigest()
    (saved / MANIFEST).write_text(json.dumps(manifest))
    assert "names a file outside the bundle" in refused(saved)


def test_a_manifest_cannot_pass_weights_off_as_an_attachment(saved):
    manifest = json.loads((saved / MANIFEST).read_text())
    for name, said in (("verdict.json", "no attachment can be called"), ("x", "no SHA-256 of 'x'")):
        (saved / MANIFEST).write_text(json.dumps({**manifest, "attachments": [name]}))
        assert said in refused(saved)


def test_a_part_that_is_not_there_is_named(saved):
    whole = json.loads((saved / MANIFEST).read_text())
    for name in ("contract.json", "spec.json", *WEIGHTS, "randomization.json", "provenance.json"):
        manifest = deepcopy(whole)
        del manifest["sha256"][name]
        (saved / MANIFEST).write_text(json.dumps(manifest))
        assert name in refused(saved)


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
