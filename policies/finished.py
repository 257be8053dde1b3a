"""`Finished`: a training that is over, and the bundle that it leaves."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ashore.envs.coverage import Coverage
from ashore.hardware.contract import Contract
from ashore.policies.bundle import Bundle
from ashore.policies.lesson import Examination, Lesson
from ashore.policies.model_card import learning_curve, model_card
from ashore.policies.onnx_model import onnx_model
from ashore.policies.policy import Policy, Weights
from ashore.policies.provenance import provenance
from ashore.policies.train_config import TrainConfig

EXAM = 1_000
"""What is added to a training's seed for its examination: other robots, commands and noise."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """All that is known at the end of a training."""

    lesson: Lesson
    """What was to be learned, on the ranges that it came to."""
    contract: Contract
    """With its normaliser."""
    config: TrainConfig
    """How it was trained."""
    actor: Weights
    """The policy."""
    critic: Weights
    """What judged it."""
    curve: list[tuple[int, float]]
    """Control steps and mean reward per step."""
    coverage: Coverage
    """What the robots lived through."""
    broken: int
    """Robots that exploded, and were begun anew."""
    curriculum: float | None
    """Share of the stated ranges that a curriculum came to; None without one."""

    def bundle(self) -> Bundle:
        """Examine the policy, and put all together."""
        lesson, config = self.lesson, self.config
        exam = lesson.examine(Policy(self.actor).act, self.contract, config.seed + EXAM)
        facts = provenance(asdict(config), self._figures(exam))
        card = model_card(self.contract, lesson, facts)
        bundle = Bundle(
            robot=lesson.robot,
            contract=self.contract,
            actor=self.actor,
            critic=self.critic,
            randomization=lesson.randomization.to_json(),
            provenance=facts,
        )
        papers = {
            "card.md": card.encode(),
            "curve.svg": learning_curve(self.curve, config.target),
            "policy.onnx": onnx_model(bundle),
        }
        return replace(bundle, attachments=papers)

    def _figures(self, exam: Examination) -> dict[str, Any]:
        target = self.config.target
        reached = [step for step, reward in self.curve if target is not None and reward >= target]
        return {
            "robots": len(exam.reward),
            "reward": float(exam.reward.mean()),
            "worst_reward": float(exam.reward.min()),
            "return": float(exam.reward.mean()) * exam.steps,
            "failed": int(exam.failed.sum()),
            "errors": dict(exam.errors),
            "slices": _means(exam, exam.reward),
            "slices_failed": _means(exam, exam.failed.astype(np.float64)),
            "quarters": dict(exam.quarters),
            "coverage": {
                "steps": self.coverage.steps,
                "slices": self.coverage.shares(),
                "quarters": self.coverage.quarters(),
            },
            "target": target,
            "steps_to_target": reached[0] if reached else None,
            "broken": self.broken,
            "curriculum": self.curriculum,
        }


def _means(exam: Examination, of: np.ndarray) -> dict[str, float | None]:
    """Mean over each kind of episode; None for a kind that nobody was asked for."""
    kinds = exam.slices.items()
    return {name: float(of[mask].mean()) if mask.any() else None for name, mask in kinds}
