"""`RoundController`: one round of an excitation on a robot, and what came of it."""

import numpy as np

from ashore.adapt.excite.excitation import Excitation
from ashore.adapt.trajectory import Trajectory
from ashore.hardware.reading import Command, Reading
from ashore.hardware.run.controller import Decision
from ashore.hardware.spec import RobotSpec


class RoundController:
    """Plays the goals of an excitation by the clock, and keeps what the joints answered."""

    def __init__(self, spec: RobotSpec, excitation: Excitation, index: int, held: bool) -> None:
        """Prepare a round.

        Args:
            spec: the robot.
            excitation: its goals.
            index: number of the round, from 1.
            held: whether a base that is free hangs in a stand.
        """
        self.spec, self.excitation, self.held = spec, excitation, held
        self.index = index
        self.duration = len(excitation.goals) / spec.rate
        self.home = excitation.goals[0]
        self.facts: dict[str, object] = {"shape": excitation.shape.name, "round": index}
        self._said: list[tuple[Reading, Command]] = []

    def decide(self, elapsed: float, reading: Reading) -> Decision:
        """Give the goals of this moment."""
        goals = self.excitation.goals
        goal = goals[min(round(elapsed * self.spec.rate), len(goals) - 1)]
        command = Command(position=goal.copy())
        self._said.append((reading, command))
        return Decision(
            command=command,
            observation=np.array([elapsed], np.float32),
            action=goal.astype(np.float32),
            signals={},
        )

    @property
    def finished(self) -> bool:
        """Whether it was played to its end."""
        return len(self._said) > 0.9 * len(self.excitation.goals)

    def trajectory(self) -> Trajectory:
        """What came of it.

        Raises:
            AdaptError: it had hardly begun.
        """
        readings = [reading for reading, _ in self._said]
        time = np.array([reading.time for reading in readings])
        time -= time[0] if len(time) else 0.0
        voltage = _rows([reading.voltage for reading in readings])
        on = [np.True_ if r.torque_enabled is None else r.torque_enabled for r in readings]
        position = _rows([reading.position for reading in readings])
        return Trajectory(
            label=self.excitation.shape.name,
            source=f"round {self.index}",
            time=time,
            position=position,
            voltage=voltage if np.isfinite(voltage).all() else None,
            goal_time=time,
            goal=_rows([command.position for _, command in self._said]),
            torque_enabled=np.broadcast_to(np.array(on).reshape(len(time), -1), position.shape),
            p_gain=self.spec.column("p_gain"),
            fresh=_rows([reading.age for reading in readings]) == 0.0,
            held=self.held,
        )


def _rows(values: list[np.ndarray]) -> np.ndarray:
    return np.array(values, dtype=np.float64).reshape(len(values), -1)
