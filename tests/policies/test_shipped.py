"""Laws of bundles by name: a path wins, a shipped robot's name comes next, and all else is said."""

import shutil
from types import SimpleNamespace

import pytest
from sample_bundle import bundle

from ashore.policies import shipped as module
from ashore.policies.bundle import Bundle
from ashore.policies.errors import BundleError
from ashore.policies.shipped import find_bundle, shipped_bundles


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A package that ships two bundles, and a folder that is none."""
    root = tmp_path / "package" / "pretrained"
    for name in ("quadruped", "arm"):
        bundle().save(root / name)
    (root / "notes").mkdir()
    monkeypatch.setattr(module, "resources", SimpleNamespace(files=lambda _: root.parent))
    monkeypatch.chdir(tmp_path)
    return root


def test_a_shipped_bundle_is_found_by_its_robots_name(shipped):
    assert list(shipped_bundles()) == ["arm", "quadruped"]
    assert find_bundle("quadruped") == shipped / "quadruped"
    assert Bundle.load(find_bundle("arm")).digest == bundle().digest


def test_a_path_wins_over_a_name(shipped, tmp_path):
    mine = bundle(1).save("quadruped")
    assert find_bundle("quadruped") == mine
    assert find_bundle(tmp_path / "quadruped") == tmp_path / "quadruped"
    assert find_bundle("arm") == shipped / "arm"
    shutil.rmtree(mine)
    mine.touch()  # whatever it is, it is what was asked for
    with pytest.raises(BundleError, match="quadruped is not a bundle"):
        Bundle.load(find_bundle("quadruped"))


@pytest.mark.parametrize("asked", ["notes", "hexapod", "runs/none", "../arm", "ARM", "x" * 300])
def test_what_is_neither_is_refused_with_what_ships(shipped, asked):
    with pytest.raises(BundleError, match=r"no such folder, and shipped are arm, quadruped; make"):
        find_bundle(asked)


def test_where_nothing_ships_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "resources", SimpleNamespace(files=lambda _: tmp_path))
    assert shipped_bundles() == {}
    with pytest.raises(BundleError, match="none are shipped; make one with `ashore train`"):
        find_bundle("quadruped")


def test_a_save_that_was_interrupted_is_told_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bundle().save(tmp_path / ".mine.x1" / "old")
    with pytest.raises(BundleError, match=r"interrupted; the older one is .mine.x1/old: move it"):
        Bundle.load(find_bundle("mine"))


def test_what_ships_is_small_and_loads():
    for name, folder in shipped_bundles().items():
        loaded = Bundle.load(folder)
        assert loaded.spec.name == name
        assert sum(path.stat().st_size for path in folder.iterdir()) < 2_000_000
