"""`MotorModel`: what all motors share; `make_motors` builds those of a robot."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ashore.envs.errors import ModelError
from ashore.envs.physics.parameter import Parameter
from ashore.envs.physics.servo_model import ServoModel, load_servo
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

STRENGTH = Parameter(name="strength", value=1.0, unit="x nominal", low=0.0, high=3.0)


class MotorModel:
    """The motors of `nj` servos in `n` robots; every array is `(n, nj)`.

    With the torque constant `k`, the current `I` and the speed `w`:

        torque   = strength k I - viscous w
        friction = base + stribeck s + (load + load_static s) |k I| + external |tau_ext|
        s        = exp(-|w| / w_s)

    `tau_ext` is what the load pushes back through the gearbox. MuJoCo holds the joint against
    `friction` (dof_frictionloss) and adds the rotor's inertia (dof_armature), and `damping`, where
    a law has some, to the joint's own. Steps follow a call of `prepare`.

    Source: Duclusaud et al., arXiv 2410.08650 (load-dependent and Stribeck friction).
    """

    def __init__(self, spec: RobotSpec, servos: list[ServoModel], n: int) -> None:
        self.parameters = motor_parameters(spec, servos)
        self.values = {
            name: np.tile(parameter.nominal, (n, 1)) for name, parameter in self.parameters.items()
        }
        shape = (n, len(servos))
        self.counts = np.array([s.counts_per_turn for s in servos]) / (2.0 * np.pi)
        self.quantum = np.array([s.quantum for s in servos])
        self.velocity_quantum = np.array([s.velocity_quantum for s in servos])
        self.enabled = np.ones(shape, dtype=np.bool_)
        self.p_gain = np.tile(spec.column("p_gain"), (n, 1))
        self.pwm_limit = np.ones(shape)
        self.duty = np.zeros(shape)
        self.current = np.zeros(shape)
        self.voltage = self.values["supply_voltage"].copy()
        self.damping: Array | None = None
        self.prepare(0.001)

    def changed(self, name: str, ids: Ids) -> bool:
        """Nothing to write: values are read at every step."""
        return False

    def reset(self, ids: Ids) -> None:
        """Let robots `ids` begin at rest, their supply unloaded."""
        self.duty[ids] = 0.0
        self.current[ids] = 0.0
        self.voltage[ids] = self.values["supply_voltage"][ids]

    def prepare(self, seconds: float) -> None:
        """Derive from the values what holds for steps of `seconds`, until a value changes."""
        p = self.values
        self._push = p["motor_constant"] * p["strength"]
        self._limp = not self.enabled.all()
        self._fade = -1.0 / p["stribeck_velocity"]
        self._static = bool(p["friction_load_static"].any())
        self._external = bool(p["friction_external"].any())

    def torque(self, error: Array, velocity: Array) -> Array:
        """Torque on the output shaft before friction, after a step under position `error`.

        Args:
            error: goal minus measured angle, `(n, nj)` [rad].
            velocity: output-shaft velocity [rad/s].

        Returns:
            Motor torque less viscous drag [N m], without what `damping` adds.
        """
        self.current = self.drive(error, velocity)
        if self._limp:
            self.current *= self.enabled
        force = self._push * self.current
        force -= self.values["viscous"] * velocity
        return np.asarray(force)

    def drive(self, error: Array, velocity: Array) -> Array:
        """Current under position `error` [A]; each control law has its own."""
        raise NotImplementedError

    def settle(self, error: Array) -> None:
        """Begin as if position `error` had lasted; a law without memory has nothing to do."""

    def sag(self) -> None:
        """Let the supply follow the current just drawn; an ideal one doesn't."""

    def friction(self, external: Array, velocity: Array) -> Array:
        """Largest torque that dry friction holds the joint with [N m]; `external` in N m."""
        p = self.values
        still = np.abs(velocity)
        still *= self._fade
        np.exp(still, out=still)
        held = p["motor_constant"] * self.current
        np.abs(held, out=held)
        held *= (
            p["friction_load"] + p["friction_load_static"] * still
            if self._static
            else p["friction_load"]
        )
        if self._external:
            held += p["friction_external"] * np.abs(external)
        still *= p["friction_stribeck"]
        held += still
        held += p["friction_base"]
        return np.asarray(held)


