"""`Manifest`: what a bundle's folder holds, and the SHA-256 of each file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ashore.policies.errors import BundleError
from ashore.policies.storage.strict_json import read_json, write_json

MANIFEST = "bundle.json"
FORMAT = 2


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The table of contents of a bundle."""

    digest: str
    """The bundle's digest, for people; who loads the bundle computes it anew."""
    lineage: tuple[str, ...]
    """Digests of the bundles it was adapted from, oldest first."""
    attachments: tuple[str, ...]
    """Names of the files that are for people."""
    sha256: Mapping[str, str]
    """SHA-256 of each file, hexadecimal, by the file's name."""

    def to_bytes(self) -> bytes:
        """JSON text, as `from_bytes` reads it."""
        return write_json({"format": FORMAT, **vars(self)})

    @classmethod
    def from_bytes(cls, content: bytes) -> "Manifest":
        """Read a manifest back.

        Raises:
            BundleError: it is not one, or of another format.
        """
        try:
            data = read_json(content)
        except ValueError as error:
            said = f"{MANIFEST} is no sound JSON: {error}; make the bundle again"
            raise BundleError(said) from None
        if not isinstance(data, dict):
            raise BundleError(f"{MANIFEST} is not a manifest; make the bundle again")
        _require_format(data.pop("format", None))
        if data.keys() != cls.__dataclass_fields__.keys() or not _typed(data):
            raise BundleError(f"{MANIFEST} is not a manifest; make the bundle again")
        lists = {key: tuple(data[key]) for key in ("lineage", "attachments")}
        return cls(**{**data, **lists})


def _require_format(found: Any) -> None:
    if found == 1:
        raise BundleError(
            f"it has format 1, and this version reads {FORMAT}: "
            "train it again with `ashore train`"
        )
    if found != FORMAT:
        raise BundleError(
            f"it has format {found!r}, and this version reads {FORMAT}: update Ashore"
        )


def _typed(data: Mapping[str, Any]) -> bool:
    sha256 = data["sha256"]
    return (
        isinstance(data["digest"], str)
        and all(isinstance(data[key], list) for key in ("lineage", "attachments"))
        and isinstance(sha256, dict)
        and _texts([*data["lineage"], *data["attachments"], *sha256.values()])
    )


def _texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
