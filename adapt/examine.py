"""`examine`: what some weights earn on a course, for whoever compares policies."""

from ashore.envs.evaluate import Course, Outcome, evaluate
from ashore.policies.bundle import Bundle
from ashore.policies.policy import Policy, Weights


def examine(bundle: Bundle, actor: Weights, course: Course) -> Outcome:
    """Let `actor`, in place of the bundle's own, do an episode on each robot of a course.

    Weights examined on one course meet the same robots, commands and noise.
    """
    return evaluate(Policy(actor).act, bundle.contract, course)


def forgotten(before: float, after: float) -> float:
    """Share of its reward `before` that a policy has lost `after`; negative if it gained."""
    return (before - after) / abs(before)
