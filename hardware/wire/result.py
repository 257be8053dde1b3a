"""`Result`: what one servo said to one question, and `Counters` of all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Status(Enum):
    """How one servo's part of a transaction ended."""

    OK = "ok"
    MISSING = "missing"
    CORRUPT = "corrupt"
    REFUSED = "refused"


class Result(NamedTuple):
    """What one servo said."""

    status: Status
    """OK, or why there is no data."""
    data: bytes = b""
    """Registers asked for; empty unless OK."""
    error: int = 0
    """Error number of a refusal, which `dynamixel.ERROR_NAMES` names; of a Feetech servo the
    bits of its hardware errors, which come with the data."""
    alert: bool = False
    """Whether the servo has a hardware error: read `hardware_error_status`."""

    @property
    def ok(self) -> bool:
        """Whether the servo did what it was asked."""
        return self.status is Status.OK

    @property
    def silent(self) -> bool:
        """Whether nothing that could be believed was heard."""
        return self.status is Status.MISSING or self.status is Status.CORRUPT


@dataclass(kw_only=True)
class Counters:
    """What has happened on a line since it was opened."""

    sent: int = 0
    """Instructions sent."""
    ok: int = 0
    """Good answers."""
    missing: int = 0
    """Answers that did not come in time."""
    corrupt: int = 0
    """Answers that came damaged."""
    refused: int = 0
    """Answers with an error number."""
    retried: int = 0
    """Questions asked again."""

    @property
    def silent(self) -> int:
        """Answers that did not come, or came damaged."""
        return self.missing + self.corrupt

    def count(self, results: Iterable[Result]) -> None:
        """Count each of `results` under its status."""
        good = 0
        for result in results:
            if result.status is Status.OK:
                good += 1
            else:
                name = result.status.value
                setattr(self, name, getattr(self, name) + 1)
        self.ok += good
