"""`ashore log info`, `check`, `cut`, `merge` and `anonymise`."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ashore.hardware.errors import LogError
from ashore.hardware.log_tools.log_anonymity import anonymise
from ashore.hardware.log_tools.log_cut import cut
from ashore.hardware.log_tools.log_inspection import inspect
from ashore.hardware.log_tools.log_merge import merge
from ashore.hardware.log_tools.log_summary import LogSummary, summarise
from ashore.launch.console import plain, say
from ashore.launch.log_cut_request import LogCutRequest


def run_info(log: Path, as_json: bool) -> int:
    """Say what a log is of and how much it holds.

    Raises:
        LogError: it is no log, or nothing of it can be read.
    """
    found = summarise(log)
    if as_json:
        say(json.dumps({"log": str(log), **asdict(found)}, indent=2))
        return 0
    for name, text in _rows(found):
        say(f"{name + ':':<11}{plain(text)}")
    return 0


def _rows(found: LogSummary) -> list[tuple[str, str]]:
    rate = "" if found.rate is None else f", {found.rate:.1f} readings a second"
    index = "whole, its checksums hold" if found.indexed else (
        "absent, or does not fit the file: all messages were read; "
        "`ashore log recover` writes a log with one"
    )
    return [
        ("robot", found.robot),
        ("joints", f"{len(found.joints)}: {', '.join(found.joints)}" if found.joints else "none"),
        ("kind", found.kind),
        ("created", found.created or "not kept"),
        ("policy", found.policy or "none"),
        ("duration", f"{found.seconds:.3f} s{rate}"),
        ("episodes", str(found.episodes)),
        ("faults", "; ".join(found.faults) or "none"),
        ("messages", ", ".join(f"{topic} {n}" for topic, n in found.counts.items()) or "none"),
        ("labels", ", ".join(found.labels) or "none"),
        ("size", f"{found.size} bytes"),
        ("index", index),
        ("damage", found.damage or "none"),
    ]


def run_check(log: Path, as_json: bool) -> int:
    """Read all of a log and say each thing that is wrong with it; 0 if nothing is, else 1.

    Raises:
        LogError: it is no log, or nothing of it can be read.
    """
    findings = inspect(log)
    if as_json:
        say(json.dumps({"log": str(log), "whole": not findings, "findings": findings}, indent=2))
    else:
        for finding in findings:
            say(plain(f"{log}: {finding}"))
        say(f"{log}: {f'{len(findings)} findings' if findings else 'whole'}")
    return 1 if findings else 0


def run_cut(asked: LogCutRequest) -> int:
    """Write a stretch of a log as a log of its own.

    Raises:
        LogError: there is no such stretch, or the new log exists already or cannot be written.
    """
    begin = -math.inf if asked.begin is None else asked.begin
    end = math.inf if asked.end is None else asked.end
    episodes = None if asked.episodes is None else _episodes(asked.episodes)
    if episodes is not None and (asked.begin, asked.end) != (None, None):
        raise LogError("give either --episodes, or --from and --to")
    if math.isnan(begin) or math.isnan(end):
        raise LogError("--from and --to are seconds, and nan is none")
    done = cut(
        asked.log,
        asked.out,
        seconds=(begin, end),
        episodes=episodes,
        all_events=asked.events == "all",
    )
    _tell_damage(asked.log, done.damage)
    missing = f", {done.lost} of them missing between those" if done.lost else ""
    say(f"{asked.out}: {done.kept} messages kept{missing}, {done.left_out} left out")
    return 0


def _episodes(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", text)
    if found is None:
        raise LogError(f"--episodes {text!r} is no range; write for example 2 or 2-4")
    return int(found[1]), int(found[2] or found[1])


def run_merge(logs: Sequence[Path], out: Path) -> int:
    """Write logs of one robot in a row as one log.

    Raises:
        LogError: they do not belong together, or the new log exists already or cannot be written.
    """
    for seam in merge(logs, out):
        _tell_damage(seam.source, seam.damage)
        shifted = f", its times {seam.shift:.3f} s later" if seam.shift else ""
        say(f"  {seam.source} from {seam.begin:.3f} s on{shifted}")
    say(f"{out}: {len(logs)} logs")
    return 0


def run_anonymising(log: Path, out: Path, keep_raw: bool) -> int:
    """Write a log without what names a lab, and say what was taken.

    Raises:
        LogError: it is no log, or the new log exists already or cannot be written.
    """
    done = anonymise(log, out, keep_raw=keep_raw)
    _tell_damage(log, done.damage)
    for what in done.taken:
        say(plain(f"taken away: {what}"))
    if keep_raw:
        say("raw bytes were kept: serial numbers of servos may be in them")
    say(f"{out}: {done.kept} messages; robot, joints and the spec's numbers are still named")
    return 0


def _tell_damage(log: Path | str, damage: str | None) -> None:
    if damage:
        say(plain(f"{log} is damaged: {damage}; what is left was used"))
