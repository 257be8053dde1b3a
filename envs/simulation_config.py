"""`SimulationConfig`: how a simulation is stepped, and on what."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

import mujoco
from mujoco.batch import Batch

from ashore.envs.physics.delta_action import has_delta
from ashore.envs.physics.engine import thread_count
from ashore.envs.physics.warp_batch import Device, WarpBatch
from ashore.envs.physics.wire_model import TELEMETRY

Backend = Literal["mujoco", "warp", "warp_cpu"]
DEVICES: dict[Backend, Device] = {"warp": "cuda", "warp_cpu": "cpu"}
"""What MuJoCo Warp computes on, by backend."""


@dataclass(frozen=True, kw_only=True)
class SimulationConfig:
    """How a simulation is stepped."""

    timestep: float | None = None
    """Longest physics step [s], shortened until it divides the control period; None for the
    MJCF's own."""
    threads: int = 0
    """Threads of the batch; 0 for ASHORE_THREADS, or one per core where that isn't set. Results do
    not depend on it."""
    backlash: bool = False
    """Whether the gears can have play."""
    delta_action: bool = False
    """Whether something can be added to the goals that no other parameter explains."""
    telemetry: tuple[str, ...] = TELEMETRY
    """Which of the servos' further signals are delivered: those that somebody reads."""
    backend: Backend = "mujoco"
    """What steps the physics: `mujoco.batch` on the processor, MuJoCo Warp on a CUDA device, or
    `warp_cpu`, which is Warp without one, slow, to check it."""

    def having(self, names: Collection[str]) -> "SimulationConfig":
        """Return the same, under which there are all of the parameters `names`."""
        play, delta = self.backlash or "backlash" in names, self.delta_action or has_delta(names)
        return replace(self, backlash=play, delta_action=delta)

    def batch(self, model: mujoco.MjModel, n: int) -> Batch | WarpBatch:
        """Make `n` simulations of a model.

        Raises:
            ModelError: it cannot be stepped as the configuration says on this machine.
        """
        if self.backend == "mujoco":
            return Batch(model, n, thread_count(self.threads))
        return WarpBatch(model, n, DEVICES[self.backend])
