"""Results of `tapeline backtest`, from the folder that it wrote."""
from __future__ import annotations

import json
import pathlib
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tapeline.errors import NoData, TapelineError


@dataclass(frozen=True)
class Backtest:
    """summary.json, trades.csv, equity.csv and signals.csv; times are UTC."""

    summary: dict[str, Any]
    trades: pd.DataFrame
    equity: pd.DataFrame
    signals: pd.DataFrame


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
    return Backtest(summary, *(_table(path / name) for name in ("trades.csv", "equity.csv", "signals.csv")))


def _table(path: pathlib.Path) -> pd.DataFrame:
    if not path.exists():
        raise NoData(f"{path} is missing: run the backtest again")
    table = pd.read_csv(path)
    for column in table.columns:
        if column in ("time", "bar_start", "bar_end") or column.endswith("_time"):
            table[column] = pd.to_datetime(table[column], utc=True, format="ISO8601")
    return table
