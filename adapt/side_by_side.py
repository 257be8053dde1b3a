"""`side_by_side`: parameters of several robots, as a replay takes them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ashore.envs.physics.parameter import Parameter

Array = NDArray[np.float64]


def side_by_side(
    robots: Sequence[Mapping[str, Array]], parameters: Mapping[str, Parameter]
) -> dict[str, Array]:
    """Stack the parameters of `P` robots, nominal where one of them has none.

    Args:
        robots: values by name, each `(k,)` or `(1, k)`, of all elements or one for all; an empty
            one is the nominal robot.
        parameters: at least those that a robot has.

    Returns:
        Values by name, `(P, k)`.
    """
    found = {}
    for name in dict.fromkeys(name for robot in robots for name in robot):
        nominal = np.array(parameters[name].each)
        rows = [np.atleast_1d(np.squeeze(robot.get(name, nominal))) for robot in robots]
        found[name] = np.stack(np.broadcast_arrays(*rows))
    return found
