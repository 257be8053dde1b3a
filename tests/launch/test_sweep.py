"""Sweeps: which trials there are, what is told of them, and one that is really run."""

import json
from pathlib import Path

import numpy as np
import pytest
from refusal import refused
from scipy.stats import ttest_1samp

from ashore.envs.randomize.randomization import Randomization
from ashore.launch.cli import run
from ashore.launch.many_commands import from_anywhere
from ashore.launch.sweep.adapt_trials import AdaptTrials
from ashore.launch.sweep.sweep_page import sweep_page
from ashore.launch.sweep.sweep_table import columns_of, found_of
from ashore.launch.sweep.sweeping import text
from ashore.launch.sweep.train_trials import TrainTrials
from ashore.launch.sweep_request import AdaptSweepRequest, TrainSweepRequest


def trainings(**asked):
    return TrainTrials(TrainSweepRequest(robot="servo", out=Path("nowhere"), **asked))


def test_every_setting_is_trained_with_every_seed(tmp_path):
    kind = trainings(seeds=2, widen=(0.5, 1.0), memory=("none", "history"), steps=1000)
    trials = kind.trials(tmp_path)
    assert [trial.name for trial in trials] == [
        f"{width}-{memory}-seed{seed}"
        for width in ("x0.5", "x1")
        for memory in ("none", "history")
        for seed in (0, 1)
    ]
    assert trials[-1].title == "ranges x1, memory history"
    words = " ".join(trials[0].words)
    assert words.startswith("train servo --steps 1000 --ranges")
    assert words.endswith("x0.5.toml --memory none --seed 0")
    kind.prepare(tmp_path)
    half = Randomization.read(tmp_path / "ranges" / "x0.5.toml")
    assert half.names == Randomization.load("servo").names
    assert Randomization.read(tmp_path / "ranges" / "x1.toml") == Randomization.load("servo")


def test_without_factors_only_seeds_differ(tmp_path):
    kind = trainings(seeds=3)
    trials = kind.trials(tmp_path)
    assert [trial.name for trial in trials] == ["seed0", "seed1", "seed2"]
    assert trials[0].words == ("train", "servo", "--seed", "0")
    assert trials[0].title == "as is"


def test_a_folder_is_named_as_every_worker_sees_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("rover", "servo"):
        (tmp_path / name).mkdir()
    assert from_anywhere("rover") == str(tmp_path / "rover")
    assert from_anywhere("quadruped") == "quadruped"
    # A robot that ships is meant before a folder of its name.
    assert trainings(seeds=1).trials(tmp_path)[0].words[:2] == ("train", "servo")


def test_adaptations_differ_in_rung_and_steps(tmp_path):
    log = tmp_path / "a.mcap"
    log.touch()
    asked = AdaptSweepRequest(
        logs=(log,), policy="quadruped", out=tmp_path, rungs=("head", "all"), steps=(500,), seeds=1
    )
    trials = AdaptTrials(asked).trials(tmp_path)
    assert [trial.name for trial in trials] == ["head-500-seed0", "all-500-seed0"]
    wanted = ("adapt", str(log), "--policy", "quadruped", "--no-watch")
    assert trials[1].words == (*wanted, "--rung", "all", "--steps", "500", "--seed", "0")


def found(values):
    kind = trainings(seeds=len(values), memory=("none", "encoder"))
    trials = kind.trials(Path("nowhere"))
    figures = {}
    for trial in trials:
        factor = 1.0 if trial.setting["memory"] == "none" else 2.0
        figures[trial.name] = {"reward in own": factor * values[trial.seed]}
    return trials, figures


def test_intervals_over_seeds_are_students():
    values = [0.7, 0.9, 0.8, 0.75]
    none, encoder = found_of(*found(values))
    interval = none.means["reward in own"]
    theirs = ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high))
    assert interval.mean == pytest.approx(np.mean(values))
    assert encoder.means["reward in own"].mean == pytest.approx(2 * np.mean(values))


def test_a_column_that_is_nothing_throughout_is_left_out():
    trials, figures = found([0.7, 0.9])
    for number, figure in enumerate(figures.values()):
        figure |= {"failed in own": 0.0, "failed in wide": 0.0 if number else 0.25}
    assert columns_of(found_of(trials, figures)) == ["reward in own", "failed in wide"]


def test_a_trial_that_failed_is_left_out_and_one_seed_has_no_interval():
    trials, figures = found([0.7, 0.9])
    for name in ("none-seed0", "encoder-seed0", "encoder-seed1"):
        del figures[name]
    (only,) = found_of(trials, figures)
    assert only.title == "memory none"
    assert only.cell("reward in own") == "0.900"
    assert only.cell("unheard of") == ""


