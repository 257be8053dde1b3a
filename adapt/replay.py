"""`Replay`: windows of real logs, simulated under many parameter vectors at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal, TypeVar

import mujoco
import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.trajectory import Window
from ashore.envs.physics.free_base import BaseMotion
from ashore.envs.physics.standing import stand
from ashore.envs.simulation import Simulation
from ashore.envs.simulation_config import SimulationConfig
from ashore.envs.tasks.task import Start
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]
T = TypeVar("T", bound=np.generic)

Look = Callable[[Simulation], Array]
"""What is seen of every simulated robot at a step, `(n, k)`."""


@dataclass(frozen=True, kw_only=True)
class ReplayConfig:
    """How logs are replayed."""

    timestep: float = 0.002
    """Longest physics step [s]; shortened until it divides the control period."""
    threads: int = 0
    """Threads of the batch; 0 for one per core. Results do not depend on it."""
    voltage: Literal["supply", "logged"] = "supply"
    """`supply` lets the simulated supply sag from the log's median voltage; `logged` prescribes
    the measured samples, which alias the power stage's switching."""
    having: tuple[str, ...] = ()
    """Parameters that must be there, such as those of a delta action."""


class Replay:
    """`W` windows under `P` parameter vectors: `P * W` simulated robots, stepped together.

    Each robot starts from its window's measured angle and smoothed velocity, is given the logged
    goals, late by its own `command_delay`, and its encoder reads its own `encoder_offset`. A free
    base starts as its trajectory says it moved, or, where nobody knows, at rest on its feet. `S` is
    the number of samples of all windows together.
    """

    def __init__(
        self,
        spec: RobotSpec,
        windows: Sequence[Window],
        vectors: int,
        config: ReplayConfig | None = None,
    ) -> None:
        """Lay out the batch.

        Raises:
            AdaptError: there is no window.
        """
        if not windows:
            raise AdaptError("no window to replay: the logs are shorter than three samples")
        self.config = config or ReplayConfig()
        self.windows, self.vectors = list(windows), vectors
        stepping = SimulationConfig(timestep=self.config.timestep, threads=self.config.threads)
        simulated = vectors * len(windows)
        self.simulation = Simulation(spec, simulated, stepping.having(self.config.having))
        self._changed: set[str] = set()
        self.timestep = self.simulation.timestep
        longest = max(window.time[-1] for window in windows)
        self.steps = int(np.ceil(longest / self.timestep - 1e-9)) + 1
        self._grid = np.arange(self.steps + 1) * self.timestep
        self.measured = np.concatenate([w.trajectory.position[w.rows] for w in windows])
        self.fresh = np.concatenate([w.trajectory.fresh[w.rows] for w in windows])
        self.window = np.repeat(np.arange(len(windows)), [len(w.time) for w in windows])
        self.time = np.concatenate([w.time for w in windows])
        self._row = np.minimum((self.time / self.timestep).astype(np.intp), self.steps - 1)
        self._part = (self.time / self.timestep - self._row)[:, None]
        self._enabled = np.stack([self._held(w) for w in windows])
        self._switched = np.ones(self.steps, dtype=np.bool_)
        self._switched[1:] = np.diff(self._enabled, axis=1).any(axis=(0, 2))
        self._voltage = self._prescribed()

    def predict(self, values: Mapping[str, Array]) -> Array:
        """Simulate and return the predicted measurements, `(P, S, nj)` [rad].

        Args:
            values: by parameter name, `(P, nj)`, or `(P, 1)` for a parameter of the robot. Others
                are nominal, and the supply is the log's where it measured one.
        """
        history = self._run(self._begin(values), values, attrgetter("position"))
        offset = self._spread(self._value(values, "encoder_offset"))
        return self._sampled(history + offset[:, None])

    def senses(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Simulate and return what each sensor says, by the simulation's signals, `(P, S, k)`.

        Args:
            values: as `predict` takes them.
        """
        simulation = self._begin(values)
        widths = {name: each.shape[1] for name, each in simulation.sense().items()}
        seen = self._sampled(self._run(simulation, values, _all_senses))
        parts = np.split(seen, np.cumsum([*widths.values()])[:-1], axis=2)
        return dict(zip(widths, parts, strict=True))

    def _sampled(self, history: Array) -> Array:
        """What was seen at the samples' times, `(P, S, k)`, of every step of every robot."""
        seen = history.reshape(self.vectors, len(self.windows), self.steps + 1, -1)
        before = seen[:, self.window, self._row]
        after = seen[:, self.window, self._row + 1]
        return np.asarray(before + (after - before) * self._part)

    def residual(self, values: Mapping[str, Array]) -> Array:
        """Predicted minus measured, `(P, S, nj)` [rad]; zero where nothing was measured."""
        return np.where(self.fresh, self.predict(values) - self.measured, 0.0)

    def errors(self, values: Mapping[str, Array]) -> Array:
        """Mean absolute error of each vector and window, `(P, W)` [rad]."""
        error = np.abs(self.residual(values)).sum(axis=2)
        count = np.bincount(self.window, self.fresh.sum(axis=1))
        sums = [np.bincount(self.window, e, len(self.windows)) for e in error]
        return np.asarray(np.stack(sums) / np.maximum(count, 1.0))

    def _value(self, values: Mapping[str, Array], name: str) -> Array:
        if name in values:
            return np.asarray(values[name])
        return np.tile(self.simulation.nominal(name), (self.vectors, 1))

    def _spread(self, value: Array) -> Array:
        """Repeat `(P, k)` for each window: `(P * W, k)`."""
        return np.repeat(value, len(self.windows), axis=0)

    def _tile(self, value: NDArray[T]) -> NDArray[T]:
        """Repeat `(W, k)` for each vector: `(P * W, k)`."""
        return np.tile(value, (self.vectors, 1))

    def _begin(self, values: Mapping[str, Array]) -> Simulation:
        """Set parameters and states; duty starts where the control law has settled."""
        simulation, everyone = self.simulation, np.arange(self.simulation.n)
        factor = self._tile(np.array([[w.trajectory.mass] for w in self.windows]))
        for name in self._changed.difference(values):
            simulation.set(name, simulation.nominal(name), everyone)
        self._changed.update(values)
        for name, value in values.items():
            scale = factor if name == "mass" else 1.0
            simulation.set(name, self._spread(value) * scale, everyone)
        if "mass" not in values:
            simulation.set("mass", factor, everyone)
        measured = self._tile(self._supply())
        believed = self._spread(self._value(values, "supply_voltage"))
        supply = np.where(np.isnan(measured), believed, measured)
        simulation.set("supply_voltage", supply, everyone)
        simulation.settle(everyone)
        logs = [(w.trajectory, w.begin) for w in self.windows]
        offset = self._spread(self._value(values, "encoder_offset"))
        position = self._tile(np.stack([t.position[i] for t, i in logs])) - offset
        velocity = self._tile(np.stack([t.velocity[i] for t, i in logs]))
        simulation.reset(everyone, Start(position=position, velocity=velocity))
        self._set_down(simulation)
        simulation.motor.p_gain[:] = self._tile(np.stack([t.p_gain for t, _ in logs]))
        return simulation

    def _set_down(self, simulation: Simulation) -> None:
        """Put free bases where their windows begin."""
        known = [(w.trajectory.base, w.begin) for w in self.windows]
        moving = [base.take(np.array([row])) for base, row in known if base is not None]
        if simulation.base is None or len(moving) < len(known):
            stand(simulation)
            return
        motion = BaseMotion(
            gravity=self._tile(np.concatenate([each.gravity for each in moving])),
            gyro=self._tile(np.concatenate([each.gyro for each in moving])),
            velocity=self._tile(np.concatenate([each.velocity for each in moving])),
        )
        simulation.base.put(np.arange(simulation.n), motion)
        stand(simulation, level=False)
        simulation.batch.forward(stage=mujoco.mjtStage.mjSTAGE_VEL)

    def _run(self, simulation: Simulation, values: Mapping[str, Array], look: Look) -> Array:
        """Simulate all windows, and look at each step: `(P * W, K + 1, k)`."""
        goals = self._goals(self._value(values, "command_delay"))
        motor = simulation.motor
        motor.enabled[:] = self._tile(self._enabled[:, 0])
        offset = simulation.motor.values["encoder_offset"]
        motor.settle(goals[:, 0] - simulation.position - offset)
        first = look(simulation)
        history = np.empty((simulation.n, self.steps + 1, first.shape[1]))
        for k in range(self.steps):
            history[:, k] = look(simulation)
            if self._switched[k]:
                motor.enabled[:] = self._tile(self._enabled[:, k])
            if self._voltage is not None:
                motor.voltage[:] = self._tile(self._voltage[:, k])
            simulation.substep(goals[:, k])
        history[:, self.steps] = look(simulation)
        return history

    def _goals(self, delay: Array) -> Array:
        """Goals in force in every step of every robot, `(P * W, K, nj)` [rad]."""
        joints = self.measured.shape[1]
        late = np.broadcast_to(delay, (self.vectors, joints))
        return np.stack([
            window.trajectory.goals(self._grid + window.trajectory.time[window.begin], d)
            for d in late
            for window in self.windows
        ])

    def _supply(self) -> Array:
        """Measured supply of each window, `(W, nj)` [V]; NaN where it was not measured."""
        unknown = np.full(self.measured.shape[1], np.nan)
        rows = [w.trajectory.supply for w in self.windows]
        return np.stack([unknown if row is None else row for row in rows])

    def _held(self, window: Window) -> NDArray[np.bool_]:
        """Whether the motors are on in each step: what the latest sample said."""
        rows = np.searchsorted(window.time, self._grid[:-1] + 1e-9, side="right") - 1
        enabled: NDArray[np.bool_] = window.trajectory.torque_enabled[window.rows][rows]
        return enabled

    def _prescribed(self) -> Array | None:
        """Measured voltage in each step, `(W, K, nj)`, if it is wanted and was measured."""
        logged = [w.trajectory.voltage for w in self.windows]
        if self.config.voltage == "supply" or any(v is None for v in logged):
            return None
        return np.stack([
            np.stack([np.interp(self._grid[:-1], w.time, column) for column in v[w.rows].T], axis=1)
            for w, v in zip(self.windows, logged, strict=True)
            if v is not None
        ])



def _all_senses(simulation: Simulation) -> Array:
    return np.concatenate([*simulation.sense().values()], axis=1)
