"""Backtest, risk and portfolios."""
from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
import pandas as pd
from plotly.subplots import make_subplots

from tapeline import portfolio, risk
from tapeline.errors import NoData
from tapeline.plots import RED, plot_correlation, plot_drawdown, plot_equity, plot_weights, styled
from tapeline.report import page
from tapeline.report.data import ReportData
from tapeline.report.sections import series_of, span

_ROWS_MIN = 60  # fewer returns say nothing of a covariance
_NAMES = {"return": "return", "return_annual": "annual return", "volatility_annual": "annual volatility", "sharpe": "Sharpe",
          "sortino": "Sortino", "max_drawdown": "max drawdown", "trades": "trades", "hit_rate": "hit rate",
          "profit_factor": "profit factor", "time_in_market": "time in market", "buy_and_hold_return": "buy and hold",
          "fees": "fees", "final_equity": "final equity"}
_SHARES = {"return", "return_annual", "volatility_annual", "max_drawdown", "hit_rate", "time_in_market",
           "buy_and_hold_return"}


def backtest(data: ReportData, width: int) -> str:
    found = data.backtest
    if found is None:
        why = data.backtest_missing or "give the lane's --config, or a folder of `tapeline backtest --output FOLDER` as --backtest"
        return page.section("Backtest", "What trading by the signals would have earned.", page.note(f"There is none: {why}."))
    performance = found.summary.get("performance", {})
    tiles = [(said, str(page.percent(float(performance[name]))) if name in _SHARES
              else page.number(float(performance[name]), 0 if name == "trades" else 2))
             for name, said in _NAMES.items() if performance.get(name) is not None]
    equity = found.equity.set_index("time")["equity"].astype(float)
    equity = equity.iloc[::max(1, len(equity) // 2_000)]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.05)
    figure.add_scatter(x=equity.index, y=equity, name="equity", line={"width": 1.6}, row=1, col=1)
    figure.add_scatter(x=equity.index, y=equity / equity.cummax() - 1, name="drawdown", fill="tozeroy",
                       line={"color": RED, "width": 1}, row=2, col=1)
    figure.update_yaxes(tickformat=".1%", row=2, col=1)
    by_symbol = [_traded(symbol, group) for symbol, group in found.trades.groupby("symbol")] if len(found.trades) else []
    symbols = ", ".join(map(str, found.summary.get("symbols", [])))
    lead = (f"{symbols}: orders fill at the next bar's open unless the options say otherwise; fees and slippage are in all "
            f"figures.")
    return page.section("Backtest", lead, page.tiles(tiles), page.figure(styled(figure, height=380), width),
                        page.table(["symbol", "trades", "still open", "hit rate", "profit", "fees"], by_symbol) if by_symbol
                        else page.note("It made no trade."))


def _traded(symbol: str, trades: pd.DataFrame) -> list:
    """A row: as in the tiles above it, a trade is one that is over; what is still open has a profit all the same."""
    is_open = trades["exit_reason"] == "open"
    profit = trades["profit"].astype(float)
    return [symbol, int((~is_open).sum()), int(is_open.sum()), page.percent((profit[~is_open] > 0).mean(), 1),
            page.number(profit.sum()), page.number(trades["fees"].astype(float).sum())]


def _measures(summary: pd.DataFrame, years: pd.Series) -> str:
    """`years` that each row covers: of less than a quarter there is no return of a year worth the name."""
    rows = []
    for name, row in summary.iterrows():
        annual = page.percent(row["annual return"], 1, coloured=True) if years[name] >= 0.25 else "–"
        rows.append([name, page.percent(row["total return"], coloured=True), annual,
                     page.percent(row["annual volatility"], 1), page.number(row["Sharpe"]), page.percent(row["max drawdown"]),
                     page.percent(row["VaR 95%"], 3), page.percent(row["CVaR 95%"], 3), f"{row['periods']:,.0f}"])
    return page.table(["", "total return", "a year", "volatility a year", "Sharpe", "max drawdown", "VaR 95 %", "CVaR 95 %",
                       "returns"], rows)


def _years(times: pd.Series) -> float:
    return (times.max() - times.min()).total_seconds() / (365 * 86_400)


def _shared(members: list[pd.DataFrame]) -> tuple[pd.DataFrame, list[pd.DataFrame]] | None:
    """Closes of as many of them as share enough bars: whoever shares least is left out, one after another."""
    while members:
        try:
            prices = risk.price_table(pd.concat(members, ignore_index=True))
        except NoData:
            prices = pd.DataFrame()
        if len(prices) > _ROWS_MIN:
            return prices, members
        times = [set(one["time"]) for one in members]
        common = [sum(len(mine & other) for other in times) for mine in times]
        members = [one for place, one in enumerate(members) if place != common.index(min(common))]
    return None


def chosen_group(bars: pd.DataFrame) -> tuple[pd.DataFrame, int, float] | None:
    """Closes that symbols share, the interval, and the periods in a year: of the interval with the most symbols that share
    enough, and among those the longest."""
    best: dict[tuple[str, int], tuple[int, pd.DataFrame]] = {}
    for (symbol, _, interval_s, _), one in series_of(bars):
        key = (str(symbol), int(interval_s))
        if key not in best or len(one) > best[key][0]:
            best[key] = (len(one), one)
    chosen = None
    for interval_s in sorted({interval for _, interval in best}, reverse=True):
        shared = _shared([one for (_, interval), (_, one) in best.items() if interval == interval_s and len(one) > _ROWS_MIN])
        if shared is None or (chosen is not None and shared[0].shape[1] <= chosen[0].shape[1]):
            continue
        # Symbols share only the sessions of the one that trades least.
        chosen = shared[0], interval_s, min(float(one["periods_per_year"].iloc[-1]) for one in shared[1])
    return chosen


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names) if len(names) <= 6 else f"{len(names)} symbols"


def _left_out(bars: pd.DataFrame, prices: pd.DataFrame, interval_s: int) -> list[str]:
    names = [name for name in sorted(map(str, bars["symbol"].unique())) if name not in prices.columns]
    if not names:
        return []
    return [page.note(f"Without {', '.join(names)}: of {span(interval_s)} they share no more than {_ROWS_MIN} bars with the others.")]


def risks(data: ReportData, width: int) -> str:
    rows, years = {}, {}
    for (symbol, source, interval_s, _), one in series_of(data.bars):
        if len(one) > _ROWS_MIN:
            factor = float(one["periods_per_year"].iloc[-1])
            label = f"{symbol}, {source}, {span(interval_s)}"
            years[label] = _years(one["time"])
            rows[label] = risk.summary(risk.returns(one.set_index("time")[["close"]]), factor).iloc[0]
    lead = ("Of one bar's returns, annualised by each market's own calendar (crypto 365 days of 24 h, US equities 252 of "
            "6.5 h). VaR and CVaR are losses of one bar.")
    if not rows:
        return page.section("Risk", lead, page.note(f"No series has more than {_ROWS_MIN} bars."))
    parts = [_measures(pd.DataFrame(rows).T, pd.Series(years))]
    group = chosen_group(data.bars)
    if group is not None:
        returns = risk.returns(group[0])
        if returns.shape[1] > 1:
            parts.append(page.figure(plot_correlation(returns, f"Correlation of returns of {span(group[1])}"), min(width, 560)))
            parts.append(page.figure(plot_drawdown(returns.mean(axis=1), f"Drawdown of equal parts of {_listed(returns)}"), width))
            parts += _left_out(data.bars, *group[:2])
        else:
            parts.append(page.figure(plot_drawdown(returns.iloc[:, 0], f"Drawdown of {returns.columns[0]}"), width))
    return page.section("Risk", lead, *parts)


def portfolios(data: ReportData, width: int) -> str:
    lead = ("Long only, fully invested: minimum variance and risk parity by a covariance shrunk as Ledoit and Wolf, maximum "
            "Sharpe by means shrunk as James and Stein. The curves are out of sample: fitted on what came before, then held.")
    group = chosen_group(data.bars)
    if group is None or group[0].shape[1] < 2:
        return page.section("Portfolio", lead, page.note(f"That needs two symbols that share more than {_ROWS_MIN} bars of one "
                                                         f"interval."))
    prices, interval_s, periods = group
    returns = risk.returns(prices)
    train, test = max(30, len(returns) // 3), max(5, len(returns) // 24)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fallback is told below
        weights = portfolio.weights(returns)
        tested = portfolio.walk_forward(returns, train=train, test=test)
    rows = [[symbol, *(page.percent(value if abs(value) > 5e-5 else 0.0, 1) for value in weights.loc[symbol])]
            for symbol in weights.index]
    wealth = {name: (1 + tested.returns[name]).cumprod() for name in tested.returns}
    parts = [page.table(["", *weights.columns], rows), page.figure(plot_weights(weights, "Weights, fitted on all of it"), width),
             page.figure(plot_equity(wealth, f"Out of sample: fitted on {train} bars of {span(interval_s)}, held for {test}"),
                         width), _measures(risk.summary(tested.returns, periods),
                       pd.Series(_years(tested.returns.index.to_series()), index=tested.returns.columns))]
    parts += _left_out(data.bars, prices, interval_s)
    fallen = tested.fallbacks.get("maximum Sharpe", 0)
    if fallen:
        fits = int(np.ceil(len(tested.returns) / test))
        parts.append(page.note(f"In {fallen} of {fits} fits no symbol was expected to earn anything: minimum variance stood in "
                               f"for maximum Sharpe."))
    return page.section("Portfolio", lead, *parts)