class DutyMotor(MotorModel):
    """Servo firmware in position mode, P only, that sets the duty of a voltage-driven winding.

    With counts of error `e`, P gain `P`, supply `V`, speed `w`, torque constant `k`:

        duty    = lag(clip(e P / divisor / pwm_counts, ±limit))
        current = clip((duty V - k w) / R, ±current_limit)

    The supply sags by `supply_resistance` times the current drawn from it, `duty * current`.

    Source: Duclusaud et al., arXiv 2410.08650 (control law); ROBOTIS e-Manual XL330-M288, Position
    PID Gain(80-84) and PWM(36).
    """

    def __init__(self, spec: RobotSpec, servos: list[ServoModel], n: int) -> None:
        self.pwm_counts = np.array([s.pwm_counts for s in servos])
        super().__init__(spec, servos, n)

    def prepare(self, seconds: float) -> None:
        """Derive the gain from error to duty, and how far the duty follows in a step."""
        super().prepare(seconds)
        p = self.values
        self._gain = self.counts * self.p_gain / (p["gain_divisor"] * self.pwm_counts)
        self._follow = seconds / (p["duty_lag"] + seconds)
        self._least = -p["current_limit"]
        self._most = 1.25 * p["supply_voltage"]

    def drive(self, error: Array, velocity: Array) -> Array:
        """Current in the winding [A], while the duty follows the error with its lag."""
        p = self.values
        gap = self._wish(error)
        gap -= self.duty
        gap *= self._follow
        self.duty += gap
        if self._limp:
            self.duty *= self.enabled
        current = self.duty * self.voltage
        current -= p["motor_constant"] * velocity
        current /= p["resistance"]
        return np.asarray(np.clip(current, self._least, p["current_limit"], out=current))

    def _wish(self, error: Array) -> Array:
        duty = error * self._gain
        return np.asarray(np.clip(duty, -self.pwm_limit, self.pwm_limit, out=duty))

    def settle(self, error: Array) -> None:
        """Begin as if position `error` had lasted: the duty's lag is over."""
        self.prepare(0.001)
        self.duty[:] = self._wish(error) * self.enabled

    def sag(self) -> None:
        """Let the supply follow the current just drawn, within what a supply can do."""
        p = self.values
        full = p["supply_voltage"]
        left = p["supply_resistance"] * self.duty
        left *= self.current
        np.subtract(full, left, out=left)
        self.voltage = np.clip(left, 0.0, self._most, out=left)


class PdMotor(MotorModel):
    """An ideal torque source under proportional-derivative control, for a motor not known better.

        k I = clip(stiffness e - velocity_gain w, ±torque_limit)

    Where the limit is not reached, MuJoCo is given the velocity gain as damping of the joint, which
    it integrates implicitly: a stiff robot stays stable at long steps.
    """

    def drive(self, error: Array, velocity: Array) -> Array:
        """Current that gives the torque asked for [A]."""
        p = self.values
        force = p["stiffness"] * error
        force -= p["velocity_gain"] * velocity
        limit = p["torque_limit"]
        return np.asarray(np.clip(force, -limit, limit, out=force) / p["motor_constant"])

    def torque(self, error: Array, velocity: Array) -> Array:
        """Torque on the output shaft before friction, without what `damping` adds [N m]."""
        force, p = super().torque(error, velocity), self.values
        free = np.abs(self.current * p["motor_constant"]) < p["torque_limit"]
        self.damping = p["velocity_gain"] * p["strength"] * (free & self.enabled)
        return np.asarray(force + self.damping * velocity)


LAWS = {"duty": DutyMotor, "pd": PdMotor}
"""Control laws, as motor files name them."""


def make_motors(spec: RobotSpec, n: int) -> MotorModel:
    """Build the motors of `n` robots.

    Raises:
        ModelError: a servo without a motor file, servos whose laws differ, or a joint's `motor`
            table with a parameter that its servo does not have or a value that is not physical.
    """
    servos = [load_servo(joint.servo) for joint in spec.joints]
    if len({servo.law for servo in servos}) > 1:
        found = ", ".join(sorted({f"{servo.name} ({servo.law})" for servo in servos}))
        raise ModelError(
            f"robot {spec.name!r} has servos whose control laws differ: {found}; "
            "give all of its joints servos of one law"
        )
    return LAWS[servos[0].law](spec, servos, n)


def motor_parameters(spec: RobotSpec, servos: list[ServoModel]) -> dict[str, Parameter]:
    """Parameters of a robot's motors, with each joint's own nominal values."""
    known = {**servos[0].parameters, STRENGTH.name: STRENGTH}
    for joint in spec.joints:
        if unknown := sorted(set(joint.motor) - set(known)):
            raise ModelError(
                f"joint {joint.name}: its motor has no parameter {unknown[0]!r}; "
                f"{joint.servo} has: {', '.join(sorted(known))}"
            )
    found = {}
    for name, parameter in known.items():
        nominal = []
        for joint, servo in zip(spec.joints, servos, strict=True):
            value = float(joint.motor.get(name, servo.parameters.get(name, parameter).value))
            if not parameter.low <= value <= parameter.high:
                raise ModelError(
                    f"joint {joint.name}: motor.{name} is {value:g} {parameter.unit}; physical is "
                    f"{parameter.low:g} to {parameter.high:g}"
                )
            nominal.append(value)
        found[name] = replace(
            parameter, value=nominal[0], elements=spec.names, nominal=tuple(nominal)
        )
    return found
