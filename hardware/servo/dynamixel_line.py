"""`DynamixelLine`: the conversation with one servo of the X series."""

from types import MappingProxyType

from ashore.hardware.errors import BusError
from ashore.hardware.joint_frame import fits_one_turn
from ashore.hardware.servo.servo_line import ServoLine, Setting

POSITION, EXTENDED_POSITION = 3, 4
"""Operating modes: goals within one turn, which the servo itself limits, or beyond it."""

_NEUTRAL = (
    "position_d_gain",
    "position_i_gain",
    "feedforward_2nd_gain",
    "feedforward_1st_gain",
    "profile_acceleration",
    "profile_velocity",
)


class DynamixelLine(ServoLine):
    """One X-series servo on Protocol 2.0.

    A joint whose range fits in one turn is driven in position mode, where the servo refuses goals
    outside its own limits, which are set to the joint's. Others need extended position mode, which
    has no limits in the servo.

    A homing offset is refused for a second reason: with one, a watchdog that runs out in extended
    position mode has made the motor move. Source: DynamixelSDK, issue 584.
    """

    frame = MappingProxyType({"drive_mode": "sign", "homing_offset": "zero_offset"})

    @property
    def watched(self) -> bool:
        """Whether its firmware has a bus watchdog; after `require_model`."""
        needed = self.table.watchdog_firmware
        return needed is not None and self.firmware >= needed

    def configure(self) -> None:
        """Set mode, limits, return delay and the indirect block that a cycle reads."""
        # A servo that was told to be quiet does not answer this, but then answers the rest.
        self.bus.write(self.joint.id, self.table["status_return_level"], 2)
        self.require_frame()
        settings = self._settings()
        differ = self.differing(settings)
        for name, value in differ.items():
            self.put(name, value)
        self.require_kept(differ)
        targets = (a for r in self.layout.registers for a in range(r.address, r.end))
        for slot, address in enumerate(targets, start=1):
            self.put(f"indirect_address_{slot}", address)

    def _settings(self) -> dict[str, int]:
        """What the EEPROM must say."""
        joint, table = self.joint, self.table
        settings = {"return_delay_time": 0, "operating_mode": EXTENDED_POSITION}
        if fits_one_turn(joint):
            settings |= {"operating_mode": POSITION, **self.position_limits()}
        for name in ("current_limit", "pwm_limit"):
            value = getattr(joint, name)
            if value is not None:
                settings[name] = table[name].to_counts(value)
        return settings

    def hold(self) -> None:
        """Bring torque with the goal where the joint is, and no settings left by another program.

        Raises:
            BusError: it refuses, or does not hold torque.
        """
        if self.watched:
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
            BusError: its firmware has none, it refuses, or reads back another value.
        """
        if not self.watched:
            self._do_without(seconds)
            return
        counts = max(self.table["bus_watchdog"].to_counts(seconds), int(seconds > 0.0))
        self.put("bus_watchdog", counts)
        found = self.get("bus_watchdog")
        if found != counts:
            raise BusError(
                f"{self.who} keeps its watchdog at {found}, not {counts}; "
                "update its firmware, or set bus.watchdog to 0 in the spec"
            )

    def _do_without(self, seconds: float) -> None:
        if seconds:
            raise BusError(
                f"{self.who} has firmware {self.firmware}; {self.table.watchdog_firmware} or newer "
                "has the watchdog that bus.watchdog asks for; update it with DYNAMIXEL Wizard, or "
                "set bus.watchdog to 0 in the spec"
            )

    def release(self) -> None:
        """Take torque off.

        Raises:
            BusError: it does not answer.
        """
        self.put("torque_enable", 0)
        if self.watched:
            self.put("bus_watchdog", 0)

    def softened(self, share: float) -> Setting:
        """A share of the joint's P gain."""
        return Setting(self.table["position_p_gain"], round(share * self.joint.p_gain))
