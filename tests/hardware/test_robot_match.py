"""Laws of the match: a policy or a log of another body is refused with both values."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from bench import SPEC, with_joint

from ashore.hardware.errors import ContractError
from ashore.hardware.imu_spec import ImuSpec
from ashore.hardware.logs.log import LogHeader
from ashore.hardware.run.robot_match import mixed_firmware, require_log, require_match
from ashore.hardware.spec import RobotSpec

PAIR = tuple(replace(SPEC.joints[0], name=name, id=i) for i, name in enumerate(("hip", "knee")))
BOTH = replace(SPEC, joints=PAIR)

OTHERS: list[tuple[RobotSpec, RobotSpec, str]] = [
    (SPEC, replace(SPEC, name="spot"), "whose name is 'servo', and this robot's is 'spot'"),
    (BOTH, replace(BOTH, joints=PAIR[::-1]), r"joints is \('hip', 'knee'\), .* \('knee', 'hip'\)"),
    (BOTH, replace(BOTH, joints=PAIR[:1]), r"joints is \('hip', 'knee'\), .* \('hip',\)"),
    (SPEC, replace(SPEC, rate=100.0), "control rate is 50.0, and this robot's is 100.0"),
    (SPEC, with_joint(servo="xm430"), "servo of joint shoulder is 'xl330', .* 'xm430'"),
    (SPEC, with_joint(p_gain=800), "p_gain of joint shoulder is .*, and this robot's is 800"),
    (SPEC, with_joint(upper=1.25), "upper of joint shoulder is .*, and this robot's is 1.25"),
    (SPEC, replace(SPEC, imu=ImuSpec()), "an inertial sensor is False, .* True"),
]


@pytest.mark.parametrize(("policy", "robot", "words"), OTHERS)
def test_another_body_is_refused_with_both_values(
    policy: RobotSpec, robot: RobotSpec, words: str
) -> None:
    with pytest.raises(ContractError, match=words):
        require_match(policy, robot)
    with pytest.raises(ContractError):
        require_log(LogHeader(robot=policy.name, spec=policy.to_json()), robot)


def test_the_same_body_put_together_otherwise_is_the_same_robot() -> None:
    require_match(SPEC, SPEC)
    sister = with_joint(zero_offset=0.3, sign=-1, id=9, current_limit=1.0)
    require_match(SPEC, replace(sister, bus=replace(SPEC.bus, baud=57600)))


def test_a_log_of_another_contract_is_refused_with_both_hashes() -> None:
    header = LogHeader(robot="servo", spec=SPEC.to_json(), contract=json.dumps({"hash": "abc"}))
    require_log(header, SPEC)
    require_log(header, SPEC, "abc")
    with pytest.raises(ContractError, match="under contract abc, and the policy's is def"):
        require_log(header, SPEC, "def")


@pytest.mark.parametrize(
    "header",
    [
        lambda: LogHeader(robot="servo"),
        lambda: LogHeader(robot="servo", contract="[]"),
        lambda: LogHeader(robot="servo", spec=SPEC.to_json(), contract="{}"),
    ],
)
def test_a_log_that_was_imported_is_judged_by_its_robots_name(
    header: Callable[[], LogHeader],
) -> None:
    require_log(header(), SPEC, "def")
    with pytest.raises(ContractError, match="the log is of robot 'servo', and this is 'spot'"):
        require_log(header(), replace(SPEC, name="spot"))
    nonsense = LogHeader(robot="servo", spec='{"name": 3}')
    with pytest.raises(ContractError, match="the log's spec cannot be read: "):
        require_log(nonsense, SPEC)


def test_servos_of_one_model_with_several_firmwares_are_told() -> None:
    assert mixed_firmware(BOTH, {"hip": 46, "knee": 46}) == ""
    assert mixed_firmware(BOTH, {"hip": 46}) == ""
    warning = mixed_firmware(BOTH, {"hip": 46, "knee": 52})
    assert "the xl330 servos have several firmware versions (hip 46, knee 52)" in warning
    other = replace(BOTH, joints=(PAIR[0], replace(PAIR[1], servo="xm430")))
    assert mixed_firmware(other, {"hip": 46, "knee": 52}) == ""
