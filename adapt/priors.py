"""`Prior`: what is believed about a simulator's parameters before a log was read, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.envs.physics.delta_action import DELTA_ACTION
from ashore.envs.physics.parameter import Parameter

Array = NDArray[np.float64]

LEAST = 1e-12
"""What a logarithm takes for zero."""


@dataclass(frozen=True, kw_only=True)
class Prior:
    """A normal belief about a parameter, or about its logarithm."""

    sd: float
    """Standard deviation, in the parameter's unit, or of the logarithm if `log`."""
    log: bool = False
    """Whether the logarithm is what is normal: for positive scales."""
    mean: float | None = None
    """The parameter's most likely value; None for the nominal one."""
    shared: bool = False
    """Whether one value holds for all of its elements, as for motors of one kind."""
    on: str = ""
    """The one element that it is of, such as `trunk:x`, the others being nominal; empty for all."""

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
    "mass": Prior(sd=0.03, log=True, shared=True),
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
    "mass": Prior(sd=0.02, log=True, shared=True),
}
"""A servo within what its published parameters vary by, and a weight off the scales."""

ALIKE: Mapping[str, Prior] = {
    "strength": Prior(sd=0.4, log=True, shared=True),
    "velocity_gain": Prior(sd=0.7, log=True, shared=True),
    "friction_base": Prior(sd=1.0, log=True, mean=0.1, shared=True),
    "friction_load": Prior(sd=0.15, mean=0.2, shared=True),
    "armature": Prior(sd=0.7, log=True, shared=True),
    "command_delay": Prior(sd=0.005, shared=True),
}
"""Torque sources of one kind, of which only a guess is known."""

STANDING: Mapping[str, Prior] = {
    **ALIKE,
    "friction": Prior(sd=0.4, log=True, mean=0.8, shared=True),
}
"""The same in a robot that stands on its feet."""

IN_AIR: Mapping[str, Prior] = {
    "gain_divisor": Prior(sd=0.2, log=True),
    "strength": Prior(sd=0.15, log=True),
    "motor_constant": Prior(sd=0.05, log=True),
    "resistance": Prior(sd=0.1, log=True),
    "current_limit": Prior(sd=0.5, log=True, shared=True),
    "supply_voltage": Prior(sd=0.3),
    "command_delay": Prior(sd=0.01, shared=True),
    "armature": Prior(sd=0.3, log=True),
    "friction_base": Prior(sd=0.04),
    "friction_load": Prior(sd=0.06),
    "friction_stribeck": Prior(sd=0.04),
    "viscous": Prior(sd=0.01),
    "encoder_offset": Prior(sd=0.02),
    "mass": Prior(sd=0.03, log=True, shared=True),
}
"""The servos of a robot whose legs swing in the air, each in a state of its own."""


RESIDUAL: Mapping[str, Prior] = {name: Prior(sd=0.05) for name in DELTA_ACTION}
"""What no other parameter explains, most likely nothing."""


class Coordinates:
    """Parameters as one vector `z` `(D,)`: 0 is the prior's mean, 1 its standard deviation.

    A parameter of the joints has one coordinate a joint, or one if it is shared.
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
        self.on = tuple(priors[name].on for name in self.names)
        self.widths = tuple(
            1 if priors[name].shared or priors[name].on else joints for name in self.names
        )
        each = [(priors[n], parameters[n]) for n, w in zip(self.names, self.widths, strict=True)
                for _ in range(w)]
        self._parameters = {name: parameters[name] for name in self.names}
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
        return inward(physical, self.log)

    def outward(self, inner: Array) -> Array:
        """Transform back, never past what is physical."""
        return np.asarray(np.clip(outward(inner, self.log), self.low, self.high))

    def values(self, z: Array) -> dict[str, Array]:
        """Physical values of vectors `z` `(P, D)`, each `(P, width)` or of all elements."""
        flat = self.split(self.outward(self.mean + self.sd * z))
        return {
            name: placed(flat[name], on, self._parameters[name])
            for name, on in zip(self.names, self.on, strict=True)
        }

    def vector(self, values: Mapping[str, Array]) -> Array:
        """Return the vector `(D,)` of physical values, each `(width,)`; 0 where there is none."""
        flat = self.split(self.outward(self.mean))
        known = {n: values[n] for n in self.names if n in values}
        inner = self.inward(np.concatenate([*{**flat, **known}.values()]))
        return np.asarray(np.clip((inner - self.mean) / self.sd, self.lowest, self.highest))

    def split(self, flat: Array) -> dict[str, Array]:
        """Cut `(..., D)` into one array a parameter."""
        edges = np.cumsum(self.widths)[:-1]
        return dict(zip(self.names, np.split(flat, edges, axis=-1), strict=True))


def inward(physical: Array, log: NDArray[np.bool_]) -> Array:
    """Take the logarithm of the physical values that `log` says."""
    scale = np.maximum(np.where(log, physical, 1.0), LEAST)
    return np.where(log, np.log(scale), physical)


def outward(inner: Array, log: NDArray[np.bool_]) -> Array:
    """Take it back."""
    return np.where(log, np.exp(np.where(log, inner, 0.0)), inner)


def placed(value: Array, on: str, parameter: Parameter) -> Array:
    """Values `(P, 1)` of the element `on` among the others' nominal ones; as they are if for all.

    Raises:
        AdaptError: the parameter has no such element.
    """
    if not on:
        return value
    if on not in parameter.elements:
        raise AdaptError(
            f"a prior of {parameter.name!r} on {on!r}, and there is only: "
            f"{', '.join(parameter.elements)}"
        )
    whole = np.tile(np.array(parameter.each), (len(value), 1))
    whole[:, parameter.elements.index(on)] = value[:, 0]
    return whole
