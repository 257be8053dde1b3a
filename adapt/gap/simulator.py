"""`Simulator`: one simulated robot that a log is replayed by."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ashore.adapt.errors import AdaptError
from ashore.adapt.posterior import Posterior
from ashore.adapt.walking.belief import Belief
from ashore.envs.simulation import Simulation, nominal_parameters
from ashore.hardware.spec import RobotSpec

Array = NDArray[np.float64]

COMMAND, OBSERVATION = "command_delay", "observation_delay"


@dataclass(frozen=True, kw_only=True)
class Simulator:
    """One simulated robot that a log is replayed by."""

    name: str
    """What it is called in tables and pictures."""
    values: Mapping[str, Array]
    """What is not nominal: by parameter, each `(1, k)`."""


NOMINAL = Simulator(name="nominal", values={})
"""The robot as its spec and MJCF describe it."""


def calibrated(spec: RobotSpec, posterior: str, name: str = "calibrated") -> Simulator:
    """The likeliest robot of a posterior, as `ashore calibrate` or a bundle keeps it.

    Replay compares with what was measured, when it was measured. A reading that comes late shows
    what the robot did earlier, so that there its commands seem later by as much: both delays count
    as one of commands.

    Raises:
        AdaptError: the text is no posterior, or one of another robot.
    """
    values = _walker(spec, posterior) if _of_walker(posterior) else _replayed(spec, posterior)
    if OBSERVATION in values:
        late = values.get(COMMAND, _nominal(spec, COMMAND)) + values[OBSERVATION]
        values = {**values, COMMAND: late}
    return Simulator(name=name, values=values)


def _of_walker(posterior: str) -> bool:
    try:
        data = json.loads(posterior)
    except ValueError as error:
        raise AdaptError(f"not a posterior: {error}; give one of `ashore calibrate`") from None
    return isinstance(data, dict) and data.get("kind") == "walker"


def _walker(spec: RobotSpec, posterior: str) -> dict[str, Array]:
    belief, world = Belief.from_json(posterior), Simulation(spec, 1)
    _require(spec, set(belief.names), set(world.parameters))
    units = belief.prior.nominal(world)[None].copy()
    units[:, belief.told] = np.clip(belief.mean, 0.0, 1.0)
    return belief.prior.wide.values(world, units)


def _replayed(spec: RobotSpec, posterior: str) -> dict[str, Array]:
    found = Posterior.from_json(posterior)
    parameters = nominal_parameters(spec, found.names)
    _require(spec, set(found.names), set(parameters))
    joints = len(spec.joints)
    for name, width in zip(found.names, found.widths, strict=True):
        if width not in (1, joints, len(parameters[name].elements)):
            raise AdaptError(
                f"the posterior has {width} values of {name!r}, and robot {spec.name!r} "
                f"{joints} joints; give one that was fitted to this robot"
            )
    return found.robot(parameters)


def _require(spec: RobotSpec, names: set[str], known: set[str]) -> None:
    if strange := sorted(names - known):
        raise AdaptError(
            f"the posterior is about {strange[0]!r}, which robot {spec.name!r} does not have; "
            "give one that was fitted to this robot"
        )


def _nominal(spec: RobotSpec, name: str) -> Array:
    return np.array(nominal_parameters(spec)[name].each)[None]
