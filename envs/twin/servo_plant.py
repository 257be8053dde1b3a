"""`ServoPlant`: the twin's physics, the same simulation with one robot and hidden parameters."""

from collections.abc import Mapping

import numpy as np

from ashore.envs.physics.command_delay import CommandDelay
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Start
from ashore.envs.twin.base_motion import BaseMotion
from ashore.envs.twin.plant import Drive, InertialSense, Sense, Vector
from ashore.hardware.spec import RobotSpec

_AMBIENT = 28.0
_WARMING = 12.0  # °C above ambient per watt lost in the winding, in the long run
_FAR, _STIFF = 1e3, 16383.0  # rad of error and P gain under which any duty is at its limit
_COOLING = 120.0  # thermal time constant [s]


class ServoPlant:
    """One robot of a spec, stepped at about 1 kHz by its servos' firmware, with play in its gears.

    Firmware thinks in encoder angles; this class turns them by each joint's sign and zero offset.
    """

    def __init__(
        self, spec: RobotSpec, hidden: Mapping[str, float | Vector], step: float = 0.001
    ) -> None:
        """Build the robot; `hidden` gives parameters another value than the nominal one.

        Steps are `step` seconds, or as little less as makes them divide the control period.

        Raises:
            ModelError: an unknown parameter, or a value that is not physical.
        """
        config = SimulationConfig(timestep=step, threads=1, backlash=True)
        self.simulation = Simulation(spec, 1, config)
        self.step_seconds = self.simulation.timestep
        only = np.array([0])
        for name, value in hidden.items():
            self.simulation.set(name, np.array(value), only)
        self.simulation.settle(only)
        self._sign, self._zero = spec.column("sign"), spec.column("zero_offset")
        self.simulation.reset(only, Start(position=spec.column("default")[None]))
        longest = self.simulation.parameters["command_delay"].high
        # Each joint is a row of its own here, so that each can forget its past alone.
        self._delay = CommandDelay((len(spec.joints), 1), self.step_seconds, longest)
        self.simulation.motor.enabled[:] = False
        self._base = BaseMotion.of(self.simulation)
        self._temperature = np.full(len(spec.joints), _AMBIENT)
        self._ceiling = self.simulation.motor.values["current_limit"].copy()

    def step(self, drive: Drive) -> Sense:
        """Advance by one step."""
        motor = self.simulation.motor
        goal = self._goal(drive)
        if drive.lead is not None:
            goal += self._sign * drive.lead
        motor.enabled[0] = drive.torque_enabled
        motor.p_gain[0] = drive.p_gain
        motor.pwm_limit[0] = drive.pwm_limit
        motor.values["current_limit"][0] = np.minimum(self._ceiling[0], drive.current_limit)
        if drive.duty is not None:
            self._push(goal, drive.duty)
        self.simulation.substep(goal)
        lost = np.square(motor.current[0]) * motor.values["resistance"][0]
        warmer = _AMBIENT + _WARMING * lost - self._temperature
        self._temperature += warmer * (self.step_seconds / _COOLING)
        return self.sense()

    def _push(self, goal: Vector, duty: Vector) -> None:
        """Put goals where the position law asks for `duty`, and its limit there; not a number: no.

        The law is that of `DutyMotor`, clipped at its limit however far away the goal is. A motor
        of another law has no duty, and gets the most it has, or nothing.
        """
        motor, told = self.simulation.motor, np.isfinite(duty)
        measured = self.simulation.position + motor.values["encoder_offset"]
        far = measured + _FAR * self._sign * np.sign(np.nan_to_num(duty))
        np.copyto(goal, far, where=told)
        np.copyto(motor.p_gain[0], _STIFF, where=told)
        np.copyto(motor.pwm_limit[0], np.minimum(np.abs(duty), 1.0), where=told)

    def _goal(self, drive: Drive) -> Vector:
        """Goals in force, `(1, nj)`: those of some time ago, where torque was on already.

        Whatever delays a goal delays the instruction for torque behind it as much, so that a motor
        never obeys a goal that another replaced before its torque came.
        """
        goal = (self._sign * (drive.goal - self._zero))[:, None]
        limp = np.flatnonzero(~self.simulation.motor.enabled[0])
        self._delay.restart(limp, goal[limp])
        self._delay.push(goal)
        delay = self.simulation.motor.values["command_delay"].T
        return self._delay.goal(0.0, self.step_seconds, delay).T

    def sense(self) -> Sense:
        """What the sensors see now."""
        motor = self.simulation.motor
        angle = self.simulation.position + motor.values["encoder_offset"]
        return Sense(
            position=self._encoder(angle[0]),
            velocity=self._sign * self.simulation.reported_velocity[0],
            current=self._sign * motor.current[0],
            duty=self._sign * motor.duty[0],
            voltage=motor.voltage[0].copy(),
            temperature=self._temperature.copy(),
        )

    def inertial(self) -> InertialSense | None:
        """How the base moves now."""
        return None if self._base is None else self._base.sense()

    def _encoder(self, angle: Vector) -> Vector:
        return np.asarray(self._sign * angle + self._zero)
