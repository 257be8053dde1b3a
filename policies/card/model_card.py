"""The model card of a pretrained policy, and its learning curve, for people."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from ashore.envs.randomize.randomization import Randomization
from ashore.hardware.contract import Contract
from ashore.hardware.spec import RobotSpec
from ashore.policies.card.card_tables import kinds_table, number, ranges_table, table
from ashore.policies.card.gaps import LESS, LITTLE, gaps
from ashore.policies.card.training_command import training_command
from ashore.policies.lesson import Lesson

Facts = Mapping[str, Any]

NOTHING = (
    f"Nothing stands out: all had at least {LITTLE:.0%} of an even share of the training, and "
    f"nowhere is the reward over {LESS:.0%} below its mean."
)
"""What is said where nothing is to be said."""
NEXT = """```
ashore play BUNDLE                                      # see it move
ashore record --policy BUNDLE --port PORT --out log.mcap
ashore adapt log.mcap --policy BUNDLE --out adapted
ashore deploy adapted --port PORT                       # refused unless it is an improvement
```"""
"""What people do with a policy for a robot."""


def model_card(contract: Contract, lesson: Lesson, reached: Randomization, facts: Facts) -> str:
    """Markdown that says what a policy is for, what it saw in training, and how well it does.

    Args:
        contract: what it sees and says.
        lesson: what it was to learn, on the ranges that were stated.
        reached: the ranges that training came to.
        facts: its provenance, with figures.
    """
    figures = facts["figures"]
    found = [f"- {each}" for each in gaps(figures)]
    parts = [
        f"# {contract.robot}, {contract.task}",
        f"Pretrained in simulation by {facts['config']['algorithm'].upper()} over "
        f"{facts['config']['steps']:,} control steps{_time(figures, facts['config']['steps'])}.",
        "![Learning curve](curve.svg)",
        "## How well it does",
        _how_well(lesson, figures),
        kinds_table(figures, _fate(lesson)),
        "## Where training saw little, or the policy does less",
        "\n".join(found) or NOTHING,
        "## What it was prepared for",
        _ranges(lesson.randomization, reached, figures),
        f"## What it sees and says: contract `{contract.hash}`",
        _contract(contract, lesson),
        "## What to do next",
        _next(lesson),
        "## How it was made",
        _making(contract, lesson, facts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _time(figures: Facts, steps: int) -> str:
    seconds, resumed = figures["seconds"], figures["resumed"]
    if resumed >= steps:
        return ""
    took = f"{seconds:.0f} s" if seconds < 120.0 else f"{seconds / 60.0:.0f} min"
    which = f"the last {steps - resumed:,} of them, after it was resumed, " if resumed else ""
    return f", {which}in {took} on {figures['cores']} cores"


def _fate(lesson: Lesson) -> str:
    """What people call what a robot does that fails."""
    if isinstance(lesson.robot, RobotSpec):
        return "fell" if lesson.robot.legs else "failed"
    return "ended early"


def _how_well(lesson: Lesson, figures: Facts) -> str:
    lines = [
        f"{figures['robots']} robots drawn from the ranges below did one episode each, without "
        "exploration:\n",
        f"- reward per step: **{figures['reward']:.3f}** (worst episode "
        f"{figures['worst_reward']:.3f}), {figures['return']:,.4g} an episode",
    ]
    for name, value in figures["errors"].items():
        what, _, unit = name.partition(" [")
        lines.append(f"- {what}: {number(value)} {unit.rstrip(']')}")
    lines.append(f"- {figures['failed']} of {figures['robots']} robots {_fate(lesson)}")
    if figures["target"] is not None:
        reached = figures["steps_to_target"]
        when = f"reached after {reached:,} control steps" if reached else "not reached"
        lines.append(f"- the stated reward of {figures['target']:.3g}, while exploring, was {when}")
    return "\n".join(lines)


def _ranges(stated: Randomization, reached: Randomization, figures: Facts) -> str:
    if not stated.terms:
        return "Nothing varies: all robots are the same."
    said = (
        "Each number is drawn anew for every episode unless it says otherwise (`=U` set, `*U` "
        "scaled, `+U` added to the nominal)."
    )
    ends, seen = "its lowest and its highest", "these ranges"
    if figures["curriculum"] is not None:
        said += (
            " A curriculum widened the ranges from narrow ones, to "
            f"{figures['curriculum']:.0%} of those stated."
        )
        ends, seen = "the lowest and the highest of what it came to", "what it came to"
    said += (
        f" Robots outside {seen} were never seen."
        " Beside each: the share of training in each quarter of the range, lowest first, and the "
        f"reward in {ends}."
    )
    if stated.changing:
        said += " What changes within an episode is in no quarter."
    return f"{said}\n\n{ranges_table(stated, reached, figures)}"


def _contract(contract: Contract, lesson: Lesson) -> str:
    rows = [
        [each.signal, *(f"{x:g}" for x in (each.size, each.history, each.stride, each.delay))]
        for each in contract.terms
    ]
    kind = "goals" if isinstance(lesson.robot, RobotSpec) else "actions"
    said = (
        f"At {contract.rate:g} Hz it sees {contract.observation_size} numbers and says "
        f"{contract.action_size}, {kind} around `{contract.action.base}`."
    )
    if contract.context:
        past = contract.context[0]
        said += (
            f" Of what it sees, {contract.present_size} numbers are in the table; behind them is "
            f"the context, {past.history} ticks of the same, {past.stride} apart."
        )
    head = ["observation", "width", "ticks", "stride", "delay"]
    return f"{said}\n\n{table(head, rows)}"


def _next(lesson: Lesson) -> str:
    if not isinstance(lesson.robot, RobotSpec):
        return lesson.outlook
    return f"{lesson.outlook}\n\n{NEXT}"


def _making(contract: Contract, lesson: Lesson, facts: Facts) -> str:
    config, figures, network = facts["config"], facts["figures"], facts["config"]["network"]
    past = {"none": "no memory", "history": "a history", "encoder": "an encoder of the past"}
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    critic = f"critic {_layers(network['critic'])} ({figures['weights']['critic']:,} weights)"
    lines = [
        training_command(lesson, contract.task, config) + "\n",
        f"- actor {_layers(network['trunk'])} with {past[network['memory']]} "
        f"({figures['weights']['actor']:,} weights); "
        + (critic if figures["weights"]["critic"] else "its critics are not kept"),
        f"- {config['robots']} robots, seed {config['seed']}; all else is in `provenance.json`",
        f"- {facts['created']}, {facts['machine']}, commit {facts['commit']}",
        f"- {versions}",
    ]
    if figures["broken"]:
        lines.append(f"- {figures['broken']} robots exploded while training, and began anew")
    return "\n".join(lines) + "\n\nThe same seed gives the same weights on the same machine."


def _layers(widths: Sequence[int]) -> str:
    return " x ".join(str(width) for width in widths)


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
