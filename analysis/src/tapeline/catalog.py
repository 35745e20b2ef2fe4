"""What is stored: symbols, sources, lanes; and names of users turned into numbers of the database."""
from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import psycopg

from tapeline.database import opened
from tapeline.errors import NoData, UnknownName

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def interval_seconds(interval: int | str) -> int:
    """60, "60s", "1m", "1h", "1d" as seconds."""
    text = str(interval).strip().lower()
    number, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS_S else (text, "s")
    if not number.isdigit() or int(number) < 1:
        raise UnknownName(f"interval {interval!r} is none: give seconds, or a number with s, m, h, d or w, such as '1m'")
    return int(number) * _UNITS_S[unit]


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that names what may have been meant."""
    names = sorted(set(known))
    folded = {candidate.casefold(): candidate for candidate in names}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"there are: {shown}" if names else "nothing is stored yet: run the pipeline first (./dev run)"


@dataclass(frozen=True)
class Catalog:
    """Names and numbers, read once for a query."""

    symbols: dict[int, str]  # instrument -> symbol
    instrument_sources: dict[int, int]
    sources: dict[int, str]
    lanes: dict[int, str]
    newest_lane: int | None

    @staticmethod
    def read(connection: psycopg.Connection) -> Catalog:
        """Of the database at the other end, now."""
        instruments = connection.execute("SELECT instrument_id, symbol, source_id FROM dim_instrument").fetchall()
        newest = connection.execute("SELECT lane_id FROM audit_batch ORDER BY batch_id DESC LIMIT 1").fetchone()
        return Catalog({row[0]: row[1] for row in instruments}, {row[0]: row[2] for row in instruments},
                       dict(connection.execute("SELECT source_id, name FROM dim_source").fetchall()),
                       dict(connection.execute("SELECT lane_id, lane FROM lane_checkpoint").fetchall()),
                       newest[0] if newest else None)

    def lane(self, name: str | None) -> int:
        """The lane of that name; the one that was written last where none is given."""
        if name is None:
            if self.newest_lane is None:
                raise NoData("nothing is stored yet: run the pipeline first (./dev run)")
            return self.newest_lane
        for number, lane in self.lanes.items():
            if lane == name:
                return number
        raise UnknownName(f"no lane is called {name!r}: {nearest(name, self.lanes.values())}")

    def instruments(self, symbols: str | Sequence[str] | None, source: str | None) -> list[int]:
        """Those of the symbols and the source; all where none are given."""
        chosen = set(self.symbols)
        if source is not None:
            numbers = [number for number, name in self.sources.items() if name == source]
            if not numbers:
                raise UnknownName(f"no source is called {source!r}: {nearest(source, self.sources.values())}")
            chosen = {instrument for instrument in chosen if self.instrument_sources[instrument] in numbers}
        if symbols is None:
            return sorted(chosen)
        wanted = [symbols] if isinstance(symbols, str) else list(symbols)
        for symbol in wanted:
            if symbol not in {self.symbols[instrument] for instrument in chosen}:
                of = f" of source {source!r}" if source else ""
                known = (self.symbols[instrument] for instrument in chosen)
                raise UnknownName(f"no symbol{of} is called {symbol!r}: {nearest(symbol, known)}")
        return sorted(instrument for instrument in chosen if self.symbols[instrument] in wanted)


def symbols(connection: psycopg.Connection | str | None = None, *, lane: str | None = None) -> pd.DataFrame:
    """A row a series of bars: symbol, source, interval, whether the source made the bars, how many, from when to when."""
    with opened(connection) as used:
        number = Catalog.read(used).lane(lane)
        rows: list[tuple[Any, ...]] = used.execute(
            """SELECT i.symbol, s.name, b.interval_s, b.is_source_bar, b.bars, b.first, b.last
               FROM (SELECT instrument_id, interval_s, is_source_bar, count(*) AS bars, min(bar_start) AS first,
                            max(bar_start) AS last
                     FROM fact_bar WHERE lane_id = %s GROUP BY instrument_id, interval_s, is_source_bar) b
               JOIN dim_instrument i USING (instrument_id) JOIN dim_source s USING (source_id)
               ORDER BY 1, 2, 3, 4""", (number,)).fetchall()
    return pd.DataFrame(rows, columns=["symbol", "source", "interval_s", "is_source_bar", "bars", "first", "last"])
