"""`require_match`: is this the robot that the policy was made for; asked before torque comes."""

import json
from collections.abc import Mapping

from ashore.hardware.errors import ContractError, SpecError
from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.spec import RobotSpec

BODY = ("servo", "p_gain", "default", "lower", "upper")
"""What a policy relies on in each joint. The others tell one robot from its sisters: id, sign and
zero offset are how it was put together, and limits of speed and current keep it whole."""


def require_match(policy: RobotSpec, robot: RobotSpec, whose: str = "the policy") -> None:
    """Check that two specs are of the same body.

    Raises:
        ContractError: naming the first thing that differs, with both values.
    """
    pairs: list[tuple[str, object, object]] = [
        ("name", policy.name, robot.name),
        ("joints", policy.names, robot.names),
        ("control rate", policy.rate, robot.rate),
    ]
    for one, other in zip(policy.joints, robot.joints, strict=False):
        pairs += [
            (f"{key} of joint {one.name}", getattr(one, key), getattr(other, key)) for key in BODY
        ]
    pairs.append(("an inertial sensor", policy.imu is not None, robot.imu is not None))
    for what, ours, theirs in pairs:
        if ours != theirs:
            raise ContractError(
                f"{whose} is of a robot whose {what} is {ours!r}, and this robot's is {theirs!r}; "
                "use what was made for this robot, or mend its spec"
            )


def require_log(header: LogHeader, robot: RobotSpec, contract: str | None = None) -> None:
    """Check that a log is of the same body, and of the contract with hash `contract` if given.

    A log without a spec or contract, as imported ones are, is judged by its robot's name.

    Raises:
        ContractError: it is of another; both values are named.
    """
    if header.robot != robot.name:
        raise ContractError(f"the log is of robot {header.robot!r}, and this is {robot.name!r}")
    spec, found = json.loads(header.spec), json.loads(header.contract)
    if spec:
        try:
            require_match(RobotSpec.from_dict(spec), robot, "the log")
        except SpecError as problem:
            raise ContractError(f"the log's spec cannot be read: {problem}") from problem
    kept = found.get("hash") if isinstance(found, Mapping) else None
    if contract is not None and kept is not None and kept != contract:
        raise ContractError(
            f"the log was made under contract {kept}, and the policy's is {contract}; "
            "give a log that this policy recorded, or the policy that recorded it"
        )


def mixed_firmware(robot: RobotSpec, firmware: Mapping[str, int]) -> str:
    """Return a warning if servos of one model have several firmware versions, else an empty text.

    `firmware` is each joint's, by its name.
    """
    for model in sorted({joint.servo for joint in robot.joints}):
        names = [joint.name for joint in robot.joints if joint.servo == model]
        found = {name: firmware[name] for name in names if name in firmware}
        if len(set(found.values())) > 1:
            versions = ", ".join(f"{name} {version}" for name, version in found.items())
            return f"the {model} servos have several firmware versions ({versions}); update them"
    return ""
