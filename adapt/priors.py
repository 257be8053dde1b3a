"""`Prior`: what is believed about a simulator's parameters before a log was read, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.envs.parameter import Parameter

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Prior:
    """A normal belief about a parameter, or about its logarithm."""

    sd: float
    """Standard deviation, in the parameter's unit, or of the logarithm if `log`."""
    log: bool = False
    """Whether the logarithm is what is normal: for positive scales."""
    mean: float | None = None
    """The parameter's most likely value; None for the motor file's nominal one."""

    def __post_init__(self) -> None:
        """Refuse a belief without width."""
        if not self.sd > 0.0:
            raise AdaptError(f"a prior's sd is {self.sd}, and must be above 0; leave out the known")


WIDE: Mapping[str, Prior] = {
    "gain_divisor": Prior(sd=0.5, log=True),
    "motor_constant": Prior(sd=0.15, log=True),
    "resistance": Prior(sd=0.1, log=True),
    "current_limit": Prior(sd=0.2, log=True),
    "supply_voltage": Prior(sd=0.3),
    "supply_resistance": Prior(sd=0.4),
    "duty_lag": Prior(sd=0.003),
    "command_delay": Prior(sd=0.02),
    "armature": Prior(sd=0.5, log=True),
    "friction_base": Prior(sd=0.03),
    "friction_load": Prior(sd=0.15),
    "friction_load_static": Prior(sd=0.1),
    "friction_external": Prior(sd=0.1),
    "friction_stribeck": Prior(sd=0.02),
    "stribeck_velocity": Prior(sd=0.5, log=True, mean=0.3),
    "viscous": Prior(sd=0.01),
    "encoder_offset": Prior(sd=0.05),
    "mass": Prior(sd=0.03, log=True),
}
"""A servo in any state of wear, behind any adapter, mounted by hand."""

HEALTHY: Mapping[str, Prior] = {
    **WIDE,
    "gain_divisor": Prior(sd=0.01, log=True),
    "motor_constant": Prior(sd=0.05, log=True),
    "resistance": Prior(sd=0.05, log=True),
    "current_limit": Prior(sd=0.1, log=True),
    "supply_resistance": Prior(sd=0.3),
    "duty_lag": Prior(sd=0.002),
    "command_delay": Prior(sd=0.002),
    "friction_base": Prior(sd=0.02),
    "friction_load": Prior(sd=0.05),
    "mass": Prior(sd=0.02, log=True),
}
"""A servo within what its published parameters vary by, and a weight off the scales."""


class Coordinates:
    """Parameters as one vector `z` `(D,)`: 0 is the prior's mean, 1 its standard deviation.

    A parameter of the joints has one coordinate a joint, `mass` has one.
    """

    def __init__(
        self, priors: Mapping[str, Prior], parameters: Mapping[str, Parameter], joints: int
    ) -> None:
        """Lay out the vector.

        Raises:
            AdaptError: a prior of a parameter that the simulation doesn't have.
        """
        if unknown := sorted(set(priors) - set(parameters)):
            known = ", ".join(sorted(parameters))
            raise AdaptError(f"a prior of {unknown[0]!r}, and the simulation has only: {known}")
        self.names = tuple(priors)
        self.widths = tuple(1 if name == "mass" else joints for name in self.names)
        each = [(priors[n], parameters[n]) for n, w in zip(self.names, self.widths, strict=True)
                for _ in range(w)]
        self.log = np.array([prior.log for prior, _ in each])
        self.low = np.array([parameter.low for _, parameter in each])
        self.high = np.array([parameter.high for _, parameter in each])
        means = [p.value if prior.mean is None else prior.mean for prior, p in each]
        self.mean = self.inward(np.array(means))
        self.sd = np.array([prior.sd for prior, _ in each])
        self.lowest = (self.inward(self.low) - self.mean) / self.sd
        self.highest = (self.inward(self.high) - self.mean) / self.sd

    def inward(self, physical: Array) -> Array:
        """Transform physical values: the logarithm where that is what is normal."""
        return np.where(self.log, np.log(np.where(self.log, physical, 1.0)), physical)

    def outward(self, inner: Array) -> Array:
        """Transform back, never past what is physical."""
        values = np.where(self.log, np.exp(np.where(self.log, inner, 0.0)), inner)
        return np.asarray(np.clip(values, self.low, self.high))

    def values(self, z: Array) -> dict[str, Array]:
        """Physical values of vectors `z` `(P, D)`, each `(P, width)`."""
        return self.split(self.outward(self.mean + self.sd * z))

    def split(self, flat: Array) -> dict[str, Array]:
        """Cut `(..., D)` into one array a parameter."""
        edges = np.cumsum(self.widths)[:-1]
        return dict(zip(self.names, np.split(flat, edges, axis=-1), strict=True))
