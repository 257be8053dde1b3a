"""How often what is believed of a walker holds: hidden robots, each read and then refined."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
from scipy.stats import norm

from ashore.adapt.walking.belief import Belief
from ashore.adapt.walking.crowd import Crowd
from ashore.adapt.walking.estimator import Estimator
from ashore.adapt.walking.fit import WalkingConfig, read, windows_of
from ashore.adapt.walking.prior import WalkerPrior
from ashore.adapt.walking.refine import refine
from ashore.adapt.walking.walk_log import Walk
from ashore.adapt.walking.watched import Array, Cast, watch
from ashore.envs.dice import Dice
from ashore.envs.simulation import Simulation
from ashore.envs.tasks import make_task
from ashore.launch.bench.adapt.keeping import kept
from ashore.launch.bench.adapt.work import estimator_of
from ashore.launch.bench.figure import Row, row
from ashore.policies.bundle import Bundle

ROBOTS, WALKS, SECONDS = 40, 2, 20.0
"""Hidden robots that walk to the end, walks of each, and the length of a walk [s]."""
SEED = 5_500
SEEDS = (SEED, SEED - 1)
"""Seeds of the robots, which no estimator was taught on, and of those in the place of who fell."""
LEVEL = 0.8
"""Level of the intervals."""
TOLD = 0.8
"""Numbers are counted whose width fell below this share of the prior's when they were read."""


def coverage(bundle: Bundle, config: WalkingConfig, folder: Path) -> Iterator[Row]:
    """Draw robots from the prior, let them walk, and ask of each what a log would tell."""
    told = estimator_of(bundle)
    world, prior = Simulation(bundle.spec, 1), WalkerPrior.of(bundle)
    draws = (prior.draw(world, Dice(seed, ROBOTS, purpose="coverage")) for seed in SEEDS)
    asked, walked = [bundle.digest, asdict(config)], list[dict[str, list[bool]]]()
    for number, robot in enumerate(chain.from_iterable(draws)):
        look = partial(_inside, bundle, told, config, robot, number)
        if found := kept(folder / f"{number}.json", asked, look):
            walked.append(found)
        sys.stderr.write(f"[{len(walked)}/{ROBOTS}] hidden robots, read and refined\n")
        if len(walked) == ROBOTS:
            break
    unit = f"of {LEVEL:.0%} intervals, {len(walked)} robots, {number + 1 - len(walked)} more fell"
    for name in ("read", "refined"):
        inside = np.concatenate([each[name] for each in walked])
        yield row(f"coverage_{name}", float(inside.mean()), f"{unit}, {inside.size} numbers")


def _inside(
    bundle: Bundle, told: Estimator, config: WalkingConfig, robot: Array, number: int
) -> dict[str, list[bool]]:
    """Whether each number that the walk tells lies in its interval; nothing if the robot fell."""
    walks = _walks(bundle, told, robot, number)
    if not walks:
        return {}
    task = make_task(bundle.contract.task, bundle.spec)
    first = read(told, bundle, windows_of(bundle, walks))
    second = refine(bundle, task, told, first, walks, config.refine)
    counted = first.sd < TOLD * told.prior[1]
    reach = float(norm.ppf(0.5 + 0.5 * LEVEL))

    def holds(belief: Belief) -> list[bool]:
        far = np.abs(belief.mean - robot[belief.told])
        return [bool(each) for each in (far < reach * belief.sd)[counted]]

    return {"read": holds(first), "refined": holds(second)}


def _walks(bundle: Bundle, told: Estimator, robot: Array, number: int) -> list[Walk]:
    """Walks of one robot, as a log would hold them; none if it fell."""
    task, ticks = make_task(bundle.contract.task, bundle.spec), round(SECONDS * bundle.spec.rate)
    cast = Cast(
        source=Crowd(ranges=told.wide, units=robot[None]),
        robots=WALKS,
        ticks=ticks,
        seed=SEED + 1 + number,
    )
    found, _ = watch(bundle, task, cast)
    if (found.lived < ticks).any():
        return []
    return [
        Walk(
            source=f"hidden robot {number}, walk {index}",
            time=np.arange(ticks) / bundle.spec.rate,
            plan=found.plan[index],
            seen=found.seen[index],
            observation=found.observation[index],
            angle=np.asarray(found.angle[index], dtype=np.float64),
            goal=np.asarray(found.goal[index], dtype=np.float64),
        )
        for index in range(WALKS)
    ]
