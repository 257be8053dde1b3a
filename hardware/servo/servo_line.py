"""`ServoLine`: the conversation with one servo outside the control cycle."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

from ashore.hardware.errors import BusError
from ashore.hardware.joint_frame import encoder_range
from ashore.hardware.joint_spec import JointSpec
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.servo.register import Register
from ashore.hardware.servo.sample_layout import layout_of
from ashore.hardware.wire.bus import Bus, Result, Status
from ashore.hardware.wire.dynamixel import ERROR_NAMES

_LIMITS = ("min_position_limit", "max_position_limit")


class Setting(NamedTuple):
    """One value for one register."""

    register: Register
    """Where it goes."""
    value: int
    """What it is [counts]."""


class ServoLine(ABC):
    """One servo of a bus: its settings, its torque, its watchdog, in sentences when it refuses.

    A family of servos is one class that fills in what differs.
    """

    frame: Mapping[str, str]
    """Registers with which a servo of this family turns or shifts its angles itself, and the field
    of the joint that says the same."""

    def __init__(self, bus: Bus, joint: JointSpec) -> None:
        """Speak with the servo of `joint`; nothing is sent yet."""
        self.bus, self.joint = bus, joint
        self.table = ControlTable.load(joint.servo)
        self.layout = layout_of(joint.servo)
        self.who = f"servo {joint.id} ({joint.name})"
        self.firmware = 0
        self.mark = math.nan
        """Counts that its `mark` must read while it holds; NaN if it has none."""

    @property
    def fast(self) -> bool:
        """Whether its firmware knows fast reads; after `require_model`."""
        needed = self.table.fast_sync_firmware
        return needed is not None and self.firmware >= needed

    @abstractmethod
    def configure(self) -> None:
        """Set what a cycle needs, and the joint's limits as far as the servo keeps them.

        Raises:
            BusError: a setting is locked because torque is on, or was refused.
        """

    @abstractmethod
    def hold(self) -> None:
        """Bring torque with the goal where the joint is, and no settings left by another program.

        Raises:
            BusError: it refuses, or does not hold torque.
        """

    @abstractmethod
    def arm_watchdog(self, seconds: float) -> None:
        """Let the servo stop by itself after `seconds` without an instruction; 0 for never.

        Raises:
            BusError: it refuses, has none, or reads back another value.
        """

    @abstractmethod
    def release(self) -> None:
        """Take torque off.

        Raises:
            BusError: it does not answer.
        """

    @abstractmethod
    def softened(self, share: float) -> Setting:
        """What makes it hold with `share` of its stiffness or strength, 0..1."""

    def ping(self) -> Result:
        """Whether it is there; `data` is its model number and firmware."""
        return self.bus.ping(self.joint.id)

    def require_model(self, answer: Result, port: str) -> None:
        """Check a ping's answer against the spec, and remember its firmware.

        Raises:
            BusError: another model.
        """
        number, self.firmware = int.from_bytes(answer.data[:2], "little"), answer.data[2]
        if number != self.table.number:
            raise BusError(
                f"{self.who} on {port} is model number {number}; the spec says {self.table.name} "
                f"({self.table.number}); fit that servo, or mend the spec"
            )

    def require_well(self) -> None:
        """Check that it reports no hardware error.

        Raises:
            BusError: it does; its faults are named.
        """
        faults = self.table.faults(self.get("hardware_error_status"))
        if faults:
            raise BusError(
                f"{self.who} reports {', '.join(faults)}; find the cause, then reboot it "
                f"(`ashore servo reboot`), or cycle its power"
            )

    def require_frame(self) -> None:
        """Check that the servo counts angles plainly, as the spec's sign and zero offset assume.

        Raises:
            BusError: it turns or shifts its angles itself.
        """
        for name, field in self.frame.items():
            found = self.get(name)
            if found:
                raise BusError(
                    f"{self.who} has {name} {found}; only 0 is possible; set it to 0 with "
                    f"`ashore servo write`, and say the same with the joint's {field} in the spec"
                )

    def position_limits(self) -> dict[str, int]:
        """What the servo must keep for its joint to stay within its limits and margin [counts]."""
        limits = {}
        for name, angle in zip(_LIMITS, encoder_range(self.joint), strict=True):
            register = self.table["max_position_limit"]
            limits[name] = min(max(self.counts(angle), register.minimum), register.maximum)
        return limits

    def position(self) -> float:
        """Angle of the encoder, 0 at mid-turn [rad]."""
        return self.table["present_position"].to_si(self.get("present_position"))

    def counts(self, angle: float) -> int:
        """Goal counts of an encoder angle [rad]."""
        return self.table["goal_position"].to_counts(angle)

    def get(self, name: str) -> int:
        """Value of a register [counts].

        Raises:
            BusError: no answer, or a refusal.
        """
        register = self.table[name]
        result = self.bus.read(self.joint.id, register)
        self._require(result, f"read {name} of")
        return register.decode(result.data)

    def put(self, name: str, value: int) -> None:
        """Write a register [counts].

        Raises:
            BusError: no answer, or a refusal.
        """
        self._require(self.bus.write(self.joint.id, self.table[name], value), f"write {name} to")

    def differing(self, settings: dict[str, int]) -> dict[str, int]:
        """Return those of `settings` that the servo has otherwise.

        Raises:
            BusError: no answer, or one must change and torque is on.
        """
        differ = {name: value for name, value in settings.items() if self.get(name) != value}
        if differ and self.get("torque_enable"):
            raise BusError(
                f"{self.who} has its torque on and its {', '.join(differ)} must change; "
                "take the torque off (its arm may fall), then start again"
            )
        return differ

    def require_kept(self, settings: dict[str, int]) -> None:
        """Read `settings` back.

        Raises:
            BusError: one reads otherwise.
        """
        for name, value in settings.items():
            found = self.get(name)
            if found != value:
                raise BusError(
                    f"{self.who} keeps {name} at {found}, not {value}; check its supply, "
                    "then reboot it and start again"
                )

    def _require(self, result: Result, what: str) -> None:
        if result.ok:
            return
        if result.status is Status.REFUSED:
            reason = ERROR_NAMES.get(result.error, f"error {result.error}")
            raise BusError(f"cannot {what} {self.who}: it refused ({reason}); see its e-manual")
        raise BusError(
            f"cannot {what} {self.who}: its answer was {result.status.value}; "
            "check its power and its cable"
        )
