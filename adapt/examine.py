"""`examine`: what some weights earn on robots from a source, for whoever compares policies."""

from ashore.envs.evaluate import Course, Outcome, evaluate
from ashore.envs.randomize.randomization import Source
from ashore.envs.tasks.task import Task
from ashore.policies.bundle import Bundle
from ashore.policies.policy import Policy, Weights


def examine(
    bundle: Bundle, task: Task, actor: Weights, source: Source, robots: int, seed: int
) -> Outcome:
    """Let `actor`, in place of the bundle's own, do an episode on each of `robots` robots.

    Weights examined under one seed meet the same robots, commands and noise.
    """
    course = Course(spec=bundle.spec, task=task, source=source, robots=robots, seed=seed)
    return evaluate(Policy(actor).act, bundle.contract, course)


def forgotten(before: float, after: float) -> float:
    """Share of its reward `before` that a policy has lost `after`; negative if it gained."""
    return (before - after) / abs(before)
