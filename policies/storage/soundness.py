"""What the parts of a bundle must be, beyond what their readers ask of them."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from ashore.hardware.contract import ActionTerm, Contract, ObservationTerm
from ashore.hardware.spec import RobotSpec
from ashore.policies.errors import BundleError
from ashore.policies.gymnasium_robot import GymnasiumRobot

LARGEST_NUMBER = 1e30
"""Largest magnitude of a contract's number: float32 holds it, and its inverse."""
LONGEST_MEMORY = 1 << 20
"""Most numbers that a contract may ask to be remembered of one term."""


def require_sound(contract: Contract) -> None:
    """Refuse a contract that no robot's loop could keep to.

    Raises:
        BundleError: a field is of another type, a number is out of its range, or the past that it
            asks for would not fit into a robot's memory.
    """
    _require_types(contract, "contract")
    _require_types(contract.action, "contract.action")
    for i, term in enumerate(contract.all_terms):
        where = f"contract, term {i} ({term.signal})"
        _require_types(term, where)
        whole = min(term.size, term.history, term.stride) >= 1 and term.delay >= 0
        if not whole or term.clip <= 0.0:
            raise BundleError(
                f"{where} has size {term.size}, history {term.history}, stride {term.stride}, "
                f"delay {term.delay} and clip {term.clip}; each must be at least 1, the delay at "
                "least 0, the clip above 0"
            )
        if term.depth * term.size > LONGEST_MEMORY:
            raise BundleError(f"{where} asks for {term.depth} ticks to be remembered")
    if not all(std > 1.0 / LARGEST_NUMBER for std in contract.std):
        raise BundleError("contract.std is the normaliser's divisor and holds numbers below 1e-30")
    if contract.rate <= 0.0:
        raise BundleError(f"contract.rate is {contract.rate}; it must be above 0 Hz")


def require_typed(
    robot: RobotSpec | GymnasiumRobot, provenance: object, verdict: object | None
) -> None:
    """Refuse a bundle's smaller parts where they are of another type.

    Raises:
        BundleError: naming the part.
    """
    if isinstance(robot, GymnasiumRobot) and not (
        isinstance(robot.name, str) and isinstance(robot.arguments, Mapping)
    ):
        raise BundleError("gymnasium.json has no text as name, or no table as arguments")
    if not isinstance(provenance, Mapping):
        raise BundleError("provenance.json is no table")
    for key in ("config", "figures"):
        if not isinstance(provenance.get(key, {}), Mapping):
            raise BundleError(f"{key} in provenance.json is no table")
    if verdict is None:
        return
    why = verdict.get("why", []) if isinstance(verdict, Mapping) else None
    if not isinstance(why, list) or not all(map(_line, why)):
        raise BundleError("verdict.json is no table with a list of sentences as `why`")
    if not isinstance(verdict, Mapping) or not _line(verdict.get("answer")):
        raise BundleError("verdict.json has no word as `answer`")


def _line(text: object) -> bool:
    return isinstance(text, str) and text.isprintable()


def _require_types(part: Contract | ActionTerm | ObservationTerm, where: str) -> None:
    hints = get_type_hints(type(part))
    for each in fields(part):
        value, hint = getattr(part, each.name), hints[each.name]
        kinds = getattr(hint, "__args__", None)
        values, kind = (value, kinds[0]) if kinds else ((value,), hint)
        if not all(_is(kind, one) for one in values):
            raise BundleError(f"{where}.{each.name} is of another type, or too large: {value!r}")


def _is(kind: Any, value: object) -> bool:
    if kind is float:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return False
        return abs(value) <= LARGEST_NUMBER
    return type(value) is kind
