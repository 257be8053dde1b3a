"""`ashore excite` and the stand: what is refused, what is recorded, and what is read from it."""

from types import SimpleNamespace

import numpy as np
import pytest
from refusal import refused

from ashore.adapt.excite import excitation as shapes
from ashore.adapt.excite.rounds import rounds_of
from ashore.adapt.posterior import Posterior
from ashore.envs.errors import TwinError
from ashore.envs.twin.held_plant import HeldPlant
from ashore.envs.twin.hidden import draw_hidden
from ashore.envs.twin.plant import Drive
from ashore.envs.twin.twin_process import TwinOptions, TwinProcess
from ashore.hardware.logs.log import Log
from ashore.hardware.run.state import Exit
from ashore.hardware.spec import RobotSpec
from ashore.launch import exciting
from ashore.launch.cli import run
from ashore.launch.excite_request import ExciteConfig

NOWHERE = ("--port", "/dev/no-such-port")
QUADRUPED, SERVO = RobotSpec.load("quadruped"), RobotSpec.load("servo")


def test_a_free_base_is_refused_unless_it_hangs_in_a_stand(capsys):
    said = refused(capsys, "excite", "--robot", "quadruped", *NOWHERE)
    assert "has a free base and would thrash about on the floor; hang it in a stand" in said
    assert "--held, or give --walk POLICY" in said
    held = ("--robot", "quadruped", "--held", "--imu-port", "/dev/no-such-port")
    assert "cannot open" in refused(capsys, "excite", *held, *NOWHERE)


def test_a_stop_ends_the_rounds_that_were_left():
    """The runner asks for the next round even then; a round that was cut short is the last."""
    script = exciting._Script(SERVO, ExciteConfig(port="", robot="servo"), rounds=3, held=False)
    rounds = script.rounds(SimpleNamespace(log=SimpleNamespace(failure=None)), learning=None)
    assert next(rounds).excitation.shape.name == "steps"
    assert list(rounds) == []


def test_what_is_missing_or_too_short_is_said(capsys):
    assert "give --robot NAME" in refused(capsys, "excite", *NOWHERE)
    short = refused(capsys, "excite", "--robot", "servo", "--seconds", "5", *NOWHERE)
    assert "a round takes 8 s; give at least that" in short
    reach = refused(capsys, "excite", "--robot", "servo", "--reach", "2", *NOWHERE)
    assert "a reach of 2 is not possible" in reach


def test_only_a_walker_walks_a_script(capsys):
    assert "task is 'reach'" in refused(capsys, "excite", "--walk", "arm", *NOWHERE)


def test_a_robot_in_a_stand_kicks_and_its_base_rests():
    plant = HeldPlant(QUADRUPED, {**draw_hidden(QUADRUPED, "3"), "gravity_tilt": np.zeros(2)})
    everyone = np.ones(12)
    before = plant.sense().position
    drive = Drive(
        torque_enabled=everyone > 0,
        goal=before + 0.2,
        p_gain=QUADRUPED.column("p_gain"),
        pwm_limit=everyone,
        current_limit=9.0 * everyone,
    )
    for _ in range(60):
        after = plant.step(drive).position
    assert (after - before).min() > 0.05
    felt = plant.inertial()
    np.testing.assert_allclose(felt.specific_force, [0.0, 0.0, 9.81], atol=1e-9)
    assert not felt.angular_velocity.any()


def test_a_robot_without_a_free_base_needs_no_stand():
    with pytest.raises(TwinError, match="no free base that a stand could hold; leave out --held"):
        HeldPlant(SERVO, {})


@pytest.fixture
def brief(monkeypatch):
    """Rounds of two seconds."""
    monkeypatch.setattr(shapes, "ROUND", 2.0)
    monkeypatch.setattr(exciting, "ROUND", 2.0)


@pytest.mark.slow
@pytest.mark.usefixtures("brief")
def test_the_log_is_cut_into_its_rounds_and_tells_what_it_said_it_would(tmp_path, capsys):
    path, kept = tmp_path / "excite.mcap", tmp_path / "posterior.json"
    with TwinProcess(TwinOptions(robot="servo", hidden="3", clock="lockstep")) as twin:
        asked = ["--robot", "servo", "--port", twin.port, "--clock", "lockstep"]
        assert run(["excite", *asked, "--seconds", "4", "--out", str(path)]) == Exit.ENDED
    said = capsys.readouterr().out
    assert "round 1 of at most 2: steps" in said
    told, untold = (line for line in said.splitlines() if "width left" in line)
    assert (told + untold).count("gain_divisor") == 1
    log = Log.open(path)
    assert (log.header.setup["kind"], log.header.setup["held"]) == ("excite", False)
    rounds = rounds_of(log, SERVO)
    lengths = [(part.label, round(part.time[-1] - part.time[0])) for part in rounds]
    assert lengths == [("steps", 2), ("sweep", 2)]
    assert run(["calibrate", "servo", str(path), "--out", str(kept)]) == 0
    assert "excite, round 2 (sweep)" in capsys.readouterr().out
    # draw_hidden(servo, 3): 0.0305 s
    found = Posterior.from_json(kept.read_text())
    assert found.value["command_delay"] == pytest.approx([0.0305], abs=0.004)


@pytest.mark.slow
@pytest.mark.usefixtures("brief")
def test_a_quadruped_in_a_stand_is_excited_and_its_log_says_that_it_was_held(tmp_path, capsys):
    path = tmp_path / "excite.mcap"
    options = TwinOptions(robot="quadruped", hidden="3", clock="lockstep", held=True)
    with TwinProcess(options) as twin:
        asked = ["--robot", "quadruped", "--port", twin.port, "--clock", "lockstep", "--held"]
        asked += ["--imu-port", str(twin.imu_port), "--seconds", "2", "--out", str(path)]
        assert run(["excite", *asked]) == Exit.ENDED
    assert "command_delay" in capsys.readouterr().out
    (only,) = rounds_of(Log.open(path), QUADRUPED)
    assert only.held
    assert only.position.std(axis=0).min() > 0.03
