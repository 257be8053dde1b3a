"""`ashore train` on Gymnasium's environments, and what its policies are refused."""

import pytest
from refusal import refused

from ashore.envs.randomize.randomization import Randomization
from ashore.launch.cli import run
from ashore.policies.bundle import Bundle
from ashore.policies.gymnasium_robot import GymnasiumRobot

pytestmark = pytest.mark.slow

RANGES = """
[mass]
scale = [0.8, 1.2]
[weak]
parameter = "strength"
set = [0.9, 1.0]
each = "robot"
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of the command, as short as can be."""
    folder = tmp_path_factory.mktemp("gymnasium")
    (folder / "ranges.toml").write_text(RANGES)
    asked = ["train", "InvertedPendulum-v5", "--steps", "2000", "--out", str(folder / "run")]
    assert run([*asked, "--ranges", str(folder / "ranges.toml")]) == 0
    return folder


def test_the_same_command_trains_an_environment_with_a_files_ranges(trained):
    bundle = Bundle.load(trained / "run" / "bundle")
    assert bundle.robot == GymnasiumRobot(name="InvertedPendulum-v5")
    assert bundle.provenance["figures"]["target"] == pytest.approx(0.95)
    assert Randomization.read(trained / "ranges.toml").to_json() == bundle.randomization


def test_such_a_policy_is_neither_recorded_nor_deployed_nor_adapted(trained, capsys, tmp_path):
    bundle, log = trained / "run" / "bundle", tmp_path / "a.mcap"
    port = ("--port", "/dev/ttyNONE")
    for said in (
        refused(capsys, "deploy", bundle, *port),
        refused(capsys, "record", "--policy", bundle, *port),
    ):
        assert "is for Gymnasium's InvertedPendulum-v5, which exists in simulation only" in said
    said = refused(capsys, "record", "--policy", bundle, *port, "--robot", "servo", "--out", log)
    assert "made for robot 'InvertedPendulum-v5' and this robot has 'servo'" in said
    assert not log.exists()


def test_an_environment_that_is_not_there_is_refused(capsys, tmp_path):
    out = ("--out", tmp_path / "run")
    said = refused(capsys, "train", "Hoper-v5", *out)
    assert "no Gymnasium environment 'Hoper-v5'" in said
    assert "Hopper" in said
    said = refused(capsys, "train", "nowhere_at_all:Mine-v0", *out)
    assert "needs what cannot be imported here" in said
    assert "nowhere_at_all" in said
    said = refused(capsys, "train", "CartPole-v1", *out)
    assert "not one of Gymnasium's MuJoCo environments" in said
    said = refused(capsys, "train", "Hopper-v5", "--task", "walk", *out)
    assert "leave out --task" in said
    assert not (tmp_path / "run").exists()


def test_a_folder_is_a_robot_even_if_its_name_reads_as_an_id(capsys, tmp_path):
    folder = tmp_path / "walker-v2"
    folder.mkdir()
    assert "folder that holds spec.toml" in refused(capsys, "train", folder)


def test_ranges_that_cannot_be_are_refused_with_their_file(capsys, tmp_path):
    path, out = tmp_path / "mine.toml", ("--out", tmp_path / "run")
    asked = ("train", "Hopper-v5", "--ranges", path, *out)
    assert "mine.toml cannot be read" in refused(capsys, *asked)
    for text, told in (
        ("[mass", "mine.toml cannot be read"),
        ("[mass]\nscale = [2, 1]", "mine.toml: term mass: low 2.0 is above high 1.0"),
        ("[muss]\nscale = [1, 2]", "no parameter 'muss'; there are: "),
        ("[mass]\nset = [-1, 1]", "term mass .* gives -1 to 1 x nominal"),
    ):
        path.write_text(text)
        said = refused(capsys, *asked)
        assert told.split(" .* ")[0] in said
        assert told.split(" .* ")[-1] in said
