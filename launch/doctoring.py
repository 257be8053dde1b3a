"""`ashore doctor` and `ashore bus scan`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from ashore.hardware.doctor.doctor import Doctor
from ashore.hardware.doctor.finding import Finding
from ashore.hardware.wire.scan import Found, scan
from ashore.launch.console import say

LEVELS = ("hurts", "note", "fine")


def run_doctor(port: str | None, robot: str | None, imu_port: str | None, as_json: bool) -> int:
    """Say what hurts and what mends it; 1 if something hurts.

    Raises:
        SpecError: there is no such robot.
        PortLost: the port is gone in between.
    """
    doctor = Doctor() if as_json else Doctor(tell=_tell)
    findings = doctor.examine(port, robot, imu_port)
    if as_json:
        say(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _print(findings)
    return int(any(finding.level == "hurts" for finding in findings))


def _print(findings: Sequence[Finding]) -> None:
    for level in LEVELS:
        for finding in findings:
            if finding.level == level:
                _print_one(finding)
    counts = {level: sum(f.level == level for f in findings) for level in LEVELS}
    say(", ".join(f"{count} {level}" for level, count in counts.items()))


def _print_one(finding: Finding) -> None:
    say(f"{finding.level:<5}  {finding.found}")
    if finding.why:
        say(f"       {finding.why}")
    for command in finding.mend:
        say(f"         $ {command}")
    if finding.advice:
        say(f"       {finding.advice}")


def run_scan(port: str, as_json: bool) -> int:
    """Print who answers on a port; 1 if nobody does.

    Raises:
        PortError: the port does not open.
        PortLost: it is gone in between.
    """
    found = scan(port) if as_json else scan(port, tell=_tell)
    if as_json:
        say(json.dumps([asdict(one) for one in found], indent=2))
    else:
        for one in found:
            say(_line(one))
        if not found:
            say(f"no servo answers on {port}, at any rate; check power and cable")
    return int(not found)


def _line(found: Found) -> str:
    where = f"{found.protocol}  {found.baud:>7} baud  id {found.id:>3}"
    if found.shared:
        return f"{where}  several servos at once"
    return f"{where}  {found.model or 'unknown model'} ({found.number}), firmware {found.firmware}"


def _tell(protocol: str, baud: int) -> None:
    """Show on a terminal what is being tried, on a line that the next one replaces."""
    if sys.stderr.isatty():
        print(f"\rasking {protocol} at {baud} baud    ", end="\r", file=sys.stderr, flush=True)
