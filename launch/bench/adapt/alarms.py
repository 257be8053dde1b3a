"""How often the nominal twin's walk is taken for a robot from outside the ranges."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from ashore.adapt.walking.range_test import RangeConfig, range_test
from ashore.adapt.walking.walk_log import walks
from ashore.envs.tasks import make_task
from ashore.envs.twin.twin_process import TwinOptions
from ashore.launch.bench.adapt.cases import ROBOT, physics_of
from ashore.launch.bench.adapt.keeping import kept
from ashore.launch.bench.adapt.wire import recorded
from ashore.launch.bench.adapt.work import estimator_of
from ashore.launch.bench.figure import Row, row
from ashore.policies.bundle import Bundle

SEEDS = range(601, 641)
"""Seeds of the commands; each is a log of its own."""


def alarms(bundle: Bundle, folder: Path) -> Iterator[Row]:
    """Record walks of the nominal twin through its wire, and test each."""
    task, told = make_task(bundle.contract.task, bundle.spec), estimator_of(bundle)
    config, twin = RangeConfig(), TwinOptions(robot=ROBOT)

    def tested(seed: int) -> float:
        log = recorded(bundle, twin, seed, 1, folder / f"{seed}.mcap")
        return range_test(bundle, task, walks(log, bundle, task), told, config).p

    found = []
    asked = [bundle.digest, asdict(config), physics_of(twin)]
    for seed in SEEDS:
        place = folder / f"{seed}-p.json"
        found.append(kept(place, asked, partial(tested, seed)))
        sys.stderr.write(f"[{len(found)}/{len(SEEDS)}] nominal twin, p = {found[-1]:.3f}\n")
    share = float(np.mean(np.array(found) <= config.alarm))
    yield row("range_alarms_nominal", share, f"of {len(found)} logs of 20 s")
