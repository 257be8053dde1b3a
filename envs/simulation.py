"""`Simulation`: many robots of one spec in one MuJoCo batch, with their motors and sensors."""

import math
from dataclasses import dataclass

import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from ashore.envs.command_delay import CommandDelay
from ashore.envs.errors import ModelError
from ashore.envs.motor_model import MotorModel, Parameter, load_servo
from ashore.envs.robot_model import build_model, joint_addresses, play_names
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

MASS = Parameter(name="mass", value=1.0, unit="x nominal", low=0.05, high=5.0)
BACKLASH = Parameter(name="backlash", value=2e-4, unit="rad", low=2e-4, high=0.2)


def nominal_parameters(spec: RobotSpec) -> dict[str, Parameter]:
    """Every parameter that a robot's simulation has without backlash, by name."""
    return {**load_servo(spec.joints[0].servo).parameters, "mass": MASS}


@dataclass(frozen=True, kw_only=True)
class SimulationConfig:
    """How a simulation is stepped."""

    timestep: float = 0.004
    """Longest physics step [s]; shortened until it divides the control period."""
    threads: int = 0
    """Threads of the batch; 0 for one per core. Results do not depend on it."""
    backlash: bool = False
    """Whether the gears can have play."""


class Simulation:
    """`n` robots, each with its own parameters, stepped together.

    Arrays are `(n, nj)` in the spec's joint order. Parameters are those of the motor file, `mass`
    (a factor on every moving body's mass and inertia) and, if asked for, `backlash`.
    """

    def __init__(self, spec: RobotSpec, n: int, config: SimulationConfig | None = None) -> None:
        self.config = config or SimulationConfig()
        self.spec, self.n = spec, n
        self.substeps = math.ceil(1.0 / (spec.rate * self.config.timestep) - 1e-9)
        self.timestep = 1.0 / (spec.rate * self.substeps)
        model = build_model(spec, self.timestep, self.config.backlash)
        servos = [load_servo(joint.servo) for joint in spec.joints]
        self.batch = Batch(model, n, self.config.threads)
        self.motor = MotorModel(servos, n)
        self.motor.p_gain[:] = spec.column("p_gain")
        self.parameters = nominal_parameters(spec)
        self._values = {"mass": np.ones((n, 1))}
        self._bind(spec)
        longest = self.parameters["command_delay"].high
        self.delay = CommandDelay((n, len(servos)), 1.0 / spec.rate, longest)
        self.reported_velocity = np.zeros((n, len(servos)))
        self.reset(np.arange(n), np.tile(spec.column("default"), (n, 1)))

    def _bind(self, spec: RobotSpec) -> None:
        batch = self.batch
        self._qpos, self._qvel = batch.bind("qpos"), batch.bind("qvel")
        self._bias, self._force = batch.bind("qfrc_bias"), batch.bind("qfrc_applied")
        self._friction = batch.expand("dof_frictionloss")
        self._armature = batch.expand("dof_armature")
        self._mass, self._inertia = batch.expand("body_mass"), batch.expand("body_inertia")
        self._nominal_mass = batch.model.body_mass.copy()
        self._nominal_inertia = batch.model.body_inertia.copy()
        self._q, self._dof = joint_addresses(batch.model, spec.names)
        self._play: Ids = np.empty(0, dtype=np.intp)
        if self.config.backlash:
            self._play, self._play_dof = joint_addresses(batch.model, play_names(spec.names))
            self.parameters["backlash"] = BACKLASH
            self._values["backlash"] = np.full((self.n, len(spec.joints)), BACKLASH.value)
            self._play_range = batch.expand("jnt_range")
            self._play_joint = [batch.model.joint(name).id for name in play_names(spec.names)]

    @property
    def position(self) -> Array:
        """True angle of each output shaft [rad]."""
        angle: Array = self._qpos[:, self._q]
        return angle + self._qpos[:, self._play] if len(self._play) else angle

    @property
    def velocity(self) -> Array:
        """True velocity of each output shaft [rad/s]."""
        speed: Array = self._qvel[:, self._dof]
        return speed + self._qvel[:, self._play_dof] if len(self._play) else speed

    def values(self, name: str) -> Array:
        """Present values of a parameter, `(n, nj)`, or `(n, 1)` if it belongs to the robot.

        Raises:
            ModelError: no such parameter; the message lists those that exist.
        """
        self._require(name)
        return self._values[name] if name in self._values else self.motor.values[name]

    def set(self, name: str, values: Array, ids: Ids) -> None:
        """Give robots `ids` new values of a parameter, broadcast to `(len(ids), nj)`.

        Raises:
            ModelError: no such parameter, or a value that is not physical.
        """
        parameter = self._require(name)
        low, high = float(np.min(values)), float(np.max(values))
        if not (parameter.low <= low and high <= parameter.high):
            raise ModelError(
                f"parameter {name!r} would be {low:.4g} to {high:.4g} {parameter.unit}; "
                f"physical is {parameter.low:.4g} to {parameter.high:.4g}"
            )
        self.values(name)[ids] = values
        if name == "armature":
            self._armature[np.ix_(ids, self._dof)] = self.motor.values[name][ids]
        elif name == "mass":
            factor = self._values["mass"][ids]
            self._mass[ids] = self._nominal_mass * factor
            self._inertia[ids] = self._nominal_inertia * factor[:, :, None]
        elif name == "backlash":
            for column, joint in enumerate(self._play_joint):
                half = 0.5 * self._values["backlash"][ids, column]
                self._play_range[ids, joint] = np.stack([-half, half], axis=1)

    def settle(self, ids: Ids) -> None:
        """Recompute what MuJoCo derives from masses and armatures, after the last `set`."""
        self.batch.set_const(ids)

    def reset(self, ids: Ids, position: Array, velocity: Array | None = None) -> None:
        """Put robots `ids` at joint angles `(len(ids), nj)` [rad], commanded to stay there."""
        self.batch.reset(ids, stage=0)
        speed = np.zeros_like(position) if velocity is None else velocity
        self._qpos[np.ix_(ids, self._q)] = position
        self._qvel[np.ix_(ids, self._dof)] = speed
        self.motor.duty[ids] = 0.0
        self.motor.current[ids] = 0.0
        self.motor.voltage[ids] = self.motor.values["supply_voltage"][ids]
        self.reported_velocity[ids] = speed
        self.delay.restart(ids, position + self.motor.values["encoder_offset"][ids])

    def substep(self, goal: Array) -> None:
        """Advance one physics step with goals `(n, nj)` in force, as the encoder counts [rad]."""
        seconds = self.timestep
        velocity = self.velocity
        error = goal - (self.position + self.motor.values["encoder_offset"])
        self._force[:, self._dof] = self.motor.torque(error, velocity, seconds)
        external = self._bias[:, self._dof]
        self._friction[:, self._dof] = self.motor.friction(external, velocity)
        self.motor.sag()
        self.batch.step()
        lag = self.motor.values["velocity_lag"]
        behind = self.velocity - self.reported_velocity
        self.reported_velocity += behind * (seconds / (lag + seconds))

    def step(self, command: Array) -> None:
        """Advance one control period after `command` `(n, nj)` [rad] was given."""
        self.delay.push(command)
        delay = self.motor.values["command_delay"]
        for k in range(self.substeps):
            since = k * self.timestep
            self.substep(self.delay.goal(since, self.timestep, delay))

    def sense(self) -> dict[str, Array]:
        """What the servos report now: the signals of a robot's reading, each `(n, nj)`."""
        motor = self.motor
        angle = self.position + motor.values["encoder_offset"]
        return {
            "joint_position": np.round(angle / motor.quantum) * motor.quantum,
            "joint_velocity": np.round(self.reported_velocity / motor.velocity_quantum)
            * motor.velocity_quantum,
            "joint_current": motor.current.copy(),
            "voltage": motor.voltage.copy(),
        }

    def _require(self, name: str) -> Parameter:
        if name not in self.parameters:
            known = ", ".join(sorted(self.parameters))
            raise ModelError(f"no parameter {name!r}; there are: {known}")
        return self.parameters[name]
