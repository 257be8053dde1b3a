"""`ashore robot new` and `ashore robot check`."""

from pathlib import Path

from ashore.envs.draft.robot_check import check_robot
from ashore.envs.draft.robot_draft import RobotDraft
from ashore.launch.console import say
from ashore.launch.quiet import quiet_physics

LEVELS = ("missing", "suspicious", "fine")


def draft_robot(name: str, file: Path, out: Path, fixed: bool) -> int:
    """Make a robot's folder from its MJCF or URDF, and say what was left out and made up."""
    draft = RobotDraft.of(name, file, fixed)
    draft.write(out)
    say(f"{out}: spec.toml, {name}.xml, randomization.toml; {len(draft.joints)} joints")
    for note in draft.notes:
        say(f"  note   {note}")
    for guess in draft.guesses:
        say(f"  guess  {guess}")
    say('Other guesses are marked "# guess" in spec.toml: put in what is true.')
    say(f"next: ashore robot check {out}")
    return 0


def inspect_robot(robot: str) -> int:
    """Say what is missing and suspicious, a line each; fail if something is missing."""
    quiet_physics()
    findings = check_robot(robot)
    topic = max(len(finding.topic) for finding in findings)
    for level in LEVELS:
        for finding in findings:
            if finding.severity == level:
                say(f"{level:<11} {finding.topic:<{topic}}  {finding.text}")
    counts = {level: sum(f.severity == level for f in findings) for level in LEVELS}
    say(f"{robot}: " + ", ".join(f"{count} {level}" for level, count in counts.items()))
    return 1 if counts["missing"] else 0
