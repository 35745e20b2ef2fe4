"""A backtest's folder as frames."""
import json

import pandas as pd
import pytest
import tapeline


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "summary.json").write_text(json.dumps({"performance": {"return": 0.02, "trades": 1}}))
    (tmp_path / "trades.csv").write_text("symbol,side,entry_time,exit_time,profit\nA,long,2026-03-02T10:00:00Z,,1.5\n")
    (tmp_path / "equity.csv").write_text("time,equity\n2026-03-02T10:00:00Z,100\n2026-03-02T10:01:00.5Z,102\n")
    (tmp_path / "signals.csv").write_text("symbol,bar_start,signal\nA,2026-03-02T09:59:00Z,BUY\n")
    return tmp_path


def test_all_of_it(folder):
    found = tapeline.load_backtest(folder)
    assert found.summary["performance"]["return"] == 0.02
    assert found.equity["time"].iloc[1] == pd.Timestamp("2026-03-02T10:01:00.5Z")
    assert pd.isna(found.trades["exit_time"].iloc[0]) and found.signals["bar_start"].dt.tz is not None


def test_what_is_no_result_says_so(folder, tmp_path):
    with pytest.raises(tapeline.NoData, match="is no folder: run `tapeline backtest` first"):
        tapeline.load_backtest(tmp_path / "nowhere")
    (folder / "trades.csv").unlink()
    with pytest.raises(tapeline.NoData, match="trades.csv is missing"):
        tapeline.load_backtest(folder)
    (folder / "summary.json").write_text("{")
    with pytest.raises(tapeline.TapelineError, match="is no JSON"):
        tapeline.load_backtest(folder)
