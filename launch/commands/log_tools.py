"""Commands on log files, a group: `ashore log info`, `check`, `cut`, `merge`, `anonymise`."""

from pathlib import Path

import tyro

from ashore.launch.commands.flat import Flat
from ashore.launch.log_cut_request import LogCutRequest
from ashore.launch.logs_request import LogsRequest

Given = tyro.conf.Positional[Path]


def info(log: Given, /, json: bool = False) -> int:
    """Say what a log is of and how much it holds, by its index where that can be trusted.

    Args:
        log: the log.
        json: print JSON.
    """
    from ashore.launch.log_tooling import run_info

    return run_info(log, json)


def check(log: Given, /, json: bool = False) -> int:
    """Read all of a log and say each thing that is wrong with it, and where; 0 if nothing is.

    Args:
        log: the log.
        json: print JSON.
    """
    from ashore.launch.log_tooling import run_check

    return run_check(log, json)


def cut(asked: Flat[LogCutRequest]) -> int:
    """Write a stretch of a log as a log of its own, its messages unchanged."""
    from ashore.launch.log_tooling import run_cut

    return run_cut(asked)


def merge(logs: tyro.conf.Positional[tuple[Path, ...]], /, out: Path) -> int:
    """Write logs of one robot in a row, as one log.

    Args:
        logs: two logs or more, in their order; of one robot, spec and contract.
        out: log to write; must not exist.
    """
    from ashore.launch.log_tooling import run_merge

    return run_merge(logs, out)


def anonymise(log: Given, /, out: Path, keep_raw: bool = False) -> int:
    """Write a log without ports, names, paths and times of day, its physics bit for bit.

    Args:
        log: the log.
        out: log to write; must not exist.
        keep_raw: keep the bytes of the wire, in which serial numbers may be.
    """
    from ashore.launch.log_tooling import run_anonymising

    return run_anonymising(log, out, keep_raw)


def logs(asked: Flat[LogsRequest]) -> int:
    """List the logs under a folder; tag them, or split them to train and to judge by."""
    from ashore.launch.cataloguing import run_catalogue

    return run_catalogue(asked)
