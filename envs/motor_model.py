"""`MotorModel`: a servo's control law and DC motor for many robots at once."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from ashore.envs.errors import ModelError

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A number of a motor file: what it is nominally and where it stops being physical."""

    name: str
    """Its name."""
    value: float
    """Nominal value."""
    unit: str
    """Unit, as text."""
    low: float
    """Smallest physical value."""
    high: float
    """Largest physical value."""


@dataclass(frozen=True, kw_only=True)
class Servo:
    """A servo model's constants and parameters, from its file."""

    name: str
    """Model name."""
    counts_per_turn: float
    """Encoder counts in one turn."""
    pwm_counts: float
    """PWM register at full duty."""
    velocity_quantum: float
    """Resolution of the reported velocity [rad/s]."""
    parameters: dict[str, Parameter]
    """Everything that can be randomized or identified, by name."""

    @property
    def quantum(self) -> float:
        """Resolution of the encoder [rad]."""
        return 2.0 * np.pi / self.counts_per_turn


@cache
def load_servo(name: str) -> Servo:
    """Read the motor file of a servo model.

    Raises:
        ModelError: no such file; the message lists those that exist.
    """
    folder = resources.files("ashore.envs") / "motors"
    path = folder / f"{name}.toml"
    if not path.is_file():
        known = sorted(p.name.removesuffix(".toml") for p in folder.iterdir())
        raise ModelError(f"no motor file for servo {name!r}; there are: {', '.join(known)}")
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    constants = {k: v for k, v in data.items() if not isinstance(v, dict)}
    parameters = {k: Parameter(name=k, **v) for k, v in data.items() if isinstance(v, dict)}
    return Servo(name=name, parameters=parameters, **constants)


class MotorModel:
    """The control law and the motor of `nj` servos in `n` robots; every array is `(n, nj)`.

    With counts of error `e`, P gain `P`, supply `V`, speed `w`, torque constant `k`:

        duty    = lag(clip(e P / divisor / 885, ±limit))        firmware, position mode, P only
        current = clip((duty V - k w) / R, ±current_limit)      voltage-driven winding, back-EMF
        torque  = k current - viscous w
        friction = base + stribeck s + (load + load_static s) |k current| + external |tau_ext|
        s        = exp(-|w| / w_s)

    `tau_ext` is what the load pushes back through the gearbox. MuJoCo holds the joint against
    `friction` (dof_frictionloss) and adds the rotor's inertia (dof_armature). The supply sags by
    `supply_resistance` times the current drawn from it, `duty * current`.

    Source: Duclusaud et al., arXiv 2410.08650 (control law, load-dependent and Stribeck
    friction); ROBOTIS e-Manual XL330-M288, Position PID Gain(80-84) and PWM(36).
    """

    def __init__(self, servos: list[Servo], n: int) -> None:
        shape = (n, len(servos))
        names = servos[0].parameters
        self.values: dict[str, Array] = {
            name: np.broadcast_to([s.parameters[name].value for s in servos], shape).copy()
            for name in names
        }
        self.counts = np.array([s.counts_per_turn for s in servos]) / (2.0 * np.pi)
        self.quantum = np.array([s.quantum for s in servos])
        self.velocity_quantum = np.array([s.velocity_quantum for s in servos])
        self.pwm_counts = np.array([s.pwm_counts for s in servos])
        self.p_gain = np.zeros(shape)
        self.pwm_limit = np.ones(shape)
        self.enabled = np.ones(shape, dtype=np.bool_)
        self.duty = np.zeros(shape)
        self.current = np.zeros(shape)
        self.voltage = self.values["supply_voltage"].copy()

    def torque(self, error: Array, velocity: Array, seconds: float) -> Array:
        """Torque on the output shaft before friction, after `seconds` under position `error`.

        Args:
            error: goal minus measured angle, `(n, nj)` [rad].
            velocity: output-shaft velocity [rad/s].
            seconds: length of the step, for the duty's lag [s].

        Returns:
            Motor torque less viscous drag [N m].
        """
        p = self.values
        wish = self.wish(error)
        self.duty += (wish - self.duty) * (seconds / (p["duty_lag"] + seconds))
        self.duty *= self.enabled
        current = (self.duty * self.voltage - p["motor_constant"] * velocity) / p["resistance"]
        limit = p["current_limit"]
        self.current = np.clip(current, -limit, limit) * self.enabled
        return p["motor_constant"] * self.current - p["viscous"] * velocity

    def wish(self, error: Array) -> Array:
        """Duty that the control law asks for under position `error` [rad]."""
        divisor = self.values["gain_divisor"] * self.pwm_counts
        duty = error * self.counts * self.p_gain / divisor
        return np.asarray(np.clip(duty, -self.pwm_limit, self.pwm_limit))

    def sag(self) -> None:
        """Let the supply follow the current just drawn, within what a supply can do."""
        p = self.values
        drawn = p["supply_resistance"] * self.duty * self.current
        self.voltage = np.clip(p["supply_voltage"] - drawn, 0.0, p["supply_voltage"] * 1.25)

    def friction(self, external: Array, velocity: Array) -> Array:
        """Largest torque that dry friction holds the joint with [N m]; `external` in N m."""
        p = self.values
        still = np.exp(-np.abs(velocity) / p["stribeck_velocity"])
        load = p["friction_load"] + p["friction_load_static"] * still
        return np.asarray(
            p["friction_base"]
            + p["friction_stribeck"] * still
            + load * np.abs(p["motor_constant"] * self.current)
            + p["friction_external"] * np.abs(external)
        )
