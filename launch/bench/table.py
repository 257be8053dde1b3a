"""Figures as aligned text."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

from ashore.launch.bench.figure import Row
from ashore.launch.console import aligned

_WIDTH = 100


def table(rows: Sequence[Row]) -> str:
    """Rows of figures as aligned text."""
    heads = ("name", "value", "unit", "peer", "peer_value", "ratio")
    return aligned([heads, *([cell(row[head]) for head in heads] for row in rows)])


def legend(meanings: Mapping[str, str]) -> list[str]:
    """Lines that say what the figures mean, each beneath an empty one."""
    lines = []
    for name, meaning in meanings.items():
        lines += ["", *wrap(f"{name}*: {meaning}", _WIDTH, subsequent_indent="  ")]
    return lines


def cell(value: object) -> str:
    """A figure as people read it; `-` where there is none."""
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:.4g}"
