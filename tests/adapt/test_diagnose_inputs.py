"""Laws of naming what is wired or mounted otherwise than a spec says, and of mending it there."""

import json
from dataclasses import replace

import numpy as np
import pytest
from refusal import refused
from test_diagnose_flaws import ARM, QUADRUPED, changed, log
from wired import built, sessions

from ashore.adapt.diagnose.balance import balance
from ashore.adapt.diagnose.footing import footing
from ashore.adapt.diagnose.input_shifts import input_shifts
from ashore.adapt.diagnose.lateness import lateness
from ashore.adapt.diagnose.load import load
from ashore.adapt.diagnose.offsets import offset
from ashore.adapt.diagnose.record import Record
from ashore.adapt.diagnose.rereading import reread
from ashore.adapt.diagnose.shift import exchanges, inversions, turns
from ashore.adapt.diagnose.tracking import tracking
from ashore.adapt.diagnose.usability import inspect_together
from ashore.hardware.spec import RobotSpec
from ashore.launch.cli import run
from ashore.launch.diagnosing import run_diagnosis
from ashore.launch.diagnosis_request import DiagnosisRequest
from ashore.policies.bundle import Bundle

MOUNTED = replace(
    QUADRUPED,
    joints=tuple(replace(j, sign=-1, zero_offset=0.1 * i) for i, j in enumerate(QUADRUPED.joints)),
    imu=replace(QUADRUPED.imu, roll=0.3, yaw=-0.5, gyro_bias=(0.01, -0.02, 0.03)),
)
"""The quadruped with every sign, offset and mounting another than none."""


def record(spec=ARM, **tables):
    return Record.of(changed(log(spec), **tables), spec)


def same(one, other):
    for name in ("position", "velocity", "current", "goal", "gyro", "gravity"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-12)


def test_a_log_read_anew_by_its_own_spec_stays_and_by_another_and_back_too():
    before = record(MOUNTED)
    same(reread(before, MOUNTED), before)
    for shift in (inversions(MOUNTED)[3], exchanges(MOUNTED)[7], turns(MOUNTED)[0]):
        other = shift.corrected(MOUNTED)
        assert other != MOUNTED
        same(reread(reread(before, other), MOUNTED), before)


def test_exchanged_ids_exchange_the_angles_and_the_spec_says_so():
    shift = next(s for s in exchanges(ARM) if s.joints == ("shoulder_lift", "elbow_flex"))
    before = record()
    after = reread(before, shift.corrected(ARM))
    np.testing.assert_array_equal(after.position[:, 1], before.position[:, 2])
    assert str(shift) == (
        "shoulder_lift and elbow_flex answer to each other's goals: they are swapped: "
        "in spec.toml, joint shoulder_lift: id = 3; joint elbow_flex: id = 2"
    )


def test_a_mended_zero_offset_takes_what_a_joint_said_too_much_away():
    for spec in (QUADRUPED, MOUNTED):
        mended = offset(spec, 5, 0.2, 0.01).corrected(spec)
        before = record(spec)
        less = before.position[:, 5] - reread(before, mended).position[:, 5]
        assert less == pytest.approx(0.2)


def test_angles_that_follow_their_own_goals_are_believed_though_legs_swing_in_opposition():
    assert tracking([record(QUADRUPED)]) == []
    whole = record()
    goal, angle = whole.goal.copy(), whole.position.copy()
    goal[:, 3], angle[:, 3] = -goal[:, 2], -angle[:, 2] + 0.02 * np.sin(np.arange(600))
    assert tracking([replace(whole, goal=goal, position=angle)]) == []


def test_exchanged_and_inverted_columns_of_a_log_are_named():
    whole = record()
    angle = whole.position[:, [0, 3, 2, 1, 4, 5]].copy()
    angle[:, 4] *= -1.0
    said = [shift.what for shift in tracking([replace(whole, position=angle)])]
    assert said == [
        "the angle logged as shoulder_lift's follows the goals of wrist_flex",
        "the angle logged as wrist_flex's follows the goals of shoulder_lift",
        "the angle logged as wrist_roll's moves against its goals: it is inverted",
    ]


def test_a_gyroscope_that_turns_while_the_robot_stands_is_told_in_the_sensors_axes():
    home = np.tile(MOUNTED.column("default"), (600, 1))
    rest = np.tile([0.0, 0.0, -1.0], (600, 1))
    spin = np.random.default_rng(0).normal([0.1, 0.0, -0.2], 0.02, (600, 3))
    seen = record(MOUNTED, position=home, gyro=spin, gravity=rest)
    (bias,) = balance([seen]).shifts
    assert bias.kind == "gyro_bias"
    mended = reread(seen, bias.corrected(MOUNTED))
    assert np.abs(mended.gyro.mean(axis=0)).max() < 1e-9
    quiet = np.clip(spin - [0.1, 0.0, -0.2], -0.05, 0.05)
    assert balance([replace(seen, gyro=quiet)]).shifts == ()


def rocking(turn=None):
    """A record of a base that rolls and pitches, its gyroscope turned by a matrix."""
    time = log().readings.time
    roll, pitch = 0.2 * np.sin(3.0 * time), 0.15 * np.sin(5.0 * time + 1.0)
    down = np.stack([np.sin(pitch), -np.sin(roll) * np.cos(pitch),
                     -np.cos(roll) * np.cos(pitch)], axis=1)
    moved = np.gradient(down, time, axis=0)
    # dg/dt = g x w, so w = dg/dt x g, as far as it turns g at all.
    spin = np.cross(moved, down) @ (np.eye(3) if turn is None else np.array(turn)).T
    noise = np.random.default_rng(0).normal(0.0, 0.02, spin.shape)
    return record(QUADRUPED, gyro=spin + noise, gravity=down)


