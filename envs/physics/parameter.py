"""`Parameter`: a number of the simulated world that can be randomized or identified."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A number that each of some elements of a robot has, and where it stops being physical."""

    name: str
    """Its name."""
    value: float
    """Nominal value; of the first element where they differ."""
    unit: str
    """Unit, as text."""
    low: float
    """Smallest physical value."""
    high: float
    """Largest physical value."""
    elements: tuple[str, ...] = ("robot",)
    """What has one: joints, bodies, axes of a body (`trunk:x`), or the robot as a whole."""
    nominal: tuple[float, ...] = ()
    """Nominal value of each element; empty where `value` holds for all."""

    @property
    def each(self) -> tuple[float, ...]:
        """Nominal value of each element."""
        return self.nominal or (self.value,) * len(self.elements)
