"""`Posterior`: a distribution over a robot's parameters, and a source of simulated robots."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.priors import Coordinates, Prior, inward, outward, placed
from ashore.envs.dice import Dice
from ashore.envs.physics.parameter import Parameter
from ashore.envs.physics.parameter_set import ParameterSet
from ashore.envs.randomize.term import Term

Array = NDArray[np.float64]

TOLD = 0.5
"""A parameter was told by the logs if its width fell below this share of the prior's."""
_NUMBERS = ("mode", "covariance", "prior_mean", "prior_sd", "low", "high")

ROUNDS = 200
"""How often draws that are not physical are drawn again."""


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """A normal distribution, in `D` coordinates, cut off where it stops being physical.

    A coordinate is a parameter of one joint, or its logarithm. Arrays below are `(D,)`, in
    coordinates except where they say physical.
    """

    names: tuple[str, ...]
    """Names of the parameters."""
    widths: tuple[int, ...]
    """Coordinates of each: one a joint, or one for the robot."""
    log: NDArray[np.bool_]
    """Which coordinates are logarithms."""
    mode: Array
    """Most likely vector."""
    covariance: Array
    """Covariance, `(D, D)`."""
    prior_mean: Array
    """Mean before the logs were read."""
    prior_sd: Array
    """Standard deviation before the logs were read."""
    low: Array
    """Smallest physical values."""
    high: Array
    """Largest physical values."""
    on: tuple[str, ...] = ()
    """The one element that each parameter is of, or an empty text; none where all are for all."""

    def __post_init__(self) -> None:
        """Refuse a covariance that isn't one."""
        symmetric = np.allclose(self.covariance, self.covariance.T, rtol=1e-6, atol=1e-15)
        if not symmetric or np.any(np.diag(self.covariance) < 0.0):
            raise AdaptError("a posterior's covariance is not one; fit again with other logs")

    @classmethod
    def of(cls, coordinates: Coordinates, z: Array, covariance: Array) -> "Posterior":
        """Build from a vector `z` and its covariance in prior standard deviations."""
        sd = coordinates.sd
        return cls(
            names=coordinates.names,
            widths=coordinates.widths,
            log=coordinates.log,
            mode=coordinates.mean + sd * z,
            covariance=covariance * np.outer(sd, sd),
            prior_mean=coordinates.mean,
            prior_sd=sd,
            low=coordinates.low,
            high=coordinates.high,
            on=coordinates.on,
        )

    def measured(self, name: str, value: Array, prior: Prior, parameter: Parameter) -> "Posterior":
        """Return this posterior and a parameter that was measured, not fitted.

        Args:
            name: the parameter, which is not among those fitted.
            value: what was measured, `(width,)`.
            prior: what was believed before; its tenth is taken as the measurement's deviation.
            parameter: what is physical.
        """
        width = len(value)
        block = np.eye(width) * (0.1 * prior.sd) ** 2
        zeros = np.zeros((len(self.mode), width))
        return Posterior(
            names=(*self.names, name),
            widths=(*self.widths, width),
            log=np.concatenate([self.log, np.zeros(width, dtype=np.bool_)]),
            mode=np.concatenate([self.mode, value]),
            covariance=np.block([[self.covariance, zeros], [zeros.T, block]]),
            prior_mean=np.concatenate([self.prior_mean, np.full(width, parameter.value)]),
            prior_sd=np.concatenate([self.prior_sd, np.full(width, prior.sd)]),
            low=np.concatenate([self.low, np.full(width, parameter.low)]),
            high=np.concatenate([self.high, np.full(width, parameter.high)]),
            on=(*self._elements, ""),
        )

    @property
    def sd(self) -> Array:
        """Standard deviation of each coordinate."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def value(self) -> dict[str, Array]:
        """Most likely physical value of each parameter, each `(width,)`."""
        return self._split(self._outward(self.mode))

    def robot(self, parameters: Mapping[str, Parameter]) -> dict[str, Array]:
        """Return the most likely robot, as a simulation with `parameters` is set: `(1, k)` each."""
        return self._place({name: value[None] for name, value in self.value.items()}, parameters)

    @property
    def _elements(self) -> tuple[str, ...]:
        return self.on or ("",) * len(self.names)

    def _place(
        self, values: Mapping[str, Array], parameters: Mapping[str, Parameter]
    ) -> dict[str, Array]:
        elements = zip(self.names, self._elements, strict=True)
        return {name: placed(values[name], on, parameters[name]) for name, on in elements}

    @property
    def changing(self) -> tuple[Term, ...]:
        """Nothing changes while an episode runs."""
        return ()

    def draw(self, world: ParameterSet, dice: Dice) -> dict[str, Array]:
        """Draw a robot for each stream: values by parameter name, each `(n, nj)` or `(n, 1)`.

        Raises:
            AdaptError: the simulation lacks a parameter or has another number of joints.
        """
        for name, width in zip(self.names, self.widths, strict=True):
            if width not in (1, world.values(name).shape[1]):
                raise AdaptError(
                    f"the posterior has {width} values of {name!r} a robot, and the simulation "
                    f"{world.values(name).shape[1]}; calibrate this robot from its own logs"
                )
        drawn = self._split(self._outward(self.sample(dice)))
        return self._place(drawn, world.parameters)

    def sample(self, dice: Dice) -> Array:
        """Draw a vector of coordinates for each stream, within what is physical, `(n, D)`."""
        low, high = self._inward(self.low), self._inward(self.high)
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        drawn = np.empty((len(dice), len(self.mode)))
        missing = np.arange(len(dice))
        for _ in range(ROUNDS):
            white = dice.of(missing).normal(len(self.mode))
            # Not a matrix product, whose last bits depend on how many rows there are.
            drawn[missing] = self.mode + (white[:, None, :] * root).sum(axis=2)
            outside = ((drawn[missing] < low) | (drawn[missing] > high)).any(axis=1)
            missing = missing[outside]
            if not len(missing):
                break
        return np.asarray(np.clip(drawn, low, high))

    def intervals(self, level: float = 0.9) -> dict[str, tuple[Array, Array]]:
        """Central interval of each parameter's own distribution, physical, each `(width,)`."""
        # Half a second to import, and few who load a posterior ask for its intervals.
        from scipy.stats import truncnorm

        sd = np.maximum(self.sd, 1e-12)
        cut = [(self._inward(edge) - self.mode) / sd for edge in (self.low, self.high)]
        tail = 0.5 * (1.0 - level)
        ends = [self._outward(self.mode + sd * truncnorm.ppf(q, *cut)) for q in (tail, 1.0 - tail)]
        low, high = (self._split(end) for end in ends)
        return {name: (low[name], high[name]) for name in self.names}

    def ratio(self, name: str) -> float:
        """Width left of the prior's, of the joint that was told least.

        Raises:
            AdaptError: no such parameter.
        """
        if name not in self.names:
            raise AdaptError(f"no {name!r} in the posterior; there are: {', '.join(self.names)}")
        return float(self._split(self.sd / self.prior_sd)[name].max())

    def told(self, name: str) -> bool:
        """Whether the logs told this parameter of every joint: its width at most halved."""
        return self.ratio(name) < TOLD

    def to_json(self) -> str:
        """JSON text, as `from_json` reads it."""
        arrays = {key: value.tolist() for key, value in vars(self).items()
                  if isinstance(value, np.ndarray)}
        texts = {"names": self.names, "on": self.on, "widths": self.widths}
        return json.dumps({**texts, **arrays}, indent=2)

    @classmethod
    def from_json(cls, text: str) -> "Posterior":
        """Read a posterior back.

        Raises:
            AdaptError: the text is not one.
        """
        try:
            data = json.loads(text)
            return cls(
                names=tuple(data["names"]),
                widths=tuple(data["widths"]),
                on=tuple(data.get("on", ())),
                log=np.array(data["log"], dtype=np.bool_),
                **{key: np.array(data[key], dtype=np.float64) for key in _NUMBERS},
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise AdaptError(f"not a posterior: {error}; give what to_json wrote") from None

    def _inward(self, physical: Array) -> Array:
        return inward(physical, self.log)

    def _outward(self, inner: Array) -> Array:
        return np.asarray(np.clip(outward(inner, self.log), self.low, self.high))

    def _split(self, flat: Array) -> dict[str, Array]:
        edges = np.cumsum(self.widths)[:-1]
        return dict(zip(self.names, np.split(flat, edges, axis=-1), strict=True))
