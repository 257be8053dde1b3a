"""`make_motors`: the motors of a robot, by the control law of its servos."""

from ashore.envs.physics.duty_motor import DutyMotor
from ashore.envs.physics.motor_model import MotorModel
from ashore.envs.physics.pd_motor import PdMotor
from ashore.envs.physics.servo_model import servos_of
from ashore.hardware.spec import RobotSpec

LAWS = {"duty": DutyMotor, "pd": PdMotor}
"""Control laws, as motor files name them."""


def make_motors(spec: RobotSpec, n: int) -> MotorModel:
    """Build the motors of `n` robots.

    Raises:
        ModelError: a servo without a motor file, servos whose laws differ, or a joint's `motor`
            table with a parameter that its servo does not have or a value that is not physical.
    """
    servos = servos_of(spec)
    return LAWS[servos[0].law](spec, servos, n)
