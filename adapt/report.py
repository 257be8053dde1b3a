"""`Report`: one self-contained page that says what was found and why the gate decided so."""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ashore.adapt import figures
from ashore.adapt.adaptation import Adaptation
from ashore.adapt.diagnose.diagnosis import Finding
from ashore.adapt.document import document, quiet, section, table
from ashore.adapt.interval import Interval
from ashore.adapt.verdict import Answer, Verdict

COLOURS = {
    Answer.IMPROVED: "#1a7f37",
    Answer.NO_IMPROVEMENT: "#9a6700",
    Answer.REGRESSED: "#cf222e",
    Answer.INSUFFICIENT_DATA: "#57606a",
}

MANY = 30
"""Findings beyond which not each joint's are drawn."""


@dataclass(frozen=True, kw_only=True)
class Wire:
    """Reward measured on the robot itself, through its wire, before and after."""

    before: Interval
    """Of the pretrained policy, over episodes."""
    after: Interval
    """Of the deployed policy, over episodes with the same commands."""
    change: Interval
    """After minus before, episode by episode."""


def write_report(path: Path, adaptation: Adaptation, wire: Wire | None = None) -> None:
    """Write the page; it opens from disk, without a network."""
    path.write_text(page(adaptation, wire), encoding="utf-8")


def page(adaptation: Adaptation, wire: Wire | None = None) -> str:
    """HTML text of the report."""
    bundle, verdict = adaptation.bundle, adaptation.verdict
    title = f"{bundle.spec.name}, {bundle.contract.task}: {verdict.answer.value}"
    sections = [_headline(adaptation), _reward(verdict, wire)]
    if adaptation.evidence is not None:
        sections.append(_predicted(adaptation))
    if adaptation.diagnosis is not None:
        sections.append(_posterior(adaptation))
    if adaptation.tuned is not None:
        sections.append(_ladder(adaptation))
    sections.append(_origin(adaptation))
    return document(title, sections)


def reward_pairs(verdict: Verdict, wire: Wire | None) -> dict[str, tuple[Interval, Interval]]:
    """Before and after, by where it was measured."""
    pairs = {}
    if wire is not None:
        pairs["on the robot,\nthrough the wire"] = (wire.before, wire.after)
    if verdict.closed_loop is not None and verdict.closed_loop_before is not None:
        before = verdict.closed_loop_before
        change = verdict.closed_loop
        point = Interval(low=before, mean=before, high=before)
        after = Interval(
            low=before + change.low, mean=before + change.mean, high=before + change.high
        )
        pairs["in the posterior's\nsimulators, paired"] = (point, after)
    return pairs


def _headline(adaptation: Adaptation) -> str:
    verdict = adaptation.verdict
    why = "".join(f"<li>{html.escape(text)}</li>" for text in verdict.why)
    answer = verdict.answer.value.replace("_", " ")
    return (
        f"<h1>{html.escape(adaptation.bundle.spec.description or adaptation.bundle.spec.name)}</h1>"
        f'<p class="quiet">task {adaptation.bundle.contract.task}, '
        f"{adaptation.seconds:.0f} s of log from {html.escape(', '.join(adaptation.logs))}</p>"
        f'<section><h2>Verdict <span class="answer" style="background:{COLOURS[verdict.answer]}">'
        f"{answer}</span></h2><ul>{why}</ul></section>"
    )


def _reward(verdict: Verdict, wire: Wire | None) -> str:
    pairs = reward_pairs(verdict, wire)
    if not pairs:
        return ""
    rows = [
        (f"{name} (declared)" if name in verdict.declared else name, f"{found}")
        for name, found in {**verdict.slices, "all": verdict.closed_loop}.items()
    ]
    if wire is not None:
        rows.insert(0, ("on the robot, through the wire", f"{wire.change}"))
    if verdict.control is not None:
        rows.append(("against the same tuning without the log", f"{verdict.control}"))
    if verdict.source is not None:
        rows.append(("nominal robots (forgetting)", f"{verdict.source}"))
    return section(
        "Reward before and after",
        figures.svg(figures.rewards(pairs)),
        quiet(
            "Orange: the pretrained policy. Blue: the candidate. Changes of reward per step on the "
            "same commands, and on the same robots, with 95 % intervals:"
        ),
        table(("episodes", "change"), rows),
    )