def test_a_gyroscope_whose_axes_are_not_gravitys_is_told():
    assert not any(s.kind == "gyro_axes" for s in balance([rocking()]).shifts)
    found = balance([rocking([[0, 1, 0], [1, 0, 0], [0, 0, 1]])]).shifts
    assert "it gives y for x, x for y" in found[0].what
    found = balance([rocking([[-1, 0, 0], [0, 1, 0], [0, 0, 1]])]).shifts
    assert "it gives -x for x" in found[0].what


def test_short_logs_are_judged_by_their_sum_and_still_joints_by_the_log_that_moves_them():
    parts = [log(seconds=5.0), log(seconds=5.0)]
    for joint, part in enumerate(parts):
        part.readings.position[:, joint] = 0.001 * np.sin(part.readings.time)
        part.readings.velocity[:, joint] = 0.0
        part.commands.position[:, joint] = 0.0
    assert all(found.usable for found in inspect_together(parts, ARM))
    assert not any(found.usable for found in inspect_together(parts[:1], ARM))


@pytest.mark.slow
def test_servos_of_two_hips_that_were_exchanged_are_named(tmp_path):
    edits = [("front_left_hip", "id", 11), ("rear_right_hip", "id", 2)]
    folder = built("quadruped", tmp_path / "twin", edits)
    (found,) = sessions("quadruped", tmp_path, 8.0, [1], folder)
    (shift,) = footing([Record.of(found, QUADRUPED)]).shifts
    assert shift.what.startswith("front_left_hip and rear_right_hip answer to each other's goals")
    assert shift.corrected(QUADRUPED).ids == RobotSpec.load(folder).ids


@pytest.mark.slow
def test_an_inverted_abduction_and_a_turned_sensor_are_named(tmp_path, capsys):
    edits = [("rear_right_abduction", "sign", -1)]
    folder = built("quadruped", tmp_path / "inverted", edits)
    (found,) = sessions("quadruped", tmp_path, 8.0, [3], folder)
    assert run(["diagnose", str(found.path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))
    assert [shift["joint_edits"] for shift in said["shifts"]] == [
        {"rear_right_abduction": {"sign": -1}}
    ]
    inverted = RobotSpec.load(folder)
    turned = replace(inverted, imu=replace(inverted.imu, yaw=1.5708))
    (shift,) = footing([reread(reread(Record.of(found, QUADRUPED), inverted), turned)]).shifts
    assert shift.corrected(turned).imu.yaw == pytest.approx(0.0, abs=1e-3)


@pytest.mark.slow
def test_exchanged_and_inverted_servos_of_an_arm_are_named_by_what_they_carry(tmp_path):
    swapped = [("shoulder_lift", "id", 3), ("elbow_flex", "id", 2)]
    for name, edits, wanted in (
        ("swapped", swapped, ("shoulder_lift", "elbow_flex")),
        ("inverted", [("wrist_flex", "sign", -1)], ("wrist_flex",)),
    ):
        folder = built("arm", tmp_path / name, edits)
        (found,) = sessions("arm", folder, 8.0, [1], folder)
        (shift,) = load([Record.of(found, ARM)]).shifts
        assert (shift.kind, shift.joints) == (name, wanted)


@pytest.mark.slow
def test_an_encoder_that_counts_from_elsewhere_is_mended_and_what_cannot_be_told_is_said(tmp_path):
    folder = built("arm", tmp_path / "twin", [("shoulder_lift", "zero_offset", 0.25)])
    (found,) = sessions("arm", tmp_path, 8.0, [1], folder)
    told = input_shifts([found], ARM)
    (shift,) = told.shifts
    mended = shift.corrected(ARM).column("zero_offset")
    assert mended == pytest.approx([0.0, 0.25, 0.0, 0.0, 0.0, 0.0], abs=0.08)
    assert any("encoder offsets of shoulder_pan" in sentence for sentence in told.untold)
    asked = DiagnosisRequest(logs=(found.path,), policy="arm", mend=tmp_path / "mended")
    assert run_diagnosis(asked) == 0
    assert Bundle.load(tmp_path / "mended").spec == shift.corrected(ARM)


@pytest.mark.slow
def test_ten_logs_of_robots_as_their_specs_say_raise_no_alarm(tmp_path):
    for spec in (ARM, QUADRUPED):
        logs = list(sessions(spec.name, tmp_path, 3.0, range(5)))
        assert [flaw for found in inspect_together(logs, spec) for flaw in found.flaws] == []
        for found in logs:
            records = [Record.of(found, spec)]
            delayed = lateness(records)
            assert delayed.shift is None
            assert (tracking(records), balance(records).shifts) == ([], ())
            for test in (load, footing):
                suspicion = test(records)
                assert suspicion is None or suspicion.shifts == ()


def test_a_command_without_a_log_that_is_one_is_refused(capsys, tmp_path):
    assert "nothing.mcap" in refused(capsys, "diagnose", tmp_path / "nothing.mcap")
    log, out = tmp_path / "nothing.mcap", tmp_path / "mended"
    assert "--policy" in refused(capsys, "diagnose", log, "--mend", out)
    assert not out.exists()
