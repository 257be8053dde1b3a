"""Commands that measure, and show the whole of Ashore."""

from pathlib import Path

import tyro

from ashore.launch.commands.flat import Flat
from ashore.launch.probe_request import ProbeRequest

Name = tyro.conf.Positional[str]


def bench(
    name: Name,
    /,
    json: bool = False,
    short: bool = False,
    data: Path = Path("../shared/data"),
    out: Path = Path("runs/bench"),
    against: Path | None = None,
) -> int:
    """Measure, beside a peer in the same run.

    `ashore bench all` writes figures.json and a page, and goes on where it was stopped. A ratio
    that fell by more than 15 % beside earlier figures is named.

    Args:
        name: which benchmark: envs, train, bus, soak, calibrate, logs, scale, adapt, or all.
        json: print a list of figures instead of a table, of one benchmark.
        short: under a minute.
        data: folder of the real sensor logs.
        out: folder for the figures and the page of all.
        against: earlier figures.json to compare all with; a checkout's own otherwise.
    """
    from ashore.launch.bench.benching import run_bench

    return run_bench(name, json, short, data, out, against)


def demo(
    robot: Name,
    /,
    hidden: str = "1",
    out: Path = Path("runs/demo"),
    short: bool = False,
) -> int:
    """The whole loop on a twin: train, record, adapt, deploy, with a report.

    Args:
        robot: a shipped robot's name.
        hidden: seed or kind of the twin's hidden physics; `none` for the nominal robot.
        out: folder for everything the demo makes; an older demo there is replaced.
        short: train and tune for less.
    """
    from ashore.launch.demonstrating import run_demo

    return run_demo(robot, hidden, out, short)


def probe(asked: Flat[ProbeRequest]) -> int:
    """From labelled windows of logs to a new head on a policy's frozen trunk, and what it's worth.

    Held-out accuracy stands beside the same network's, trained from scratch on the same windows.
    """
    from ashore.launch.probing import run_probe

    return run_probe(asked)
