"""`ashore adapt`."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ashore.adapt.adaptation import Adaptation, AdaptConfig, adapt, usual
from ashore.adapt.diagnose.diagnosis import Diagnosis
from ashore.adapt.episode_draw import require_slices
from ashore.adapt.findings_file import FINDINGS, write_findings
from ashore.adapt.lineage import undo
from ashore.adapt.report import page
from ashore.adapt.verdict import Answer
from ashore.adapt.walking.estimator import Estimator
from ashore.adapt.walking.fit import teach
from ashore.envs.tasks import make_task
from ashore.hardware.logs.log import Log
from ashore.launch.adapt_request import AdaptRequest
from ashore.launch.console import progress_bar, say
from ashore.launch.fleet.adapting_fleet import adapt_fleet
from ashore.launch.held_out_logs import require_not_held_out
from ashore.policies.bundle import Bundle
from ashore.policies.drift.validated import watch_of
from ashore.policies.drift.watch import with_watch
from ashore.policies.learners.network import RUNGS
from ashore.policies.onnx_model import ONNX, onnx_model
from ashore.policies.shipped import find_bundle

REPORT = "report.html"
MANY = 12
"""Findings beyond which those that are as expected are counted, not listed."""

EXIT_CODES = {
    Answer.IMPROVED: 0,
    Answer.NO_IMPROVEMENT: 0,
    Answer.REGRESSED: 0,
    Answer.INSUFFICIENT_DATA: 2,
}
"""A verdict is an answer, not a failure; a log too short to judge from is."""


def run_adaptation(asked: AdaptRequest) -> int:
    """Adapt, save the judged bundle with its report, and say what was found.

    Raises:
        AdaptError: what was asked for cannot be done, as `adapt` says.
    """
    if asked.fleet is not None:
        return adapt_fleet(asked, asked.fleet)
    require_not_held_out(asked.logs)
    bundle = Bundle.load(find_bundle(asked.policy))
    require_slices(make_task(bundle.contract.task, bundle.spec), asked.slice)
    kept = asked.out.with_name(asked.out.name + ".tuning")
    config = usual(bundle.spec)
    rungs = RUNGS if asked.rung == "ladder" else (asked.rung,)
    tuning = replace(config.finetune, seed=asked.seed, rungs=rungs, steps=asked.steps)
    gate = replace(config.gate, declared=asked.slice)
    config = replace(
        config, finetune=tuning, gate=gate, strategy=asked.strategy, resume=kept
    )
    bundle = able(bundle, Path(asked.policy))
    adaptation = adapt_with_progress(bundle, [Log.open(path) for path in asked.logs], config)
    path = save(adaptation, asked.out, asked.watch)
    shutil.rmtree(kept, ignore_errors=True)
    say(f"bundle: {path}; report: {path / REPORT}")
    return EXIT_CODES[adaptation.verdict.answer]


def run_undo(asked: str, out: Path, steps: int) -> int:
    """Write the bundle that was there some steps ago."""
    before = undo(Bundle.load(find_bundle(asked)), steps)
    path = before.save(out)
    say(f"bundle: {path}, digest {before.digest}")
    return 0


def able(bundle: Bundle, folder: Path) -> Bundle:
    """Teach an estimator if the robot walks and the bundle brings none, and keep it in its folder.

    That takes some minutes, once a policy.
    """
    if bundle.spec.imu is None or Estimator.of(bundle) is not None:
        return bundle
    say("this policy brings no estimator to read its walks by; teaching one, once")
    config = usual(bundle.spec).walking.estimator
    with progress_bar() as bar:
        estimator = teach(bundle, make_task(bundle.contract.task, bundle.spec), config, bar)
    taught = replace(bundle, attachments={**bundle.attachments, **estimator.attachments()})
    if folder.is_dir():
        taught.save(folder)
    return taught


def adapt_with_progress(bundle: Bundle, logs: Sequence[Log], config: AdaptConfig) -> Adaptation:
    """Adapt with a progress bar, then say what the log tells and what the gate says."""
    for log in logs:
        if log.damage:
            say(f"{log.path} is damaged: {log.damage}; what is left is used")
    with progress_bar() as bar:
        adaptation = adapt(bundle, logs, config, bar)
    for sentence in () if adaptation.fitted is None else adaptation.fitted.said:
        say(f"  {sentence}")
    if adaptation.diagnosis is not None:
        _tell(adaptation.diagnosis)
    say(f"verdict: {adaptation.verdict.answer.value}")
    for sentence in adaptation.verdict.why:
        say(f"  {sentence}")
    return adaptation


def _tell(diagnosis: Diagnosis) -> None:
    """Say what the log tells; of many findings, those that lie outside, and how many do not."""
    findings = diagnosis.findings
    if len(findings) > MANY:
        inside = sum(finding.told and not finding.outside for finding in findings)
        findings = diagnosis.shifts
        say(f"  {inside} parameters are told by the log and are as pretraining expects")
    for line in (*findings, *diagnosis.advice):
        say(f"  {line}")


def save(adaptation: Adaptation, out: Path, watch: bool = True) -> Path:
    """Write the judged bundle with its report inside; if it may be deployed, a drift watch too.

    Whatever the verdict, its ONNX file is that of the candidate.
    """
    bundle, fitted = adaptation.bundle, adaptation.fitted
    report = page(adaptation).encode("utf-8")
    files = {**bundle.attachments, REPORT: report, ONNX: onnx_model(bundle)}
    files.pop(FINDINGS, None)  # of an adaptation before
    if adaptation.diagnosis is not None:
        files[FINDINGS] = write_findings(adaptation.diagnosis.findings)
    if watch and fitted is not None and adaptation.verdict.answer is Answer.IMPROVED:
        with progress_bar() as bar:
            bar("learning what is usual for this policy", 0.0)
            files = with_watch(replace(bundle, attachments=files), watch_of(bundle, fitted.target))
    return replace(bundle, attachments=files).save(out)
