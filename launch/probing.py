"""`ashore probe`."""

from collections.abc import Sequence
from pathlib import Path

from ashore.adapt.errors import AdaptError
from ashore.adapt.figures import svg
from ashore.adapt.interval import Interval
from ashore.adapt.probe.curve import FROZEN, LEARNERS, PLAIN, SCRATCH, Point
from ashore.adapt.probe.curve_figure import curve_figure
from ashore.adapt.probe.kind import Kind
from ashore.adapt.probe.label import Stretch, from_setup, from_words
from ashore.adapt.probe.label_file import read_labels
from ashore.adapt.probe.labelled_window import cut
from ashore.adapt.probe.probe import Probe, ProbeConfig, probe
from ashore.adapt.probe.probe_head import FACTS
from ashore.adapt.probe.separation import FEW, plural
from ashore.hardware.logs.log import Log
from ashore.launch.console import progress_bar, say
from ashore.launch.held_out_logs import require_not_held_out
from ashore.launch.probe_request import ProbeRequest
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle
from ashore.policies.storage.strict_json import write_json

RESULT, CURVE = "result.json", "curve.svg"


def run_probe(asked: ProbeRequest) -> int:
    """Teach a head, keep it with its figures, and say what it is worth."""
    if asked.out.exists() and not (asked.out / FACTS).exists():
        raise AdaptError(f"{asked.out} exists and is not a head; choose another place")
    if not asked.logs:
        raise AdaptError("no log was given; record some with `ashore record`")
    require_not_held_out(asked.logs)
    bundle = Bundle.load(find_bundle(asked.policy))
    bundle.require_robot()
    logs = [Log.open(path) for path in asked.logs]
    for log in logs:
        if log.damage:
            say(f"{log.path} is damaged: {log.damage}; what is left is used")
    windows = cut(logs, bundle, labels_of(asked, logs), asked.seconds)
    kind = None if asked.kind == "auto" else asked.kind
    config = ProbeConfig(kind=kind, seed=asked.seed)
    with progress_bar() as bar:
        found = probe(bundle, windows, config, bar)
    for line in told(found, asked.seconds):
        say(line)
    beside = {RESULT: write_json(result(found)), CURVE: svg(curve_figure(found.curve)).encode()}
    say(f"head: {found.head.save(asked.out, beside)}")
    return 0


def labels_of(asked: ProbeRequest, logs: Sequence[Log]) -> list[Stretch]:
    """Labels from where the user said they are.

    Raises:
        AdaptError: nowhere, or in two places.
    """
    if bool(asked.label) == (asked.labels is not None):
        raise AdaptError(
            "labels come from one place: --labels FILE.csv, --labels KEY of the logs' setup, or a "
            "--label LOG=VALUE for each log"
        )
    if asked.labels is None:
        return from_words(logs, asked.label)
    path = Path(asked.labels)
    if path.suffix == ".csv" or path.is_file():
        return read_labels(path, logs)
    return from_setup(logs, asked.labels)


def told(found: Probe, seconds: float) -> list[str]:
    """What was found, line by line."""
    parts, curve = found.separation, found.curve
    learning, held = len(parts.learning), len(parts.held_out)
    groups = len(curve.points[-1].scores[FROZEN])
    named = curve.kind == "class"
    labels = ", ".join(found.target.classes) if named else "numbers"
    score = "accuracy" if named else "mean absolute error"
    lines = [
        f"{learning + held} windows of {seconds:g} s, labelled {labels}; held out are {held}, "
        f"which are {groups} whole {plural(parts.unit)}",
        f"held-out {score} and its 95 % interval over them:",
        "  windows  " + "".join(f"{name:<22}" for name in LEARNERS) + "frozen is better by",
    ]
    for point in curve.points:
        columns = [_text(point.interval(name)) for name in LEARNERS]
        gain = str(point.gain(curve.kind))
        lines.append(f"  {point.windows:>7}  " + "".join(f"{c:<22}" for c in columns) + gain)
    lines.append(f"  without looking: {_text(curve.idle)}")
    lines += [f"  {name}: {what}" for name, what in LEARNERS.items()]
    lines += _verdicts(curve.points[-1], curve.kind)
    return [*lines, *(f"note: {doubt}" for doubt in parts.doubts)]


def result(found: Probe) -> dict[str, object]:
    """What is kept beside the head, as JSON takes it."""
    return {
        "held out by": found.separation.unit,
        "windows": {
            "learned from": len(found.separation.learning),
            "held out": len(found.separation.held_out),
        },
        "doubts": found.separation.doubts,
        **found.curve.to_json(),
    }


def _verdicts(point: Point, kind: Kind) -> list[str]:
    """How the frozen trunk stands beside each of the others, with all windows."""
    if len(point.scores[FROZEN]) < FEW:
        return []
    found = []
    for other in (SCRATCH, PLAIN):
        gain = point.gain(kind, over=other)
        word = "does better than" if gain.low > 0.0 else "can't be told from"
        word = "does worse than" if gain.high < 0.0 else word
        found.append(f"with {point.windows} windows, {FROZEN!r} {word} {other!r}: {gain}")
    return found


def _text(found: Interval) -> str:
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"
