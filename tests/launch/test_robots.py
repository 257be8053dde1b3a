"""`ashore robot new` and `ashore robot check` from the command line."""

from pathlib import Path

import pytest
from refusal import refused

from ashore.launch.cli import run

PUPPER = Path(__file__).resolve().parents[3] / "shared" / "data" / "pupper" / "pupper_v2a.urdf"

ARM = """
<mujoco><compiler angle="radian"/><worldbody><body>
  <joint name="elbow" axis="0 1 0" range="-1 1" armature="0.01"/>
  <geom type="capsule" fromto="0 0 0 0 0 -0.2" size="0.02" mass="0.3"/>
</body></worldbody>
<actuator><position joint="elbow" kp="20" kv="1" forcerange="-3 3"/></actuator></mujoco>
"""


@pytest.fixture
def arm(tmp_path: Path) -> Path:
    path = tmp_path / "arm.xml"
    path.write_text(ARM)
    return path


def test_new_makes_a_folder_that_check_lets_pass_with_its_guesses(capsys, arm, tmp_path):
    out = tmp_path / "made"
    assert run(["robot", "new", "arm", "--from-file", str(arm), "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "arm.xml",
        "randomization.toml",
        "spec.toml",
    ]
    said = capsys.readouterr().out
    assert "1 actuators were taken out" in said
    assert f"next: ashore robot check {out}" in said
    # Suspicious alone is no failure.
    assert run(["robot", "check", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.split()[0] in ("suspicious", "fine") for line in lines[:-1])
    assert "0 missing" in lines[-1]


def test_check_fails_when_something_is_missing(capsys, arm, tmp_path):
    out = tmp_path / "made"
    run(["robot", "new", "arm", "--from-file", str(arm), "--out", str(out)])
    spec = out / "spec.toml"
    spec.write_text(spec.read_text().replace('servo = "pd"', 'servo = "warp9"'))
    capsys.readouterr()
    assert run(["robot", "check", str(out)]) == 1
    assert capsys.readouterr().out.splitlines()[0].startswith("missing     servos")


def test_files_that_are_no_robots_and_folders_that_exist_are_refused(capsys, arm, tmp_path):
    def new(file, out):
        return refused(capsys, "robot", "new", "arm", "--from-file", file, "--out", out)

    assert "No such file" in new(tmp_path / "none.urdf", tmp_path / "a")
    (tmp_path / "page.html").write_text("<html></html>")
    assert "neither a URDF" in new(tmp_path / "page.html", tmp_path / "a")
    assert not (tmp_path / "a").exists()
    (tmp_path / "b").mkdir()
    assert "exists" in new(arm, tmp_path / "b")
    assert "no robot" in refused(capsys, "robot", "check", tmp_path / "b")


def test_a_group_lists_its_commands_and_the_top_lists_them_all(capsys):
    for arguments, words in (
        (["robot", "--help"], ["new", "check"]),
        (["robot"], ["new", "check"]),
        ([], ["train", "robot new", "robot check"]),
        (["robot", "new", "--help"], ["--from-file", "--out", "--fixed"]),
    ):
        with pytest.raises(SystemExit) as ended:
            run(arguments)
        assert ended.value.code == 0
        said = capsys.readouterr().out
        assert all(word in said for word in words)


@pytest.mark.skipif(not PUPPER.is_file(), reason="no Pupper beside here")
def test_the_pupper_is_drafted_without_its_meshes_and_checked(capsys, tmp_path):
    out = tmp_path / "pupper"
    assert run(["robot", "new", "pupper", "--from-file", str(PUPPER), "--out", str(out)]) == 0
    assert "'meshes/Cube.003.obj' is absent" in capsys.readouterr().out
    assert run(["robot", "check", str(out)]) == 0
    said = capsys.readouterr().out
    assert "fine        mirror" in said
    assert "6 left and right pairs agree" in said
    # The URDF's efforts are 0.
    assert "nothing limits" not in said
    assert "torque_limit of leftFrontLegMotor" in said
