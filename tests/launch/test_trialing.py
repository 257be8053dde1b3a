"""`ashore trial` on a twin through its wire: the better policy is accepted, the others are not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import SPEC, Bench, small_bundle
from refusal import refused

from ashore.adapt.trial import record_of
from ashore.envs.tasks.track import Track
from ashore.hardware.logs.log import Log
from ashore.hardware.run.state import Exit
from ashore.launch.cli import run
from ashore.policies.bundle import Bundle

pytestmark = pytest.mark.slow

TASK = Track(SPEC)
IMPROVED = {"answer": "IMPROVED", "why": ["better in simulation"]}


def leading(gain: float, lean: float = 0.0) -> Bundle:
    """A policy that leads the target by `gain` times its error, and leans to a side."""
    contract = TASK.contract(SPEC)
    rows = [term.signal for term in contract.terms for _ in range(term.history)]
    trunk = np.zeros((2, contract.observation_size), np.float32)
    trunk[:, rows.index("error")] = (0.01, -0.01)
    actor = {
        "trunk.0.weight": trunk,
        "trunk.0.bias": np.zeros(2, np.float32),
        "head.weight": np.array([[50.0 * gain, -50.0 * gain]], np.float32),
        "head.bias": np.full(1, lean, np.float32),
    }
    return replace(small_bundle(), robot=SPEC, contract=contract, actor=actor)


def bundles(folder: Path, base: Bundle, candidate: Bundle) -> tuple[Path, Path]:
    tried = replace(candidate, verdict=IMPROVED).save(folder / "candidate")
    return base.save(folder / "base"), tried


def trying(bench: Bench, base: Path, candidate: Path, *more: object) -> int:
    words = ["trial", candidate, "--base", base, "--port", bench.port, "--clock", "lockstep"]
    words += ["--seconds", 1.5, "--no-supervise", "--out", candidate.parent / "logs", *more]
    return run([str(word) for word in words])


def states(log: Path) -> list[str]:
    marks = [event for event in Log.open(log).events if event.kind == "state"]
    return [mark.data["policy"] for mark in marks if mark.text == "running"]


def test_a_better_policy_is_accepted_and_its_bundle_says_so(benches, tmp_path, capsys):
    bench = benches(hidden="5")
    base, candidate = bundles(tmp_path, leading(0.0), leading(0.6))
    assert trying(bench, base, candidate) == Exit.ENDED
    kept = Bundle.load(candidate)
    record = record_of(kept)
    assert record["outcome"] == "ACCEPTED"
    assert kept.verdict == IMPROVED
    assert record["interval"]["low"] > 0.0
    assert len(record["pairs"]) < 16
    said = capsys.readouterr().out
    assert "trial: ACCEPTED" in said
    assert f"deploy it: ashore deploy {candidate}" in said
    # Base, candidate, candidate, base: one log a pair, under the same commands.
    ours, theirs = Bundle.load(base).digest, kept.digest
    logs = sorted((tmp_path / "logs").glob("pair-*.mcap"))
    assert [states(log) for log in logs[:2]] == [[ours, theirs], [theirs, ours]]
    assert bench.memory.get("torque_enable") == 0


def test_a_spoiled_policy_is_rolled_back_and_deployed_no_more(bench, tmp_path, capsys):
    base, candidate = bundles(tmp_path, leading(0.0), leading(0.0, lean=0.4))
    assert trying(bench, base, candidate) == Exit.ENDED
    record = record_of(Bundle.load(candidate))
    assert record["outcome"] == "ROLLED_BACK"
    said = capsys.readouterr().out
    assert f"nothing is deployed: keep {base}" in said
    for command in (("deploy", candidate), ("trial", candidate, "--base", base)):
        assert "rolled back" in refused(capsys, *command, "--port", bench.port)
    assert bench.memory.get("torque_enable") == 0


@pytest.mark.parametrize(("wild", "outcome"), [("candidate", "ROLLED_BACK"), ("base", None)])
def test_a_fault_under_the_candidate_is_its_defeat_and_under_the_base_no_answer(
    benches: Callable[..., Bench], tmp_path: Path, capsys, wild: str, outcome: str | None
) -> None:
    # Tracking keeps below 4 rad/s; a goal that is 2 rad away is gone to at more than 5.
    spec = replace(SPEC, safety=replace(SPEC.safety, velocity_limit=4.5))
    bench = benches(spec=spec)
    calm, rash = (replace(leading(0.0, lean), robot=spec) for lean in (0.0, 1.0))
    pair = (calm, rash) if wild == "candidate" else (rash, calm)
    base, candidate = bundles(tmp_path, *pair)
    assert trying(bench, base, candidate) == Exit.FAULT
    record = record_of(Bundle.load(candidate))
    said = capsys.readouterr().out
    if outcome is None:
        assert record is None
        assert "too fast; the trial has no answer yet, and the candidate is as it was" in said
    else:
        assert record["outcome"] == outcome
        assert "stopped by a fault under the candidate" in record["why"]
    assert bench.memory.get("torque_enable") == 0


def test_a_trial_that_was_stopped_goes_on_with_the_pairs_that_are_whole(
    benches, tmp_path, capsys
):
    bench = benches(hidden="5")
    base, candidate = bundles(tmp_path, leading(0.0), leading(0.6))
    assert trying(bench, base, candidate) == Exit.ENDED
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  pair")]
    logs = sorted((tmp_path / "logs").glob("pair-*.mcap"))
    # As if it had been stopped in the last pair, in the middle of its log.
    replace(leading(0.6), verdict=IMPROVED).save(candidate)
    whole = logs[-1].read_bytes()
    logs[-1].write_bytes(whole[: len(whole) // 2])
    before = [log.read_bytes() for log in logs[:-1]]
    assert trying(bench, base, candidate) == Exit.ENDED
    again = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  pair")]
    assert again[: len(logs) - 1] == said[: len(logs) - 1]
    assert [log.read_bytes() for log in logs[:-1]] == before
    assert logs[-1].with_suffix(".stopped-1.mcap").exists()
    assert record_of(Bundle.load(candidate))["outcome"] == "ACCEPTED"


def test_the_folder_of_another_trial_is_left_alone(bench, tmp_path, capsys):
    base, candidate = bundles(tmp_path, leading(0.0), leading(0.0, lean=0.4))
    assert trying(bench, base, candidate) == Exit.ENDED
    replace(leading(0.0, lean=0.4), verdict=IMPROVED).save(candidate)
    kept = {log: log.read_bytes() for log in (tmp_path / "logs").iterdir()}
    words = ["trial", candidate, "--base", base, "--port", bench.port, "--clock", "lockstep"]
    words += ["--seconds", 1.5, "--no-supervise", "--out", tmp_path / "logs", "--seed", 9]
    assert "is of another trial" in refused(capsys, *words)
    assert {log: log.read_bytes() for log in (tmp_path / "logs").iterdir()} == kept


def test_only_an_improved_candidate_that_differs_from_its_base_is_tried(bench, tmp_path, capsys):
    base, candidate = bundles(tmp_path, leading(0.0), leading(0.3))
    port = ("--port", bench.port)
    said = refused(capsys, "trial", base, "--base", base, *port)
    assert "no gate has judged it" in said
    said = refused(capsys, "trial", candidate, "--base", candidate, *port)
    assert "the same policy" in said
    said = refused(capsys, "trial", candidate, "--base", base, *port, "--seconds", 0.1)
    assert "too short to measure a reward" in said
    said = refused(capsys, "trial", candidate, "--base", base, *port, "--pairs", 7)
    assert "a trial of 7 pairs" in said
    worse = replace(Bundle.load(candidate), verdict={"answer": "REGRESSED", "why": ["it falls"]})
    said = refused(capsys, "trial", worse.save(tmp_path / "worse"), "--base", base, *port)
    assert "judged REGRESSED: it falls" in said
    said = refused(capsys, "trial", candidate, "--base", "arm", *port)
    assert "the policy was made for robot 'arm'" in said
    assert bench.memory.get("torque_enable") == 0
    assert record_of(Bundle.load(candidate)) is None
