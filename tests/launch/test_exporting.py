"""Laws of `ashore export`: a file that was tried, or one sentence and no file."""

import sys
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
from bench import SHIPPED, small_bundle
from refusal import refused

from ashore.launch import exporting
from ashore.launch.cli import run
from ashore.launch.exporting import TOLERANCE, deviation
from ashore.policies.onnx_model import onnx_model


@pytest.fixture
def policy(tmp_path):
    return replace(small_bundle(), robot=SHIPPED).save(tmp_path / "policy")


def test_a_file_is_written_with_what_goes_in_and_comes_out(capsys, policy, tmp_path):
    out = tmp_path / "new" / "policy.onnx"
    assert run(["export", str(policy), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "acts as the bundle does, within" in said
    assert "input error: float32 (batch, 3, 1), newest tick first" in said
    assert "output action: float32 (batch, 1)" in said
    assert "output goal: float32 (batch, 1)" in said
    session = onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"])
    assert [each.name for each in session.get_outputs()] == ["action", "goal"]
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_where_it_cannot_be_tried_that_is_said(capsys, policy, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert run(["export", str(policy), "--out", str(tmp_path / "a.onnx")]) == 0
    assert "not tried: pip install onnxruntime" in capsys.readouterr().out
    assert (tmp_path / "a.onnx").exists()


def test_a_file_that_acts_differently_is_not_written(capsys, policy, tmp_path, monkeypatch):
    def other(bundle):
        actor = {name: 1.001 * value for name, value in bundle.actor.items()}
        return onnx_model(replace(bundle, actor={k: v.astype("f4") for k, v in actor.items()}))

    monkeypatch.setattr(exporting, "onnx_model", other)
    said = refused(capsys, "export", policy, "--out", tmp_path / "a.onnx")
    assert "the ONNX model's actions differ from the bundle's by" in said
    assert not (tmp_path / "a.onnx").exists()


def test_the_trial_sees_the_smallest_difference_that_counts():
    bundle = small_bundle()
    assert deviation(onnx_model(bundle), bundle) < TOLERANCE
    bias = {"head.bias": bundle.actor["head.bias"] + np.float32(2.0 * TOLERANCE)}
    other = replace(bundle, actor={**bundle.actor, **bias})
    assert deviation(onnx_model(other), bundle) > TOLERANCE


def test_bad_input_is_one_sentence(capsys, policy, tmp_path):
    (tmp_path / "file").touch()
    places = (tmp_path, "directory"), (tmp_path / "file" / "a", "File exists"), ("/", "/")
    for out, said in places:
        assert said in refused(capsys, "export", policy, "--out", out)
    assert "is not a bundle" in refused(capsys, "export", tmp_path, "--out", tmp_path / "a")
    assert (tmp_path / "file").read_bytes() == b""


@pytest.mark.parametrize(
    "command",
    [
        ("record", "--policy", "hexapod", "--port", "x"),
        ("deploy", "hexapod", "--port", "x"),
        ("adapt", "a.mcap", "--policy", "hexapod", "--out", "out"),
        ("export", "hexapod", "--out", "out.onnx"),
    ],
)
def test_every_command_that_takes_a_bundle_takes_a_name(capsys, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    assert "hexapod is not a bundle: there is no such folder, and" in refused(capsys, *command)
    assert not list(tmp_path.iterdir())
