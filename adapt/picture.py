"""`loop_picture`: the whole loop in one picture."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ashore.adapt.adaptation import Adaptation
from ashore.adapt.evidence import OpenLoop
from ashore.adapt.figures import AFTER, BEFORE, INK, draw_posterior, draw_rewards
from ashore.adapt.report import Wire, reward_pairs

SECONDS = 5.0
"""How much of the held-out log is drawn [s]."""
LEAST_SPAN = 0.02
"""Smallest span of reward drawn, so that noise does not look like a trend."""


def loop_picture(adaptation: Adaptation, wire: Wire | None, path: Path) -> Path:
    """Write a PNG: held-out prediction, what the log tells, the ladder, reward on the robot."""
    with matplotlib.rc_context({"font.size": 9, "axes.titlesize": 10}):
        figure = Figure(figsize=(11.0, 5.6), dpi=140, layout="constrained", facecolor="white")
        plots = figure.subplots(2, 2)
        for axes in plots.flat:
            axes.spines[["top", "right"]].set_visible(False)
        if adaptation.evidence is not None:
            _prediction(plots[0, 0], adaptation.evidence)
        _posterior(plots[0, 1], adaptation)
        _ladder(plots[1, 0], adaptation)
        _rewards(plots[1, 1], adaptation, wire)
        answer = adaptation.verdict.answer.value.replace("_", " ")
        figure.suptitle(
            f"{adaptation.seconds:.0f} s of log  →  calibrate  →  fine-tune the final layers  →  "
            f"gate: {answer}",
            fontsize=12,
            fontweight="bold",
        )
        figure.savefig(path)
    return path


def _prediction(axes: Axes, evidence: OpenLoop) -> None:
    shown = evidence.time <= SECONDS
    starts = np.flatnonzero(np.diff(evidence.window[shown])) + 1
    axes.plot(evidence.time[shown], evidence.measured[shown, 0], color=INK, lw=2, label="measured")
    for name, colour, line in zip(
        ("nominal", "calibrated"), (BEFORE, AFTER), evidence.predicted, strict=True
    ):
        drawn = line[shown, 0].copy()
        drawn[starts] = np.nan
        axes.plot(evidence.time[shown], drawn, color=colour, lw=1.3, label=name)
    axes.set(title="Held-out log: measured and predicted", xlabel="time [s]", ylabel="angle [rad]")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.2 * (high - low))
    axes.legend(frameon=False, ncols=3, fontsize=8, loc="upper right")


def _posterior(axes: Axes, adaptation: Adaptation) -> None:
    findings = adaptation.diagnosis.findings if adaptation.diagnosis else ()
    draw_posterior(axes, [f for f in findings if f.trained is not None][::-1])
    axes.set(
        title="What the log tells (shaded: range of pretraining)",
        xlabel="in units of that range;   | nominal",
    )


def _ladder(axes: Axes, adaptation: Adaptation) -> None:
    trials = adaptation.tuned.trials if adaptation.tuned else ()
    for rung in sorted({trial.rung for trial in trials} - {"none"}):
        path = [trials[0], *(trial for trial in trials if trial.rung == rung)]
        axes.plot([t.source for t in path], [t.target for t in path], "o-", ms=4, label=rung)
    if adaptation.tuned:
        best = adaptation.tuned.best
        axes.plot(best.source, best.target, "*", color=INK, ms=13, label="chosen")
    axes.set(
        title="Fine-tuning: gain here against forgetting there",
        xlabel="reward on nominal robots",
        ylabel="reward on robots like this one",
    )
    for axis in ("x", "y"):
        low, high = getattr(axes, f"get_{axis}lim")()
        spare = max(0.0, 0.5 * (LEAST_SPAN - (high - low)))
        getattr(axes, f"set_{axis}lim")(low - spare, high + spare)
    axes.legend(frameon=False, fontsize=8)


def _rewards(axes: Axes, adaptation: Adaptation, wire: Wire | None) -> None:
    draw_rewards(axes, reward_pairs(adaptation.verdict, wire))
    found = f"; on the robot {wire.change}" if wire is not None else ""
    axes.set(title=f"Reward per step: pretrained, adapted{found}", xlabel="1 is perfect")
