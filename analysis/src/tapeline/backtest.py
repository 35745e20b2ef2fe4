"""`tapeline backtest` from Python: run it, and its results as frames or Parquet."""
from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tapeline.errors import NoData, TapelineError


@dataclass(frozen=True)
class Backtest:
    """What docs/backtest.md says of each file; times are UTC. `sweep` and `walk_forward` are None where there was none."""

    summary: dict[str, Any]
    trades: pd.DataFrame
    equity: pd.DataFrame
    signals: pd.DataFrame
    orders: pd.DataFrame | None = None
    alerts: pd.DataFrame | None = None
    sweep: pd.DataFrame | None = None
    walk_forward: pd.DataFrame | None = None

    def to_parquet(self, folder: str | pathlib.Path) -> list[pathlib.Path]:
        """Each table as FOLDER/name.parquet; needs polars. Money is in doubles there, as in the frames: cents are exact up
        to some 10^13, and the CSV has every digit."""
        try:
            import polars
        except ImportError:
            raise TapelineError("Parquet is written by polars: pip install 'tapeline[polars]'") from None
        path = pathlib.Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        written = []
        for name in ("orders", "trades", "equity", "signals", "alerts", "sweep", "walk_forward"):
            table = getattr(self, name)
            if table is None:
                continue
            columns = {column: _as_polars(polars, table[column]) for column in table.columns}
            written.append(path / f"{name}.parquet")
            polars.DataFrame(columns).write_parquet(written[-1])
        return written


def _as_polars(polars: Any, column: pd.Series) -> Any:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        whole = column.dt.tz_localize(None).astype("datetime64[ns]")
        return polars.Series(whole.to_numpy()).dt.replace_time_zone("UTC")
    if pd.api.types.is_numeric_dtype(column.dtype):
        return polars.Series(column.to_numpy())
    return polars.Series([None if pd.isna(value) else str(value) for value in column], dtype=polars.String)


def run_backtest(files: Mapping[str, str | pathlib.Path] | None = None, *, config: str | pathlib.Path | None = None,
                 source: str | None = None, lane: str | None = None, symbols: Sequence[str] | None = None,
                 interval: str | None = None, start: Any = None, end: Any = None,
                 sweep: Mapping[str, str | Sequence[float]] | None = None, objective: str = "sharpe",
                 walk_forward: str | None = None, output: str | pathlib.Path | None = None,
                 program: str | pathlib.Path | None = None) -> Backtest:
    """Runs `tapeline backtest` and reads what it wrote.

    `files` are CSV by symbol; without any, `source` says "journal" or "postgres". `sweep` is {"rsi_length": "7:21:7"} or
    {"rsi_length": [7, 14, 21]}; `walk_forward` "365d:90d". `output` keeps the files. The program is `program`, TAPELINE_BIN,
    that of the clone around, or the one on PATH.
    """
    words = [str(program or _program()), "backtest", *(f"{symbol}={path}" for symbol, path in (files or {}).items())]
    options = {"--config": config, "--source": source, "--lane": lane, "--symbols": ",".join(symbols) if symbols else None,
               "--interval": interval, "--from": _as_text(start), "--to": _as_text(end), "--objective": objective,
               "--walk-forward": walk_forward}
    for name, value in options.items():
        words += [] if value is None else [name, str(value)]
    for name, values in (sweep or {}).items():
        words += ["--sweep", f"{name}={values if isinstance(values, str) else ','.join(f'{value:g}' for value in values)}"]
    with tempfile.TemporaryDirectory(prefix="tapeline-backtest-") as made:
        folder = pathlib.Path(output or made)
        try:
            done = subprocess.run([*words, "--output", str(folder)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  check=False)
        except OSError as error:
            raise TapelineError(f"{words[0]} cannot be run ({error.strerror}): build it (./dev build), set TAPELINE_BIN, or pass "
                                f"program") from None
        if done.returncode != 0:
            raise TapelineError(re.sub(r"\Atapeline( backtest)?: ", "", done.stderr.strip()) or
                                f"tapeline backtest ended with {done.returncode}")
        return load_backtest(folder)


def _program() -> str:
    if os.environ.get("TAPELINE_BIN"):
        return os.environ["TAPELINE_BIN"]
    here = pathlib.Path.cwd()
    return str(next((built for folder in (here, *here.parents) if os.access(built := folder / "build/release/tapeline", os.X_OK)),
                    "tapeline"))


def _as_text(time: Any) -> str | None:
    if time is None:
        return None
    at = pd.Timestamp(time)
    return (at if at.tzinfo else at.tz_localize("UTC")).tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ")


def load_backtest(folder: str | pathlib.Path) -> Backtest:
    """What `tapeline backtest --output FOLDER` left there."""
    path = pathlib.Path(folder)
    if not path.is_dir():
        raise NoData(f"{path} is no folder: run `tapeline backtest` first, and give the folder that it wrote")
    try:
        summary = json.loads((path / "summary.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NoData(f"{path} holds no summary.json: it is no result of `tapeline backtest`") from None
    except json.JSONDecodeError as error:
        raise TapelineError(f"{path}/summary.json is no JSON ({error}): run the backtest again") from None
    for name in ("trades", "equity", "signals"):
        if not (path / f"{name}.csv").exists():
            raise NoData(f"{path / name}.csv is missing: run the backtest again")
    return Backtest(summary, **{name: _table(path / f"{name}.csv")
                                for name in ("trades", "equity", "signals", "orders", "alerts", "sweep", "walk_forward")})


def _table(path: pathlib.Path) -> pd.DataFrame | None:
    if not path.exists():
        return None
    table = pd.read_csv(path)
    for column in table.columns:
        if column in ("time", "bar_start", "bar_end") or column.endswith(("_time", "_from", "_to")):
            table[column] = pd.to_datetime(table[column], utc=True, format="ISO8601")
    return table
