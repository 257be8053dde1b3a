"""Laws of angles that change too fast."""

from dataclasses import replace

import numpy as np
import pytest
from bench import SPEC

from ashore.hardware.reading import Reading
from ashore.hardware.run.leap_watch import LeapWatch

# 10 rad/s: 0.2 rad in a control step of 20 ms, and 10 * 0.005 + 0.05 = 0.1 rad beyond.
WATCHED = replace(SPEC, joints=(replace(SPEC.joints[0], velocity_limit=10.0),))


def reading(time: float, angle: float, age: float = 0.0) -> Reading:
    zero = np.zeros(1)
    values = dict.fromkeys(("velocity", "current", "voltage", "temperature"), zero)
    return Reading(
        time=time,
        position=np.array([angle]),
        age=np.array([age]),
        fault=zero.astype(np.uint8),
        **values,
    )


@pytest.mark.parametrize(("angle", "leaps"), [(0.29, False), (0.31, True), (-0.31, True)])
def test_a_joint_moves_no_faster_than_its_limit_and_a_little(angle, leaps):
    watch = LeapWatch(WATCHED)
    assert watch.danger(reading(5.0, 0.0)) is None
    assert (watch.danger(reading(5.02, angle)) is not None) == leaps


def test_what_a_joint_did_while_it_was_silent_is_no_leap():
    watch = LeapWatch(WATCHED)
    assert watch.danger(reading(5.0, 0.0)) is None
    assert watch.danger(reading(5.02, 0.0, age=0.02)) is None
    # 0.45 rad in 40 ms: 0.4 rad are allowed, and 0.1 beyond.
    assert watch.danger(reading(5.04, 0.45)) is None
    assert "shoulder leapt by 0.55 rad in 20 ms" in str(watch.danger(reading(5.06, 1.0)))
