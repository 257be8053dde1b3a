"""`DiagnosisRequest`: what `ashore diagnose` is asked for."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class DiagnosisRequest:
    """What `ashore diagnose` is asked for."""

    logs: tyro.conf.Positional[tuple[Path, ...]]
    """Ashore logs of one robot."""
    policy: str | None = None
    """Bundle whose policy must have recorded them."""
    robot: str | None = None
    """The robot's name or folder, if not the spec inside the logs is to be judged."""
    mend: Path | None = None
    """Where to write the bundle of --policy with a spec in which every shift is mended that a spec
    can mend: record, adapt and deploy with that one from now on."""
    json: bool = False
    """Print what was found as JSON."""
