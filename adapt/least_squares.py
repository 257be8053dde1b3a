"""`LeastSquares`: Levenberg-Marquardt on batched replays, with a prior and physical bounds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.perturbation import Perturbation
from ashore.adapt.priors import Coordinates
from ashore.adapt.replay import ReplayConfig
from ashore.adapt.replay_set import ReplaySet
from ashore.adapt.trajectory import Window
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

STEP = 0.01
"""Finite difference of a coordinate, in prior standard deviations."""
LADDER = np.array([0.1, 1.0, 10.0, 100.0])
"""Dampings tried at once, relative to the last that worked."""
CROWD = 40
"""Vectors tried at once in a generation of the search."""
ELITE = 10
"""How many of them the next generation gathers around."""
SPREAD, SHRINK = 1.5, 0.9
"""Width of the first generation, in posterior standard deviations, and of each over the last."""
COARSE = 1.6
"""How much longer the physics steps of a search are."""
DIVERGED = 10.0
"""Residual of a replay that is no longer finite [rad]."""


@dataclass(frozen=True)
class Linearized:
    """The problem around one vector; rows are samples and joints."""

    residual: Array
    """Predicted minus measured, `(M,)` [rad]."""
    jacobian: Array
    """Its derivative by the coordinates, `(M, D)` [rad]."""


class LeastSquares:
    """Minimizes `n_eff / M * sum_i 2 rho(e_i / s) + |z|^2` over the box of physical values.

    `rho(x) = sqrt(1 + x^2) - 1` is quadratic for small errors and absolute for large ones; `s` is
    the residuals' median size, so the weights follow the fit. Errors of one log are alike from
    sample to sample: `M` rows count as `n_eff`, one for each `correlation` seconds and joint.
    """

    def __init__(
        self,
        spec: RobotSpec,
        windows: Sequence[Window],
        coordinates: Coordinates,
        correlation: float,
        config: ReplayConfig,
    ) -> None:
        self.coordinates, self._spec = coordinates, spec
        self.size = len(coordinates.mean)
        self._perturbation = Perturbation.of(spec, windows, coordinates)
        self._wide = ReplaySet(spec, windows, self._perturbation.groups + 1, config)
        self._narrow = ReplaySet(spec, windows, len(LADDER), config)
        self._keep = self._wide.fresh.ravel()
        seconds = sum(float(window.time[-1]) for window in windows)
        joints = len(spec.joints)
        self._joint = np.tile(np.arange(joints), len(self._wide.time))[self._keep]
        self.share = min(1.0, max(1.0, seconds / correlation) * joints / self._keep.sum())
        self.floor = float(self._wide.simulation.motor.quantum.max()) / np.sqrt(12.0)
        self.damping = 0.1
        self.scale = 1.0

    def blocks(self, seconds: float) -> NDArray[np.intp]:
        """Number the rows by stretches of `seconds` within a window."""
        within = (self._wide.time / seconds).astype(np.intp)
        pairs = np.stack([self._wide.window, within], axis=1)
        number = np.unique(pairs, axis=0, return_inverse=True)[1].ravel()
        rows: NDArray[np.intp] = np.repeat(number, self._wide.measured.shape[1])[self._keep]
        return rows

    def linearize(self, z: Array, size: Array | float = STEP) -> Linearized:
        """Replay at `z` and `size` beside it in each coordinate, all in one batch."""
        step = np.where(z + size > self.coordinates.highest, -size, size)
        found = self._residuals(self._wide, self._perturbation.beside(z, step))
        return Linearized(found[0], self._perturbation.derivative(found, step, self._joint))

    def measure(self, residual: Array) -> None:
        """Take the scale of the errors from a residual; never finer than the encoder."""
        self.scale = max(self.floor, 1.5 * float(np.median(np.abs(residual))))

    def cost(self, z: Array, residual: Array) -> Array:
        """Twice the negative log density, `(P,)`, of vectors `(P, D)` with residuals `(P, M)`."""
        rho = np.sqrt(1.0 + np.square(residual / self.scale)) - 1.0
        return np.asarray(2.0 * self.share * rho.sum(axis=1) + np.square(z).sum(axis=1))

    def weights(self, residual: Array) -> Array:
        """Weight of each squared residual, `(M,)` [1/rad^2]."""
        bend = np.sqrt(1.0 + np.square(residual / self.scale))
        return np.asarray(self.share / (np.square(self.scale) * bend))

    def improve(self, z: Array) -> tuple[Array, float]:
        """Take one step from `z`; return the better vector and by which share the cost fell."""
        here = self.linearize(z)
        self.measure(here.residual)
        curvature = self.curvature(here)
        slope = here.jacobian.T @ (self.weights(here.residual) * here.residual) + z
        dampings = self.damping * LADDER
        tried = np.stack([self._step(z, curvature, slope, damping) for damping in dampings])
        costs = self.cost(tried, self._residuals(self._narrow, tried))
        before = float(self.cost(z[None], here.residual[None])[0])
        best = int(np.argmin(costs))
        if costs[best] >= before:
            self.damping = min(self.damping * 1e3, 1e9)
            return z, 0.0
        self.damping = max(dampings[best], 1e-6)
        return tried[best], 1.0 - float(costs[best]) / before

    def search(self, z: Array, rng: np.random.Generator, generations: int) -> Array:
        """Look around `z` for a better vector, where the posterior there is wide.

        Sticking makes the cost rugged: a joint that stops one sample earlier stays there. Each
        generation is drawn around the mean of the last one's elite, with the covariance that
        Gauss-Newton gives at `z`; the best vector ever seen is returned.
        """
        here = self.linearize(z)
        self.measure(here.residual)
        root = np.linalg.cholesky(np.linalg.inv(self.curvature(here)))
        fine = self._narrow.config
        coarse = replace(fine, timestep=COARSE * fine.timestep)
        crowd = ReplaySet(self._spec, self._narrow.windows, CROWD, coarse)
        best, least, centre, width = z, np.inf, z, SPREAD
        for _ in range(generations):
            drawn = centre + width * rng.standard_normal((CROWD, self.size)) @ root.T
            drawn[0] = best
            drawn = np.clip(drawn, self.coordinates.lowest, self.coordinates.highest)
            costs = self.cost(drawn, self._residuals(crowd, drawn))
            order = np.argsort(costs, kind="stable")
            if costs[order[0]] < least:
                best, least = drawn[order[0]], float(costs[order[0]])
            centre, width = drawn[order[:ELITE]].mean(axis=0), width * SHRINK
        two = np.stack([z, best])
        costs = self.cost(two, self._residuals(self._narrow, two[[0, 1, 1, 1]])[:2])
        return np.asarray(two[int(np.argmin(costs))])

    def curvature(self, here: Linearized) -> Array:
        """Half the cost's Gauss-Newton second derivative, the prior's included, `(D, D)`."""
        weight = self.weights(here.residual)[:, None]
        return np.asarray(here.jacobian.T @ (weight * here.jacobian) + np.eye(self.size))

    def _step(self, z: Array, curvature: Array, slope: Array, damping: float) -> Array:
        """Damped Gauss-Newton step within the box; coordinates pressed against it stay there."""
        low, high = self.coordinates.lowest, self.coordinates.highest
        free = ~(((z <= low) & (slope > 0)) | ((z >= high) & (slope < 0)))
        matrix = curvature[np.ix_(free, free)] + damping * np.diag(np.diag(curvature)[free])
        step = np.zeros(self.size)
        step[free] = -np.linalg.solve(matrix, slope[free])
        return np.asarray(np.clip(z + step, low, high))

    def _residuals(self, replay: ReplaySet, z: Array) -> Array:
        inside = np.clip(z, self.coordinates.lowest, self.coordinates.highest)
        residual = replay.residual(self.coordinates.values(inside))
        kept = residual.reshape(len(z), -1)[:, self._keep]
        return np.clip(np.nan_to_num(kept, nan=DIVERGED), -DIVERGED, DIVERGED)
