"""The sections in their order, as one page."""
from __future__ import annotations

import datetime

from tapeline.errors import NoData
from tapeline.report import page, sections, sections_quality, sections_risk
from tapeline.report.data import ReportData

SCREEN_PX = 960
PAPER_PX = 700  # what a sheet of A4 has between its margins


def render(data: ReportData, title: str = "Market report", *, width: int = SCREEN_PX,
           made: datetime.datetime | None = None) -> str:
    """HTML that needs no other file; charts are `width` wide."""
    if not any(True for _ in sections.series_of(data.bars)):
        raise NoData("no series has two bars: take a longer range")
    times = data.bars["time"]
    made = made or datetime.datetime.now(datetime.UTC)
    body = "".join([sections.overview(data), sections.market(data, width), sections.signals(data, width),
                    sections_risk.backtest(data, width), sections_risk.risks(data, width),
                    sections_risk.portfolios(data, width), sections_quality.alerts(data),
                    sections_quality.quality(data, width)])
    return page.page(title, f"{data.origin} · {times.min():%Y-%m-%d %H:%M} to {times.max():%Y-%m-%d %H:%M} UTC", body,
                     f"Made {made:%Y-%m-%d %H:%M} UTC by tapeline. What every number means: docs/definitions.md. "
                     f"Nothing here is advice.")
