"""`ashore adapt`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ashore.adapt.adaptation import Adaptation, AdaptConfig, adapt
from ashore.adapt.report import page
from ashore.adapt.tuning.finetune_config import FinetuneConfig
from ashore.adapt.verdict import Answer
from ashore.hardware.logs.log import Log
from ashore.launch.console import progress_bar, say
from ashore.policies.bundle import Bundle
from ashore.policies.shipped import find_bundle

REPORT = "report.html"

EXIT_CODES = {
    Answer.IMPROVED: 0,
    Answer.NO_IMPROVEMENT: 0,
    Answer.REGRESSED: 0,
    Answer.INSUFFICIENT_DATA: 2,
}
"""A verdict is an answer, not a failure; a log too short to judge from is."""


def run_adaptation(
    logs: Sequence[Path], policy: str, out: Path, seed: int, rungs: tuple[str, ...], steps: int
) -> int:
    """Adapt, save the judged bundle with its report, and say what was found."""
    config = AdaptConfig(finetune=FinetuneConfig(seed=seed, rungs=rungs, steps=steps))
    bundle = Bundle.load(find_bundle(policy))
    adaptation = adapt_with_progress(bundle, [Log.open(path) for path in logs], config)
    path = save(adaptation, out)
    say(f"bundle: {path}; report: {path / REPORT}")
    return EXIT_CODES[adaptation.verdict.answer]


def adapt_with_progress(bundle: Bundle, logs: Sequence[Log], config: AdaptConfig) -> Adaptation:
    """Adapt with a progress bar, then say what the log tells and what the gate says."""
    for log in logs:
        if log.damage:
            say(f"{log.path} is damaged: {log.damage}; what is left is used")
    with progress_bar() as bar:
        adaptation = adapt(bundle, logs, config, bar)
    if adaptation.diagnosis is not None:
        for finding in adaptation.diagnosis.findings:
            say(f"  {finding}")
        for advice in adaptation.diagnosis.advice:
            say(f"  {advice}")
    say(f"verdict: {adaptation.verdict.answer.value}")
    for sentence in adaptation.verdict.why:
        say(f"  {sentence}")
    return adaptation


def save(adaptation: Adaptation, out: Path) -> Path:
    """Write the judged bundle with its report inside."""
    report = page(adaptation).encode("utf-8")
    return replace(adaptation.bundle, attachments={REPORT: report}).save(out)
