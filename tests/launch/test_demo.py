"""The whole loop, shortened but real: train, twin, record, adapt, gate, deploy, report."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ashore.adapt.measured import measured_episodes
from ashore.envs.tasks.track import Track
from ashore.hardware.logs.log import Log
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle
from ashore.policies.onnx_model import ONNX, onnx_model

pytestmark = pytest.mark.slow


def demo(hidden: str, out: Path) -> str:
    """What the demo says; it must end well."""
    command = [sys.executable, "-m", "ashore.launch.cli", "demo", "servo", "--short"]
    command += ["--hidden", hidden, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_twin_out_of_range_is_improved_and_the_gain_is_measured_through_its_wire(tmp_path):
    said = demo("1", tmp_path / "demo")
    assert "verdict: IMPROVED" in said
    folder = tmp_path / "demo"
    log = Log.open(folder / "record.mcap")
    assert log.damage is None
    assert log.readings.time[-1] - log.readings.time[0] <= 60.0
    task = Track(RobotSpec.load("servo"))
    rewards = [
        np.array([e.reward for e in measured_episodes(Log.open(folder / name), task)])
        for name in ("before.mcap", "after.mcap")
    ]
    change = rewards[1] - rewards[0]
    # The mean gain stands out of its own standard error, on episodes with the same commands.
    assert change.mean() > 3.0 * change.std() / np.sqrt(len(change)) > 0.0
    adapted = Bundle.load(folder / "adapted")
    verdict = adapted.verdict
    assert verdict["answer"] == "IMPROVED"
    assert adapted.attachments[ONNX] == onnx_model(adapted)
    assert verdict["closed_loop"]["low"] > 0.0
    report = (folder / "report.html").read_text()
    for part in ("measured", "calibrated simulator", "through the wire", "IMPROVED"):
        assert part in report
    for reach in ("src=", 'href="http', "url(http", "@import"):
        assert reach not in report
    assert (folder / "loop.png").stat().st_size > 10_000


def test_a_nominal_twin_finds_no_improvement_and_deploy_refuses(tmp_path):
    said = demo("none", tmp_path / "demo")
    assert "verdict: NO_IMPROVEMENT" in said
    assert "refused: " in said
    folder = tmp_path / "demo"
    assert json.loads((folder / "adapted" / "verdict.json").read_text())["answer"] != "IMPROVED"
    assert not (folder / "after.mcap").exists()
    command = [sys.executable, "-m", "ashore.launch.cli", "deploy", str(folder / "adapted")]
    done = subprocess.run(
        [*command, "--port", "/dev/null"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "NO_IMPROVEMENT" in done.stderr
