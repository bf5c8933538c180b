"""A report: sentences, tables and figures in one HTML file that opens without a network."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.live.assets import plotly_js

if TYPE_CHECKING:
    import plotly.graph_objects as go

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
"""What the file may load, told to the browser: nothing from anywhere."""

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 Inter, "Segoe UI", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  color: #1f2428; background: #fff; max-width: 1060px; margin: 32px auto; padding: 0 20px; }
h1 { font-size: 1.7rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
p { margin: 0.3rem 0; max-width: 52rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.88rem; margin-top: 0.5rem; }
.wide { overflow-x: auto; }
th, td { text-align: left; vertical-align: baseline; padding: 4px 14px 4px 0; border-bottom: 1px solid #d5d9dc; }
th { font-weight: 600; color: #555d63; min-width: 3.5rem; }
td.long { overflow-wrap: anywhere; min-width: 11rem; }
pre { background: #f4f5f6; padding: 12px; overflow-x: auto; font-size: 0.8rem; max-height: 24rem; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; }
  .figure, tr { break-inside: avoid; } pre { max-height: none; white-space: pre-wrap; } }
"""

_RANGE = re.compile(r"(?<=\d)–(?=\d)")
"""The dash of a range, after which a browser would begin a new line."""

LONG = 24
"""Text with more letters is broken into lines."""


@dataclass(frozen=True)
class Section:
    """A part of a report under its heading: sentences, then a table by columns, then a figure, then a document."""

    heading: str
    sentences: Sequence[str] = ()
    table: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    figure: go.Figure | None = None
    document: Any = None


def report_html(title: str, sections: Sequence[Section], *, lang: str = "en") -> bytes:
    """The file: everything in it is escaped, plotly.js stands in it once, and it asks for nothing else."""
    figures: list[str] = []
    body = "\n".join(_section(section, figures) for section in sections)
    script = plotly_js().content.decode("utf-8") if figures else ""
    drawn = "\n".join(figures)
    page = (
        f'<!doctype html>\n<html lang="{html.escape(lang)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f"<script>{script}</script>\n</head>\n<body>\n<h1>{html.escape(title)}</h1>\n{body}\n"
        f"<script>\n{drawn}\n</script>\n</body>\n</html>\n"
    )
    return page.encode("utf-8")


def _section(section: Section, figures: list[str]) -> str:
    parts = [f"<h2>{html.escape(section.heading)}</h2>"]
    parts += [f"<p>{html.escape(sentence)}</p>" for sentence in section.sentences]
    if section.table:
        parts.append(_table(section.table))
    if section.figure is not None:
        number = len(figures)
        parts.append(f'<div class="figure" id="figure{number}"></div>')
        figures.append(f'Plotly.newPlot("figure{number}", {_figure(section.figure)});')
    if section.document is not None:
        text = json.dumps(section.document, indent=2, ensure_ascii=False)
        parts.append(f"<pre>{html.escape(text)}</pre>")
    return "\n".join(parts)


def _table(columns: Mapping[str, Sequence[Any]]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    rows = [
        "<tr>" + "".join(_written(_cell(value)) for value in row) + "</tr>"
        for row in zip(*columns.values(), strict=True)
    ]
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _written(cell: str) -> str:
    kind = ' class="long"' if len(cell) > LONG else ""
    return f"<td{kind}>{html.escape(cell)}</td>"


def _cell(value: Any) -> str:
    if value is None or value != value:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else _RANGE.sub("\u2060–\u2060", str(value))


def _figure(figure: go.Figure) -> str:
    """Data and layout as JavaScript values that no text of theirs can end."""
    spec = json.loads(str(figure.to_json()))
    layout = {name: value for name, value in spec["layout"].items() if name != "template"}
    config = {"displaylogo": False, "responsive": True}
    values = ", ".join(json.dumps(part, ensure_ascii=False) for part in (spec["data"], layout, config))
    return values.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
