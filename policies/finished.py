"""`Finished`: a training that is over, and the bundle that it leaves."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.envs.coverage import Coverage
from ashore.envs.randomize.randomization import Randomization
from ashore.hardware.contract import Contract
from ashore.policies.bundle import Bundle
from ashore.policies.card.model_card import learning_curve, model_card
from ashore.policies.lesson import Examination, Lesson
from ashore.policies.onnx_model import ONNX, onnx_model
from ashore.policies.policy import Policy, Weights
from ashore.policies.provenance import provenance
from ashore.policies.train_config import TrainConfig

CURVE = "curve.json"
"""Of a bundle: pairs of control steps and reward per step, as training went."""
EXAM = 1_000
"""What is added to a training's seed for its examination: other robots, commands and noise."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """All that is known at the end of a training."""

    lesson: Lesson
    """What was to be learned, on the ranges that were stated."""
    reached: Randomization
    """Ranges that training came to: those stated, unless a curriculum stopped short of them."""
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
    resumed: int
    """Control steps that it had done when it was last resumed; 0 if it never was."""
    seconds: float
    """Time that the steps since then took [s]."""

    def bundle(self) -> Bundle:
        """Examine the policy, and put all together."""
        lesson, config = self.lesson.within(self.reached), self.config
        exam = lesson.examine(Policy(self.actor).act, self.contract, config.seed + EXAM)
        facts = provenance(asdict(config), self._figures(exam))
        card = model_card(self.contract, self.lesson, self.reached, facts)
        bundle = Bundle(
            robot=lesson.robot,
            contract=self.contract,
            actor=self.actor,
            critic=self.critic,
            randomization=self.reached.to_json(),
            provenance=facts,
        )
        papers = {
            "card.md": card.encode(),
            "curve.svg": learning_curve(self.curve, config.target),
            CURVE: json.dumps(self.curve).encode(),
            ONNX: onnx_model(bundle),
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
            "errors": _short(exam.mean_errors()),
            "slices": {kind: _of_kind(exam, mask) for kind, mask in exam.slices.items()},
            "quarters": _short(exam.quarters),
            "coverage": {
                "steps": self.coverage.steps,
                "slices": _short(self.coverage.shares()),
                "quarters": _short(self.coverage.quarters()),
            },
            "target": target,
            "steps_to_target": reached[0] if reached else None,
            "broken": self.broken,
            "curriculum": self.curriculum,
            "resumed": self.resumed,
            "seconds": _short(self.seconds),
            "cores": os.cpu_count() or 1,
            "weights": {"actor": _size(self.actor), "critic": _size(self.critic)},
        }


def _of_kind(exam: Examination, mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Figures of one kind of episode; without a reward where nobody was asked for it."""
    return {
        "robots": int(mask.sum()),
        "reward": _short(exam.reward[mask].mean()) if mask.any() else None,
        "failed": int(exam.failed[mask].sum()),
        "errors": _short(exam.mean_errors(mask)) if mask.any() else {},
    }


def _size(weights: Weights) -> int:
    return sum(array.size for array in weights.values())


def _short(figures: Any) -> Any:
    """The same with four digits of each number."""
    if isinstance(figures, Mapping):
        return {name: _short(value) for name, value in figures.items()}
    if isinstance(figures, list):
        return [_short(value) for value in figures]
    return None if figures is None else float(f"{figures:.4g}")
