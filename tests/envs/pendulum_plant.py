"""A small honest plant for the tests: rigid pendulums, each turned by a DC motor."""

import math

import numpy as np

from ashore.envs.twin.plant import Drive, Sense, Vector

RESISTANCE, TORQUE_CONSTANT = 2.81, 0.366
INERTIA, DAMPING, GRAVITY_TORQUE = 0.0025, 0.01, 0.05


class PendulumPlant:
    """`n` pendulums that hang down at 0 rad, under semi-implicit Euler steps of 1 ms."""

    step_seconds = 0.001

    def __init__(self, n: int, position: float = 0.0, supply: float = 5.0) -> None:
        self.position: Vector = np.full(n, position)
        self.velocity: Vector = np.zeros(n)
        self.current: Vector = np.zeros(n)
        self.duty: Vector = np.zeros(n)
        self.supply = supply
        self.temperature = 25.0
        self.blocked = False

    def step(self, drive: Drive) -> Sense:
        lead = 0.0 if drive.lead is None else drive.lead
        error = (drive.goal + lead - self.position) * 4096 / math.tau
        duty = np.clip(error * drive.p_gain / 128 / 885, -drive.pwm_limit, drive.pwm_limit)
        if drive.duty is not None:
            duty = np.where(np.isnan(drive.duty), duty, drive.duty)
        self.duty = np.where(drive.torque_enabled, duty, 0.0)
        volts = self.duty * self.supply - TORQUE_CONSTANT * self.velocity
        current = np.clip(volts / RESISTANCE, -drive.current_limit, drive.current_limit)
        self.current = np.where(drive.torque_enabled, current, 0.0)
        torque = TORQUE_CONSTANT * self.current - DAMPING * self.velocity
        torque = torque - GRAVITY_TORQUE * np.sin(self.position)
        if self.blocked:
            self.velocity = np.zeros_like(self.velocity)
        else:
            self.velocity = self.velocity + torque / INERTIA * self.step_seconds
        self.position = self.position + self.velocity * self.step_seconds
        return self.sense()

    def sense(self) -> Sense:
        n = len(self.position)
        return Sense(
            position=self.position.copy(),
            velocity=self.velocity.copy(),
            current=self.current.copy(),
            duty=self.duty.copy(),
            voltage=np.full(n, self.supply),
            temperature=np.full(n, self.temperature),
        )

    def inertial(self) -> None:
        return None
