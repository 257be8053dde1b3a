"""What a new head is worth, over how many labelled windows it was taught from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ashore.adapt.probe.curve import FROZEN, SCRATCH
from ashore.adapt.probe.label import from_words
from ashore.adapt.probe.labelled_window import cut
from ashore.adapt.probe.probe import probe
from ashore.envs.twin.twin_process import TwinOptions
from ashore.hardware.logs.log import Log
from ashore.launch.bench.adapt.cases import ROBOT
from ashore.launch.bench.adapt.keeping import kept
from ashore.launch.bench.adapt.wire import record
from ashore.launch.bench.figure import Row, row
from ashore.policies.bundle import Bundle

KINDS = ("none", "payload", "slippery_floor", "weak_leg")
"""Hidden twins, each a label."""
LOGS, EPISODES = 4, 3
"""Logs of each, and episodes of 20 s in each."""


def labels(bundle: Bundle, folder: Path) -> Iterator[Row]:
    """Teach a classifier of what is the matter, from ever more labelled windows."""
    paths = {folder / f"{kind}-{i}.mcap": (kind, i) for kind in KINDS for i in range(LOGS)}
    for path, (kind, index) in paths.items():

        def walked(path: Path = path, kind: str = kind, index: int = index) -> bool:
            path.unlink(missing_ok=True)
            record(bundle, TwinOptions(robot=ROBOT, hidden=kind), 701 + index, EPISODES, path)
            return True

        kept(path.with_suffix(".json"), bundle.digest, walked)

    def taught() -> list[dict[str, Any]]:
        logs = [Log.open(path) for path in paths]
        words = [f"{path}={kind}" for path, (kind, _) in paths.items()]
        found = probe(bundle, cut(logs, bundle, from_words(logs, words))).curve
        return [
            {
                "windows": point.windows,
                "frozen": point.interval(FROZEN).mean,
                "scratch": point.interval(SCRATCH).mean,
            }
            for point in found.points
        ]

    for point in kept(folder / "probe.json", bundle.digest, taught):
        frozen, scratch = point["frozen"], point["scratch"]
        yield row(
            f"probe_accuracy_{point['windows']}_windows",
            frozen,
            f"of held-out windows, {len(KINDS)} kinds",
            "the same network from scratch",
            scratch,
            frozen / scratch,
        )
