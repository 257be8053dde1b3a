"""`make_codec`: the protocols of inertial sensors, by name."""

from collections.abc import Callable

from ashore.hardware.errors import SpecError
from ashore.hardware.imu.imu_codec import ImuCodec
from ashore.hardware.imu.vectornav import VectorNav
from ashore.hardware.imu.vectornav_binary import VectorNavBinary
from ashore.hardware.imu.witmotion import WitMotion

CODECS: dict[str, Callable[[], ImuCodec]] = {
    "witmotion": WitMotion,
    "vectornav": VectorNav,
    "vectornav_binary": VectorNavBinary,
}
"""What makes a codec, by the name that a robot's spec gives."""


def make_codec(name: str) -> ImuCodec:
    """Return a new codec.

    Raises:
        SpecError: there is none of that name.
    """
    if name not in CODECS:
        raise SpecError(f"imu.codec is {name!r}; allowed: {', '.join(CODECS)}")
    return CODECS[name]()
