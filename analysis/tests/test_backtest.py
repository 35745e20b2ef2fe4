"""A backtest's folder as frames."""
import json

import numpy as np
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


def written(folder, names=("AAA", "BBB"), count=400):
    files = {}
    for symbol in names:
        close = 100 * np.exp(np.random.default_rng(ord(symbol[0])).normal(0, 0.02, count).cumsum()).round(4)
        times = pd.date_range("2024-01-01", periods=count, freq="D")
        files[symbol] = folder / f"{symbol}.csv"
        pd.DataFrame({"date": times, "open": close, "high": close, "low": close, "close": close}).to_csv(files[symbol], index=False)
    return files


def test_a_run_is_what_the_command_writes(program, tmp_path):
    files = written(tmp_path)
    found = tapeline.run_backtest(files, start="2024-03-01", end=pd.Timestamp("2024-12-31", tz="UTC"), program=program,
                                  output=tmp_path / "kept")
    assert found.summary["symbols"] == ["AAA", "BBB"] and found.summary["performance"]["trades"] > 0
    assert set(found.orders["action"]) <= {"open_long", "close_long"} and found.sweep is None and found.walk_forward is None
    assert found.equity["time"].iloc[0] >= pd.Timestamp("2024-03-01", tz="UTC")
    again = tapeline.load_backtest(tmp_path / "kept")
    pd.testing.assert_frame_equal(again.trades, found.trades)
    with pytest.raises(tapeline.TapelineError, match="cannot be opened"):
        tapeline.run_backtest({"X": tmp_path / "none.csv"}, program=program)
    with pytest.raises(tapeline.TapelineError, match="build it"):
        tapeline.run_backtest(files, program=tmp_path / "nothing")


def test_sweeps_walk_forward_and_parquet(program, tmp_path):
    import polars
    files = written(tmp_path, ("AAA",))
    swept = tapeline.run_backtest(files, sweep={"rsi_buy_below": [25, 30, 40], "rsi_length": "7:14:7"}, objective="return",
                                  program=program, output=tmp_path / "kept")
    assert len(swept.sweep) == 6 and swept.sweep["return"].is_monotonic_decreasing
    walked = tapeline.run_backtest(files, sweep={"rsi_buy_below": [25, 40]}, walk_forward="120d:60d", program=program,
                                   output=tmp_path / "kept")
    assert len(walked.walk_forward) >= 4 and walked.walk_forward["test_from"].dt.tz is not None
    assert walked.sweep is None, "what an earlier run has left is not of this one"
    names = [path.name for path in walked.to_parquet(tmp_path / "parquet")]
    assert names == ["orders.parquet", "trades.parquet", "equity.parquet", "signals.parquet", "alerts.parquet",
                     "walk_forward.parquet"]
    equity = polars.read_parquet(tmp_path / "parquet/equity.parquet")
    assert equity["equity"].to_list() == walked.equity["equity"].tolist()
    assert equity.schema["time"] == polars.Datetime("ns", "UTC")
    assert equity["time"].to_list()[0] == walked.equity["time"].iloc[0].to_pydatetime()
