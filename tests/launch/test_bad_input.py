"""Bad input: one clear sentence, a non-zero exit, no traceback, and nothing moved."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import SHIPPED, Bench, small_bundle
from refusal import refused

from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.reading import Command, Reading
from ashore.hardware.run.state import Exit
from ashore.launch.cli import run
from ashore.policies.bundle import Bundle

pytestmark = pytest.mark.slow


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A bundle of random weights for the shipped robot."""
    bundle = small_bundle()
    config = {"gamma": 0.95, "gae_lambda": 0.95}
    facts = {"config": config, "figures": {}}
    return replace(bundle, provenance=facts, robot=SHIPPED).save(tmp_path / "policy")


def record(capsys: pytest.CaptureFixture[str], policy: Path, port: object, out: Path) -> str:
    options = ["--policy", policy, "--port", port, "--out", out]
    return refused(capsys, "record", *options)


def test_an_absent_port_is_named(capsys, policy, tmp_path):
    said = record(capsys, policy, "/dev/ttyNONE", tmp_path / "a.mcap")
    assert "/dev/ttyNONE" in said
    assert "No such file" in said
    assert not (tmp_path / "a.mcap").exists()


def test_a_file_is_no_port(capsys, policy, tmp_path):
    (tmp_path / "file").touch()
    assert "not a serial port" in record(capsys, policy, tmp_path / "file", tmp_path / "a.mcap")


def test_a_busy_port_is_named_with_its_holder(capsys, policy, tmp_path, bench: Bench):
    holder = bench.open()
    said = record(capsys, policy, bench.port, tmp_path / "a.mcap")
    assert "busy" in said
    assert "held by" in said
    holder.close()


def test_a_missing_servo_is_named_with_those_that_answer(capsys, policy, tmp_path, benches):
    other = benches(ids=(7,))
    said = record(capsys, policy, other.port, tmp_path / "a.mcap")
    assert "no servo 1 (shoulder)" in said
    assert "answered: 7" in said
    assert other.memory.get("torque_enable") == 0


def test_a_wrong_model_is_refused_and_nothing_is_enabled(capsys, policy, tmp_path, bench: Bench):
    bench.memory.put("model_number", 1020)
    said = record(capsys, policy, bench.port, tmp_path / "a.mcap")
    assert "1020" in said
    assert "1200" in said
    assert bench.memory.get("torque_enable") == 0


def test_a_policy_for_another_robot_is_refused(capsys, policy, tmp_path, bench: Bench):
    folder = tmp_path / "robot"
    folder.mkdir()
    source = Path(__file__).parents[2] / "hardware" / "robots" / "servo"
    (folder / "servo.xml").write_text((source / "servo.xml").read_text())
    text = (source / "spec.toml").read_text()
    (folder / "spec.toml").write_text(text.replace("rate = 50", "rate = 100"))
    options = ["--policy", policy, "--port", bench.port, "--robot", folder]
    said = refused(capsys, "record", *options, "--out", tmp_path / "a.mcap")
    assert "rate 50.0" in said
    assert "100.0" in said
    assert bench.memory.get("torque_enable") == 0


def test_a_pretrained_policy_is_not_deployed(capsys, policy, bench: Bench):
    said = refused(capsys, "deploy", policy, "--port", bench.port)
    assert "no gate has judged it" in said
    assert bench.memory.get("torque_enable") == 0


def test_a_judgement_other_than_improved_is_not_deployed(capsys, policy, tmp_path, bench: Bench):
    verdict = {"answer": "NO_IMPROVEMENT", "why": ["nothing differs"]}
    judged = replace(Bundle.load(policy), verdict=verdict).save(tmp_path / "judged")
    said = refused(capsys, "deploy", judged, "--port", bench.port)
    assert "NO_IMPROVEMENT: nothing differs" in said
    assert bench.memory.get("torque_enable") == 0


def test_no_bundle_is_said(capsys, tmp_path):
    said = refused(capsys, "deploy", tmp_path / "nothing", "--port", "/dev/null")
    assert "is not a bundle" in said


def short_log(path: Path, position: np.ndarray) -> Path:
    """A log of one episode of the given angles, at 50 Hz."""
    bundle = small_bundle()
    header = LogHeader(robot="servo", spec=SHIPPED.to_json(), contract=bundle.contract.to_json())
    with LogWriter(path, header, offline=True) as log:
        plan = np.zeros(7).tolist()
        log.event(0.0, "info", "state", "running", {"task": "track", "plan": plan})
        one = np.ones(1)
        for tick, angle in enumerate(position):
            time = tick / 50
            log.reading(
                Reading(
                    time=time,
                    position=angle * one,
                    velocity=0.0 * one,
                    current=0.0 * one,
                    voltage=6.0 * one,
                    temperature=30.0 * one,
                    age=0.0 * one,
                    fault=np.zeros(1, np.uint8),
                )
            )
            log.command(time, Command(position=0.0 * one))
            signals = {"error": -angle * one}
            log.policy(time, np.zeros(bundle.contract.observation_size), 0.0 * one, signals)
        log.event(len(position) / 50, "info", "state", "limp")
    return path


