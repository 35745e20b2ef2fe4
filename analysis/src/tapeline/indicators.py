"""The pipeline's own indicators: the C++ kernels that make fact_bar, over arrays and one close at a time.

Array functions take a NumPy array, a pandas or polars Series or a list of closes of closed bars, oldest first, and give values
of the same length, NaN where undefined; a pandas Series comes back as one, with its index. A float64 array is read where it
lies. A float stands for its shortest decimal, 61837.63 for that and not for the double beside it: values are those of the
pipeline, and of `tapeline indicators` for a CSV of the same numbers, to the last bit.

What the numbers mean: docs/definitions.md.
"""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tapeline import _kernels
from tapeline._kernels import IndicatorSet, IndicatorValues, Stream

__all__ = ["Bollinger", "IndicatorSet", "IndicatorValues", "Macd", "Stream", "atr", "bollinger", "ema", "indicators", "macd",
           "periods_per_year", "rsi", "signals", "sma", "volatility"]


class Bollinger(NamedTuple):
    """Bands in prices; percent_b and bandwidth are ratios."""

    mid: Any
    sigma: Any
    upper: Any
    lower: Any
    percent_b: Any
    bandwidth: Any


class Macd(NamedTuple):
    """In prices."""

    line: Any
    signal: Any
    histogram: Any


def _array(closes: Any) -> np.ndarray:
    array = np.ascontiguousarray(closes, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"closes have {array.ndim} dimensions: give one series at a time")
    return array


def _empty(like: np.ndarray, count: int) -> list[np.ndarray]:
    return [np.empty(len(like)) for _ in range(count)]


def _as(closes: Any, values: np.ndarray, name: str) -> Any:
    return pd.Series(values, index=closes.index, name=name, copy=False) if isinstance(closes, pd.Series) else values


def sma(closes: Any, length: int = 20) -> Any:
    """The mean of the last `length` closes."""
    array = _array(closes)
    (values,) = _empty(array, 1)
    _kernels.sma(array, length, values)
    return _as(closes, values, f"sma{length}")


def ema(closes: Any, length: int = 20) -> Any:
    """The exponential mean, seeded with the mean of the first `length` closes."""
    array = _array(closes)
    (values,) = _empty(array, 1)
    _kernels.ema(array, length, values)
    return _as(closes, values, f"ema{length}")


def rsi(closes: Any, length: int = 14, flat: float = float("nan")) -> Any:
    """Wilder's relative strength index; `flat` is what it says where the market has not moved (TA-Lib: 0)."""
    array = _array(closes)
    (values,) = _empty(array, 1)
    _kernels.rsi(array, length, flat, values)
    return _as(closes, values, f"rsi{length}")


def bollinger(closes: Any, length: int = 20, width: float = 2.0, *, sample: bool = False) -> Bollinger:
    """Bands of `width` standard deviations, of the population unless `sample`."""
    array = _array(closes)
    values = _empty(array, 6)
    _kernels.bollinger(array, length, width, sample, *values)
    return Bollinger(*(_as(closes, column, name) for column, name in zip(values, Bollinger._fields, strict=True)))


def macd(closes: Any, fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """The difference of two exponential means, its own mean, and the difference of those."""
    array = _array(closes)
    values = _empty(array, 3)
    _kernels.macd(array, fast, slow, signal, *values)
    return Macd(*(_as(closes, column, name) for column, name in zip(values, Macd._fields, strict=True)))


def atr(high: Any, low: Any, close: Any, length: int = 14) -> Any:
    """Wilder's average true range."""
    array = _array(close)
    (values,) = _empty(array, 1)
    _kernels.atr(_array(high), _array(low), array, length, values)
    return _as(close, values, f"atr{length}")


def volatility(closes: Any, length: int = 20, *, periods_per_year: float | None = None) -> Any:
    """The sample deviation of the last `length` log returns, a bar's or, with `periods_per_year`, a year's."""
    array = _array(closes)
    (values,) = _empty(array, 1)
    _kernels.volatility(array, length, values)
    if periods_per_year is not None:
        values *= np.sqrt(periods_per_year)
    return _as(closes, values, f"volatility{length}")


def indicators(closes: Any, *, rsi: int = 14, bollinger: int = 20, width: float = 2.0) -> dict[str, Any]:
    """RSI, SMA and Bollinger bands at once: rsi, sma, bb_upper, bb_lower. The SMA is the bands' middle.

    A series is computed on two threads. A table, an array of two dimensions or a pandas DataFrame, has a series in each column,
    and eight of them are computed at a time; the values come as tables of its shape.
    """
    names = ("rsi", "sma", "bb_upper", "bb_lower")
    table = np.ascontiguousarray(closes, dtype=np.float64)
    if table.ndim == 2:
        columns = [np.empty_like(table) for _ in names]
        _kernels.rsi_and_bollinger_of_columns(table, rsi, bollinger, width, *columns)
        if isinstance(closes, pd.DataFrame):
            columns = [pd.DataFrame(values, index=closes.index, columns=closes.columns, copy=False) for values in columns]
        return dict(zip(names, columns, strict=True))
    array = _array(table)
    values = _empty(array, 4)
    _kernels.rsi_and_bollinger(array, rsi, bollinger, width, *values)
    return {name: _as(closes, column, name) for name, column in zip(names, values, strict=True)}


def signals(rsi: Any, buy_below: float = 30.0, sell_above: float = 70.0) -> Any:
    """BUY, SELL or HOLD of every bar, by its RSI; an undefined one holds."""
    values = np.asarray(rsi, dtype=np.float64)
    said = np.where(values < buy_below, "BUY", np.where(values > sell_above, "SELL", "HOLD"))
    return pd.Series(said, index=rsi.index, name="signal") if isinstance(rsi, pd.Series) else said


def periods_per_year(calendar: str, interval_s: int = 86_400) -> float:
    """Bars of `interval_s` in a year: "crypto" has 365 days of 24 h, "us_equity" 252 of 6.5 h."""
    if calendar not in ("crypto", "us_equity"):
        raise ValueError(f"there is no calendar {calendar!r}: choose 'crypto' or 'us_equity'")
    return _kernels.periods_per_year(calendar == "crypto", interval_s)
