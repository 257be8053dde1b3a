"""A robot to test on: servo firmware and MuJoCo behind a real pseudo-terminal, in lockstep."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ashore.envs.tasks.task import Start
from ashore.envs.tasks.track import Track
from ashore.envs.twin.hidden import draw_hidden
from ashore.envs.twin.imu.robot_imu import robot_imu
from ashore.envs.twin.servo_plant import ServoPlant
from ashore.envs.twin.twin import Twin, TwinConfig
from ashore.hardware.contract import Contract
from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.reading import Command, Reading
from ashore.hardware.run.clock import LockstepClock
from ashore.hardware.run.runner import Controller, Decision, Runner, RunResult
from ashore.hardware.serial_robot import SerialRobot
from ashore.hardware.spec import RobotSpec
from ashore.policies.bundle import Bundle

COUNT = 2.0 * np.pi / 4096
SHIPPED = RobotSpec.load("servo")
SPEC = replace(SHIPPED, safety=replace(SHIPPED.safety, homing_time=0.2))
PERIOD = 1.0 / SPEC.rate
TWO_ARMS = """
<mujoco><option timestep="0.002" integrator="implicitfast"/><worldbody>
  <body><joint name="left" type="hinge" axis="0 -1 0"/>
    <inertial pos="0 0 -0.05" mass="0.05" diaginertia="1e-5 1e-5 1e-5"/></body>
  <body pos="1 0 0"><joint name="right" type="hinge" axis="0 -1 0"/>
    <inertial pos="0 0 -0.05" mass="0.05" diaginertia="1e-5 1e-5 1e-5"/></body>
</worldbody></mujoco>
"""


def with_joint(**changed: object) -> RobotSpec:
    """The servo robot with another joint."""
    return replace(SPEC, joints=(replace(SPEC.joints[0], **changed),))


class Bench:
    """A twin served by a thread. Its physics and registers may be touched between two questions."""

    def __init__(self, spec: RobotSpec = SPEC, hidden: str = "none", **config: object) -> None:
        self.spec = spec
        self.plant = ServoPlant(spec, draw_hidden(spec, hidden))
        imu = robot_imu(spec.imu, self.plant.simulation, 1 / spec.rate) if spec.imu else None
        options = {"imu": imu, "ids": spec.ids, "rate": spec.rate, "clock": "lockstep", **config}
        self.twin = Twin(TwinConfig(**options), self.plant)
        self.port = self.twin.open()
        self.clock = LockstepClock()
        self._thread = threading.Thread(target=self.twin.serve, daemon=True)
        self._thread.start()

    @property
    def memory(self):
        """Registers of the first servo."""
        return self.twin.firmware.servos[0].memory

    def place(self, angle: float) -> None:
        """Put the joint somewhere, as a hand does."""
        self.plant.simulation.reset(np.array([0]), Start(position=np.array([[angle]])))

    def open(self, **options: object) -> SerialRobot:
        options = {"imu_port": self.twin.imu_port, **options}
        return SerialRobot.open(self.spec, self.port, self.clock, **options)

    def unplug(self) -> None:
        self.twin.stop()
        self._thread.join(30.0)
        assert not self._thread.is_alive()
        self.twin.close()

    def run(self, folder: Path, *episodes: Controller) -> tuple[RunResult, Log]:
        """Open the robot, run the episodes, and read the log back."""
        path = folder / "run.mcap"
        header = LogHeader(robot=self.spec.name, spec=self.spec.to_json())
        log = LogWriter(path, header, queue_messages=1 << 20)
        robot = self.open(tap=lambda way, data: log.raw(self.clock.now(), way, data))
        try:
            result = Runner(robot, self.clock, log).run(episodes)
        finally:
            log.close()
            robot.bus.transport.tap = None
            robot.close()
        return result, Log.open(path)


Goal = Callable[[int, Reading], object]


class Script:
    """A controller that asks `goal(tick, reading)` where to go."""

    def __init__(self, goal: Goal, duration: float = 0.4, home: float = 0.0) -> None:
        self.goal, self.duration = goal, duration
        self.home = np.full(len(SPEC.joints), home)
        self.facts: dict[str, object] = {"script": True}
        self.tick = 0

    def decide(self, elapsed: float, reading: Reading) -> Decision:
        goal = self.goal(self.tick, reading)
        self.tick += 1
        return Decision(
            command=Command(position=np.atleast_1d(goal)),
            observation=np.array([elapsed], np.float32),
            action=np.zeros(1, np.float32),
            signals={"elapsed": np.array([elapsed])},
        )


def at(tick: int, act: Callable[[], object], goal: float = 0.0) -> Goal:
    """Stay at `goal`, and do something at one tick."""

    def decide(now: int, _: Reading) -> float:
        if now == tick:
            act()
        return goal

    return decide


def small_bundle(seed: int = 0) -> Bundle:
    """A policy of small random weights for tracking."""
    rng = np.random.default_rng(seed)
    contract: Contract = Track(SPEC).contract(SPEC)
    size = contract.observation_size
    contract = contract.with_normaliser(rng.normal(0.0, 0.1, size), rng.uniform(0.5, 2.0, size))
    shapes = {"trunk.0": (16, size), "trunk.1": (16, 16), "head": (1, 16)}
    actor = {}
    for name, shape in shapes.items():
        actor[f"{name}.weight"] = rng.normal(0.0, 0.3, shape).astype(np.float32)
        actor[f"{name}.bias"] = rng.normal(0.0, 0.05, shape[0]).astype(np.float32)
    critic = {"head.weight": np.zeros((1, 16), np.float32)}
    return Bundle(
        robot=SPEC,
        contract=contract,
        actor=actor,
        critic=critic,
        randomization="[]",
        provenance={"seed": seed},
    )