def adapting(capsys, log: Path, policy: Path, out: Path) -> str:
    return refused(capsys, "adapt", log, "--policy", policy, "--out", out)


def test_an_empty_a_foreign_and_an_absent_log_are_refused(capsys, policy, tmp_path):
    empty, foreign = tmp_path / "empty.mcap", tmp_path / "foreign.mcap"
    empty.touch()
    foreign.write_text("time,position\n0,1\n" * 50)
    for log, word in ((empty, "empty"), (foreign, "MCAP"), (tmp_path / "none.mcap", "No such")):
        said = adapting(capsys, log, policy, tmp_path / "out")
        assert log.name in said
        assert word in said
    assert not (tmp_path / "out").exists()


def test_a_truncated_log_is_used_as_far_as_it_goes_and_says_so(capsys, policy, tmp_path):
    whole = short_log(tmp_path / "whole.mcap", np.sin(np.arange(300) / 20))
    cut = tmp_path / "cut.mcap"
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    log = Log.open(cut)
    assert log.damage
    assert 0 < len(log.readings.time) < 300
    code = run(["adapt", str(cut), "--policy", str(policy), "--out", str(tmp_path / "out")])
    assert code != 0
    said = capsys.readouterr().out
    assert "is damaged" in said
    assert "INSUFFICIENT_DATA" in said


def test_a_log_too_short_is_insufficient_data_and_its_bundle_is_not_deployed(
    capsys, policy, tmp_path
):
    log = short_log(tmp_path / "short.mcap", np.sin(np.arange(100) / 20))
    out = tmp_path / "out"
    assert run(["adapt", str(log), "--policy", str(policy), "--out", str(out)]) == 2
    said = capsys.readouterr().out
    assert "INSUFFICIENT_DATA" in said
    assert "at least 8 s are needed" in said
    assert "INSUFFICIENT_DATA" in refused(capsys, "deploy", out, "--port", "/dev/null")


def test_a_nan_in_a_log_is_named_with_its_joint_and_time(capsys, policy, tmp_path):
    position = np.sin(np.arange(600) / 20)
    position[250] = np.nan
    log = short_log(tmp_path / "nan.mcap", position)
    said = adapting(capsys, log, policy, tmp_path / "out")
    assert "position" in said
    assert "5.0" in said


def test_a_typo_in_a_spec_names_the_nearest_key(capsys, tmp_path):
    source = Path(__file__).parents[2] / "hardware" / "robots" / "servo"
    (tmp_path / "servo.xml").write_text((source / "servo.xml").read_text())
    text = (source / "spec.toml").read_text()
    (tmp_path / "spec.toml").write_text(text.replace("zero_offset", "zero_ofset"))
    said = refused(capsys, "train", tmp_path, "--out", tmp_path / "run")
    assert "joints[0].zero_ofset" in said
    assert "did you mean zero_offset?" in said


def test_an_unknown_robot_lists_those_that_ship(capsys, tmp_path):
    said = refused(capsys, "train", "hexapod", "--out", tmp_path / "run")
    assert "shipped are arm, quadruped, servo" in said


def test_an_unknown_task_lists_those_that_exist(capsys, tmp_path):
    said = refused(capsys, "train", "servo", "--task", "juggle", "--out", tmp_path / "run")
    assert "track, swing_up" in said


def test_a_command_line_that_fails_prints_no_traceback(tmp_path):
    command = [sys.executable, "-m", "ashore.launch.cli", "deploy", str(tmp_path), "--port", "x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == Exit.BAD_INPUT
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ("[mass]\nset = [-1.0, 1.0]", "term mass =U(-1, 1) gives -1 to 1 x nominal; physical is"),
        ("[inertia]\nscale = [0.0, 1.0]", "term inertia *U(0, 1) gives 0 to 1 x nominal"),
        ("[colour]\nset = [0.0, 1.0]", "no parameter 'colour'; there are: armature, "),
        ('[mass]\nset = [1.0, 1.1]\non = "leg"', "no element 'leg' of parameter 'mass'; there"),
        ('[strength]\nset = [1.0, 1.1]\non = "knee"', "there are: front_left_abduction, "),
    ],
)
def test_ranges_that_cannot_be_are_refused_by_their_terms_name(capsys, tmp_path, ranges, said):
    (tmp_path / "ranges.toml").write_text(ranges)
    asked = ("train", "quadruped", "--ranges", tmp_path / "ranges.toml", "--out", tmp_path / "run")
    assert said in refused(capsys, *asked)
    assert not (tmp_path / "run").exists()


def test_a_reader_that_is_gone_gets_no_traceback():
    command = [sys.executable, "-m", "ashore.launch.cli", "--version"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode != 0
    assert said == b""
