"""`curve_figure`: held-out scores over labelled windows, as a picture."""

from matplotlib.figure import Figure

from ashore.adapt.figures import AFTER, BEFORE, QUIET, canvas
from ashore.adapt.probe.curve import FROZEN, PLAIN, SCRATCH, ProbeCurve

COLOURS = {FROZEN: AFTER, SCRATCH: BEFORE, PLAIN: QUIET}


def curve_figure(curve: ProbeCurve) -> Figure:
    """A line with its 95 % interval for each learner, and one for whoever looks at nothing."""
    figure, (axes,) = canvas(8.6, 3.6)
    at = [point.windows for point in curve.points]
    for name, colour in COLOURS.items():
        found = [point.interval(name) for point in curve.points]
        axes.plot(at, [each.mean for each in found], "o-", color=colour, label=name)
        low, high = [each.low for each in found], [each.high for each in found]
        axes.fill_between(at, low, high, color=colour, alpha=0.12, linewidth=0)
    axes.axhline(curve.idle.mean, color=QUIET, linestyle=":", label="without looking")
    axes.set_xscale("log")
    axes.set_xticks(at, [str(each) for each in at])
    axes.minorticks_off()
    axes.set_xlabel("labelled windows")
    named = curve.kind == "class"
    axes.set_ylabel("held-out accuracy" if named else "held-out mean absolute error")
    axes.legend(frameon=False, fontsize=9)
    return figure
