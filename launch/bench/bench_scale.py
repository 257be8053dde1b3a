"""The benchmark of rollouts past one machine, as far as this machine's cores go."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ashore.launch.bench.figure import Row, error_row, row
from ashore.launch.request import TrainingRequest
from ashore.launch.training import plan
from ashore.policies.cluster.crew import Crew
from ashore.policies.cluster.recruit import ClusterConfig, recruit
from ashore.policies.cluster.squad import Squad, SquadPlan, actor_state
from ashore.policies.learners.actor_critic import ActorCritic

ROBOT, ROBOTS, HORIZON = "quadruped", 256, 32
"""What is simulated, how many on each worker, and control steps of a rollout."""
CREWS = (1, 2, 4)
MEANINGS = {
    "ray_efficiency": "control steps a second of rollouts of so many workers of one thread, 256 "
    "quadrupeds each, beside as many times one worker's; with more workers than cores it cannot "
    "be more than cores by workers",
    "ray_overhead": "what a rollout by one worker takes beyond the same one in this process: the "
    "policy's way there, the rollout's way back, and waiting",
    "ray_bytes": "what a worker sends of a control step of a robot; weights: what it is sent of "
    "the policy for each rollout",
}
"""What the figures mean, by the beginning of their names."""


def run(data_dir: Path, short: bool) -> list[Row]:
    """Make rollouts by workers of a Ray of this machine's own.

    Args:
        data_dir: not used here.
        short: fewer rollouts, of one and two workers.

    Returns:
        Rows of name, value, unit, peer, peer_value and ratio.
    """
    if find_spec("ray") is None:
        return [row("ray_efficiency_2_workers", None, "of two workers' rate", "no ray here")]
    turns = 6 if short else 20
    lesson, config = plan(TrainingRequest(robot=ROBOT))
    contract = lesson.contract(config.network, config.seed)
    config = replace(config, robots=ROBOTS, horizon=HORIZON)
    squad = Squad(
        SquadPlan(
            lesson=lesson, contract=contract, config=config, first=0, robots=ROBOTS, threads=1
        )
    )
    squad.begin()
    policy = squad.policy
    weights = actor_state(policy)
    here = _seconds(lambda: squad.gather(weights, HORIZON), turns)
    parcel, rates = squad.gather(weights, HORIZON), {}
    rows = [
        row("ray_bytes_per_step", parcel.size / (ROBOTS * HORIZON), "B"),
        row("ray_bytes_weights", float(sum(each.nbytes for each in weights.values())), "B"),
    ]
    for workers in CREWS[:2] if short else CREWS:
        many = replace(config, robots=ROBOTS * workers)
        where = ClusterConfig(address="local", workers=workers)
        with closing(recruit(lesson, contract, many, where)) as crew:
            seconds = _gathering(crew, policy, turns)
        rates[workers] = many.robots * HORIZON / seconds
        if workers == 1:
            rows.append(error_row("ray_overhead", 1e3 * (seconds - here), "ms a rollout"))
            continue
        share = rates[workers] / (workers * rates[1])
        name, peer = f"ray_efficiency_{workers}_workers", f"{workers} times one worker"
        rows.append(row(name, rates[workers], "steps/s", peer, workers * rates[1], share))
    return rows


def _gathering(crew: Crew, policy: ActorCritic, turns: int) -> float:
    crew.reset()
    return _seconds(lambda: crew.gather(policy, HORIZON, lambda _: True), turns)


def _seconds(call: Callable[[], object], turns: int) -> float:
    """Median seconds of a call, after one that is not counted."""
    call()
    found = []
    for _ in range(turns):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return float(np.median(found))
