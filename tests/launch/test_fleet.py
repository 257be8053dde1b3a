"""Fleets: whose logs a folder holds, and one that is really adapted."""

import json

import pytest
from refusal import refused
from tuned_servo import pretrained
from wired import sessions

from ashore.adapt.errors import AdaptError
from ashore.launch.cli import run
from ashore.launch.fleet.fleet import find_fleet
from ashore.launch.many_commands import reason


def folders(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def test_a_robot_is_a_folder_of_logs_or_a_log(tmp_path):
    folders(tmp_path, "red/b.mcap", "red/a.mcap", "blue.mcap", "notes/read.txt", "list.csv")
    assert find_fleet(tmp_path) == {
        "blue": (tmp_path / "blue.mcap",),
        "red": (tmp_path / "red" / "a.mcap", tmp_path / "red" / "b.mcap"),
    }


@pytest.mark.parametrize(
    ("names", "match"),
    [
        ((), "holds no logs"),
        (("notes/read.txt",), "holds no logs"),
        (("red/a.mcap", "red.mcap"), "logs of 'red' both in a sub-folder and beside it"),
    ],
)
def test_a_folder_that_names_no_robots_is_refused(tmp_path, names, match):
    with pytest.raises(AdaptError, match=match):
        find_fleet(folders(tmp_path, *names))


def test_why_a_command_failed_is_its_own_last_sentence(tmp_path):
    said = tmp_path / "said.txt"
    said.write_text("  reading: 0%\nashore: first\nashore: the log is empty\n  more\n")
    assert reason(said, 1) == "the log is empty"
    said.write_text("Killed\n")
    assert reason(said, -9) == f"it ended with code -9; see {said}"
    assert reason(said, None) == "its worker died again and again"


def test_impossible_fleets_are_refused(capsys, tmp_path):
    folder = folders(tmp_path / "fleet", "red/a.mcap")
    out = ("--policy", "arm", "--out", tmp_path / "out")
    said = refused(capsys, "adapt", folder / "red" / "a.mcap", "--fleet", folder, *out)
    assert "was given beside --fleet" in said
    said = refused(capsys, "adapt", "--fleet", tmp_path / "none", *out)
    assert "no folder" in said
    said = refused(capsys, "adapt", "--fleet", folder, "--workers", "0", *out)
    assert "0 workers were asked for; at least 1 is needed" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_fleet_is_adapted_and_its_robots_compared(tmp_path, capsys):
    base = pretrained(tmp_path / "run")
    policy = base.save(tmp_path / "base")
    fleet = tmp_path / "fleet"
    for name, hidden in (("red", "7"), ("blue", "7"), ("green", "11")):
        (fleet / name).mkdir(parents=True)
        seeds = (1, 2, 3) if name == "blue" else (4, 5, 6)
        list(sessions("servo", fleet / name, 8.0, seeds, hidden=hidden, bundle=base))
    (fleet / "broken.mcap").write_bytes(b"no log")
    out = tmp_path / "out"
    words = ["adapt", "--fleet", str(fleet), "--policy", str(policy), "--out", str(out)]
    words += ["--steps", "20000", "--rung", "head", "--no-watch"]
    assert run(words) == 1
    said = capsys.readouterr().out
    assert "4 to do, 2 at a time" in said
    assert "broken: " in said
    told = json.loads((out / "fleet.json").read_text())
    assert set(told["robots"]) == {"red", "blue", "green", "broken"}
    assert "failed" in told["robots"]["broken"]
    assert told["compared"] == ["blue", "green", "red"]
    # Red and blue are one twin, at two times.
    assert told["alike"] == [["blue", "red"], ["green"]]
    served = [name for each in told["served"] for name in each["robots"]]
    assert sorted(served) == ["blue", "green", "red"]
    assert "blue and red are alike, as far as their logs tell" in said
    page = (out / "index.html").read_text()
    assert "Which are alike" in page
    assert page.count("<svg") == 2
    for name in ("red", "blue", "green"):
        assert (out / "robots" / name / "report.html").exists()
        assert (out / "robots" / name / "findings.json").exists()
    (fleet / "broken.mcap").unlink()
    said = refused(capsys, *words)
    assert "holds a fleet that was asked for in another way" in said
