"""How a training's robots are split over squads."""

from dataclasses import dataclass

from ashore.hardware.contract import Contract
from ashore.policies.cluster.crew import Crew
from ashore.policies.cluster.ray_hands import RayHands
from ashore.policies.cluster.squad import SquadPlan
from ashore.policies.errors import TrainingError
from ashore.policies.lesson import Lesson
from ashore.policies.train_config import TrainConfig

FEWEST = 8
"""Fewest robots of a squad: of less, an actor's arithmetic differs in the last bit from that of
many, and the training from one machine's."""


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """Where rollouts are made."""

    address: str
    """Of a cluster of Ray, or `local`."""
    workers: int = 2
    """Squads of robots, each in a process of its own."""
    threads: int = 1
    """Threads of each."""


def recruit(lesson: Lesson, contract: Contract, config: TrainConfig, where: ClusterConfig) -> Crew:
    """Make the robots of a training on a cluster.

    Raises:
        TrainingError: they cannot be split so, or nothing answers at the address.
    """
    if config.algorithm != "ppo":
        raise TrainingError(
            f"{config.algorithm} learns from single steps, and a cluster sends whole rollouts; "
            "train with --algorithm ppo, or without --cluster"
        )
    if config.curriculum:
        raise TrainingError(
            "a curriculum widens ranges as each episode ends, in one place; train without "
            "--curriculum, or without --cluster"
        )
    most = config.robots // FEWEST
    if not 1 <= where.workers <= most:
        raise TrainingError(
            f"{config.robots} robots cannot be split over {where.workers} workers, at least "
            f"{FEWEST} on each; ask for 1 to {most}"
        )
    share, rest = divmod(config.robots, where.workers)
    plans, first = [], 0
    for number in range(where.workers):
        robots = share + (number < rest)
        plans.append(
            SquadPlan(
                lesson=lesson,
                contract=contract,
                config=config,
                first=first,
                robots=robots,
                threads=where.threads,
            )
        )
        first += robots
    return Crew(RayHands(where.address, plans), plans)
