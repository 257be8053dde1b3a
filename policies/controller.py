"""`PolicyController`: one episode of a policy on a robot, on numpy alone."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ashore.envs.tasks.task import Task
from ashore.hardware.contract import Memory, Signals
from ashore.hardware.reading import Command, Reading
from ashore.hardware.run.runner import Decision
from ashore.policies.bundle import Bundle


def sensed(reading: Reading, last_action: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """A reading's signals under the names that simulation uses, each `(1, k)`."""
    base: dict[str, NDArray[np.float64]] = {}
    if (inertial := reading.inertial) is not None:
        base = {"imu_gyro": inertial.gyro[None], "imu_gravity": inertial.gravity[None]}
    return {
        **base,
        "joint_position": reading.position[None],
        "joint_velocity": reading.velocity[None],
        "joint_current": reading.current[None],
        "voltage": reading.voltage[None],
        "last_action": last_action,
    }


Look = Callable[[float, Signals, NDArray[np.float32]], None]
"""Called at each step with the time since the episode's start [s], the signals, each `(1, k)`, and
the action `(1, na)`."""


def _look_away(elapsed: float, signals: Signals, action: NDArray[np.float32]) -> None:
    """Nobody looks."""


class PolicyController:
    """Builds observations by the contract and lets the policy decide, for one plan of a task."""

    def __init__(
        self, bundle: Bundle, task: Task, plan: NDArray[np.float64], look: Look = _look_away
    ) -> None:
        """Prepare an episode.

        Args:
            bundle: the policy and its contract.
            task: what it does.
            plan: one row of the task's plans, `(k,)`.
            look: looks on at each step; what it takes is taken from the control period.
        """
        self.policy, self.contract, self.task = bundle.policy, bundle.contract, task
        self.plan, self._look = plan[None], look
        self.duration = task.episode
        self.home = bundle.spec.column("default")
        self.facts: dict[str, object] = {
            "task": task.name,
            "plan": plan.tolist(),
            "policy": bundle.digest,
        }
        self._memory = Memory(bundle.contract, 1)
        self._last = np.zeros((1, bundle.contract.action_size))

    def decide(self, elapsed: float, reading: Reading) -> Decision:
        """Observe, act, and remember the action for the next observation."""
        signals = self.task.signals(self.plan, np.array([elapsed]), sensed(reading, self._last))
        observation = self.contract.observe(signals, self._memory)
        action = self.policy.act(observation)
        goal = self.contract.act(action, signals)
        self._last = np.clip(action, -1.0, 1.0).astype(np.float64)
        self._look(elapsed, signals, action)
        return Decision(
            command=Command(position=goal[0]),
            observation=observation[0],
            action=action[0],
            signals={name: value[0].copy() for name, value in signals.items()},
        )
