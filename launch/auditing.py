"""`ashore randomization audit`."""

import json as json_text
from dataclasses import asdict

from ashore.envs.randomize.audit import Finding, audit
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.hardware.spec import RobotSpec
from ashore.launch.console import say
from ashore.launch.quiet import quiet_physics

LEGEND = """motion: root mean square change of the joints' true angles, of a robot at the worse end
of the range against a nominal one. height: largest change of the base's. sensed: root mean square
change of what the policy is told, over each signal's own spread."""
HEADS = ("term", "motion", "height", "sensed", "two resets", "")


def run_audit(robot: str, task: str | None, json: bool) -> int:
    """Say term by term what it does; fail if one does nothing, compounds, or is half applied."""
    quiet_physics()
    spec = RobotSpec.load(robot)
    made = make_task(task or spec.task, spec)
    findings = audit(spec, made, Randomization.load(robot))
    if json:
        say(json_text.dumps([_plain(finding) for finding in findings], indent=2))
    else:
        _print(findings)
    return 1 if any(finding.fault for finding in findings) else 0


def _print(findings: list[Finding]) -> None:
    rows = [HEADS, *(_cells(finding) for finding in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:5], widths[1:5], strict=True)]
        say("  ".join([*cells, row[5]]).rstrip())
    wrong = [finding.term.title for finding in findings if finding.fault]
    say("")
    say(LEGEND)
    say(f"{len(findings)} terms, at fault: {', '.join(wrong) or 'none'}")


def _cells(finding: Finding) -> tuple[str, ...]:
    return (
        str(finding.term),
        f"{1e3 * finding.motion:.2f} mrad",
        f"{1e3 * finding.base:.1f} mm",
        f"{finding.sensed:.3f}",
        "alike" if finding.repeats else "differ",
        finding.fault.upper(),
    )


def _plain(finding: Finding) -> dict[str, object]:
    return {**asdict(finding), "term": str(finding.term), "fault": finding.fault}
