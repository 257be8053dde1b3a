"""`draw_hidden`: the physics that a twin keeps to itself."""

import numpy as np

from ashore.envs.errors import TwinError
from ashore.envs.physics.servo_model import load_servo
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.randomize.term import Term
from ashore.hardware.spec import RobotSpec

OUT_OF_RANGE = Randomization(
    terms=(
        Term(parameter="gain_divisor", low=1.7, high=2.4, operation="scale"),
        Term(parameter="motor_constant", low=0.8, high=0.88, operation="scale"),
        Term(parameter="friction_base", low=0.03, high=0.05),
        Term(parameter="friction_load", low=0.36, high=0.45),
        Term(parameter="viscous", low=0.01, high=0.015),
        Term(parameter="command_delay", low=0.027, high=0.035),
        Term(parameter="encoder_offset", low=0.02, high=0.05),
        Term(parameter="backlash", low=0.004, high=0.012),
    )
)
"""A worn servo behind a slow adapter: weaker, stiffer to turn, late, and mounted askew."""


def draw_hidden(spec: RobotSpec, hidden: str) -> dict[str, float]:
    """Parameters of a twin that differ from the nominal ones.

    Args:
        spec: the robot.
        hidden: `none` for a twin equal to the nominal robot, or a seed.

    Raises:
        TwinError: neither `none` nor a whole number.
    """
    if hidden == "none":
        return {}
    if not (hidden.isascii() and hidden.isdigit()):
        raise TwinError(f"hidden is {hidden!r}; give a whole number as the seed, or none")
    rng = np.random.default_rng(int(hidden))
    parameters = load_servo(spec.joints[0].servo).parameters
    drawn = {}
    for term in OUT_OF_RANGE.terms:
        nominal = parameters[term.parameter].value if term.operation == "scale" else 0.0
        drawn[term.parameter] = float(term.of(nominal, np.array(rng.uniform())))
    drawn["encoder_offset"] *= float(rng.choice([-1.0, 1.0]))
    return drawn
