"""The floor plan: a room imports only the rooms before it, and each only what it may."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {
    "hardware": {"numpy", "serial", "mcap", "lz4", "pyarrow", "rosbags", "rerun"},
    "envs": {"mujoco", "gymnasium", "stable_baselines3"},
    "policies": {"torch", "sb3_contrib", "matplotlib", "safetensors", "onnx", "ray"},
    "adapt": {"scipy"},
    "launch": {"tyro", "rich", "PIL", "onnxruntime"},
}
ROOMS = list(OURS)
FILES = [str(p.relative_to(ROOT)) for room in ROOMS for p in sorted((ROOT / room).rglob("*.py"))]
LIGHT = ["hardware.run.runner", "envs.tasks"]
LIGHT += ["policies.policy", "policies.bundle", "policies.shipped", "policies.controller"]
LIGHT += ["policies.errors", "policies.provenance", "policies.drift.drift_watch", "adapt.trial"]
LIGHT += ["adapt.probe.probe_head", "launch.importing", "launch.log_exporting"]


@pytest.mark.parametrize("file", FILES)
def test_a_file_imports_only_leftwards_and_stays_small(file):
    left = ROOMS[: ROOMS.index(Path(file).parts[0]) + 1]
    allowed = {f"ashore.{room}" for room in left}.union(*(OURS[room] for room in left))
    allowed &= {"numpy", "ashore.hardware", "ashore.envs"} if "/tasks/" in file else allowed
    text = (ROOT / file).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    assert Path(file).stem not in ("utils", "helpers")
    for node in ast.walk(ast.parse(text)):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        tops = {".".join(n.split(".")[: 1 + n.startswith("ashore.")]) for n in names}
        assert "launch" in left or getattr(node, "id", "") != "print"
        assert tops - sys.stdlib_module_names <= allowed
        assert not isinstance(node, ast.FunctionDef) or node.end_lineno - node.lineno < 60


@pytest.mark.parametrize("module", LIGHT)
def test_a_robot_needs_none_of_the_labs_packages(module):
    heavy = ("torch", "stable_baselines3", "mujoco", "matplotlib", "gymnasium", "scipy", "onnx")
    heavy += ("pyarrow", "rosbags", "rerun")
    code = f"import sys; sys.modules.update(dict.fromkeys({heavy})); import ashore.{module}"
    subprocess.run([sys.executable, "-c", code], check=True)
