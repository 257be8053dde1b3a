"""`ServoLine`: the conversation with one servo outside the control cycle."""

from collections.abc import Sequence

from ashore.hardware.errors import BusError
from ashore.hardware.joint_spec import JointSpec
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire.bus import Bus, Result, Status
from ashore.hardware.wire.dynamixel import ERROR_NAMES

EXTENDED_POSITION = 4
"""Operating mode whose goals may lie beyond one turn."""

_SETTINGS = {"return_delay_time": 0, "operating_mode": EXTENDED_POSITION}
_FRAME = {"drive_mode": "sign", "homing_offset": "zero_offset"}
_NEUTRAL = (
    "position_d_gain",
    "position_i_gain",
    "feedforward_2nd_gain",
    "feedforward_1st_gain",
    "profile_acceleration",
    "profile_velocity",
)


class ServoLine:
    """One servo of a bus: its settings, its torque, its watchdog, in sentences when it refuses."""

    def __init__(self, bus: Bus, joint: JointSpec) -> None:
        """Speak with the servo of `joint`; nothing is sent yet."""
        self.bus, self.joint = bus, joint
        self.table = ControlTable.load(joint.servo)
        self.who = f"servo {joint.id} ({joint.name})"

    def ping(self) -> Result:
        """Whether it is there; `data` is its model number and firmware."""
        return self.bus.ping(self.joint.id)

    def require_model(self, answer: Result, port: str) -> None:
        """Check a ping's answer against the spec.

        Raises:
            BusError: another model, or firmware too old for what every cycle needs.
        """
        number, firmware = int.from_bytes(answer.data[:2], "little"), answer.data[2]
        if number != self.table.number:
            raise BusError(
                f"{self.who} on {port} is model number {number}; the spec says {self.table.name} "
                f"({self.table.number}); fit that servo, or mend the spec"
            )
        needed = max(self.table.fast_sync_firmware, self.table.watchdog_firmware)
        if firmware < needed:
            raise BusError(
                f"{self.who} on {port} has firmware {firmware}; {needed} or newer is needed; "
                "update it with DYNAMIXEL Wizard"
            )

    def require_frame(self) -> None:
        """Check that the servo counts angles plainly, as the spec's sign and zero offset assume.

        A homing offset is refused for a second reason: with one, a watchdog that runs out in
        extended position mode has made the motor move. Source: DynamixelSDK, issue 584.

        Raises:
            BusError: it turns or shifts its angles itself.
        """
        for name, field in _FRAME.items():
            found = self.get(name)
            if found:
                raise BusError(
                    f"{self.who} has {name} {found}; only 0 is possible; set it to 0 with "
                    f"DYNAMIXEL Wizard, and say the same with the joint's {field} in the spec"
                )

    def configure(self, cycle: Sequence[str]) -> None:
        """Set mode, return delay and the indirect block that `cycle` registers are read through.

        Raises:
            BusError: a setting is locked because torque is on, or was refused.
        """
        # A servo that was told to be quiet does not answer this, but then answers the rest.
        self.bus.write(self.joint.id, self.table["status_return_level"], 2)
        self.require_frame()
        differ = {k: v for k, v in _SETTINGS.items() if self.get(k) != v}
        if differ and self.get("torque_enable"):
            raise BusError(
                f"{self.who} has its torque on and its {', '.join(differ)} must change; "
                "take the torque off (its arm may fall), then start again"
            )
        for name, value in differ.items():
            self.put(name, value)
        addresses = [a for name in cycle for a in self._addresses(name)]
        for slot, address in enumerate(addresses, start=1):
            self.put(f"indirect_address_{slot}", address)

    def _addresses(self, name: str) -> range:
        return range(self.table[name].address, self.table[name].end)

    def require_well(self) -> None:
        """Check that it reports no hardware error.

        Raises:
            BusError: it does; its faults are named.
        """
        faults = self.table.faults(self.get("hardware_error_status"))
        if faults:
            raise BusError(
                f"{self.who} reports {', '.join(faults)}; find the cause, then reboot it "
                "(or cycle its power)"
            )

    def position(self) -> float:
        """Angle of the encoder, 0 at 2048 counts [rad]."""
        return self.table["present_position"].to_si(self.get("present_position"))

    def hold(self) -> None:
        """Bring torque with the goal where the joint is, and no settings left by another program.

        Raises:
            BusError: it refuses, or does not hold torque.
        """
        self.put("bus_watchdog", 0)
        for name in _NEUTRAL:
            self.put(name, 0)
        self.put("position_p_gain", self.joint.p_gain)
        self.put("goal_pwm", self.get("pwm_limit"))
        self.put("goal_position", self.get("present_position"))
        self.put("torque_enable", 1)
        if not self.get("torque_enable"):
            raise BusError(
                f"{self.who} accepts torque but does not hold it; check its supply, then reboot it"
            )

    def arm_watchdog(self, seconds: float) -> None:
        """Let the servo stop by itself after `seconds` without an instruction; 0 for never.

        Raises:
            BusError: it refuses, or reads back another value.
        """
        counts = max(self.table["bus_watchdog"].to_counts(seconds), int(seconds > 0.0))
        self.put("bus_watchdog", counts)
        found = self.get("bus_watchdog")
        if found != counts:
            raise BusError(
                f"{self.who} keeps its watchdog at {found}, not {counts}; "
                "update its firmware, or set bus.watchdog to 0 in the spec"
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
        if result.status is Status.REFUSED:
            reason = ERROR_NAMES.get(result.error, f"error {result.error}")
            raise BusError(f"cannot {what} {self.who}: it refused ({reason}); see its e-manual")
        raise BusError(
            f"cannot {what} {self.who}: its answer was {result.status.value}; "
            "check its power and its cable"
        )
