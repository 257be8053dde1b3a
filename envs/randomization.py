"""`Randomization`: named ranges that every robot's parameters are drawn from."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ashore.envs.errors import ModelError
from ashore.envs.simulation import Simulation

Array = NDArray[np.float64]
Ids = NDArray[np.intp]
Operation = Literal["set", "scale", "add"]

SIGNS: dict[Operation, str] = {"set": "=", "scale": "*", "add": "+"}


class Source(Protocol):
    """Where simulated robots come from: a randomization, a posterior, a mixture of them."""

    def draw(self, simulation: Simulation, rng: np.random.Generator, n: int) -> dict[str, Array]:
        """Draw `n` robots: values by parameter name, each `(n, nj)` or `(n, 1)`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Term:
    """One parameter's range: uniform, and set, scaled or added to the remembered nominal."""

    parameter: str
    """Name of a simulation parameter."""
    low: float
    """Lower end of the range."""
    high: float
    """Upper end of the range."""
    operation: Operation = "set"
    """What the drawn number does to the nominal value."""
    mode: Literal["reset"] = "reset"
    """When it is drawn: at each reset."""

    def __post_init__(self) -> None:
        """Refuse an empty range and an unknown operation."""
        if not self.low <= self.high:
            raise ModelError(f"term {self.parameter}: low {self.low} is above high {self.high}")
        if self.operation not in SIGNS:
            allowed = ", ".join(SIGNS)
            raise ModelError(
                f"term {self.parameter}: operation is {self.operation!r}; allowed: {allowed}"
            )

    def __str__(self) -> str:
        return f"{self.parameter} {SIGNS[self.operation]}U({self.low:g}, {self.high:g})"

    def of(self, nominal: Array | float, drawn: Array) -> Array:
        """Value of the parameter for `drawn` numbers."""
        if self.operation == "scale":
            return np.asarray(nominal * drawn)
        return np.asarray(nominal + drawn if self.operation == "add" else drawn + 0.0 * nominal)


@dataclass(frozen=True, kw_only=True)
class Randomization:
    """Ranges of a robot's parameters; every draw starts from the nominal, so none compounds."""

    terms: tuple[Term, ...]
    """The ranges."""

    def draw(self, simulation: Simulation, rng: np.random.Generator, n: int) -> dict[str, Array]:
        """Draw `n` robots around the nominal one."""
        values = {}
        for term in self.terms:
            width = simulation.values(term.parameter).shape[1]
            nominal = simulation.parameters[term.parameter].value
            values[term.parameter] = term.of(nominal, rng.uniform(term.low, term.high, (n, width)))
        return values

    def check(self, simulation: Simulation) -> None:
        """Refuse a term whose range leaves what is physical.

        Raises:
            ModelError: naming the term, its values and the physical range.
        """
        for term in self.terms:
            simulation.values(term.parameter)
            parameter = simulation.parameters[term.parameter]
            ends = term.of(parameter.value, np.array([term.low, term.high]))
            if ends.min() < parameter.low or ends.max() > parameter.high:
                raise ModelError(
                    f"term {term} gives {ends.min():.4g} to {ends.max():.4g} {parameter.unit}; "
                    f"physical is {parameter.low:.4g} to {parameter.high:.4g}"
                )

    def ends(self, nominal: Mapping[str, float]) -> dict[str, tuple[float, float]]:
        """Smallest and largest value of each parameter."""
        found = {}
        for term in self.terms:
            ends = term.of(nominal[term.parameter], np.array([term.low, term.high]))
            found[term.parameter] = (float(ends.min()), float(ends.max()))
        return found

    def to_json(self) -> str:
        """JSON text, as `from_json` reads it."""
        return json.dumps([asdict(term) for term in self.terms], indent=2)

    @classmethod
    def from_json(cls, text: str) -> "Randomization":
        """Read a randomization back.

        Raises:
            ModelError: the text is not one.
        """
        try:
            return cls(terms=tuple(Term(**term) for term in json.loads(text)))
        except (ValueError, TypeError) as error:
            raise ModelError(f"not a randomization: {error}") from None


def apply(simulation: Simulation, values: Mapping[str, Array], ids: Ids) -> None:
    """Give robots `ids` the drawn values and let MuJoCo recompute what follows from them."""
    for name, value in values.items():
        simulation.set(name, value, ids)
    simulation.settle(ids)


def servo_randomization() -> Randomization:
    """Ranges that servos of one model vary in on a bench: what pretraining prepares for."""
    return Randomization(
        terms=(
            Term(parameter="gain_divisor", low=0.85, high=1.2, operation="scale"),
            Term(parameter="motor_constant", low=0.9, high=1.1, operation="scale"),
            Term(parameter="resistance", low=0.9, high=1.15, operation="scale"),
            Term(parameter="current_limit", low=0.9, high=1.15, operation="scale"),
            Term(parameter="supply_voltage", low=5.7, high=6.3),
            Term(parameter="armature", low=0.8, high=1.25, operation="scale"),
            Term(parameter="friction_base", low=0.003, high=0.02),
            Term(parameter="friction_load", low=0.15, high=0.35),
            Term(parameter="viscous", low=0.003, high=0.01),
            Term(parameter="command_delay", low=0.0, high=0.015),
            Term(parameter="encoder_offset", low=-0.02, high=0.02),
            Term(parameter="mass", low=0.95, high=1.05, operation="scale"),
        )
    )