def test_the_table_and_the_page_tell_each_setting(tmp_path):
    settings = found_of(*found([0.7, 0.9]))
    head, *rows = text(settings).splitlines()
    assert head.split() == ["setting", "reward", "in", "own"]
    assert rows[0].startswith("memory none     0.800 [-0.471, 2.071]")
    curves = {"memory none": [[(0, 0.1), (100, 0.5)], [(10, 0.2), (90, 0.4)]], "memory encoder": []}
    page = sweep_page("Trainings", "What columns say.", settings, curves, {"x<y": "no & no"})
    assert columns_of(settings) == ["reward in own"]
    assert page.count("<svg") == 2
    assert "0.800 [-0.471, 2.071]" in page
    assert "x&lt;y" in page
    assert "no &amp; no" in page


@pytest.mark.slow
def test_a_sweep_is_run_and_goes_on_where_it_was_stopped(tmp_path, capsys):
    out = tmp_path / "sweep"
    words = ["sweep", "train", "servo", "--seeds", "1", "--widen", "0.5", "1", "--steps", "20000"]
    words += ["--out", str(out)]
    assert run(words) == 0
    said = capsys.readouterr().out
    assert "2 to do, 2 at a time" in said
    assert "[2/2]" in said
    told = json.loads((out / "sweep.json").read_text())
    assert [each["setting"] for each in told["settings"]] == [{"ranges": "x0.5"}, {"ranges": "x1"}]
    for setting in told["settings"]:
        assert {"reward in x0.5", "reward in x1", "minutes"} <= setting["means"].keys()
    assert "<svg" in (out / "index.html").read_text()
    # Robots of narrower ranges are easier for the same policy.
    rewards = [trial["figures"] for trial in told["trials"]]
    assert all(each["reward in x0.5"] > each["reward in x1"] for each in rewards)
    # What is whole is not run again; what is missing is, and is what it was.
    gone = out / "trials" / "x1-seed0"
    before = (gone / "bundle" / "weights.safetensors").read_bytes()
    for path in sorted((gone / "bundle").rglob("*"), reverse=True):
        path.unlink()
    (gone / "bundle").rmdir()
    assert run(words) == 0
    assert "1 to do, 1 at a time" in capsys.readouterr().out
    assert (gone / "bundle" / "weights.safetensors").read_bytes() == before
    other = refused(capsys, *words[:-2], "--algorithm", "sac", "--out", out)
    assert "holds a sweep that was asked for in another way" in other


@pytest.mark.slow
def test_a_trial_that_fails_says_why_and_the_others_stand(tmp_path, capsys):
    out = tmp_path / "sweep"
    taken = out / "trials" / "seed1"
    taken.mkdir(parents=True)
    (taken / "run.json").write_text("{}")
    words = ["sweep", "train", "servo", "--seeds", "2", "--steps", "20000", "--out", str(out)]
    assert run(words) == 1
    assert "seed1 holds a training of another robot" in capsys.readouterr().out
    well, ill = json.loads((out / "sweep.json").read_text())["trials"]
    assert (well["failed"], ill["figures"]) == (None, None)
    assert well["figures"]["reward in own"] > 0.2
    assert "holds a training of another robot" in ill["failed"]
    assert "holds a training of another robot" in (out / "index.html").read_text()


def test_impossible_sweeps_are_refused(capsys, tmp_path):
    out = ("--out", tmp_path / "sweep")
    said = refused(capsys, "sweep", "train", "servo", "--seeds", "0", *out)
    assert "0 seeds were asked for; at least 1 is needed" in said
    said = refused(capsys, "sweep", "train", "servo", "--workers", "0", *out)
    assert "0 workers were asked for; at least 1 is needed" in said
    said = refused(capsys, "sweep", "train", "nobody", *out)
    assert not (tmp_path / "sweep").exists()
    assert "nobody" in said
    bad = tmp_path / "bad.toml"
    bad.write_text("[mass]\nscale = [0.5, 900.0]\n")
    said = refused(capsys, "sweep", "train", "servo", "--ranges", bad, *out)
    assert "term mass *U(0.5, 900) gives" in said
    taken = tmp_path / "x0.5.toml"
    taken.write_text("[mass]\nscale = [0.9, 1.1]\n")
    said = refused(capsys, "sweep", "train", "servo", "--ranges", taken, "--widen", "0.5", *out)
    assert "a file and a width of ranges are called x0.5" in said
    said = refused(capsys, "sweep", "adapt", "--policy", "quadruped", *out)
    assert "no log was given" in said
