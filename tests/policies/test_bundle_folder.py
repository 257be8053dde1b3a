"""Laws of folders that strangers made: only small regular files that belong there are read."""

import hashlib
import json
import os
import socket
from copy import deepcopy

import pytest
from sample_bundle import JSON, WEIGHTS, refused

from ashore.policies.bundle import Bundle
from ashore.policies.errors import BundleError
from ashore.policies.storage.manifest import MANIFEST

pytestmark = pytest.mark.usefixtures("impatient")


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
