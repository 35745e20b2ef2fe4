"""The page around the sections: its look, tables and tiles. Everything that is shown is escaped here."""
from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

import plotly.graph_objects as go
import plotly.io
from plotly.offline import get_plotlyjs

STYLE = """
:root { --ink: #1f2933; --soft: #616e7c; --line: #e4e7eb; --tint: #f5f7fa; --accent: #0072b2; --good: #00795a; --bad: #b5461b; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--tint); color: var(--ink); font: 14px/1.5 Inter, "DejaVu Sans", system-ui, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 40px 40px 60px; background: #fff; }
header { border-bottom: 3px solid var(--accent); padding-bottom: 14px; margin-bottom: 22px; }
h1 { margin: 0; font-size: 28px; letter-spacing: -0.02em; }
h2 { margin: 38px 0 6px; font-size: 19px; letter-spacing: -0.01em; break-after: avoid; }
h3 { margin: 20px 0 4px; font-size: 14px; break-after: avoid; }
p { margin: 4px 0 12px; color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 10px; margin: 18px 0; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; break-inside: avoid; }
.tile b { display: block; font-size: 18px; white-space: nowrap; font-variant-numeric: tabular-nums; letter-spacing: -0.02em; }
.tile span { color: var(--soft); font-size: 12px; }
table { border-collapse: collapse; width: 100%; margin: 8px 0 16px; font-size: 12px; font-variant-numeric: tabular-nums; }
th { text-align: right; color: var(--soft); font-weight: 600; border-bottom: 1.5px solid var(--line); padding: 5px; vertical-align: bottom; }
td { text-align: right; padding: 4px 5px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th.text, td.text { text-align: left; }
td small { color: var(--soft); }
tr { break-inside: avoid; }
.good { color: var(--good); } .bad { color: var(--bad); }
figure { margin: 6px 0 14px; break-inside: avoid; }
.note { border-left: 3px solid var(--line); padding: 4px 12px; color: var(--soft); }
footer { margin-top: 40px; border-top: 1px solid var(--line); padding-top: 10px; color: var(--soft); font-size: 12px; }
@page { size: A4; margin: 14mm 12mm; }
@media print { body { background: #fff; font-size: 12px; } main { max-width: none; padding: 0; } table { font-size: 10.5px; }
  th, td { padding: 3px 5px; } h2 { margin-top: 26px; } }
"""


def text(value: Any) -> str:
    return html.escape(str(value))


class Cell(str):
    """Markup that is right already."""


def number(value: float, digits: int = 2) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:,.{digits}f}".replace("-", "−")


def price(value: float) -> str:
    """As many decimals as its size makes sense of."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.{2 if abs(value) >= 1 else 5}f}"


def percent(value: float, digits: int = 2, *, coloured: bool = False) -> Cell:
    if value is None or not math.isfinite(value):
        return Cell("–")
    shown = round(value * 100, digits) or 0.0  # no −0.00
    said = f"{shown:,.{digits}f} %".replace("-", "−")
    kind = "good" if shown > 0 else "bad"
    return Cell(f'<span class="{kind}">{said}</span>' if coloured and shown != 0 else said)


def interval(low: float, high: float, digits: int = 1) -> Cell:
    if not (math.isfinite(low) and math.isfinite(high)):
        return Cell("")
    return Cell(f" <small>{low * 100:.{digits}f} … {high * 100:.{digits}f}</small>".replace("-", "−"))


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], texts: int = 1) -> str:
    """The first `texts` columns are words, the others numbers."""
    def kind(place: int) -> str:
        return ' class="text"' if place < texts else ""
    head = "".join(f"<th{kind(place)}>{text(name)}</th>" for place, name in enumerate(header))
    body = "".join("<tr>" + "".join(f"<td{kind(place)}>{value if isinstance(value, Cell) else text(value)}</td>"
                                    for place, value in enumerate(row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def tiles(values: Iterable[tuple[str, str]]) -> str:
    return '<div class="tiles">' + "".join(f'<div class="tile"><b>{text(value)}</b><span>{text(name)}</span></div>'
                                           for name, value in values) + "</div>"


def figure(plot: go.Figure, width: int) -> str:
    plot.update_layout(width=width)
    made = plotly.io.to_html(plot, full_html=False, include_plotlyjs=False,
                             config={"displaylogo": False, "displayModeBar": False})
    return f"<figure>{made}</figure>"


def note(said: str) -> str:
    return f'<p class="note">{text(said)}</p>'


def section(title: str, lead: str, *parts: str) -> str:
    return f"<section><h2>{text(title)}</h2><p>{text(lead)}</p>{''.join(parts)}</section>"


def page(title: str, subtitle: str, body: str, footer: str) -> str:
    """One file: the charts' library stands inside."""
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
            f"<style>{STYLE}</style><script>{get_plotlyjs()}</script></head><body><main><header><h1>{text(title)}</h1>"
            f"<p>{text(subtitle)}</p></header>{body}<footer>{text(footer)}</footer></main></body></html>")
