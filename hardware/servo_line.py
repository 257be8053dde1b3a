"""`ServoLine`: the conversation with one servo outside the control cycle."""

from collections.abc import Sequence

from ashore.hardware.bus import Bus, Result, Status
from ashore.hardware.control_table import ControlTable
from ashore.hardware.dynamixel import ERROR_NAMES
from ashore.hardware.errors import BusError
from ashore.hardware.spec import JointSpec


class ServoLine:
    """One servo of a bus: its settings, its torque, its watchdog, in sentences when it refuses."""

    def __init__(self, bus: Bus, joint: JointSpec) -> None:
        """Speak with the servo of `joint`; nothing is sent yet."""
        self.bus, self.joint = bus, joint
        self.table = ControlTable.load(joint.servo)

    def ping(self) -> Result:
        """Whether it is there; `data` is its model number and firmware."""
        return self.bus.ping(self.joint.id)

    def require_model(self, answer: Result, port: str) -> None:
        """Check a ping's answer against the spec.

        Raises:
            BusError: another model, or firmware too old for what every cycle needs.
        """
        number, firmware = int.from_bytes(answer.data[:2], "little"), answer.data[2]
        who = f"servo {self.joint.id} ({self.joint.name}) on {port}"
        if number != self.table.number:
            raise BusError(
                f"{who} is model number {number}; the spec says {self.table.name} "
                f"({self.table.number}); fit that servo, or mend the spec"
            )
        needed = max(self.table.fast_sync_firmware, self.table.watchdog_firmware)
        if firmware < needed:
            raise BusError(
                f"{who} has firmware {firmware}; {needed} or newer is needed; "
                "update it with DYNAMIXEL Wizard"
            )

    def configure(self, operating_mode: int, cycle: Sequence[str]) -> None:
        """Set mode, return delay and the indirect block that `cycle` registers are read through.

        Raises:
            BusError: a setting is locked because torque is on, or was refused.
        """
        wanted = {"return_delay_time": 0, "operating_mode": operating_mode}
        differ = {k: v for k, v in wanted.items() if self.get(k) != v}
        if differ and self.get("torque_enable"):
            raise BusError(
                f"servo {self.joint.id} ({self.joint.name}) has its torque on and its "
                f"{', '.join(differ)} must change; take the torque off (its arm may fall), "
                "then start again"
            )
        for name, value in differ.items():
            self.put(name, value)
        slot = 1
        for name in cycle:
            register = self.table[name]
            for offset in range(register.size):
                self.put(f"indirect_address_{slot}", register.address + offset)
                slot += 1

    def position(self) -> float:
        """Angle of the encoder, 0 at 2048 counts [rad]."""
        return self.table["present_position"].to_si(self.get("present_position"))

    def hold(self, encoder: float) -> None:
        """Bring torque with the goal where the joint already is [rad].

        Raises:
            BusError: it refuses, or does not hold torque: its fault is named.
        """
        fault = self.table.faults(self.get("hardware_error_status"))
        if fault:
            raise BusError(
                f"servo {self.joint.id} ({self.joint.name}) reports {', '.join(fault)}; "
                "find the cause, then reboot it (or cycle its power)"
            )
        self.put("bus_watchdog", 0)
        self.put("position_p_gain", self.joint.p_gain)
        goal = self.table["goal_position"]
        self.put("goal_position", round(encoder / goal.scale) + goal.zero)
        self.put("torque_enable", 1)
        if not self.get("torque_enable"):
            raise BusError(
                f"servo {self.joint.id} ({self.joint.name}) accepts torque but does not hold it; "
                "check its supply, then reboot it"
            )

    def arm_watchdog(self, seconds: float) -> None:
        """Let the servo stop by itself after `seconds` without an instruction; 0 for never.

        Raises:
            BusError: it refuses, or reads back another value.
        """
        counts = self.table["bus_watchdog"].to_counts(seconds)
        self.put("bus_watchdog", counts)
        found = self.get("bus_watchdog")
        if found != counts:
            raise BusError(
                f"servo {self.joint.id} ({self.joint.name}) keeps its watchdog at {found}, "
                f"not {counts}; update its firmware, or set bus.watchdog to 0 in the spec"
            )

    def release(self) -> None:
        """Take torque off.

        Raises:
            BusError: it does not answer.
        """
        self.put("torque_enable", 0)
        self.put("bus_watchdog", 0)

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

    def _require(self, result: Result, what: str) -> None:
        if result.ok:
            return
        who = f"servo {self.joint.id} ({self.joint.name})"
        if result.status is Status.REFUSED:
            reason = ERROR_NAMES.get(result.error, f"error {result.error}")
            raise BusError(f"cannot {what} {who}: it refused ({reason}); see its e-manual")
        raise BusError(
            f"cannot {what} {who}: its answer was {result.status.value}; "
            "check its power and its cable"
        )
