"""What a log told of a robot, as a file of its bundle that programs read."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from ashore.adapt.diagnose.diagnosis import Finding
from ashore.adapt.errors import AdaptError

FINDINGS = "findings.json"
"""Name of the file in an adapted bundle."""


def write_findings(findings: tuple[Finding, ...]) -> bytes:
    """The file's content."""
    return json.dumps([asdict(finding) for finding in findings], indent=2).encode()


def read_findings(attachments: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Read them back from a bundle's attachments; nothing where nothing was fitted to a log.

    Raises:
        AdaptError: the file is damaged.
    """
    if FINDINGS not in attachments:
        return ()
    try:
        rows = json.loads(attachments[FINDINGS])
        return tuple(
            Finding(**{**row, "trained": row["trained"] and tuple(row["trained"])}) for row in rows
        )
    except (ValueError, TypeError, KeyError) as error:
        raise AdaptError(f"{FINDINGS} of the bundle is damaged: {error}; adapt it anew") from None
