"""`MotorModel`: what the motors of all control laws share."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ashore.envs.errors import ModelError
from ashore.envs.physics.parameter import Parameter
from ashore.envs.physics.servo_model import ServoModel
from ashore.hardware.joint_spec import JointSpec
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


def motor_parameters(spec: RobotSpec, servos: list[ServoModel]) -> dict[str, Parameter]:
    """Parameters of a robot's motors, with each joint's own nominal values.

    Where its servos differ in what is physical, a parameter's range is as wide as all of theirs.

    Raises:
        ModelError: a joint's `motor` table has a parameter that its servo does not have, or a value
            that is not physical for its servo.
    """
    own = [{**servo.parameters, STRENGTH.name: STRENGTH} for servo in servos]
    for joint, known in zip(spec.joints, own, strict=True):
        if unknown := sorted(set(joint.motor) - set(known)):
            raise ModelError(
                f"joint {joint.name}: its motor has no parameter {unknown[0]!r}; "
                f"{joint.servo} has: {', '.join(sorted(known))}"
            )
    found = {}
    for name in own[0]:
        each = [known[name] for known in own]
        nominal = tuple(map(_nominal, spec.joints, each))
        found[name] = replace(
            each[0],
            value=nominal[0],
            low=min(parameter.low for parameter in each),
            high=max(parameter.high for parameter in each),
            elements=spec.names,
            nominal=nominal,
        )
    return found


def _nominal(joint: JointSpec, parameter: Parameter) -> float:
    value = float(joint.motor.get(parameter.name, parameter.value))
    if not parameter.low <= value <= parameter.high:
        raise ModelError(
            f"joint {joint.name}: motor.{parameter.name} is {value:g} {parameter.unit}; physical "
            f"is {parameter.low:g} to {parameter.high:g}"
        )
    return value
