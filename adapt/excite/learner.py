"""`Learner`: reads out of each round what it tells."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.calibrate import FIRST, WIDEST, CalibrationConfig
from ashore.adapt.excite.knowledge import Knowledge
from ashore.adapt.least_squares import STEP, LeastSquares
from ashore.adapt.priors import Coordinates
from ashore.adapt.trajectory import Trajectory
from ashore.envs.simulation import nominal_parameters
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

STEPS = (5, 2)
"""Steps of the fit to the first round, and to each that follows, from where the last one ended."""
COARSE = 0.005
"""Longest physics step of the rounds' replays [s]: what is asked is how much, not what."""


class Learner:
    """Adds up the information of the rounds, each from the Jacobian of its own replay.

    With `J` the derivative of a round's residuals by the coordinates and `w` their weights, as the
    calibration's cost has them, a round adds `J' w J` to the prior's unit matrix. The fit goes on
    from round to round, so that derivatives are taken near the robot and not near its nominal one;
    what was read while the robot was hardly known is read again.
    """

    def __init__(self, spec: RobotSpec, config: CalibrationConfig) -> None:
        """Know nothing but the prior.

        Args:
            spec: the robot.
            config: how its log will be calibrated: what is told here is then told there.
        """
        self.spec, self.config = spec, config
        priors = {n: p for n, p in config.priors.items() if n != "supply_voltage"}
        self._coordinates = Coordinates(priors, nominal_parameters(spec), len(spec.joints))
        size = len(self._coordinates.mean)
        self.knowledge = Knowledge(
            names=self._coordinates.names,
            widths=self._coordinates.widths,
            z=np.clip(np.zeros(size), self._coordinates.lowest, self._coordinates.highest),
            information=np.eye(size),
        )
        self._read: list[_Read] = []

    def learn(self, trajectory: Trajectory) -> Knowledge:
        """Read one round, and of those before, the one that was read longest ago once more."""
        known = self.knowledge
        z = known.z
        windows = self._problem(trajectory, self.config.window)
        for _ in range(STEPS[known.rounds > 0]):
            z, _gain = windows.improve(z)
        if self._read:
            self._read.append(self._reread(self._read.pop(0).trajectory, z))
        self._read.append(self._reread(trajectory, z))
        self.knowledge = replace(
            known,
            z=z,
            information=np.eye(len(z)) + sum(read.told for read in self._read),
            rounds=known.rounds + 1,
            offers={read.trajectory.label: read.told for read in self._read},
        )
        return self.knowledge

    def _reread(self, trajectory: Trajectory, z: Array) -> "_Read":
        """What a round tells if `z` is the robot."""
        whole, known = self._problem(trajectory, None), self.knowledge
        here = whole.linearize(z, np.clip(known.width, STEP, WIDEST) if known.rounds else FIRST)
        whole.measure(here.residual)
        return _Read(trajectory, whole.curvature(here) - np.eye(len(z)))

    def _problem(self, trajectory: Trajectory, length: float | None) -> LeastSquares:
        config = self.config
        replay = replace(config.replay, timestep=COARSE, threads=1)
        windows = trajectory.segments(length)
        return LeastSquares(self.spec, windows, self._coordinates, config.correlation, replay)


@dataclass(frozen=True)
class _Read:
    """A round, and what it added to the information, `(D, D)`."""

    trajectory: Trajectory
    told: Array
