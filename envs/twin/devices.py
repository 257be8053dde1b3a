"""`make_device`: servos of a protocol, on a plant."""

from collections.abc import Callable

from ashore.envs.errors import TwinError
from ashore.envs.twin.device import Device
from ashore.envs.twin.feetech.feetech_firmware import FeetechFirmware
from ashore.envs.twin.firmware_config import FirmwareConfig
from ashore.envs.twin.plant import Plant
from ashore.envs.twin.servos.firmware import Firmware

DEVICES: dict[str, Callable[[Plant, FirmwareConfig], Device]] = {
    "dynamixel2": Firmware,
    "feetech": FeetechFirmware,
}
"""Firmware by the protocol that it speaks."""


def make_device(protocol: str, plant: Plant, config: FirmwareConfig) -> Device:
    """Power up a chain of servos that speaks `protocol`.

    Raises:
        TwinError: an unknown protocol, or ids that do not fit the plant's joints.
        SpecError: a model is unknown.
    """
    if protocol not in DEVICES:
        raise TwinError(f"no twin speaks {protocol!r}; there are: {', '.join(DEVICES)}")
    return DEVICES[protocol](plant, config)
