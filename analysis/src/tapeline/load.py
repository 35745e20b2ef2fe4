"""What the pipeline has stored, as frames: ticks, bars, signals, alerts, quality.

Every function takes symbols (one, several, None for all), a range [start, end) of anything that pandas reads as a time (UTC
unless it says otherwise), a source, a lane (None: the one that was written last), a connection or connection string, and
frame="pandas" or "polars". Times come back in UTC, numbers as float64, undefined ones as NaN.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg import sql

from tapeline.catalog import Catalog, interval_seconds
from tapeline.copy_binary import copy_columns
from tapeline.database import opened
from tapeline.errors import NoData, UnknownName
from tapeline.frames import Frame, names_of, to_frame

Symbols = str | Sequence[str] | None
Connection = psycopg.Connection | str | None

# Exact, which a power function need not be.
_POWERS = np.array([float(f"1e{power}") for power in range(23)])
_PRICES = ("open", "high", "low", "close", "volume")
_INDICATORS = ("sma", "rsi", "bb_mid", "bb_sigma", "bb_upper", "bb_lower", "percent_b", "bandwidth", "volatility",
               "volatility_annual", "change", "change_pct")


def as_time(value: Any, name: str) -> pd.Timestamp | None:
    """UTC, or None."""
    if value is None:
        return None
    try:
        time = pd.Timestamp(value)
    except (ValueError, TypeError):
        raise ValueError(f"{name} {value!r} is no time: write it like '2026-03-02' or '2026-03-02 14:30'") from None
    return time.tz_localize("UTC") if time.tzinfo is None else time.tz_convert("UTC")


class _Question:
    """The WHERE of a query, and how to say that nothing was found."""

    def __init__(self, catalog: Catalog, symbols: Symbols, source: str | None, lane: str | None, start: Any, end: Any,
                 time_column: str) -> None:
        self.lane = catalog.lane(lane)
        self.instruments = catalog.instruments(symbols, source)
        self.start, self.end = as_time(start, "start"), as_time(end, "end")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError(f"the range is empty: start {self.start} is not before end {self.end}")
        self.what = "all symbols" if symbols is None else symbols if isinstance(symbols, str) else ", ".join(symbols)
        self.lane_name = catalog.lanes.get(self.lane, "?")
        self._column = time_column
        # A copy binds its parameters in the client, which knows no numpy or pandas.
        self.where = [sql.SQL("lane_id = {}").format(self.lane),
                      sql.SQL("instrument_id = ANY({})").format(self.instruments)]
        if self.start is not None:
            self.where.append(sql.SQL("{} >= {}").format(sql.SQL(time_column), self.start.to_pydatetime()))
        if self.end is not None:
            self.where.append(sql.SQL("{} < {}").format(sql.SQL(time_column), self.end.to_pydatetime()))

    def condition(self, *more: sql.Composable) -> sql.Composable:
        return sql.SQL("WHERE ") + sql.SQL(" AND ").join([*self.where, *more])

    def require_some(self, connection: psycopg.Connection, table: str, found: int, kind: str,
                     *more: sql.Composable) -> None:
        """Raises NoData, which says what range there is."""
        if found:
            return
        unbounded = sql.SQL("WHERE ") + sql.SQL(" AND ").join([*self.where[:2], *more])
        row = connection.execute(sql.SQL("SELECT min({0}), max({0}) FROM {1} {2}").format(
            sql.SQL(self._column), sql.SQL(table), unbounded)).fetchone()
        said = f"no {kind} of {self.what} in lane {self.lane_name!r}"
        if row and row[0] is not None and (self.start is not None or self.end is not None):
            raise NoData(f"{said} from {self.start or 'the beginning'} to {self.end or 'now'}: there are some from "
                         f"{row[0]:%Y-%m-%d %H:%M:%S} to {row[1]:%Y-%m-%d %H:%M:%S} UTC")
        raise NoData(f"{said}: tapeline.symbols() lists what there is")


def load_ticks(symbols: Symbols = None, start: Any = None, end: Any = None, *, source: str | None = None,
               lane: str | None = None, connection: Connection = None, frame: Frame = "pandas") -> Any:
    """symbol, source, time (to the nanosecond), received, price, volume, side (1 buyer, -1 seller, 0 unknown), trade_id.

    Some millions a second, by COPY BINARY. Prices are the doubles nearest to the exact decimals.
    """
    with opened(connection) as used:
        catalog = Catalog.read(used)
        question = _Question(catalog, symbols, source, lane, start, end, "event_time")
        columns = {"instrument": ("instrument_id", "int4"), "source": ("source_id", "int2"), "ns": ("event_ns", "int8"),
                   "received": ("received_time", "timestamptz"), "price": ("price_mantissa", "int8"),
                   "price_e": ("price_exponent", "int2"), "size": ("size_mantissa", "int8"),
                   "size_e": ("size_exponent", "int2"), "side": ("case side when 1 then 1 when 2 then -1 end", "int2"),
                   "trade_id": ("trade_id", "int8")}
        found = copy_columns(used, columns, sql.SQL("FROM tick ") + question.condition() +
                             sql.SQL(" ORDER BY event_ns, journal_position, trade_id"))
        question.require_some(used, "tick", len(found["ns"]), "ticks")
        return to_frame({"symbol": names_of(found["instrument"], catalog.symbols),
                         "source": names_of(found["source"], catalog.sources),
                         "time": found["ns"].view("datetime64[ns]"), "received": found["received"],
                         "price": scaled(found["price"], found["price_e"]), "volume": scaled(found["size"], found["size_e"]),
                         "side": found["side"], "trade_id": found["trade_id"]}, frame)


def scaled(mantissas: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """mantissa * 10^exponent: the nearest double where the mantissa has up to 15 digits and the exponent is -22 or more."""
    scale = -exponents.astype(np.int64)
    return mantissas / _POWERS[np.minimum(scale, 22)] / _POWERS[np.maximum(scale - 22, 0)]


def load_bars(symbols: Symbols = None, interval: int | str | None = None, start: Any = None, end: Any = None, *,
              source: str | None = None, lane: str | None = None, source_bars: bool | None = None, partial: bool = False,
              connection: Connection = None, frame: Frame = "pandas") -> Any:
    """Closed bars with their indicators and signal, ordered by time; `time` is a bar's start.

    `interval` in seconds or like "1m" (None: all), `source_bars` True for bars that the source made itself, False for those
    from ticks; `partial` adds those that began or ended with a recording, which have no indicators.
    """
    with opened(connection) as used:
        catalog = Catalog.read(used)
        question = _Question(catalog, symbols, source, lane, start, end, "bar_start")
        more = [] if partial else [sql.SQL("NOT is_partial")]
        if source_bars is not None:
            more.append(sql.SQL("is_source_bar = {}").format(source_bars))
        if interval is not None:
            seconds = interval_seconds(interval)
            _require_interval(used, question, seconds)
            more.append(sql.SQL("interval_s = {}").format(seconds))
        columns = {"instrument": ("instrument_id", "int4"), "source": ("source_id", "int2"),
                   "interval_s": ("interval_s", "int4"), "time": ("bar_start", "timestamptz")}
        columns |= {name: (name, "float8") for name in _PRICES}
        columns |= {"trades": ("trades", "int4")}
        columns |= {name: (name, "float8") for name in (*_INDICATORS, "periods_per_year")}
        columns |= {"signal": ("case signal when 'BUY' then 1 when 'SELL' then -1 end", "int2"),
                    "trend": ("case trend when 'bullish' then 1 when 'bearish' then -1 end", "int2"),
                    "bars_seen": ("bars_seen", "int8"), "is_source_bar": ("is_source_bar", "bool"),
                    "is_backfilled": ("is_backfilled", "bool"),
                    "is_filled": ("is_filled", "bool"), "is_partial": ("is_partial", "bool")}
        found = copy_columns(used, columns, sql.SQL("FROM fact_bar ") + question.condition(*more) +
                             sql.SQL(" ORDER BY bar_start, instrument_id, interval_s, is_source_bar"))
        question.require_some(used, "fact_bar", len(found["time"]), "bars", *more)
    named = {"symbol": names_of(found.pop("instrument"), catalog.symbols),
             "source": names_of(found.pop("source"), catalog.sources)}
    found["signal"] = names_of(found["signal"], {-1: "SELL", 0: "HOLD", 1: "BUY"})
    found["trend"] = names_of(found["trend"], {-1: "bearish", 0: "neutral", 1: "bullish"})
    return to_frame(named | found, frame)


def _require_interval(connection: psycopg.Connection, question: _Question, seconds: int) -> None:
    known = [row[0] for row in connection.execute(
        "SELECT DISTINCT interval_s FROM fact_bar WHERE lane_id = %s AND instrument_id = ANY(%s) ORDER BY 1",
        (question.lane, question.instruments)).fetchall()]
    if known and seconds not in known:
        raise UnknownName(f"{question.what} has no bars of {seconds} s: there are those of "
                          f"{', '.join(map(str, known))} s")


def get_stock_data(symbol: str, interval: int | str | None = None, start: Any = None, end: Any = None, *,
                   source: str | None = None, lane: str | None = None, connection: Connection = None) -> pd.DataFrame:
    """One series, by the time its bars begin: open, high, low, close, volume, indicators, signal, trend.

    Where a symbol has several series (sources, intervals, bars from ticks and from the source) it is the one with the most
    bars; `.attrs` says which, and its periods_per_year.
    """
    bars = load_bars(symbol, interval, start, end, source=source, lane=lane, connection=connection)
    key = ["source", "interval_s", "is_source_bar"]
    sizes = bars.groupby(key, observed=True).size()
    best = sizes.idxmax()
    chosen = bars[(bars[key] == list(best)).all(axis=1)].set_index("time")
    series = chosen[[*_PRICES, *_INDICATORS, "signal", "trend"]].copy()
    series.attrs = {"symbol": symbol, "source": str(best[0]), "interval_s": int(best[1]), "is_source_bar": bool(best[2]),
                    "periods_per_year": float(chosen["periods_per_year"].iloc[-1])}
    return series


def load_signals(symbols: Symbols = None, interval: int | str | None = None, start: Any = None, end: Any = None, *,
                 source: str | None = None, lane: str | None = None, connection: Connection = None,
                 frame: Frame = "pandas") -> Any:
    """Changes of signal, one row a change, with why: symbol, source, interval_s, time, signal, previous, reason, ..."""
    names = ("instrument_id", "source_id", "interval_s", "bar_start", "signal", "previous", "reason", "trend", "close", "rsi",
             "sma", "bb_upper", "bb_lower", "journal_position")
    return _rows("fact_signal", "signals", names, "bar_start", symbols, interval, start, end, source, lane, connection, frame)


def load_alerts(symbols: Symbols = None, interval: int | str | None = None, start: Any = None, end: Any = None, *,
                source: str | None = None, lane: str | None = None, connection: Connection = None,
                frame: Frame = "pandas") -> Any:
    """Alerts as they fired: symbol, source, interval_s, time, rule, severity, message, the values that made it true, ..."""
    names = ("instrument_id", "source_id", "interval_s", "bar_start", "bar_end", "rule", "severity", "message", "signal",
             "trend", "close", "rsi", "sma", "bb_upper", "bb_lower", "change_pct", "volatility", "received_time", "alert_id",
             "rule_text", "journal_position")
    return _rows("fact_alert", "alerts", names, "bar_start", symbols, interval, start, end, source, lane, connection, frame)


def load_quality(symbols: Symbols = None, start: Any = None, end: Any = None, *, source: str | None = None,
                 lane: str | None = None, connection: Connection = None, frame: Frame = "pandas") -> Any:
    """What was rejected or flagged, each with its reason: symbol, source, received, event_time, kind, reason, detail.

    An empty frame is good news. What concerns no symbol is there when none is asked for.
    """
    with opened(connection) as used:
        catalog = Catalog.read(used)
        question = _Question(catalog, symbols, source, lane, start, end, "received_time")
        if symbols is None and source is None:
            question.where[1] = sql.SQL("true")
        rows = used.execute(sql.SQL("SELECT instrument_id, source_id, received_time, event_time, kind, reason, detail, "
                                    "journal_position FROM quality_event ") + question.condition() +
                            sql.SQL(" ORDER BY received_time, journal_position")).fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 8
    return to_frame({"symbol": [catalog.symbols.get(number) for number in columns[0]],
                     "source": [catalog.sources.get(number) for number in columns[1]],
                     "received": _times(columns[2]), "event_time": _times(columns[3]), "kind": list(columns[4]),
                     "reason": list(columns[5]), "detail": list(columns[6]), "journal_position": list(columns[7])}, frame)


def load_completeness(start: Any = None, end: Any = None, *, lane: str | None = None, connection: Connection = None,
                      frame: Frame = "pandas") -> Any:
    """The ledger, a row a source, symbol and minute: received, rejected, duplicates, late, missing, stored, committed."""
    names = ("symbol", "source", "minute", "received", "stored", "committed", "rejected", "duplicates", "late", "out_of_order",
             "flagged", "missing", "filled")
    with opened(connection) as used:
        catalog = Catalog.read(used)
        conditions: list[sql.Composable] = [sql.SQL("lane = {}").format(catalog.lanes[catalog.lane(lane)])]
        for value, name, sign in ((start, "start", ">="), (end, "end", "<")):
            time = as_time(value, name)
            if time is not None:
                conditions.append(sql.SQL("minute {} {}").format(sql.SQL(sign), time.to_pydatetime()))
        rows = used.execute(sql.SQL("SELECT {} FROM completeness_ledger WHERE {} ORDER BY minute, source, symbol").format(
            sql.SQL(", ").join(map(sql.Identifier, names)), sql.SQL(" AND ").join(conditions))).fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return to_frame({name: _times(values) if name == "minute" else list(values) if name in ("symbol", "source")
                     else np.array(values, dtype=np.int64) for name, values in zip(names, columns, strict=True)}, frame)


def _rows(table: str, kind: str, names: Sequence[str], order: str, symbols: Symbols, interval: int | str | None, start: Any,
          end: Any, source: str | None, lane: str | None, connection: Connection, frame: Frame) -> Any:
    """Few rows with texts. None at all is an answer: an empty frame."""
    with opened(connection) as used:
        catalog = Catalog.read(used)
        question = _Question(catalog, symbols, source, lane, start, end, order)
        more = [] if interval is None else [sql.SQL("interval_s = {}").format(interval_seconds(interval))]
        rows = used.execute(sql.SQL("SELECT {} FROM {} {} ORDER BY {}, instrument_id, interval_s").format(
            sql.SQL(", ").join(map(sql.Identifier, names)), sql.SQL(table), question.condition(*more),
            sql.SQL(order))).fetchall()
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {name: () for name in names}
    made: dict[str, Any] = {"symbol": [catalog.symbols[number] for number in columns.pop("instrument_id")],
                            "source": [catalog.sources[number] for number in columns.pop("source_id")]}
    for name, values in columns.items():
        renamed = {"bar_start": "time", "received_time": "received"}.get(name, name)
        if name in ("bar_start", "bar_end", "received_time"):
            made[renamed] = _times(values)
        elif name in ("interval_s", "journal_position"):
            made[renamed] = np.array(values, dtype=np.int64)
        elif name in ("close", *_INDICATORS):
            made[renamed] = np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)
        else:
            made[renamed] = list(values)
    return to_frame(made, frame)


def _times(values: Sequence[Any]) -> np.ndarray:
    return np.array([None if value is None else value.replace(tzinfo=None) for value in values], dtype="datetime64[us]")
