"""Rewrites a damaged log as a whole one, with what can be trusted of it."""

from dataclasses import dataclass
from pathlib import Path

from ashore.hardware.errors import LogError
from ashore.hardware.logs.log_file import LogFile
from ashore.hardware.logs.log_json import to_json
from ashore.hardware.logs.log_scan import LogMessage, LogScan
from ashore.hardware.logs.log_schemas import EVENT


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """What a recovery kept of a log."""

    kept: int
    """Messages in the new file that were in the old one."""
    lost: int
    """Messages known to be missing; those after a cut can't be counted."""
    lost_bytes: int
    """Bytes of the old file after the last whole record [B]."""
    damage: str | None
    """What was wrong with the old file, or None."""


def recover(path: str | Path, out: str | Path) -> Recovery:
    """Copy all good messages of a log, unchanged, to the new indexed log `out`.

    An event of kind `log` at the end tells of the recovery. Messages that are missing in between
    stay missing, and reading the new log still says so.

    Raises:
        LogError: `path` isn't a log, its header or all its messages are damaged, or `out` exists.
    """
    scan = _measured(path)
    recovery = Recovery(
        kept=scan.kept, lost=scan.lost, lost_bytes=scan.lost_bytes, damage=scan.damage
    )
    file = LogFile(out, scan.header)
    try:
        _copy(path, file, recovery)
    except OSError as error:
        raise LogError(f"cannot write {out}: {error.strerror}; choose another disk") from None
    finally:
        file.close()
    return recovery


def _measured(path: str | Path) -> LogScan:
    scan = LogScan(path)
    for _ in scan:
        pass
    header = scan.header
    if scan.kept == 0:
        raise LogError(f"the log {path} of {header.robot} holds no message that can be recovered")
    if scan.bad_header:
        raise LogError(
            f"cannot recover {path}: {scan.bad_header}; Log.open still reads its messages"
        )
    return scan


def _copy(path: str | Path, file: LogFile, recovery: Recovery) -> None:
    events, stamps = 0, (0, 0)
    for message in LogScan(path):
        file.add(message.topic, message.data, message.stamps, message.sequence)
        stamps = message.stamps
        events = message.sequence + 1 if message.topic == EVENT else events
    mark = LogMessage(EVENT, _event(stamps, recovery), stamps, events)
    file.add(mark.topic, mark.data, mark.stamps, mark.sequence)
    file.finish()


def _event(stamps: tuple[int, int], recovery: Recovery) -> bytes:
    return to_json({
        "time": stamps[1] / 1e9,
        "level": "warning" if recovery.damage else "info",
        "kind": "log",
        "text": f"recovered: {recovery.damage or 'the file was whole'}",
        "data": {"kept": recovery.kept, "lost": recovery.lost, "lost_bytes": recovery.lost_bytes},
    })
