"""What a new head is worth, over how many labelled windows it was taught from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ashore.adapt.probe.curve import FROZEN, SCRATCH
from ashore.adapt.probe.label import from_words
from ashore.adapt.probe.labelled_window import cut
from ashore.adapt.probe.probe import probe
from ashore.envs.twin.twin_process import TwinOptions
from ashore.launch.bench.adapt.cases import ROBOT, physics_of
from ashore.launch.bench.adapt.keeping import kept
from ashore.launch.bench.adapt.wire import recorded
from ashore.launch.bench.figure import Row, row
from ashore.launch.probe_request import ProbeRequest
from ashore.policies.bundle import Bundle

KINDS = ("none", "payload", "slippery_floor", "weak_leg")
"""Hidden twins, each a label."""
SEEDS, EPISODES = range(701, 705), 3
"""Seeds of the commands, each a log of each kind; and episodes of 20 s in each."""


def labels(bundle: Bundle, folder: Path) -> Iterator[Row]:
    """Teach a classifier of what is the matter, from ever more labelled windows."""
    twins = {kind: TwinOptions(robot=ROBOT, hidden=kind) for kind in KINDS}

    def taught() -> list[dict[str, Any]]:
        logs, words = [], []
        for kind, options in twins.items():
            for seed in SEEDS:
                path = folder / f"{kind}-{seed}.mcap"
                logs.append(recorded(bundle, options, seed, EPISODES, path))
                words.append(f"{path}={kind}")
        windows = cut(logs, bundle, from_words(logs, words), ProbeRequest.seconds)
        return [
            {
                "windows": point.windows,
                "frozen": point.interval(FROZEN).mean,
                "scratch": point.interval(SCRATCH).mean,
            }
            for point in probe(bundle, windows).curve.points
        ]

    known = {kind: physics_of(options) for kind, options in twins.items()}
    asked = [bundle.digest, known, list(SEEDS), EPISODES]
    for point in kept(folder / "probe.json", asked, taught):
        frozen, scratch = point["frozen"], point["scratch"]
        yield row(
            f"probe_accuracy_{point['windows']}_windows",
            frozen,
            f"of held-out windows, {len(KINDS)} kinds",
            "the same network from scratch",
            scratch,
            frozen / scratch,
        )
