"""`diagnose`: what differs on the robot of a log, and how deep does the shift lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.posterior import Posterior
from ashore.envs.physics.delta_action import DELTA_ACTION
from ashore.envs.physics.parameter import Parameter

Array = NDArray[np.float64]

DEPTHS: dict[str, str] = {
    "encoder_offset": "input",
    "command_delay": "input",
    "velocity_lag": "input",
    "gain_divisor": "output",
    "motor_constant": "output",
    "resistance": "output",
    "current_limit": "output",
    "supply_voltage": "output",
    "supply_resistance": "output",
    "duty_lag": "output",
    **dict.fromkeys(DELTA_ACTION, "unmodelled"),
}
"""Where a parameter's shift lies; every other parameter belongs to the dynamics."""

CURES = {
    "input": "mend it where it arises if you can (zero_offset in the spec, the adapter's latency); "
    "the final layers only work around it",
    "dynamics": "calibrate, and let the posterior's simulators show it to the policy",
    "output": "calibrate, and fine-tune the final layers",
    "unmodelled": "look for what rubs, pulls or gives there, since no parameter explains it; until "
    "then a delta action shows it to the policy",
}
"""What each depth of shift asks for."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One parameter, as the log shows it against what pretraining prepared for."""

    parameter: str
    """Its name."""
    depth: str
    """`input`, `dynamics`, `output` or `unmodelled`."""
    low: float
    """Lower end of the 90 % interval."""
    value: float
    """Most probable value."""
    high: float
    """Upper end of the 90 % interval."""
    nominal: float
    """Nominal value."""
    trained: tuple[float, float] | None
    """Range in pretraining; None if it was never varied."""
    told: bool
    """Whether the log narrowed what was known before."""
    unit: str
    """Its unit."""

    @property
    def outside(self) -> bool:
        """Whether the whole interval lies outside the range of pretraining."""
        if not self.told or self.trained is None:
            return False
        return self.high < self.trained[0] or self.low > self.trained[1]

    def __str__(self) -> str:
        if not self.told:
            return f"{self.parameter}: the log doesn't tell"
        unit = "" if self.unit == "-" else f" {self.unit}"
        said = f"{self.parameter} is {self.value:.4g} [{self.low:.4g}, {self.high:.4g}]{unit}"
        said += f", nominally {self.nominal:.4g}"
        if self.trained is None:
            return said
        where = "outside the range of pretraining" if self.outside else "as pretraining expects"
        return f"{said}: {where}"


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What the log shows of its robot."""

    findings: tuple[Finding, ...]
    """One for each calibrated parameter and joint."""

    @property
    def shifts(self) -> tuple[Finding, ...]:
        """What lies outside the range of pretraining."""
        return tuple(finding for finding in self.findings if finding.outside)

    @property
    def vague(self) -> bool:
        """Whether the log leaves most of it open what robot this is."""
        return 2 * sum(finding.told for finding in self.findings) < len(self.findings)

    @property
    def advice(self) -> tuple[str, ...]:
        """A sentence for each depth at which something shifted, and how to learn more."""
        said = []
        for depth, cure in CURES.items():
            names = [f.parameter for f in self.shifts if f.depth == depth]
            if names:
                said.append(f"{depth}-level shift ({', '.join(names)}): {cure}")
        said = said or ["everything the log tells lies within the range of pretraining"]
        if self.vague:
            said.append(
                "most parameters are not told by this log; `ashore excite` records the one that "
                "tells most"
            )
        return tuple(said)


def diagnose(
    posterior: Posterior,
    parameters: Mapping[str, Parameter],
    trained: Mapping[str, tuple[float, float]],
    joints: Sequence[str],
) -> Diagnosis:
    """Compare a posterior with the ranges of pretraining, parameter by parameter."""
    findings = []
    for name, (low, high) in posterior.intervals(0.9).items():
        for index, value in enumerate(posterior.value[name]):
            where = f" of {joints[index]}" if len(low) > 1 else ""
            findings.append(
                Finding(
                    parameter=name + where,
                    depth=DEPTHS.get(name, "dynamics"),
                    low=min(float(low[index]), float(value)),
                    value=float(value),
                    high=max(float(high[index]), float(value)),
                    nominal=parameters[name].value,
                    trained=trained.get(name),
                    told=posterior.told(name),
                    unit=parameters[name].unit,
                )
            )
    return Diagnosis(findings=tuple(findings))
