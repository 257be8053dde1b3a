"""The model card of a pretrained policy, and its learning curve, for people."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from ashore.hardware.contract import Contract
from ashore.policies.gaps import gaps
from ashore.policies.gymnasium_robot import GymnasiumRobot
from ashore.policies.lesson import Lesson

Facts = Mapping[str, Any]


def model_card(contract: Contract, lesson: Lesson, facts: Facts) -> str:
    """Markdown that says what a policy is for, what it saw in training, and how well it does.

    Args:
        contract: what it sees and says.
        lesson: what it was to learn, on the ranges that training came to.
        facts: its provenance, with figures.
    """
    figures, config = facts["figures"], facts["config"]
    ranges = "\n".join(f"- `{term}`" for term in lesson.randomization.terms)
    found = gaps(figures)
    thin = "\n".join(f"- {each}" for each in found) or "Nothing stands out."
    parts = [
        f"# {contract.robot}, {contract.task}",
        f"Pretrained in simulation by {config['algorithm'].upper()} over {config['steps']:,} "
        f"control steps. {lesson.outlook}",
        "![Learning curve](curve.svg)",
        _how_well(figures),
        _by_kind(figures),
        "## What it was prepared for",
        "Each range is drawn anew for every episode (`=U` set, `*U` scaled, `+U` added to the "
        "nominal)." + _widened(figures),
        ranges or "- nothing varies",
        "Robots outside these ranges were never seen.",
        "## Where training saw little, or the policy does less",
        thin,
        _by_range(figures),
        f"## Contract `{contract.hash}`",
        f"{contract.rate:g} Hz; action: goals around `{contract.action.base}`.",
        _observation(contract),
        "## How it was made",
        _making(contract, lesson, facts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _how_well(figures: Facts) -> str:
    measured = [f"{name}: {value:.3g}" for name, value in figures["errors"].items()]
    said = [
        f"Mean reward per step on {figures['robots']} robots drawn from the ranges below: "
        f"**{figures['reward']:.3f}** (worst episode {figures['worst_reward']:.3f}), "
        f"{figures['return']:,.4g} an episode; {figures['failed']} of them failed."
    ]
    if measured:
        said.append("Mean " + "; ".join(measured) + ".")
    if figures["target"] is not None:
        reached = figures["steps_to_target"]
        when = f"reached after {reached:,} control steps" if reached else "not reached"
        said.append(f"The stated reward of {figures['target']:g}, while exploring, was {when}.")
    return " ".join(said)


def _by_kind(figures: Facts) -> str:
    shares, failed = figures["coverage"]["slices"], figures["slices_failed"]
    rows = [
        f"| {name} | {shares.get(name, 0.0):.1%} | {_number(reward)} | {_share(failed[name])} |"
        for name, reward in figures["slices"].items()
    ]
    if not rows:
        return ""
    head = "| episodes | share of training | reward | failed |\n|---|---|---|---|\n"
    return head + "\n".join(rows)


def _by_range(figures: Facts) -> str:
    shares, rewards = figures["coverage"]["quarters"], figures["quarters"]
    rows = []
    for title, each in shares.items():
        parts = " | ".join(f"{share:.0%}" for share in each)
        lowest, *_, highest = rewards.get(title, (None, None))
        rows.append(f"| {title} | {parts} | {_number(lowest)} | {_number(highest)} |")
    if not rows:
        return ""
    head = (
        "Share of training in each quarter of a range, lowest first, and reward in its lowest and "
        "its highest:\n\n| range | 1st | 2nd | 3rd | 4th | reward, lowest | highest |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows)


def _widened(figures: Facts) -> str:
    covered = figures["curriculum"]
    if covered is None:
        return ""
    return f" A curriculum widened them from narrow ones, to {covered:.0%} of those stated."


def _observation(contract: Contract) -> str:
    rows = [
        f"| {term.signal} | {term.size} | {term.history} | {term.stride} | {term.delay} | "
        f"{term.scale:g} |"
        for term in contract.terms
    ]
    head = "| observation | width | ticks | stride | delay | scale |\n|---|---|---|---|---|---|\n"
    past = ""
    if contract.context:
        first = contract.context[0]
        past = (
            f"\n\nBehind it, as context, the same of {first.history} ticks, {first.stride} apart: "
            f"{contract.observation_size - contract.present_size} numbers."
        )
    return head + "\n".join(rows) + past


def _making(contract: Contract, lesson: Lesson, facts: Facts) -> str:
    config, network = facts["config"], facts["config"]["network"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    layers = " x ".join(str(width) for width in network["trunk"])
    past = {"none": "no memory", "history": "a history", "encoder": "an encoder"}
    asked = (
        f"ashore train {lesson.robot.name} --seed {config['seed']} --steps {config['steps']} "
        f"--algorithm {config['algorithm']} --memory {network['memory']}"
    )
    if not isinstance(lesson.robot, GymnasiumRobot):
        asked += f" --task {contract.task}"
    return (
        f"`{asked}`, on {facts['created']}, {facts['machine']}, commit {facts['commit']}: trunk "
        f"{layers}, {past[network['memory']]}, {config['robots']} robots. {versions}. The same "
        "seed gives the same weights on the same kind of machine."
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


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
