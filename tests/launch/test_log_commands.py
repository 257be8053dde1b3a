"""Laws of `ashore log ...` and `ashore logs`: what they say, and what is never learned from."""

import json
from pathlib import Path

import pytest
from log_sessions import session
from refusal import refused

from ashore.hardware.catalogue.catalogue import Catalogue
from ashore.hardware.catalogue.log_marks import MARKS
from ashore.hardware.logs.log import Log
from ashore.launch.cli import run


def said(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> str:
    assert run([str(word) for word in words]) == code
    return capsys.readouterr().out


@pytest.fixture
def log(tmp_path) -> Path:
    return session(tmp_path / "log.mcap", trajectory="sin")


def test_info_says_what_a_log_is(capsys, log):
    text = said(capsys, "log", "info", log)
    for words in ("robot:     arm", "2.990 s, 100.0 readings a second", "episodes:  3",
                  "/reading 300", "whole, its checksums hold", "damage:    none"):
        assert words in text
    found = json.loads(said(capsys, "log", "info", log, "--json"))
    assert found["counts"]["/command"] == 300
    assert found["joints"] == ["shoulder", "elbow"]


def test_a_terminal_never_obeys_a_log(capsys, tmp_path):
    log = session(tmp_path / "log.mcap", ticks=20, robot="\x1b[2Jarm\n", trajectory="\x07")
    for words in (["log", "info", log], ["logs", tmp_path]):
        text = said(capsys, *words)
        assert "arm" in text
        assert not {"\x1b", "\x07"} & set(text)


def test_info_says_that_the_index_is_absent(capsys, log):
    log.write_bytes(log.read_bytes()[:-9])
    text = said(capsys, "log", "info", log)
    assert "index:     absent" in text
    assert "closing mark" in text


def test_check_is_0_for_a_whole_log_and_1_for_another(capsys, log):
    assert "whole" in said(capsys, "log", "check", log)
    log.write_bytes(log.read_bytes()[:-9])
    text = said(capsys, "log", "check", log, code=1)
    assert "closing mark" in text
    assert "1 findings" in text
    assert json.loads(said(capsys, "log", "check", log, "--json", code=1))["whole"] is False


def test_cut_merge_and_anonymise_say_what_they_did(capsys, log, tmp_path):
    one, two, new, bare = (tmp_path / f"{name}.mcap" for name in ("1", "2", "new", "bare"))
    said(capsys, "log", "cut", log, "--to", 1, "--out", one)
    assert "left out" in said(capsys, "log", "cut", log, "--from", 1.0, "--out", two)
    assert "2 logs" in said(capsys, "log", "merge", one, two, "--out", new)
    assert len(Log.open(new).readings) == 300
    said(capsys, "log", "cut", log, "--episodes", "2-3", "--out", tmp_path / "e.mcap")
    assert "300 messages of raw bytes" in said(capsys, "log", "anonymise", log, "--out", bare)
    assert "kept: " in said(capsys, "log", "recover", log, "--out", tmp_path / "r.mcap")


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["cut", "LOG", "--episodes", "2-", "--out", "NEW"], "is no range"),
        (["cut", "LOG", "--episodes", "2", "--from", "1", "--out", "NEW"], "either --episodes"),
        (["cut", "LOG", "--from", "nan", "--out", "NEW"], "nan is none"),
        (["cut", "LOG", "--from", "9", "--out", "NEW"], "holds no message there"),
        (["cut", "LOG", "--out", "LOG"], "exists already"),
        (["merge", "LOG", "--out", "NEW"], "two or more"),
        (["anonymise", "LOG", "--out", "LOG"], "exists already"),
        (["info", "NEW"], "No such file"),
        (["check", "NEW"], "No such file"),
    ],
)
def test_what_is_not_possible_is_one_sentence(words, match, capsys, log, tmp_path):
    names = {"LOG": log, "NEW": tmp_path / "new.mcap"}
    text = refused(capsys, "log", *(names.get(word, word) for word in words))
    assert match in text
    assert [p.name for p in tmp_path.iterdir()] == ["log.mcap"]


@pytest.fixture
def folder(tmp_path) -> Path:
    for n in range(4):
        created = f"2026-01-0{n + 1}T10:00:00.000+00:00"
        robot = "arm" if n else "servo"
        session(
            tmp_path / f"{n}.mcap", ticks=30, created=created, trajectory=f"t{n}", robot=robot
        )
    return tmp_path


