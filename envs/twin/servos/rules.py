"""What a host may write into a Dynamixel servo's registers, and which error it gets if not.

Source: ROBOTIS e-manual, "XL330-M288-T, Control Table" and "Status Packet, Error".
"""

from ashore.hardware.servo.control_table import ControlTable

RESULT_FAIL, UNKNOWN_INSTRUCTION, BAD_CRC = 1, 2, 3
DATA_RANGE, DATA_LENGTH, DATA_LIMIT, ACCESS = 4, 5, 6, 7

CURRENT, VELOCITY, POSITION, EXTENDED, CURRENT_POSITION, PWM = 0, 1, 3, 4, 5, 16
"""Operating modes, as the register of that name counts them."""
TRIPPED = -1
"""What `bus_watchdog` reads after it ran out."""

LIMITED_BY = {
    "goal_pwm": "pwm_limit",
    "goal_current": "current_limit",
    "goal_velocity": "velocity_limit",
}
"""Goals that a limit register bounds on both sides."""
GOALS = (*LIMITED_BY, "goal_position")
"""Registers that tell a servo where to go."""
RESET_WITH_MODE = (
    "velocity_i_gain",
    "velocity_p_gain",
    "position_d_gain",
    "position_i_gain",
    "position_p_gain",
    "feedforward_2nd_gain",
    "feedforward_1st_gain",
    "profile_acceleration",
    "profile_velocity",
)
"""Registers that a new operating mode brings back to their defaults."""
LARGEST_TURN = 256 * 4096
"""Goals beyond this many counts, 256 turns, do not exist in any mode."""


class Refusal(Exception):
    """A servo says no; `number` is the error number of its status."""

    def __init__(self, number: int) -> None:
        super().__init__(f"status error {number}")
        self.number = number


def modes(table: ControlTable) -> tuple[int, ...]:
    """Return the operating modes of a model: those of current need a current sensor."""
    if "goal_current" in table.registers:
        return (CURRENT, VELOCITY, POSITION, EXTENDED, CURRENT_POSITION, PWM)
    return (VELOCITY, POSITION, EXTENDED, PWM)
