"""Laws of the catalogue: nothing leaks between parts, nothing moves, nothing is lost."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_sessions import session

from ashore.hardware.catalogue import catalogue as catalogue_file
from ashore.hardware.catalogue.catalogue import Catalogue
from ashore.hardware.catalogue.log_index_file import INDEX
from ashore.hardware.catalogue.log_marks import MARKS, LogMarks, marks_in, read_marks
from ashore.hardware.catalogue.log_split import MIXED, PARTS, assign
from ashore.hardware.errors import LogError
from ashore.hardware.log_tools.log_cut import cut

SHARES = (0.7, 0.15, 0.15)
LABELS = st.lists(st.sampled_from([f"trajectory {n}" for n in range(8)]), max_size=3, unique=True)
FOLDERS = st.lists(LABELS, min_size=1, max_size=14)


def named(folder: list[list[str]], since: int = 0) -> dict[str, list[str]]:
    return {f"{n + since}.mcap": [f"log {n + since}", *labels] for n, labels in enumerate(folder)}


def sides_of_labels(logs: dict[str, list[str]], parts: dict[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, labels in logs.items():
        for label in labels if parts[name] != MIXED else ():
            found.setdefault(label, set()).add(parts[name])
    return found


@given(FOLDERS, st.integers(0, 3))
@settings(deadline=None)
def test_no_trajectory_is_ever_in_two_parts(folder, seed):
    logs = named(folder)
    parts, sides = assign(logs, {}, SHARES, seed)
    assert parts.keys() == logs.keys()
    assert MIXED not in parts.values()
    assert all(len(found) == 1 for found in sides_of_labels(logs, parts).values())
    assert {label: {side} for label, side in sides.items()} == sides_of_labels(logs, parts)


@given(FOLDERS, FOLDERS, st.integers(0, 3), st.permutations([0.6, 0.3, 0.1]))
@settings(deadline=None)
def test_no_log_changes_its_part_when_others_come_and_they_follow(first, then, seed, shares):
    logs = named(first)
    parts, sides = assign(logs, {}, SHARES, seed)
    more = {**logs, **named(then, since=len(logs))}
    after, settled = assign(more, sides, shares, seed + 1)
    assert {name: after[name] for name in logs} == parts
    assert sides.items() <= settled.items()
    assert all(len(found) == 1 for found in sides_of_labels(more, after).values())
    for name in more.keys() - logs.keys():
        known = {sides[label] for label in more[name] if label in sides}
        if len(known) == 1:
            assert after[name] in (*known, MIXED)
        if len(known) > 1:
            assert after[name] == MIXED


@given(FOLDERS, st.integers(0, 3), st.randoms())
@settings(deadline=None)
def test_a_split_does_not_depend_on_the_order_of_logs(folder, seed, random):
    logs = list(named(folder).items())
    parts, _ = assign(dict(logs), {}, SHARES, seed)
    random.shuffle(logs)
    assert assign(dict(logs), {}, SHARES, seed)[0] == parts


def test_the_shares_are_met_by_logs_that_share_nothing():
    parts, _ = assign(named([[]] * 100), {}, SHARES, 0)
    counts = [list(parts.values()).count(part) for part in PARTS]
    assert counts == [70, 15, 15]
    assert assign(named([[]] * 100), {}, SHARES, 1)[0] != parts
    assert set(assign(named([[]] * 10), {}, (0.5, 0.0, 0.5), 0)[0].values()) == {
        "train",
        "held-out",
    }


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
PART = st.sampled_from([*PARTS, MIXED])


@given(
    st.dictionaries(TEXTS, st.lists(TEXTS, min_size=1, max_size=3).map(tuple), max_size=4),
    st.dictionaries(TEXTS, PART, max_size=4),
    st.dictionaries(TEXTS, PART, max_size=4),
    st.integers(-5, 2**40),
)
@settings(deadline=None)
def test_marks_read_back_as_they_were_written(tags, split, sides, seed):
    marks = LogMarks(tags=tags, split=split, sides=sides, shares=SHARES, seed=seed)
    assert marks_in(marks.to_toml()) == marks


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    (folder / "below").mkdir()
    for n, name in enumerate(("a", "b", "c", "d", "below/e", "below/f")):
        created = f"2026-01-0{n + 1}T10:00:00.000+00:00"
        session(
            folder / f"{name}.mcap", ticks=40, created=created, trajectory=f"t{n // 2}"
        )
    (folder / "text.mcap").write_text("no log")
    return folder


@pytest.fixture
def folder(written, tmp_path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "logs"))


def rows(folder: Path) -> list[tuple[object, ...]]:
    base = sqlite3.connect(folder / INDEX)
    found = base.execute("SELECT * FROM logs ORDER BY name").fetchall()
    found += base.execute("SELECT * FROM marks").fetchall()
    base.close()
    return found


def marked(folder: Path) -> Catalogue:
    catalogue = Catalogue(folder)
    catalogue.tag("carpet", ["a.mcap", folder / "below/e.mcap"])
    catalogue.split((0.4, 0.3, 0.3), seed=1)
    return catalogue


def test_a_listing_says_what_each_log_is_and_why_one_cannot_be_read(folder):
    found = {entry.name: entry for entry in Catalogue(folder).entries()}
    assert list(found) == [
        "a.mcap", "b.mcap", "below/e.mcap", "below/f.mcap", "c.mcap", "d.mcap", "text.mcap"
    ]
    assert found["a.mcap"].summary.robot == "arm"
    assert found["text.mcap"].summary is None
    assert "not an MCAP file" in found["text.mcap"].error


def test_only_what_changed_is_read_again(folder, monkeypatch):
    read, real = [], catalogue_file.summarise
    monkeypatch.setattr(catalogue_file, "summarise", lambda p: read.append(p.name) or real(p))
    before = Catalogue(folder).entries()
    assert len(read) == 7
    read.clear()
    assert Catalogue(folder).entries() == before
    assert read == []
    session(folder / "new.mcap", ticks=20)
    os.utime(folder / "a.mcap", (1, 1))
    (folder / "d.mcap").unlink()
    after = Catalogue(folder).entries()
    assert sorted(read) == ["a.mcap", "new.mcap"]
    assert {e.name for e in after} == {e.name for e in before} - {"d.mcap"} | {"new.mcap"}
    Catalogue(folder).entries(rebuild=True)
    assert len(read) == 2 + 7


def test_the_index_rebuilt_equals_the_index_kept(folder):
    marked(folder)
    entries, kept = Catalogue(folder).entries(), rows(folder)
    assert Catalogue(folder).entries(rebuild=True) == entries
    assert rows(folder) == kept
    (folder / INDEX).unlink()
    assert Catalogue(folder).entries() == entries
    assert rows(folder) == kept
    assert next(e for e in entries if e.name == "below/e.mcap").tags == ("carpet",)


def test_lost_marks_come_back_from_the_index(folder):
    marked(folder)
    text = (folder / MARKS).read_text()
    (folder / MARKS).unlink()
    catalogue = Catalogue(folder)
    entries = catalogue.entries()
    assert (folder / MARKS).read_text() == text
    assert entries[0].tags == ("carpet",)
    assert "was lost" in " ".join(catalogue.notes)


@pytest.mark.parametrize("kind", ["text", "cut", "foreign", "zeros", "facts"])
def test_a_damaged_or_foreign_index_is_rebuilt_and_that_is_said(kind, folder):
    marked(folder)
    entries, kept = Catalogue(folder).entries(), rows(folder)
    index = folder / INDEX
    data = index.read_bytes()
    if kind == "facts":
        base = sqlite3.connect(index)
        base.execute("UPDATE logs SET facts = '[1]'")
        base.commit()
        base.close()
    elif kind == "foreign":
        index.unlink()
        base = sqlite3.connect(index)
        base.execute("CREATE TABLE recipes (name TEXT)")
        base.commit()
        base.close()
    else:
        index.write_bytes({
            "text": b"not a database at all" * 100,
            "cut": data[: len(data) // 2],
            "zeros": data[:100] + bytes(len(data) - 100),
        }[kind])
    catalogue = Catalogue(folder)
    assert catalogue.entries() == entries
    assert "damaged or foreign" in " ".join(catalogue.notes)
    assert rows(folder) == kept


def test_a_split_stays_when_logs_come_and_those_of_a_known_trajectory_follow(folder):
    marked(folder)
    parts = {e.name: e.part for e in Catalogue(folder).entries() if e.summary}
    assert parts["a.mcap"] == parts["b.mcap"]
    assert parts["below/e.mcap"] == parts["below/f.mcap"]
    assert set(parts.values()) == set(PARTS)
    session(folder / "again.mcap", ticks=20, trajectory="t1")
    cut(folder / "below/e.mcap", folder / "piece.mcap", seconds=(0.1, 0.2))
    (folder / "b.mcap").rename(folder / "renamed.mcap")
    after = {e.name: e.part for e in Catalogue(folder).split((0.1, 0.1, 0.8), seed=5)}
    assert {n: after[n] for n in parts if n != "b.mcap"} == {
        n: p for n, p in parts.items() if n != "b.mcap"
    }
    assert after["again.mcap"] == parts["c.mcap"]
    assert after["piece.mcap"] == parts["below/e.mcap"]
    assert after["renamed.mcap"] == parts["b.mcap"]


def test_tags_come_and_go(folder):
    catalogue = marked(folder)
    catalogue.tag("carpet", ["a.mcap"], remove=True)
    catalogue.tag('odd "tag" \\ ü', ["a.mcap"])
    catalogue.tag('odd "tag" \\ ü', ["a.mcap"])
    assert catalogue.entries()[0].tags == ('odd "tag" \\ ü',)
    with pytest.raises(LogError, match="is no log under"):
        catalogue.tag("x", ["none.mcap"])
    with pytest.raises(LogError, match="is empty"):
        catalogue.tag(" ", ["a.mcap"])


@pytest.mark.parametrize(
    "text",
    ["ashore = 2", "ashore = 1\nsides = 3", 'ashore = 1\n[sides]\na = "moon"', "ashore = ",
     "ashore = 1\n[logs.a]\ntags = 3", "ashore = 1\n[split]\nshares = 1"],
)
def test_damaged_marks_are_one_sentence_and_are_left_alone(text, folder):
    (folder / MARKS).write_text(text)
    for ask in (lambda c: c.entries(), lambda c: c.tag("x", ["a.mcap"]), lambda c: c.split(SHARES)):
        with pytest.raises(LogError, match="cannot be read") as error:
            ask(Catalogue(folder))
        assert "\n" not in str(error.value).replace("\\n", "")
    assert (folder / MARKS).read_text() == text


def test_another_programs_file_is_never_overwritten(folder):
    (folder / MARKS).write_text("[server]\nport = 80\n")
    assert read_marks(folder) is None
    assert len(Catalogue(folder).entries()) == 7
    with pytest.raises(LogError, match="another program's"):
        Catalogue(folder).tag("x", ["a.mcap"])
    assert "port = 80" in (folder / MARKS).read_text()


def test_a_folder_without_a_usable_index_still_lists(folder):
    (folder / INDEX).mkdir()
    catalogue = Catalogue(folder)
    assert len(catalogue.entries()) == 7
    assert "no index is used" in " ".join(catalogue.notes)


@pytest.mark.parametrize("shares", [(1.0,), (-0.1, 0.5, 0.6), (0.0, 0.0, 0.0), (float("nan"),) * 3])
def test_impossible_shares_are_refused(shares, folder):
    with pytest.raises(LogError, match="are not possible"):
        Catalogue(folder).split(shares)


@pytest.mark.slow
def test_processes_that_tag_at_once_lose_nothing(folder):
    code = (
        "import sys; from ashore.hardware.catalogue.catalogue import Catalogue\n"
        "for n in range(4): Catalogue(sys.argv[1]).tag(f'{sys.argv[2]}-{n}', ['a.mcap'])\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, folder, str(who)]) for who in range(3)
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(Catalogue(folder).entries()[0].tags) == 12
