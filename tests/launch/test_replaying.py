"""Laws of `ashore replay`: a log alone is enough, and what it says can be believed."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from bench import Bench, Script, small_bundle
from refusal import refused

from ashore.envs.dice import Dice
from ashore.envs.tasks.track import Track
from ashore.launch.cli import run
from ashore.policies.controller import PolicyController

pytestmark = pytest.mark.slow

BUNDLE = small_bundle()
ALONE = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "stable_baselines3", "sb3_contrib", "gymnasium"}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
from ashore.launch.cli import run
sys.exit(run(sys.argv[1:]))
"""
"""A computer without what trains."""


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Two episodes of a small policy on a servo twin that is not nominal."""
    folder, bench = tmp_path_factory.mktemp("log"), Bench(hidden="7")
    task = Track(BUNDLE.spec)
    episodes = [PolicyController(BUNDLE, task, plan) for plan in task.plan(Dice(1, 2))]
    for episode in episodes:
        episode.duration = 3.0
    try:
        bench.run(folder, *episodes)
    finally:
        bench.unplug()
    return folder / "run.mcap"


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    return BUNDLE.save(tmp_path_factory.mktemp("policy") / "bundle")


def told(capsys, *words):
    assert run(["replay", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_a_log_alone_is_replayed_each_way_on_a_computer_without_torch(log, tmp_path):
    page = tmp_path / "page.html"
    words = [sys.executable, "-c", ALONE, "replay", str(log), "--out", str(page)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "one step ahead" in done.stdout
    assert "open loop" in done.stdout
    assert "joint angle [mrad]" in done.stdout
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    # It opens from disk: nothing is fetched from anywhere.
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", text)
    assert "<script" not in text


def test_the_policy_that_recorded_it_says_the_same_again(capsys, log, policy, tmp_path):
    said = told(capsys, log, "--policy", policy, "--out", tmp_path / "p.html")
    assert "the observations and actions of all 300 steps come out the same, bit for bit" in said


def test_a_program_reads_the_same_numbers(capsys, log, tmp_path):
    said = told(capsys, log, "--json", "--out", tmp_path / "p.html")
    found = json.loads(said[said.index("{") : said.rindex("}") + 1])
    errors = found["errors"]
    assert list(errors) == ["one step ahead", "0.1 s", "0.25 s", "0.5 s", "1 s", "open loop"]
    angle = [errors[way]["joint_position"]["nominal"][0] for way in errors]
    assert np.all(np.diff(angle[:4]) > 0.0)


def test_what_calibration_found_stands_beside_the_nominal_robot(capsys, tmp_path):
    bench = Bench(hidden="7")
    try:
        bench.run(tmp_path, Script(lambda tick, _: 0.5 * np.sin(0.002 * tick**1.5), duration=6.0))
    finally:
        bench.unplug()
    log, fit = tmp_path / "run.mcap", tmp_path / "fit.json"
    assert run(["calibrate", "servo", str(log), "--out", str(fit)]) == 0
    capsys.readouterr()
    said = told(capsys, log, "--calibrated", fit, "--json", "--out", tmp_path / "p.html")
    errors = json.loads(said[said.index("{") : said.rindex("}") + 1])["errors"]["0.5 s"]
    nominal, fitted = (errors["joint_position"][name][0] for name in ("nominal", "calibrated"))
    assert 2.0 * fitted < nominal


def test_another_policy_than_the_one_that_ran_is_an_answer_of_its_own(capsys, log, tmp_path):
    # Its contract is the same, its weights are not, and this log does not say whose it is.
    other = small_bundle(seed=0)
    actor = {name: 1.5 * value for name, value in other.actor.items()}
    path = type(other)(**{**vars(other), "actor": actor}).save(tmp_path / "other")
    words = ["replay", str(log), "--policy", str(path), "--out", str(tmp_path / "p.html")]
    assert run(words) == 1
    said = capsys.readouterr().out
    assert "300 of 300 actions do not come out as logged" in said
    assert "must not be deployed" in said


def test_what_cannot_be_replayed_is_said_in_a_sentence(capsys, log, policy, tmp_path):
    assert "absent.mcap" in refused(capsys, "replay", tmp_path / "absent.mcap")
    said = refused(capsys, "replay", log, "--calibrated", policy)
    assert "was not adapted to any log" in said
    (tmp_path / "bad.json").write_text("{}")
    said = refused(capsys, "replay", log, "--calibrated", tmp_path / "bad.json")
    assert "not a posterior" in said
    assert "quadruped" in refused(capsys, "replay", log, "--robot", "quadruped")
