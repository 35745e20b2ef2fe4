"""Return and risk of series of returns, by skfolio's measures, annualised by the calendar of the market that they are of.

A year of daily returns has 252 where an exchange closes and 365 where a market never does; nothing here assumes either:
`periods_per_year` is asked for. fact_bar stores it, get_stock_data().attrs has it, indicators.periods_per_year() computes it.
"""
from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tapeline.errors import NoData, TapelineError

try:
    from skfolio import measures
except ImportError:  # pragma: no cover
    raise TapelineError("risk and portfolios need skfolio: pip install 'tapeline[portfolio]'") from None


def price_table(bars: pd.DataFrame) -> pd.DataFrame:
    """Closes, a column a symbol, of load_bars() of one interval; only times that every symbol has."""
    if bars["interval_s"].nunique() > 1:
        raise ValueError("bars have several intervals: ask for one, as in load_bars(interval='1h')")
    keys = ["time", "symbol"]
    if bars.duplicated(keys).any():
        raise ValueError("a symbol comes from several sources: ask for one, as in load_bars(source='binance')")
    table = bars.pivot(index="time", columns="symbol", values="close").dropna()
    if len(table) < 3:
        raise NoData(f"the symbols share {len(table)} bars: too few for returns; take a longer range or fewer symbols")
    table.columns = table.columns.astype(str)
    table.columns.name = None
    return table


def returns(prices: pd.DataFrame) -> pd.DataFrame:
    """Simple returns, from one row to the next; the first row has none and is left out."""
    return prices.pct_change(fill_method=None).iloc[1:]


def _checked(values: Any) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 2:
        raise NoData(f"{len(array)} returns are too few: two are the least")
    if not np.isfinite(array).all():
        raise ValueError("returns have gaps (NaN): drop or fill them, for each of them is a period of its own")
    return array


def summary(of: pd.DataFrame | pd.Series, periods_per_year: float, *, risk_free_annual: float = 0.0,
            beta: float = 0.95) -> pd.DataFrame:
    """A row a series. VaR, CVaR (of one period) and drawdown are losses as positive shares; returns compound.

    The Sharpe ratio is the mean excess over the sample deviation, times the root of the periods in a year.
    """
    if not np.isfinite(periods_per_year) or periods_per_year <= 0:
        raise ValueError(f"periods_per_year is {periods_per_year}: give the number of these periods in a year, such as 252")
    if not 0.5 <= beta < 1:
        raise ValueError(f"beta is {beta}: give the confidence, such as 0.95")
    frame = of.to_frame() if isinstance(of, pd.Series) else of
    rows = {}
    for name in frame.columns:
        one = _checked(frame[name])
        growth = float(np.prod(1 + one))
        deviation = float(measures.standard_deviation(one))
        mean = float(measures.mean(one))
        excess = mean - risk_free_annual / periods_per_year
        drawdown = float(measures.max_drawdown(measures.get_drawdowns(one, compounded=True)))
        annual = growth ** (periods_per_year / len(one)) - 1 if growth > 0 else -1.0
        rows[str(name)] = {
            "total return": growth - 1, "annual return": annual, "annual volatility": deviation * np.sqrt(periods_per_year),
            "Sharpe": excess / deviation * np.sqrt(periods_per_year) if deviation > 0 else np.nan,
            "max drawdown": drawdown, f"VaR {beta:.0%}": float(measures.value_at_risk(one, beta=beta)),
            f"CVaR {beta:.0%}": float(measures.cvar(one, beta=beta)), "worst period": float(one.min()), "periods": len(one)}
    return pd.DataFrame.from_dict(rows, orient="index")