def held_out(folder: Path) -> Path:
    found = Catalogue(folder).split((0.25, 0.25, 0.5), seed=0)
    return folder / next(e.name for e in found if e.part == "held-out")


def names(text: str) -> list[str]:
    return [entry["log"] for entry in json.loads(text)]


def test_logs_lists_tags_splits_and_filters(capsys, folder):
    bundle = folder / "bundle"
    bundle.mkdir()
    (bundle / "verdict.json").write_text('{"answer": "IMPROVED"}')
    (bundle / "provenance.json").write_text('{"figures": {"logs": ["2.mcap"]}}')
    text = said(capsys, "logs", folder)
    assert next(line for line in text.splitlines() if "2.mcap" in line).split()[-1] == "IMPROVED"
    said(capsys, "logs", folder, "--tag", "good", folder / "1.mcap", "2.mcap")
    assert names(said(capsys, "logs", folder, "--tag", "good", "--json")) == ["1.mcap", "2.mcap"]
    said(capsys, "logs", folder, "--untag", "good", "2.mcap")
    assert names(said(capsys, "logs", folder, "--tag", "good", "--json")) == ["1.mcap"]
    assert names(said(capsys, "logs", folder, "--robot", "servo", "--json")) == ["0.mcap"]
    assert names(said(capsys, "logs", folder, "--kind", "deploy", "--json")) == []
    said(capsys, "logs", folder, "--split", 0.5, 0.25, 0.25, "--seed", 1)
    parts = [
        names(said(capsys, "logs", folder, "--split", part, "--json"))
        for part in ("train", "validation", "held-out")
    ]
    assert sorted(name for part in parts for name in part) == [f"{n}.mcap" for n in range(4)]
    assert [len(part) for part in parts] == [2, 1, 1]
    said(capsys, "logs", folder, "--rebuild")


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--split", "0.5", "0.5"], "are not possible"),
        (["--split", "sometimes"], "is neither three shares"),
        (["--untag", "good"], "takes a tag and the logs"),
        (["--tag", "good", "none.mcap"], "is no log under"),
    ],
)
def test_what_logs_cannot_do_is_one_sentence(words, match, capsys, folder):
    assert match in refused(capsys, "logs", folder, *words)
    assert "is no folder" in refused(capsys, "logs", folder / "none")


def test_nothing_is_learned_from_a_log_that_is_held_out(capsys, folder, tmp_path):
    log = held_out(folder)
    for words in (
        ["calibrate", "servo", log],
        ["calibrate", "servo", folder],
        ["adapt", log, "--policy", "arm", "--out", tmp_path / "new"],
        ["probe", log, "--policy", "arm", "--labels", "kind", "--out", tmp_path / "head"],
    ):
        text = refused(capsys, *words)
        assert "is held out to judge by" in text
        assert str(folder / MARKS) in text


def test_nor_from_its_copy_or_from_a_new_log_of_its_trajectory(capsys, folder):
    log = held_out(folder)
    (folder / "below").mkdir()
    copy = folder / "below" / "copy.mcap"
    copy.write_bytes(log.read_bytes())
    assert "is held out to judge by" in refused(capsys, "calibrate", "servo", copy)
    trajectory = Log.open(log).header.setup["trajectory"]
    new = session(folder / "new.mcap", ticks=20, trajectory=trajectory)
    assert f"'trajectory {trajectory}' is held-out" in refused(capsys, "calibrate", "servo", new)


def test_a_link_from_outside_does_not_free_it(capsys, folder, tmp_path_factory):
    link = tmp_path_factory.mktemp("elsewhere") / "link.mcap"
    link.symlink_to(held_out(folder))
    assert "is held out to judge by" in refused(capsys, "calibrate", "servo", link)


def test_logs_of_other_parts_and_outside_a_catalogue_are_free(folder, tmp_path_factory):
    from ashore.launch.held_out_logs import require_not_held_out

    log = held_out(folder)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "free.mcap"
    elsewhere.write_bytes(log.read_bytes())
    require_not_held_out([elsewhere])
    others = [e.name for e in Catalogue(folder).entries() if e.part != "held-out"]
    require_not_held_out([folder / name for name in others])
