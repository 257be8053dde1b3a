"""`document`: a page for people that opens from disk, without a network."""

import html
from collections.abc import Sequence

_CSS = """
body{margin:0;background:#f4f6f8;color:#1c2430;font:16px/1.5 system-ui,sans-serif}
main{margin:0 auto;padding:32px 20px 64px}
section{background:#fff;border:1px solid #dfe4ea;border-radius:10px;padding:20px 26px;margin:18px 0}
h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:0 0 10px}
.answer{display:inline-block;color:#fff;border-radius:6px;padding:4px 14px;font-weight:600}
.quiet{color:#57606a}svg{max-width:100%;height:auto;display:block}
table{border-collapse:collapse;width:100%;font-size:14px}
td,th{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid #e6eaef}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
details{margin-top:10px}pre{font-size:12px;overflow-x:auto}ul{margin:8px 0;padding-left:22px}
tr.best td{font-weight:600}
"""


def document(title: str, sections: Sequence[str], width: int = 900) -> str:
    """HTML text of a page of sections, at most so many pixels wide; the empty ones are left out."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}'
        f'</title><meta name="viewport" content="width=device-width"><style>{_CSS}</style></head>'
        f'<body><main style="max-width:{width}px">'
        f"{''.join(filter(None, sections))}</main></body></html>"
    )


def section(heading: str, *parts: str) -> str:
    """A section under its heading; `parts` are HTML."""
    return f"<section><h2>{html.escape(heading)}</h2>{''.join(parts)}</section>"


def quiet(text: str) -> str:
    """A paragraph that explains."""
    return f'<p class="quiet">{html.escape(text)}</p>'


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; a row with a cell `chosen` stands out."""
    top = "".join(f"<th>{html.escape(head)}</th>" for head in heads)
    body = "".join(
        f"<tr{' class=best' if 'chosen' in row else ''}>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"
