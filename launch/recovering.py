"""`ashore recover`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ashore.hardware.logs.log import Recovery, recover
from ashore.hardware.logs.log_queue import CHUNK_SECONDS
from ashore.hardware.logs.log_scan import LogMessage, LogScan
from ashore.hardware.logs.log_schemas import EVENT
from ashore.launch.console import say

_SHOWN = 20


@dataclass
class _Account:
    """What the messages of a log tell of those that are not there; times are the robot's [s]."""

    begin: float = 0.0
    end: float = 0.0
    closed: bool = False
    gaps: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, messages: Iterable[LogMessage]) -> "_Account":
        account = cls()
        seen: dict[str, tuple[int, float]] = {}
        for message in messages:
            time = message.stamps[1] / 1e9
            due, before = seen.get(message.topic, (0, 0.0))
            if missing := max(message.sequence - due, 0):
                where = f"from {before:.3f} s to {time:.3f} s" if due else f"before {time:.3f} s"
                account.gaps.append(f"{missing} messages of {message.topic} {where}")
            account.begin = time if not seen else min(account.begin, time)
            account.end = max(account.end, time)
            account.closed = message.topic == EVENT and json.loads(message.data)["kind"] == "log"
            seen[message.topic] = message.sequence + 1, time
        return account


def run_recovery(log: Path, out: Path) -> int:
    """Write what can be trusted of a log to a whole one; say what was kept and what is lost.

    Raises:
        LogError: there is nothing to recover, or `out` exists already.
    """
    scan = LogScan(log)
    account = _Account.of(scan)
    result = recover(log, out)
    say(f"kept: {result.kept} messages, from {account.begin:.3f} s to {account.end:.3f} s")
    if result.lost:
        say(f"lost in between: {result.lost} messages")
    for gap in account.gaps[:_SHOWN]:
        say(f"  gap: {gap}")
    if len(account.gaps) > _SHOWN:
        say(f"  and {len(account.gaps) - _SHOWN} gaps more")
    say(f"lost at the end: {_ending(account, scan, log.stat().st_size)}")
    say(f"{out}: {_outcome(result)}")
    return 0


def _outcome(result: Recovery) -> str:
    if result.lost:
        return "a sound file; whoever reads it is still told what is missing in between"
    return "whole again" if result.damage else "a copy, for the log was whole"


def _ending(account: _Account, scan: LogScan, size: int) -> str:
    """Say how much is missing behind the last message, as far as the file tells."""
    if account.closed or scan.damage is None:
        return "nothing, it was closed"
    if scan.lost_bytes == 0:
        return (
            f"up to {CHUNK_SECONDS} s behind {account.end:.3f} s; nobody closed it: its recorder "
            "was killed"
        )
    share = scan.lost_bytes / max(size - scan.lost_bytes, 1)
    return (
        f"{scan.lost_bytes} bytes behind {account.end:.3f} s, by their size about "
        f"{share * (account.end - account.begin):.2f} s, and whatever never reached the file: up "
        f"to {CHUNK_SECONDS} s if its recorder was killed, unknown if the file itself was cut"
    )
