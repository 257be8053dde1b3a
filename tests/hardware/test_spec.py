"""Laws of the robot spec: whatever is wrong in a file is named, with what is allowed."""

import json

import pytest

from ashore.hardware.errors import SpecError
from ashore.hardware.spec import RobotSpec, find_robot, shipped_robots

SPEC = RobotSpec.load("servo")


def plain(**changed):
    return {**SPEC.to_dict(), **changed}


def joint(**changed):
    return {"name": "elbow", "id": 2, "servo": "xl330", "lower": -1.0, "upper": 1.0, **changed}


def refusal(data):
    with pytest.raises(SpecError) as caught:
        RobotSpec.from_dict(data)
    return str(caught.value)


def test_every_shipped_robot_loads_under_its_own_name():
    for name in shipped_robots():
        assert RobotSpec.load(name).name == name


def test_a_spec_survives_json():
    assert RobotSpec.from_dict(json.loads(SPEC.to_json())) == SPEC


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (plain(ratte=50), "unknown key ratte; did you mean rate?"),
        (plain(bus={"buad": 1}), "unknown key bus.buad; did you mean baud?"),
        (plain(joints=[joint(p_gian=3)]), "unknown key joints[0].p_gian; did you mean p_gain?"),
        (
            plain(bus={"zzz": 1}),
            "unknown key bus.zzz; known keys: protocol, baud, latency, watchdog",
        ),
        (plain(rate="fast"), "rate is 'fast'; allowed: a number"),
        (plain(rate=True), "rate is True; allowed: a number"),
        (plain(joints=[joint(id=1.5)]), "joints[0].id is 1.5; allowed: a whole number"),
        (plain(joints=[joint(id=True)]), "joints[0].id is True; allowed: a whole number"),
        (plain(joints={"name": "x"}), "joints is {'name': 'x'}; allowed: one [[joints]] table"),
    ],
)
def test_a_wrong_key_or_type_is_named(data, message):
    assert refusal(data).startswith(message)


def test_a_missing_key_is_named_with_its_kind():
    data = plain()
    del data["rate"]
    assert refusal(data) == "rate is missing; add it, as a number"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (plain(rate=0), "rate is 0.0; allowed: 1 to 1000 Hz"),
        (plain(rate=float("nan")), "rate is nan; allowed: 1 to 1000 Hz"),
        (plain(joints=[]), "joints is []; allowed: at least one joint"),
        (plain(joints=[joint(id=253)]), "joint elbow: id is 253; allowed: 0 to 252"),
        (plain(joints=[joint(sign=0)]), "joint elbow: sign is 0; allowed: 1 or -1"),
        (plain(joints=[joint(zero_offset=4.0)]), "joint elbow: zero_offset is 4.0; allowed: -pi"),
        (plain(joints=[joint(lower=2.0)]), "joint elbow: lower is 2.0; allowed: below upper (1.0)"),
        (plain(joints=[joint(default=3.0)]), "joint elbow: default is 3.0; allowed: -1.0 to 1.0"),
        (plain(joints=[joint(p_gain=-1)]), "joint elbow: p_gain is -1; allowed: 0 to 16383"),
        (plain(bus={"baud": 300}), "bus.baud is 300; allowed: 9600 to 4500000"),
        (plain(bus={"protocol": "ttl"}), "bus.protocol is 'ttl'; allowed: \"dynamixel2\""),
        (plain(bus={"latency": 0.0}), "bus.latency is 0.0; allowed: above 0 to 1 s"),
        (plain(bus={"watchdog": 3.0}), "bus.watchdog is 3.0; allowed: 0 (off) to 2.54 s"),
        (plain(safety={"step_limit": -1.0}), "safety.step_limit is -1.0; allowed: above 0"),
        (plain(safety={"homing_time": float("inf")}), "safety.homing_time is inf; allowed: above"),
        (plain(joints=[joint(), joint(name="hip")]), "joints: id is [2]; allowed: each id once"),
        (
            plain(joints=[joint(), joint(id=3)]),
            "joints: name is ['elbow']; allowed: each name once",
        ),
    ],
)
def test_a_value_that_cannot_be_is_named_with_what_is_allowed(data, message):
    assert refusal(data).startswith(message)


@pytest.mark.parametrize("key", ["lower", "upper", "default", "zero_offset"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_an_angle_that_is_no_number_is_refused(key, value):
    assert "joint elbow: " in refusal(plain(joints=[joint(**{key: value})]))


def test_a_file_is_named_in_every_refusal(tmp_path):
    text = (find_robot("servo") / "spec.toml").read_text(encoding="utf-8")
    path = tmp_path / "spec.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=r"spec.toml: cannot read .*servo.xml: No such file"):
        RobotSpec.load(tmp_path)
    path.write_text(text.replace("baud =", "buad ="), encoding="utf-8")
    (tmp_path / "servo.xml").write_text("<mujoco/>", encoding="utf-8")
    with pytest.raises(SpecError, match=r"spec.toml: unknown key bus.buad; did you mean baud\?"):
        RobotSpec.load(tmp_path)
    path.write_text("rate = = 3", encoding="utf-8")
    with pytest.raises(SpecError, match=r"spec.toml: not TOML: .*line 1"):
        RobotSpec.load(tmp_path)
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(SpecError, match=r"spec.toml: it or its MJCF is not UTF-8 text"):
        RobotSpec.load(tmp_path)


@pytest.mark.parametrize("model", ["", "../elsewhere", "."])
def test_a_model_that_is_no_file_is_refused(tmp_path, model):
    text = (find_robot("servo") / "spec.toml").read_text(encoding="utf-8")
    (tmp_path / "spec.toml").write_text(text.replace("servo.xml", model), encoding="utf-8")
    with pytest.raises(SpecError, match="cannot read"):
        RobotSpec.load(tmp_path)


def test_an_unknown_robot_hears_which_are_shipped():
    with pytest.raises(SpecError, match=r"no robot 'servoo': shipped are .*servo"):
        RobotSpec.load("servoo")
