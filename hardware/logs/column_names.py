"""What the elements of a log's signals are called: joints, axes, a contract's terms."""

import json
from collections.abc import Mapping
from typing import Any

from ashore.hardware.logs.log_header import LogHeader
from ashore.hardware.logs.log_schemas import INERTIAL_SIGNALS

AXES = ("x", "y", "z")


class ColumnNames:
    """Names elements by what a log's header says, or by numbers where it says nothing."""

    def __init__(self, header: LogHeader, joints: tuple[str, ...] = ()) -> None:
        """Read a header; `joints` is what they are called if it does not say."""
        spec, contract = _object(header.spec), _object(header.contract)
        self._contract = contract
        # A log of columns in another order than the spec's says so in its setup.
        self.joints = _joints(header.setup) or _joints(spec) or _joints(contract) or joints
        """Joint names; empty where the header has none."""
        self.rate = _rate(spec)
        """Control steps a second [Hz]; None where the header says none."""

    def of_joints(self, width: int) -> tuple[str, ...]:
        """The joints' names, or numbers if there are not `width` of them."""
        return self.joints if len(self.joints) == width else numbers(width)

    def of_signal(self, signal: str, width: int) -> tuple[str, ...]:
        """Names for people of a signal's elements: the joints, axes, terms, or else numbers.

        Args:
            signal: its name in a message; of one that the runner kept, without `signals.`.
            width: how many numbers it has.
        """
        if signal == "observation":
            return self.of_observation(width)
        base = signal in INERTIAL_SIGNALS or signal.startswith(("imu_", "true_"))
        if base and width == len(AXES):
            return AXES
        return (signal,) if width == 1 != len(self.joints) else self.of_joints(width)

    def of_observation(self, width: int) -> tuple[str, ...]:
        """The contract's terms, such as `joint_position.front_left_hip` and, a tick ago, `.. -1`.

        Numbers, if the contract's terms are not `width` wide together.
        """
        names: list[str] = []
        try:
            for term in (*self._contract["terms"], *self._contract.get("context", ())):
                elements = self._elements(int(term["size"]), width)
                for tick in range(int(term.get("history", 1))):
                    past = int(term.get("delay", 0)) + tick * int(term.get("stride", 1))
                    when = f" -{past}" if past else ""
                    names += [f"{term['signal']}.{element}{when}" for element in elements]
                    if len(names) > width:
                        return numbers(width)
        except (KeyError, TypeError, ValueError, AttributeError):
            return numbers(width)
        return tuple(names) if len(names) == width else numbers(width)

    def _elements(self, size: int, most: int) -> tuple[str, ...]:
        if not 0 <= size <= most:
            raise ValueError("a term is wider than the observation")
        return AXES if size == 3 and len(self.joints) != 3 else self.of_joints(size)


def numbers(width: int) -> tuple[str, ...]:
    """`0`, `1`, `2` and so on."""
    return tuple(map(str, range(width)))


def _object(text: str) -> Mapping[str, Any]:
    found = json.loads(text)
    return found if isinstance(found, dict) else {}


def _joints(data: Mapping[str, object]) -> tuple[str, ...]:
    joints = data.get("joints")
    if not isinstance(joints, (list, tuple)):
        return ()
    names = [joint.get("name") if isinstance(joint, dict) else joint for joint in joints]
    whole = all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names)
    return tuple(map(str, names)) if whole else ()


def _rate(spec: Mapping[str, object]) -> float | None:
    rate = spec.get("rate")
    good = isinstance(rate, (int, float)) and 0.0 < rate < 1e6
    return float(str(rate)) if good else None
