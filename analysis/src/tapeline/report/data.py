"""What a report is made of: from the database, or from files of bars."""
from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tapeline import indicators, load
from tapeline.backtest import Backtest
from tapeline.catalog import Catalog
from tapeline.database import opened
from tapeline.errors import NoData, TapelineError

# Of longer histories the newest are used: a report of a year of seconds would not open.
BARS_MAX = 200_000
TICKS_MAX = 500_000


@dataclass
class ReportData:
    """Frames as load.py gives them; None where the origin has no such thing."""

    origin: str
    bars: pd.DataFrame
    alerts: pd.DataFrame | None = None
    quality: pd.DataFrame | None = None
    ledger: pd.DataFrame | None = None
    ticks: pd.DataFrame | None = None
    backtest: Backtest | None = None
    backtest_missing: str | None = None  # why there is none, where one was tried
    lane: str | None = None


def from_database(symbols: Sequence[str] | None = None, start: Any = None, end: Any = None, *, lane: str | None = None,
                  interval: int | str | None = None, connection: load.Connection = None) -> ReportData:
    """All that is stored of a lane, of some symbols or all."""
    with opened(connection) as used:
        name = lane or (catalog := Catalog.read(used)).lanes[catalog.lane(None)]
        bars = load.load_bars(symbols, interval, start, end, lane=name, connection=used).iloc[-BARS_MAX:]
        try:
            ticks = load.load_ticks(symbols, start, end, lane=name, connection=used).iloc[-TICKS_MAX:]
        except NoData:
            ticks = None  # bars of the source alone
        return ReportData(f"lane {name}", bars.reset_index(drop=True),
                          load.load_alerts(symbols, interval, start, end, lane=name, connection=used),
                          load.load_quality(symbols, start, end, lane=name, connection=used),
                          load.load_completeness(start, end, lane=name, connection=used), ticks, lane=name)


def from_files(files: Mapping[str, str | pathlib.Path], *, calendars: Mapping[str, str] | None = None, start: Any = None,
               end: Any = None) -> ReportData:
    """CSV files of bars by symbol: a column `time` or `date`, open, high, low, close, maybe volume.

    Their indicators and signals are computed here, by the pipeline's kernels. A symbol's calendar is "us_equity" unless
    `calendars` says "crypto", or its name is a pair such as BTC-USD.
    """
    if not files:
        raise NoData("no files: give some, as in {'AAPL': 'aapl.csv'}")
    first, last = load.as_time(start, "start"), load.as_time(end, "end")
    made = [_read(symbol, pathlib.Path(path), (calendars or {}).get(symbol), first, last) for symbol, path in files.items()]
    bars = pd.concat(made, ignore_index=True).sort_values(["time", "symbol"], kind="stable", ignore_index=True)
    bars[["symbol", "source"]] = bars[["symbol", "source"]].astype("category")
    return ReportData("files " + ", ".join(pathlib.Path(path).name for path in files.values()), bars)


def _read(symbol: str, path: pathlib.Path, calendar: str | None, first: pd.Timestamp | None,
          last: pd.Timestamp | None) -> pd.DataFrame:
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise NoData(f"{path} cannot be read: {error}") from None
    table.columns = [str(column).strip().lower() for column in table.columns]
    clock = next((column for column in ("time", "date", "datetime", "timestamp") if column in table.columns), None)
    missing = [column for column in ("open", "high", "low", "close") if column not in table.columns]
    if clock is None or missing:
        raise TapelineError(f"{path} has no column {', '.join(([] if clock else ['time']) + missing)}: its header is "
                            f"'{','.join(table.columns)}'")
    try:
        table["time"] = pd.to_datetime(table[clock], utc=True)
    except (ValueError, TypeError) as error:
        raise TapelineError(f"{path}, column {clock}: {error}") from None
    table = table.sort_values("time", kind="stable").dropna(subset=["close"])
    if first is not None:
        table = table[table["time"] >= first]
    if last is not None:
        table = table[table["time"] < last]
    if len(table) < 3:
        raise NoData(f"{path} has {len(table)} bars in the range: at least three are needed")
    interval_s = int(table["time"].diff().dt.total_seconds().mode().iloc[0])
    if interval_s < 1:
        raise TapelineError(f"{path}: several bars begin at one time")
    kind = calendar or ("crypto" if "-USD" in symbol.upper() or "/" in symbol else "us_equity")
    periods = indicators.periods_per_year(kind, interval_s)
    close = table["close"].to_numpy(float)
    bands = indicators.bollinger(close)
    rsi = indicators.rsi(close)
    volume = table["volume"].to_numpy(float) if "volume" in table.columns else float("nan")
    return pd.DataFrame({
        "symbol": symbol, "source": "file", "interval_s": interval_s, "time": table["time"].to_numpy(),
        **{name: table[name].to_numpy(float) for name in ("open", "high", "low", "close")}, "volume": volume,
        "sma": bands.mid, "rsi": rsi, "bb_upper": bands.upper, "bb_lower": bands.lower,
        "volatility_annual": indicators.volatility(close, periods_per_year=periods), "periods_per_year": periods,
        "signal": indicators.signals(rsi), "is_source_bar": True}).assign(
            time=lambda frame: pd.to_datetime(frame["time"], utc=True))
