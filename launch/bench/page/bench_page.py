"""The page of all benchmarks."""

import html
from collections.abc import Mapping

from ashore.adapt.document import document, quiet, section
from ashore.launch.bench.figure import Row
from ashore.launch.bench.page.aims import AIMS
from ashore.launch.bench.page.bench_report import BenchReport, BenchResult
from ashore.launch.bench.page.comparing import FALL, changes, regressions
from ashore.launch.bench.table import cell

GOOD, BAD, PALE = "#1a7f37", "#cf222e", "#57606a"
WIDTH = 1240
"""Most that the page is wide [px]."""
HEADS = ("figure", "value", "unit", "peer", "its value", "ratio", "aim", "change")
NUMBERS = ("value", "its value", "ratio")


def bench_page(
    report: BenchReport, before: BenchReport | None, meanings: Mapping[str, Mapping[str, str]]
) -> str:
    """HTML text of a report.

    Args:
        report: what was measured.
        before: what it is compared with, or None.
        meanings: what figures mean by the beginning of their names, by benchmark.
    """
    changed = changes(report, before)
    sections = [_head(report, before)]
    for name, result in report.results.items():
        sections.append(_bench(name, result, changed, meanings.get(name, {})))
    return document("Ashore's figures", sections, WIDTH)


def _head(report: BenchReport, before: BenchReport | None) -> str:
    aimed = {row["name"]: AIMS[row["name"]].met(row) for row in report.rows if row["name"] in AIMS}
    fell = regressions(report, before)
    facts = [
        f"{len(report.rows)} figures of {len(report.results)} benchmarks",
        f"{sum(aimed.values())} of {len(aimed)} aims met",
    ]
    facts += [f"missed: {', '.join(missed)}"] if (missed := _not(aimed)) else []
    facts += [f"failed: {', '.join(failed)}"] if (failed := _failed(report)) else []
    facts += [_compared(report, before, fell)]
    told = {**report.machine, **report.versions, "length": "short" if report.short else "full"}
    rows = "".join(
        f"<tr><td>{html.escape(key)}</td><td>{html.escape(value)}</td></tr>"
        for key, value in told.items()
    )
    listed = "".join(f"<li>{html.escape(fact)}</li>" for fact in facts)
    return section(
        "Ashore's figures",
        quiet(
            "Measured on one machine; each peer in the same run as its figure. A ratio says how "
            "many times better than the peer's a figure is."
        ),
        f"<ul>{listed}</ul><details><summary>machine and versions</summary><table>{rows}</table>"
        "</details>",
    )


def _not(aimed: Mapping[str, bool]) -> list[str]:
    return [name for name, met in aimed.items() if not met]


def _failed(report: BenchReport) -> list[str]:
    return [name for name, result in report.results.items() if result.error]


def _compared(report: BenchReport, before: BenchReport | None, fell: Mapping[str, float]) -> str:
    if before is None:
        return "compared with no earlier figures"
    if before.short != report.short:
        return "not compared: the earlier figures are of another length"
    named = ", ".join(f"{name} by {-change:.0%}" for name, change in fell.items())
    what = f"fell by more than {FALL:.0%}: {named}" if fell else f"no ratio fell by over {FALL:.0%}"
    return f"beside the figures of {before.versions['commit']}: {what}"


def _bench(
    name: str, result: BenchResult, changed: Mapping[str, float], meanings: Mapping[str, str]
) -> str:
    took = f"{result.seconds:,.0f} s, {result.created}"
    head = f"<p><code>{html.escape(result.command)}</code> {_pale(took)}</p>"
    if result.error:
        return section(name, head, f'<p style="color:{BAD}">{html.escape(result.error)}</p>')
    top = "".join(f'<th{" class=n" if each in NUMBERS else ""}>{each}</th>' for each in HEADS)
    body = "".join(_figure(row, changed.get(row["name"])) for row in result.rows)
    said = "".join(
        f"<li><code>{html.escape(key)}…</code> {html.escape(text)}</li>"
        for key, text in meanings.items()
    )
    legend = f"<details><summary>what they mean</summary><ul>{said}</ul></details>" if said else ""
    return section(name, head, f"<table><tr>{top}</tr>{body}</table>", legend)


def _figure(row: Row, change: float | None) -> str:
    aim = AIMS.get(row["name"])
    reached = "" if aim is None else _coloured(str(aim), GOOD if aim.met(row) else BAD)
    moved = "" if change is None else f"{change:+.0%}"
    if change is not None and change < -FALL:
        moved = _coloured(moved, BAD)
    name = html.escape(row["name"]).replace("_", "_<wbr>")
    cells = [f"<td><code>{name}</code></td>"]
    cells.append(_number(row["value"]))
    cells += [f"<td>{html.escape(str(row[key] or ''))}</td>" for key in ("unit", "peer")]
    cells += [_number(row[key]) for key in ("peer_value", "ratio")]
    return f"<tr>{''.join(cells)}<td>{reached}</td><td>{moved}</td></tr>"


def _number(value: object) -> str:
    return f'<td class="n">{"" if value is None else html.escape(cell(value))}</td>'


def _coloured(text: str, colour: str) -> str:
    return f'<span style="color:{colour};white-space:nowrap">{html.escape(text)}</span>'


def _pale(text: str) -> str:
    return _coloured(text, PALE)
