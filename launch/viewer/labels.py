"""`labels_of`: what the numbers of a logged signal are called, and `unit_of`: what they are in."""

import re
from collections.abc import Sequence

from ashore.hardware.contract import Contract
from ashore.hardware.logs.log_schemas import (
    COMMAND,
    INERTIAL_SIGNALS,
    OPTIONAL_SIGNALS,
    POLICY,
    READING,
    READING_SIGNALS,
)

AXES = ("x", "y", "z")
DESCRIBED = {
    READING: {**READING_SIGNALS, **OPTIONAL_SIGNALS, **INERTIAL_SIGNALS},
    COMMAND: {"position": "goal angle of each joint [rad]"},
    POLICY: {
        "observation": "what the policy saw, scaled as its contract says",
        "action": "what the policy said, -1 to 1 over its range",
    },
}
"""What a signal is, by channel and name."""


def unit_of(topic: str, name: str) -> str:
    """Unit of a signal, as its description has it in brackets; empty if it has none."""
    found = re.search(r"\[([^\]]+)\]", DESCRIBED.get(topic, {}).get(name, ""))
    return found.group(1) if found else ""


def labels_of(
    name: str, width: int, joints: Sequence[str], contract: Contract | None
) -> tuple[str, ...]:
    """What each of a signal's numbers is called.

    Args:
        name: the signal, as a log's view calls it.
        width: how many numbers it has.
        joints: names of the robot's joints, if they are known.
        contract: what its policy saw, if there is one.
    """
    short = name.removeprefix("signals.")
    if short == "observation" and contract is not None and contract.observation_size == width:
        return tuple(_observed(contract))
    if width == len(joints):
        return tuple(joints)
    if width == len(AXES) and (short in INERTIAL_SIGNALS or short.startswith(("imu_", "true_"))):
        return AXES
    return (short,) if width == 1 else tuple(str(number) for number in range(width))


def _observed(contract: Contract) -> list[str]:
    found = []
    for term in contract.all_terms:
        for past in range(term.width // term.size):
            late = f", {past * term.stride + term.delay} steps before" if past or term.delay else ""
            found += [f"{term.signal} {number}{late}" for number in range(term.size)]
    return found
