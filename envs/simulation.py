"""`Simulation`: many robots of one spec in one MuJoCo batch, with their motors and sensors."""

from collections.abc import Collection, Mapping

import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.physics.backlash import Backlash, play_names
from ashore.envs.physics.bumps import Bumps
from ashore.envs.physics.command_delay import CommandDelay
from ashore.envs.physics.delta_action import DeltaAction
from ashore.envs.physics.engine import untimed
from ashore.envs.physics.free_base import FreeBase
from ashore.envs.physics.model_fields import ModelFields
from ashore.envs.physics.motors import make_motors
from ashore.envs.physics.parameter import Parameter
from ashore.envs.physics.parameter_set import Group, ParameterSet
from ashore.envs.physics.robot_model import build_model, columns, joint_addresses
from ashore.envs.physics.wire_model import WireModel
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Start
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

EXPLODED = 1e3
"""A speed above which a robot is no longer physics, in any unit of MuJoCo's [rad/s, m/s]."""


class Simulation(ParameterSet):
    """`n` robots, each with its own parameters, stepped together.

    Arrays are `(n, nj)` in the spec's joint order. Parameters are those of the motors, of MuJoCo's
    model (`ModelFields`), of the wire (`WireModel`) and, if asked for, `backlash` and those of a
    `DeltaAction`.
    """

    def __init__(self, spec: RobotSpec, n: int, config: SimulationConfig | None = None) -> None:
        self.config = config or SimulationConfig()
        self.spec, self.n = spec, n
        model = build_model(spec, self.config.timestep, self.config.backlash)
        self.timestep = float(model.opt.timestep)
        self.substeps = round(1.0 / (spec.rate * self.timestep))
        batch = self.config.batch(model, n)
        self.motor = make_motors(spec, n)
        play = play_names(spec.names) if self.config.backlash else ()
        self.fields = ModelFields(batch, without={"armature", "joint_friction"}, inner=play)
        self.base = FreeBase.of(batch)
        period, telemetry = 1.0 / spec.rate, self.config.telemetry
        self.wire = WireModel(spec.names, self.base is not None, period, Dice(0, n), telemetry)
        self.bumps = Bumps(batch, Dice(0, n)) if self.base is not None else None
        groups: list[Group] = [self.motor, self.fields, self.wire]
        groups += [self.bumps] if self.bumps is not None else []
        if self.config.backlash:
            groups.append(Backlash(batch, spec.names))
        self.added = DeltaAction(spec.names, n) if self.config.delta_action else None
        groups += [self.added] if self.added is not None else []
        super().__init__(batch, groups)
        self._bind()
        longest = self.parameters["command_delay"].high
        longest += self.parameters["command_jitter"].high
        self.delay = CommandDelay((n, len(spec.joints)), 1.0 / spec.rate, longest)
        self.reported_velocity = np.zeros((n, len(spec.joints)))
        home = np.tile(spec.column("default"), (n, 1))
        self.reset(np.arange(n), Start(position=home))

    def _bind(self) -> None:
        batch, names = self.batch, self.spec.names
        self._qpos, self._qvel = batch.bind("qpos"), batch.bind("qvel")
        self._bias, self._force = batch.bind("qfrc_bias"), batch.bind("qfrc_applied")
        self._friction = batch.expand("dof_frictionloss")
        self._q, self._dof = joint_addresses(batch.model, names)
        damped = self.parameters["damping"].elements
        self._passive = [damped.index(name) for name in names]
        self._angles, self._speeds = columns(self._q), columns(self._dof)
        if self.config.backlash:
            play, play_dof = joint_addresses(batch.model, play_names(names))
            self._play, self._play_speeds = columns(play), columns(play_dof)

    @property
    def position(self) -> Array:
        """True angle of each output shaft [rad]."""
        angle = np.array(self._qpos[:, self._angles])
        if self.config.backlash:
            angle += self._qpos[:, self._play]
        return angle

    @property
    def velocity(self) -> Array:
        """True velocity of each output shaft [rad/s]."""
        speed = np.array(self._qvel[:, self._speeds])
        if self.config.backlash:
            speed += self._qvel[:, self._play_speeds]
        return speed

    @property
    def broken(self) -> NDArray[np.bool_]:
        """Robots whose physics is no longer finite, or has exploded, `(n,)`."""
        return np.asarray(~(np.abs(self._qvel) < EXPLODED).all(axis=1))

    def _put(self, name: str, values: Array, ids: Ids) -> None:
        super()._put(name, values, ids)
        if name == "armature":
            armature = self.motor.values[name][ids]
            self.batch.expand("dof_armature")[ids[:, None], self._dof] = armature
            self._stale[ids] = True

    def reset(self, ids: Ids, start: Start) -> None:
        """Put robots `ids` where `start`, of `len(ids)` rows, says, commanded to stay there."""
        self.batch.reset(ids, stage=mujoco.mjtStage.mjSTAGE_NONE)
        velocity = np.zeros_like(start.position) if start.velocity is None else start.velocity
        self._qpos[ids[:, None], self._q] = start.position
        self._qvel[ids[:, None], self._dof] = velocity
        if self.base is not None:
            self.base.reset(ids, start)
        if self.base is not None and self.bumps is not None:
            self.base.lift(ids, self.bumps.restart(ids))
        self.fields.push(ids)
        self.motor.reset(ids)
        self.wire.restart(ids)
        self.reported_velocity[ids] = velocity
        self.delay.restart(ids, start.position + self.motor.values["encoder_offset"][ids])
        self.batch.forward(ids, stage=mujoco.mjtStage.mjSTAGE_VEL)

    def seed(self, seed: int, first: int = 0) -> None:
        """Begin noise, losses and grounds anew, for robots numbered from `first` on."""
        self.wire.dice = Dice(seed, self.n, first, "wire")
        if self.bumps is not None:
            self.bumps.dice = Dice(seed, self.n, first, "ground")

    def substep(self, goal: Array) -> None:
        """Advance one physics step with goals `(n, nj)` in force, as the encoder counts [rad]."""
        self._prepare()
        with untimed():
            self._advance(goal, self.velocity)

    def _prepare(self) -> None:
        """Derive from the parameters what holds for a few steps."""
        self.motor.prepare(self.timestep)
        lag = self.motor.values["velocity_lag"]
        self._catching_up = self.timestep / (lag + self.timestep)

    def _advance(self, goal: Array, velocity: Array) -> Array:
        """Advance one physics step from joint velocities to those that it returns."""
        motor = self.motor
        error = goal - self._qpos[:, self._angles]
        if self.config.backlash:
            error -= self._qpos[:, self._play]
        error -= motor.values["encoder_offset"]
        if self.added is not None:
            error += self.added.delta(error, velocity, self.position)
        self._force[:, self._speeds] = motor.torque(error, velocity)
        external = self._bias[:, self._speeds]
        self._friction[:, self._speeds] = motor.friction(external, velocity)
        if motor.damping is not None:
            passive = self.fields.values["damping"][:, self._passive]
            self.batch.expand("dof_damping")[:, self._speeds] = passive + motor.damping
        motor.sag()
        self.batch.step()
        velocity = self.velocity
        behind = velocity - self.reported_velocity
        behind *= self._catching_up
        self.reported_velocity += behind
        return velocity

    def step(self, command: Array) -> None:
        """Advance one control period after `command` `(n, nj)` [rad] was given."""
        self.delay.push(command)
        if self.bumps is not None:
            self.bumps.advance()
        delay = self.wire.command_lateness(self.motor.values["command_delay"])
        self._prepare()
        velocity = self.velocity
        with untimed():
            for k in range(self.substeps):
                goal = self.delay.goal(k * self.timestep, self.timestep, delay)
                velocity = self._advance(goal, velocity)

    def sense(self) -> dict[str, Array]:
        """What the sensors say now, as they say it: the signals of a robot's reading."""
        motor = self.motor
        angle = self.position + motor.values["encoder_offset"]
        sensed = {
            "joint_position": np.round(angle / motor.quantum) * motor.quantum,
            "joint_velocity": np.round(self.reported_velocity / motor.velocity_quantum)
            * motor.velocity_quantum,
            "joint_current": motor.current.copy(),
            "voltage": motor.voltage.copy(),
        }
        return {**sensed, **self.base.sense(self.fields.down)} if self.base else sensed

    def truth(self, sensed: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """What no sensor says, for rewards; `sensed` saves asking the perfect sensors again.

        Returns:
            `true_position` `(n, nj)` [rad]; of a free base also `true_velocity` `(n, 3)` [m/s] and
            `true_gyro` `(n, 3)` [rad/s] in its own frame, `true_gravity` `(n, 3)`, a unit vector in
            that frame, and `true_height` `(n, 1)` over the floor [m].
        """
        found = {"true_position": self.position}
        if self.base is None:
            return found
        seen = self.base.sense(self.fields.down) if sensed is None else sensed
        perfect = {f"true_{name}": seen[f"imu_{name}"] for name in ("gyro", "gravity")}
        return {**found, **perfect, **self.base.truth(self.fields.up)}

    def observe(self, ids: Ids | None = None) -> dict[str, Array]:
        """Sensor signals as they reach the policy, with the truth beside; once a control tick.

        Args:
            ids: robots to look at anew, after their reset; None for all, at a new tick.
        """
        signals = self.sense()
        truth = self.truth(signals)
        if ids is not None:
            signals = {name: value[ids] for name, value in signals.items()}
            truth = {name: value[ids] for name, value in truth.items()}
        return {**self.wire.deliver(signals, ids), **truth}


def nominal_parameters(spec: RobotSpec, names: Collection[str] = ()) -> Mapping[str, Parameter]:
    """Every parameter that a robot's simulation has if it has those called `names`, by name."""
    return Simulation(spec, 1, SimulationConfig(threads=1).having(names)).parameters
