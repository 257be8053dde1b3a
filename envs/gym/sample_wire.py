"""`SampleWire`: what lies between an environment's whole observation and whoever acts on it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ashore.envs.dice import Dice
from ashore.envs.physics.command_delay import CommandDelay
from ashore.envs.physics.parameter import Parameter
from ashore.envs.physics.sample_history import SampleHistory

Array = NDArray[np.float64]
Ids = NDArray[np.intp]

_TIMES = ("command_delay", "command_jitter", "observation_delay", "observation_jitter")
_LONGEST = 0.1
"""Longest delay, and longest jitter on top of it [s]."""


class SampleWire:
    """Actions to `n` robots and observations from them, one each a control tick.

    An action is in force `command_delay` late, and up to `command_jitter` more (uniform, drawn each
    tick). An observation is `observation_delay` old, and up to `observation_jitter` older, between
    two ticks linearly; normal noise of deviation `observation_noise` is added to each number; it is
    lost as a whole with probability `dropped_samples`, and the last one stands in for it. What has
    never been set costs nothing and draws nothing.
    """

    def __init__(self, names: tuple[str, ...], actions: int, period: float, dice: Dice) -> None:
        """Lay out the wire.

        Args:
            names: what each number of an observation is called.
            actions: numbers in an action.
            period: time between ticks [s].
            dice: one stream for each of the robots; may be replaced later.
        """
        self.dice, self._period, n = dice, period, len(dice)
        known = [Parameter(name=t, value=0.0, unit="s", low=0.0, high=_LONGEST) for t in _TIMES]
        known.append(Parameter(name="dropped_samples", value=0.0, unit="-", low=0.0, high=1.0))
        noise = Parameter(name="observation_noise", value=0.0, unit="-", low=0.0, high=1e3)
        known.append(replace(noise, elements=names))
        self.parameters = {parameter.name: parameter for parameter in known}
        self.values = {p.name: np.zeros((n, len(p.elements))) for p in known}
        self._used: set[str] = set()
        self._commands = CommandDelay((n, actions), period, 2.0 * _LONGEST)
        self._history: SampleHistory | None = None
        self._kept = np.zeros((n, len(names)))
        self._new = np.ones(n, dtype=np.bool_)
        self._everyone = np.arange(n)
        self._lateness = np.zeros((n, 1))

    @property
    def late_commands(self) -> bool:
        """Whether actions may come into force within a control period."""
        return bool(self._used & {"command_delay", "command_jitter"})

    @property
    def idle(self) -> bool:
        """Whether observations pass as they are."""
        return self._used <= {"command_delay", "command_jitter"}

    def changed(self, name: str, ids: Ids) -> bool:
        """Remember that this effect exists."""
        self._used.add(name)
        if name in ("observation_delay", "observation_jitter") and self._history is None:
            self._history = SampleHistory(*self._kept.shape, self._period, 2.0 * _LONGEST)
            self._new[:] = True
        return False

    def restart(self, ids: Ids) -> None:
        """Forget robots `ids`: their next observation stands for all of their past."""
        self._new[ids] = True
        if self.late_commands:
            self._commands.restart(ids, np.zeros((len(ids), 1)))

    def command(self, action: Array) -> None:
        """Give this tick's actions, `(n, k)`."""
        self._commands.push(action)
        values = self.values
        jitter = values["command_jitter"] * self.dice.uniform()
        self._lateness = values["command_delay"] + jitter

    def in_force(self, since: float, seconds: float) -> Array:
        """Actions obeyed for `seconds` from `since` seconds into this tick, `(n, k)`."""
        return self._commands.goal(since, seconds, self._lateness)

    def deliver(self, observation: Array, ids: Ids | None = None) -> Array:
        """Let this tick's observations pass; for robots `ids` only, if given."""
        if self.idle:
            return observation
        rows = self._everyone if ids is None else ids
        dice, used = (self.dice if ids is None else self.dice.of(ids)), self._used
        out = observation
        if self._history is not None:
            if ids is None:
                self._history.tick()
            self._history.put(observation, rows, self._new[rows])
            late = self.values["observation_jitter"][rows] * dice.uniform()
            late += self.values["observation_delay"][rows]
            out = self._history.ago(late[:, 0], rows)
        if "observation_noise" in used:
            out = out + self.values["observation_noise"][rows] * dice.normal(out.shape[1])
        if "dropped_samples" in used:
            lost = dice.uniform() < self.values["dropped_samples"][rows]
            out = np.where(lost & ~self._new[rows][:, None], self._kept[rows], out)
            self._kept[rows] = out
        self._new[rows] = False
        return out
