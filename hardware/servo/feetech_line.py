"""`FeetechLine`: the conversation with one Feetech servo of the STS or SCS series."""

from types import MappingProxyType

from ashore.hardware.errors import BusError
from ashore.hardware.joint_frame import fits_one_turn
from ashore.hardware.servo.servo_line import ServoLine, Setting

_POSITION = 0
_ON = 1


class FeetechLine(ServoLine):
    """One Feetech servo in position mode.

    Gains and limits live in EEPROM behind a lock register, which is opened for as long as it
    takes. These servos have no bus watchdog: when the host dies they hold their last goal, unless
    the supervisor takes their torque.

    A goal brings torque by itself, so one that restarted would obey the next as if nothing had
    happened. `torque_limit` is therefore set a count below what a boot sets it to, and a cycle that
    reads another value than was set counts as torque lost.
    """

    frame = MappingProxyType({"homing_offset": "zero_offset"})

    def configure(self) -> None:
        """Set mode, limits and gain, and open nothing that is not closed again."""
        self.bus.write(self.joint.id, self.table["status_return_level"], 1)
        self.require_frame()
        settings = self._settings()
        differ = self.differing(settings)
        if not differ:
            return
        self.put("lock", 0)
        try:
            for name, value in differ.items():
                self.put(name, value)
        finally:
            self.put("lock", 1)
        self.require_kept(differ)

    def _settings(self) -> dict[str, int]:
        """What the EEPROM must say."""
        joint, table = self.joint, self.table
        if not fits_one_turn(joint):
            raise BusError(
                f"{self.who} may go from {joint.lower} to {joint.upper} rad and its zero is at "
                f"{joint.zero_offset}; a Feetech servo stays within one turn, -pi to pi of its "
                "encoder; narrow the joint's limits in the spec"
            )
        settings = {
            "return_delay_time": 0,
            "operating_mode": _POSITION,
            **self.position_limits(),
            "position_p_gain": joint.p_gain,
        }
        for value, key in ((joint.current_limit, "current_limit"), (joint.pwm_limit, "max_torque")):
            if value is not None:
                settings[key] = table[key].to_counts(value)
        return settings

    def hold(self) -> None:
        """Bring torque with the goal where the joint is, and no settings left by another program.

        Raises:
            BusError: it refuses, or does not hold torque.
        """
        self.put("acceleration", 0)
        self.put("goal_velocity", 0)
        self.mark = max(self.get("max_torque") - 1, 0)
        self.put("torque_limit", int(self.mark))
        self.put("goal_position", self.get("present_position"))
        self.put("torque_enable", _ON)
        if self.get("torque_enable") != _ON:
            raise BusError(
                f"{self.who} accepts torque but does not hold it; check its supply, then cycle "
                "its power"
            )

    def arm_watchdog(self, seconds: float) -> None:
        """Refuse any watchdog but none.

        Raises:
            BusError: `seconds` is above 0.
        """
        if seconds:
            raise BusError(
                f"{self.who} has no watchdog of its own and bus.watchdog asks for {seconds} s; "
                "set it to 0 in the spec: the supervisor takes the torque of a host that died"
            )

    def release(self) -> None:
        """Take torque off.

        Raises:
            BusError: it does not answer.
        """
        self.put("torque_enable", 0)

    def softened(self, share: float) -> Setting:
        """A share of the largest torque."""
        register = self.table["torque_limit"]
        self.mark = max(round(share * register.maximum) - 1, 0)
        return Setting(register, int(self.mark))
