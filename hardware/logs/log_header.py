"""What a log says about itself before its first message."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_json import to_json

FORMAT_VERSION = "2"
"""Version of the log's layout."""
PLAIN = "1"
"""The version before, which is read too: in it the bytes of a wire are a message as they are."""

Metadata = Mapping[str, Mapping[str, str]]
"""MCAP metadata records by name."""


@dataclass(frozen=True, kw_only=True)
class LogHeader:
    """Which robot a log is of, and under which spec, contract and setup it was made."""

    robot: str
    """Name of the robot."""
    spec: str = "{}"
    """JSON text of the robot's spec."""
    contract: str = "{}"
    """JSON text of the policy's contract."""
    setup: Mapping[str, object] = field(default_factory=dict)
    """Anything else worth keeping: masses, gains, the supply; must be writable as JSON."""
    created: str = ""
    """When the log was begun, UTC, ISO 8601; the writer fills it in when it is empty."""

    def __post_init__(self) -> None:
        for name, text in (("spec", self.spec), ("contract", self.contract)):
            try:
                json.loads(text)
            except (ValueError, RecursionError) as error:
                raise LogError(
                    f"the {name} of a log's header must be JSON text, this is not: {error}; "
                    f"leave it out if there is none"
                ) from None

    @property
    def recordings(self) -> tuple[str, ...]:
        """When each recording that the log is made of was begun: of a merged log, several."""
        merged = self.setup.get("merged")
        parts = merged if isinstance(merged, list) else []
        found = [part.get("created") for part in parts if isinstance(part, dict)]
        return tuple(str(created) for created in (found or [self.created]) if created)

    def metadata(self) -> dict[str, dict[str, str]]:
        """Return the metadata records of this header, in the order they are written."""
        texts = {
            "spec": self.spec,
            "contract": self.contract,
            "setup": to_json(dict(self.setup)).decode(),
        }
        about = {
            "format": FORMAT_VERSION,
            "robot": self.robot,
            "created": self.created or datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        checksum = _checksum(about, texts)
        return {
            "ashore": {**about, "crc32": checksum},
            **{name: {"json": text} for name, text in texts.items()},
        }


def read_header(metadata: Metadata) -> tuple[LogHeader, str | None]:
    """Return the header that `metadata` holds, and what is wrong with it or None.

    Raises:
        LogError: the metadata is not that of a log, or of an unknown format version.
    """
    about = metadata.get("ashore")
    if about is None:
        raise LogError("it is an MCAP file without Ashore's metadata; give a log Ashore recorded")
    if (version := about.get("format")) not in (FORMAT_VERSION, PLAIN):
        raise LogError(
            f"its format version is {version!r} and this release reads {PLAIN!r} and "
            f"{FORMAT_VERSION!r}; "
            f"read it with the release that wrote it"
        )
    texts = {name: metadata.get(name, {}).get("json", "") for name in ("spec", "contract", "setup")}
    whole = about.get("crc32") == _checksum(about, texts)
    damage = None if whole else (
        "its header does not match its checksum, so what it says about the robot, the spec, "
        "the contract and the setup cannot be trusted"
    )
    return _header(about, texts), damage


def _checksum(about: Mapping[str, str], texts: Mapping[str, str]) -> str:
    parts = [about.get(name, "") for name in ("format", "robot", "created")]
    parts += [texts[name] for name in ("spec", "contract", "setup")]
    return f"{zlib.crc32(json.dumps(parts).encode()):08x}"


def _header(about: Mapping[str, str], texts: Mapping[str, str]) -> LogHeader:
    setup = _parsed(texts["setup"])
    return LogHeader(
        robot=about.get("robot", ""),
        created=about.get("created", ""),
        spec=texts["spec"] if _parsed(texts["spec"]) is not None else "{}",
        contract=texts["contract"] if _parsed(texts["contract"]) is not None else "{}",
        setup=setup if isinstance(setup, dict) else {},
    )


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
