"""Market and signals: what the prices did, and what came after the signals."""
from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import plotly.graph_objects as go

from tapeline.plots import plot_trading_signals, styled
from tapeline.report import page
from tapeline.report.data import ReportData
from tapeline.report.statistics import HORIZONS, forward_returns, hit_table

_FIGURES_MAX = 4
_SERIES = ["symbol", "source", "interval_s", "is_source_bar"]


def span(seconds: int) -> str:
    """60 -> 1 min."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def series_of(bars: pd.DataFrame) -> Iterator[tuple[tuple[str, str, int, bool], pd.DataFrame]]:
    """Every series of at least two bars, in order."""
    for key, one in bars.groupby(_SERIES, observed=True, sort=True):
        if len(one) >= 2:
            yield key, one.reset_index(drop=True)


def overview(data: ReportData) -> str:
    tiles = [("symbols", f"{data.bars['symbol'].nunique()}"), ("bars", f"{len(data.bars):,}")]
    if data.ticks is not None:
        tiles.append(("ticks", f"{len(data.ticks):,}"))
    tiles.append(("signals", f"{sum(len(forward_returns(one)) for _, one in series_of(data.bars)):,}"))
    if data.alerts is not None:
        tiles.append(("alerts", f"{len(data.alerts):,}"))
    if data.ledger is not None and len(data.ledger):
        received, lost = data.ledger["received"].sum(), data.ledger["missing"].sum() - data.ledger["filled"].sum()
        tiles.append(("complete", f"{100 * received / max(1, received + max(0, lost)):.2f} %"))
    return page.tiles(tiles)


def likely_splits(data: ReportData) -> list[str]:
    """Jumps to a half, a third, ... of the price, or the reverse, which prices that are not adjusted make."""
    said = []
    for (symbol, *_), one in series_of(data.bars):
        opens, closes = one["open"].to_numpy()[1:], one["close"].to_numpy()[:-1]
        for place, ratio in enumerate(closes / opens, 1):
            times = max(ratio, 1 / ratio)
            if round(times) >= 2 and abs(times / round(times) - 1) < 0.05:
                kind = f"{round(times)}:1" if ratio > 1 else f"1:{round(times)}"
                said.append(f"{symbol}, {one['time'].iloc[place]:%Y-%m-%d}: the price moves as at a split of {kind}. If it was one, "
                            f"use adjusted prices: all that follows it here is wrong otherwise.")
    return said


def growth(curves: list[tuple[str, pd.Series]]) -> go.Figure:
    """Prices by time, each as a multiple of its first."""
    figure = go.Figure()
    for name, curve in curves:
        thin = curve.iloc[::max(1, len(curve) // 1_500)]
        figure.add_scatter(x=thin.index, y=thin, name=name, line={"width": 1.4})
    # One that has grown many times over would press all others onto a line.
    is_wide = max(curve.max() for _, curve in curves) > 5 * min(curve.min() for _, curve in curves)
    figure.update_yaxes(title="start = 1", type="log" if is_wide else "linear")
    return figure


def market(data: ReportData, width: int) -> str:
    rows, curves = [], []
    days = (data.bars["time"] == data.bars["time"].dt.normalize()).all()
    clock = "%Y-%m-%d" if days else "%Y-%m-%d %H:%M"
    for (symbol, source, interval_s, is_source), one in series_of(data.bars):
        first, last = one.iloc[0], one.iloc[-1]
        rows.append([symbol, source + (" (its bars)" if is_source and source != "file" else ""), span(interval_s),
                     f"{len(one):,}", f"{first['time']:{clock}}", f"{last['time']:{clock}}",
                     page.price(last["close"]), page.percent(last["close"] / first["open"] - 1, coloured=True),
                     page.price(one["low"].min()), page.price(one["high"].max()),
                     page.percent(last["volatility_annual"], 1), last["signal"]])
        curves.append(((interval_s, symbol, source), one.set_index("time")["close"] / first["open"]))
    # Of the interval that most symbols have, and among those the one with the most bars.
    intervals = [-key[0] for key, _ in curves]
    finest = max((intervals.count(-key[0]), len(curve), -key[0]) for key, curve in curves)[2]
    drawn = [(str(symbol), source, curve) for (interval_s, symbol, source), curve in curves if interval_s == -finest]
    symbols = [symbol for symbol, _, _ in drawn]
    figure = growth([(symbol if symbols.count(symbol) == 1 else f"{symbol}, {source}", curve) for symbol, source, curve in drawn])
    others = sorted({str(symbol) for (_, symbol, _), _ in curves} - set(symbols))
    apart = [page.note(f"Drawn are bars of {span(-finest)}; {', '.join(others)} has none of that length.")] if others else []
    return page.section("Market", "Every series of the range; volatility is a year's, of the last 20 bars.",
                        page.table(["symbol", "source", "bar", "bars", "from", "to (UTC)", "last", "change", "low", "high",
                                    "volatility", "signal"], rows, texts=3),
                        page.figure(styled(figure, height=330), width), *apart,
                        *map(page.note, likely_splits(data)))


def signals(data: ReportData, width: int) -> str:
    rows, drawn = [], []
    for (symbol, source, interval_s, _), one in series_of(data.bars):
        forward = forward_returns(one)
        if not len(forward):
            continue
        for row in hit_table(forward):
            if row["count"]:
                rows.append([symbol, source, span(interval_s), row["signal"], row["bars"], row["count"],
                             page.Cell(page.percent(row["hit rate"], 1) + page.interval(row["hit low"], row["hit high"], 0)),
                             page.Cell(page.percent(row["mean"], 3, coloured=True)
                                       + page.interval(row["mean low"], row["mean high"], 3))])
        drawn.append((len(one), symbol, interval_s, one))
    lead = (f"Changes to BUY or SELL, and the return in their direction from the next bar's open to the close "
            f"{', '.join(map(str, HORIZONS))} bars on. Small print: 95 % intervals, Wilson's of the hit rate and by bootstrap of "
            f"the mean; signals that overlap are not independent, so the truth is somewhat wider.")
    if not rows:
        return page.section("Signals", lead, page.note("No signal changed to BUY or SELL in this range."))
    best: dict[str, tuple[int, str, int, pd.DataFrame]] = {}
    for item in drawn:
        if item[1] not in best or item[0] > best[item[1]][0]:
            best[item[1]] = item
    figures = [page.figure(plot_trading_signals(one, f"{symbol}, bars of {span(interval_s)}", bars_max=240)
                           .update_layout(height=430), width)  # two on a sheet of paper
               for _, symbol, interval_s, one in sorted(best.values(), key=lambda item: str(item[1]))[:_FIGURES_MAX]]
    return page.section("Signals", lead, page.table(["symbol", "source", "bar", "signal", "after", "count", "hit rate", "mean"],
                                                    rows, texts=4), *figures)
