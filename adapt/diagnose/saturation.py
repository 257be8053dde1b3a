"""`saturation_flaws`: for how long servos and goals stood at their limits."""

import numpy as np

from ashore.adapt.diagnose.flaw import Array, Flaw, Mask, stretches
from ashore.adapt.diagnose.record import Record
from ashore.envs.physics.servo_model import load_servo
from ashore.hardware.joint_spec import JointSpec

NEAR = 0.98
"""Share of a limit that counts as being at it."""
MUCH = 0.3
"""Share of the time at a limit that is told."""
LONG = 0.2
"""Stretches at a limit that are named [s]."""
TOUCH = 2e-3
"""Distance from a joint's limit that counts as being at it [rad]."""


def saturation_flaws(record: Record) -> list[Flaw]:
    """Find joints that were at their current limit, full duty, or the end of their range.

    Such a log can be used: a servo at its limit is what a weak robot shows. But there a position
    tells of the limit and of little else.
    """
    return [flaw for what, mask in at_limits(record).items() for flaw in _told(record, what, mask)]


def at_limits(record: Record) -> dict[str, Mask]:
    """Where joints at work stood at a limit, by what the limit is, each `(T, nj)`."""
    working = record.working[:, None]
    spec = record.spec
    strongest = np.array([_strongest(joint) for joint in spec.joints])
    fullest = np.array([joint.pwm_limit or 1.0 for joint in spec.joints])
    low, high = spec.column("lower"), spec.column("upper")
    with np.errstate(invalid="ignore"):
        struck = {
            "its current limit": np.abs(record.current) >= NEAR * strongest,
            "full duty": np.abs(record.duty) >= NEAR * fullest,
            "goals at the end of its range": _at_end(record.goal, low, high),
            "the end of its range": _at_end(record.position, low, high),
        }
    return {what: mask & working for what, mask in struck.items()}


def _strongest(joint: JointSpec) -> float:
    """Largest current of a joint's servo [A]; infinite for one whose model knows none."""
    known = load_servo(joint.servo).parameters.get("current_limit")
    nominal = np.inf if known is None else joint.motor.get("current_limit", known.value)
    return min(nominal, joint.current_limit or np.inf)


def _at_end(angle: Array, low: Array, high: Array) -> Mask:
    return np.asarray((angle <= low + TOUCH) | (angle >= high - TOUCH))


def _told(record: Record, where: str, struck: Mask) -> list[Flaw]:
    share = struck.sum(axis=0) / max(1, np.count_nonzero(record.working))
    joints = np.flatnonzero(share > MUCH)
    if not len(joints):
        return []
    named = ", ".join(f"{record.spec.names[j]} for {share[j]:.0%} of the time" for j in joints)
    return [
        Flaw(
            kind="saturation",
            severity="warn",
            what=f"at {where}: {named}",
            cure="ask less of it, or expect the log to tell of its strength and little else",
            where=stretches(record.time, np.asarray(struck[:, joints].any(axis=1)), LONG),
        )
    ]