def _predicted(adaptation: Adaptation) -> str:
    evidence = adaptation.evidence
    if evidence is None:
        return ""
    gain = evidence.gain
    return section(
        "Measured against predicted, on held-out episodes",
        figures.svg(figures.prediction(evidence)),
        quiet(
            f"{_how(adaptation)} The episodes shown were not used for calibration. Calibration "
            f"takes away {1e3 * gain.mean:.1f} mrad [{1e3 * gain.low:.1f}, {1e3 * gain.high:.1f}] "
            f"of {1e3 * float(evidence.nominal.mean()):.1f} mrad."
        ),
    )


def _how(adaptation: Adaptation) -> str:
    if adaptation.bundle.spec.imu is None:
        return "Both simulators start from the measured state at each window."
    return (
        "Where the base is, no sensor tells: both simulators walk the whole episode anew under the "
        "log's commands, in step with its gait, and each line is the mean of several robots."
    )


def _posterior(adaptation: Adaptation) -> str:
    diagnosis = adaptation.diagnosis
    if diagnosis is None:
        return ""
    said = (*(adaptation.fitted.said if adaptation.fitted else ()), *diagnosis.advice)
    advice = "".join(f"<li>{html.escape(text)}</li>" for text in said)
    rows = [
        (
            f.parameter,
            f.depth,
            f"{f.value:.4g} [{f.low:.4g}, {f.high:.4g}]" if f.told else "the log doesn't tell",
            f"{f.nominal:.4g}",
            f"{f.trained[0]:.4g} to {f.trained[1]:.4g}" if f.trained else "not varied",
            "outside" if f.outside else "",
        )
        for f in diagnosis.findings
    ]
    heads = ("parameter", "depth", "from the log (90 %)", "nominal", "pretraining", "")
    return section(
        "What the log tells about this robot",
        figures.svg(figures.posterior(shown(diagnosis.findings))),
        f"<ul>{advice}</ul>",
        f"<details><summary>All parameters</summary>{table(heads, rows)}</details>",
    )


def shown(findings: Sequence[Finding]) -> list[Finding]:
    """Findings that are drawn: all of few; of many those that lie outside, and of whole robots."""
    if len(findings) <= MANY:
        return list(findings)
    return [each for each in findings if each.outside or " of " not in each.parameter]


def _ladder(adaptation: Adaptation) -> str:
    tuned = adaptation.tuned
    if tuned is None:
        return ""
    rows = [
        (
            trial.rung,
            f"{trial.weight:g}",
            f"{trial.target:.3f}",
            f"{trial.source:.3f}",
            "chosen" if trial is tuned.best else "",
        )
        for trial in tuned.trials
    ]
    heads = ("trained", "weight", "posterior's robots", "nominal robots", "")
    return section(
        "The ladder of fine-tuning",
        f"<p>{html.escape(tuned.why)}.</p>",
        figures.svg(figures.ladder(tuned.rounds)) if tuned.rounds else "",
        quiet(
            "Reward per step on validation robots, by what was trained and how far the weights "
            "moved from pretrained (0) to tuned (1)."
        ),
        table(heads, rows),
    )


def _origin(adaptation: Adaptation) -> str:
    bundle = adaptation.bundle
    facts = json.dumps(dict(bundle.provenance), indent=2)
    return section(
        "Where it comes from",
        f"<p>Bundle <code>{bundle.digest}</code>, contract <code>{bundle.contract.hash}</code>, "
        f"adapted from <code>{', '.join(bundle.lineage) or 'nothing'}</code>.</p>",
        f"<details><summary>Provenance</summary><pre>{html.escape(facts)}</pre></details>",
    )
