"""The model card of a pretrained policy, and its learning curve, for people."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from ashore.envs.randomize.randomization import Randomization
from ashore.hardware.contract import Contract


def model_card(
    contract: Contract, randomization: Randomization, facts: Mapping[str, Any], outlook: str
) -> str:
    """Markdown that says what a policy is for, what it saw in training, and how well it does.

    Args:
        contract: what it sees and says.
        randomization: what varied in training.
        facts: its provenance, with figures.
        outlook: a sentence on what to do with it.
    """
    figures = facts["figures"]
    reached, target = figures["steps_to_target"], figures["target"]
    when = f"reached after {reached:,} control steps" if reached else "not reached in this training"
    stated = "" if target is None else f" The stated reward of {target:g} was {when}."
    covered = figures.get("curriculum")
    widened = (
        ""
        if covered is None
        else f"\n\nA curriculum widened them from narrow ones, to {covered:.0%} of those stated."
    )
    slices = "\n".join(f"| {name} | {value:.3f} |" for name, value in figures["slices"].items())
    table = f"\n| episodes | reward |\n|---|---|\n{slices}\n" if slices else ""
    ranges = "\n".join(f"- `{term}`" for term in randomization.terms) or "- nothing varies"
    observation = "\n".join(
        f"| {term.signal} | {term.size} | {term.history} | {term.delay} | {term.scale:g} |"
        for term in contract.terms
    )
    return f"""# {contract.robot}, {contract.task}

Pretrained in simulation on {facts["created"]}, seed {facts["config"]["seed"]}, \
{facts["config"]["steps"]:,} control steps. {outlook}

![Learning curve](curve.svg)

Mean reward per step over {figures["robots"]} robots drawn from the ranges below: \
**{figures["reward"]:.3f}** (worst episode {figures["worst_reward"]:.3f}), which is \
{figures["return"]:,.4g} an episode.{stated}
{table}
## What it was prepared for

Each range is drawn anew for every episode (`=U` set, `*U` scaled, `+U` added to the
nominal).{widened}

{ranges}

Robots outside these ranges were never seen.

## Contract `{contract.hash}`

{contract.rate:g} Hz; action: goals around `{contract.action.base}`.

| observation | width | ticks | delay | scale |
|---|---|---|---|---|
{observation}
"""


def learning_curve(curve: Sequence[tuple[int, float]], target: float | None) -> bytes:
    """SVG of mean reward per step over control steps."""
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    axes = figure.add_subplot()
    steps = [step / 1e6 for step, _ in curve]
    axes.plot(steps, [reward for _, reward in curve], color="#1f6feb", linewidth=1.8)
    if target is not None:
        axes.axhline(target, color="#888888", linewidth=1, linestyle="--")
    axes.set_xlabel("control steps [million]")
    axes.set_ylabel("reward per step")
    axes.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg")
    return buffer.getvalue()
