"""The report of all benchmarks: what is in it, what fell, and what is run again."""

import json
from dataclasses import replace

import pytest
from refusal import refused

from ashore.adapt.errors import AdaptError
from ashore.launch.bench.figure import row
from ashore.launch.bench.page.aims import AIMS
from ashore.launch.bench.page.bench_page import bench_page
from ashore.launch.bench.page.bench_report import BenchReport, BenchResult
from ashore.launch.bench.page.comparing import changes, regressions
from ashore.launch.bench.page.run_all import _begun, run_all


def report(short=False, commit="abc1234", error="", **ratios):
    rows = tuple(row(name, 2.0, "per s", "a <peer>", 1.0, ratio) for name, ratio in ratios.items())
    result = BenchResult(
        command="ashore bench bus --json",
        created="2026-11-27T12:00:00Z",
        seconds=61.0,
        rows=() if error else rows,
        error=error,
    )
    return BenchReport(
        short=short,
        machine={"processor": "one", "cores": "2"},
        versions={"ashore": "0.1.0", "commit": commit},
        results={"bus": result},
    )


def test_a_report_comes_back_as_it_was_saved(tmp_path):
    told = report(cycles_vs_sdk=1.25)
    told.save(tmp_path / "figures.json")
    assert BenchReport.load(tmp_path / "figures.json") == told


def test_this_machine_is_told():
    here = BenchReport.here(short=True)
    assert set(here.machine) == {"processor", "cores", "memory", "kernel"}
    assert all(here.machine.values())
    assert {"commit", "python", "mujoco"} <= set(here.versions)


def test_a_ratio_that_fell_by_more_than_15_percent_is_a_regression():
    before = report(a=1.0, b=1.0, c=1.0, gone=1.0, never=None)
    # 0.86 is 14 % less, 0.84 is 16 % less; what has no peer now is not compared.
    now = report(a=0.86, b=0.84, c=3.0, new=1.0, never=None)
    assert changes(now, before) == pytest.approx({"a": -0.14, "b": -0.16, "c": 2.0})
    assert regressions(now, before) == pytest.approx({"b": -0.16})
    assert regressions(now, None) == {}
    assert regressions(replace(now, short=True), before) == {}


@pytest.mark.parametrize(
    ("name", "value", "ratio", "met"),
    [
        ("cycles_vs_wire_3M", 1.0, 0.95, True),
        ("cycles_vs_wire_3M", 1.0, 0.944, False),
        ("cycles_vs_wire_3M", 1.0, None, False),
        ("nominal_loss", 0.03, None, True),
        ("nominal_loss", 0.031, None, False),
    ],
)
def test_an_aim_is_a_bound_of_the_ratio_or_the_value(name, value, ratio, met):
    assert AIMS[name].met(row(name, value, "", None, None, ratio)) == met


def test_the_page_shows_each_figure_with_its_command_aim_and_change():
    before, now = report(cycles_vs_wire_3M=1.2, odd=1.0), report(cycles_vs_wire_3M=0.9, odd=1.1)
    page = bench_page(now, before, {"bus": {"cycles": "a & b"}})
    for part in ("ashore bench bus --json", "ratio ≥ 0.95", "-25%", "+10%", "a &amp; b"):
        assert part in page
    assert "0 of 1 aims met" in page
    assert "missed: cycles_vs_wire_3M" in page
    assert "fell by more than 15%: cycles_vs_wire_3M by 25%" in page
    assert "a &lt;peer&gt;" in page
    for reach in ("src=", 'href="http', "url(http", "@import"):
        assert reach not in page
    failed = bench_page(report(error="it <fell>"), None, {})
    assert "failed: bus" in failed
    assert "it &lt;fell&gt;" in failed


def test_figures_of_another_commit_machine_or_length_are_measured_again(tmp_path):
    path, here = tmp_path / "figures.json", report(a=1.0)
    fresh = replace(here, results={})
    assert _begun(path, fresh) == fresh
    here.save(path)
    assert _begun(path, fresh) == here
    for changed in (
        replace(fresh, short=True),
        replace(fresh, machine={"processor": "two", "cores": "2"}),
        replace(fresh, versions={"ashore": "0.1.0", "commit": "def5678"}),
    ):
        assert _begun(path, changed) == changed
    # Nobody knows what a changed checkout was.
    dirty = report(commit="abc1234-dirty", a=1.0)
    dirty.save(path)
    assert _begun(path, replace(dirty, results={})).results == {}
    path.write_text("{")
    assert _begun(path, fresh) == fresh


def test_figures_to_compare_with_must_be_figures(tmp_path, capsys):
    (tmp_path / "other.json").write_text('{"rows": []}')
    for name, words in (("absent.json", "No such file"), ("other.json", "holds no figures")):
        with pytest.raises(AdaptError, match=words):
            BenchReport.load(tmp_path / name)
        assert words in refused(capsys, "bench", "all", "--against", tmp_path / name)
    assert "there are: envs, train" in refused(capsys, "bench", "speed")


@pytest.mark.slow
def test_a_benchmark_that_fails_does_not_keep_the_others_from_their_page(tmp_path, capsys):
    out, nowhere = tmp_path / "out", tmp_path / "nowhere"
    found = run_all(["nonesuch", "logs"], True, nowhere, out, None, {})
    assert list(found.results) == ["nonesuch", "logs"]
    assert "code 1" in found.results["nonesuch"].error
    assert {"write_vs_mcap", "read_vs_mcap"} <= {row["name"] for row in found.rows}
    assert json.loads((out / "figures.json").read_text())["short"] is True
    assert "write_<wbr>vs_<wbr>mcap" in (out / "index.html").read_text()
    told = capsys.readouterr()
    assert "[2/2] logs" in told.out
    assert "the benchmark nonesuch failed" in told.err
