"""`FirmwareConfig`: what a chain of servos is."""

from dataclasses import dataclass

from ashore.envs.errors import TwinError


@dataclass(frozen=True, kw_only=True)
class FirmwareConfig:
    """What a chain of servos is."""

    ids: tuple[int, ...]
    """Ids along the chain; one joint of the plant each, in its order. One given twice collides."""
    model: str | tuple[str, ...] = "xl330"
    """Name of the control table, of all or of each."""
    version: int | tuple[int | None, ...] | None = None
    """Firmware version, of all or of each; None is the control table's."""
    baud: int | None = None
    """Rate that all are set to [bit/s]; None is the factory's."""
    period: float | None = None
    """If given, every joint read first lets this much time pass, and nothing else does [s]."""
    overload_seconds: float = 3.0
    """How long a motor may push with all it has before it counts as overloaded [s]; no manual says
    how long."""
    reboot_seconds: float = 0.3
    """How long a reboot takes a servo off the line [s]; in lockstep it takes no time."""
    gap_silences: bool = False
    """Whether a servo missing from a plain sync read silences those behind it; firmwares differ."""
    answers_bad_crc: bool = False
    """Whether a packet whose CRC failed is answered with error 3; firmwares differ."""
    watchdog_bug: bool = False
    """Whether a bus watchdog that runs out in extended position mode makes a servo with a homing
    offset move. Source: DynamixelSDK, issue 584."""

    def __post_init__(self) -> None:
        """Refuse models or versions that are not one a servo."""
        for key in ("model", "version"):
            value = getattr(self, key)
            if isinstance(value, tuple) and len(value) != len(self.ids):
                raise TwinError(
                    f"{len(value)} of {key} for {len(self.ids)} servo ids; give one for all, or "
                    "one a servo"
                )

    def require_joints(self, joints: int) -> None:
        """Check that there is one id for each of a plant's joints.

        Raises:
            TwinError: there are more or fewer.
        """
        if joints != len(self.ids):
            raise TwinError(
                f"{len(self.ids)} servo ids for a plant of {joints} joints; give one id a joint"
            )

    @property
    def models(self) -> tuple[str, ...]:
        """Name of each servo's control table."""
        return self.model if isinstance(self.model, tuple) else (self.model,) * len(self.ids)

    @property
    def versions(self) -> tuple[int | None, ...]:
        """Firmware version of each servo, None for its table's."""
        return self.version if isinstance(self.version, tuple) else (self.version,) * len(self.ids)
