"""The report: its statistics against other sources, its sections against the database, its PDF by a real Chromium."""
import dataclasses
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from tapeline import report
from tapeline.backtest import Backtest
from tapeline.report import page
from tapeline.report.__main__ import main
from tapeline.report.sections import growth, likely_splits
from tapeline.report.sections_risk import chosen_group
from tapeline.report.statistics import forward_returns, hit_table, mean_interval, wilson


def test_wilson_is_the_published_interval():
    # Newcombe 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for (hits, count), (low, high) in {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611),
                                       (1, 29): (0.0061, 0.1718)}.items():
        assert wilson(hits, count) == pytest.approx((low, high), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_bootstrap_finds_the_interval_of_a_normal_mean():
    values = np.random.default_rng(4).normal(0.01, 0.1, 900)
    low, high = mean_interval(values)
    half = 1.96 * values.std(ddof=1) / 30
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=half * 0.15)
    assert np.isnan(mean_interval(values[:4])).all()


def test_forward_returns_begin_at_the_next_open():
    bars = pd.DataFrame({"time": pd.date_range("2026-01-01", periods=8, freq="D"),
                         "open": [10, 11, 12, 13, 14, 15, 16, 17.0], "close": [10.5, 11.5, 12.5, 13.5, 14.5, 15.5, 16.5, 17.5],
                         "signal": ["HOLD", "BUY", "BUY", "HOLD", "SELL", "HOLD", "HOLD", "BUY"]})
    found = forward_returns(bars, (1, 3))
    assert found["signal"].tolist() == ["BUY", "SELL", "BUY"]
    assert found["after 1"].tolist()[:2] == pytest.approx([12.5 / 12 - 1, -(15.5 / 15 - 1)])
    assert found["after 3"].tolist()[:2] == pytest.approx([14.5 / 12 - 1, -(17.5 / 15 - 1)])
    assert found.iloc[2, 2:].isna().all()
    rows = hit_table(found, (1, 3))
    assert [(row["signal"], row["count"], row["hit rate"]) for row in rows if row["count"]] == [
        ("BUY", 1, 1.0), ("BUY", 1, 1.0), ("SELL", 1, 0.0), ("SELL", 1, 0.0)]


def test_a_report_of_the_database_says_what_is_stored(database):
    data = report.from_database()
    html = report.render(data, "A <demo> & more")
    assert "A &lt;demo&gt; &amp; more" in html and "<demo>" not in html
    for title in ("Market", "Signals", "Backtest", "Risk", "Portfolio", "Alerts", "Data quality and completeness"):
        assert f"<h2>{title}</h2>" in html, title
    assert "The books balance" in html
    assert f"<b>{len(data.bars):,}</b><span>bars</span>" in html and f"<b>{len(data.alerts):,}</b><span>alerts</span>" in html
    # Nothing is asked of anybody: no address is loaded from.
    own = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"""(src|href)=["'](?!data:)""", own) and "cdn" not in own


def test_a_backtest_is_a_section_of_it(database):
    data = report.from_database(["BTC-USD"], interval="1h")
    times = pd.date_range("2026-03-02", periods=50, freq="h", tz="UTC")
    data.backtest = Backtest(
        {"symbols": ["BTC-USD"], "performance": {"return": 0.0312, "sharpe": 1.5, "trades": 2, "final_equity": "103120.00",
                                                 "hit_rate": None}},
        pd.DataFrame({"symbol": ["BTC-USD"] * 3, "exit_reason": ["signal", "end", "open"],
                      "profit": ["3200.50", "-80.50", "7.25"], "fees": [10.0, 12.5, 1.0]}),
        pd.DataFrame({"time": times, "equity": np.linspace(100_000, 103_120, 50)}), pd.DataFrame())
    html = report.render(data)
    assert "<b>3.12 %</b><span>return</span>" in html and "<b>103,120.00</b><span>final equity</span>" in html
    row = re.search(r"<tr>(<td[^>]*>BTC-USD</td>.{0,99}<td[^>]*>50.0 %.*?)</tr>", html, re.DOTALL).group(1)
    assert re.findall(r"<td[^>]*>(.*?)</td>", row) == ["BTC-USD", "2", "1", "50.0 %", "3,127.25", "23.50"]
    data.backtest = dataclasses.replace(data.backtest, trades=data.backtest.trades.iloc[:0])
    assert "It made no trade." in report.render(data)


def test_a_report_of_files_marks_a_split(tmp_path):
    source = np.random.default_rng(2)
    times = pd.bdate_range("2024-01-01", periods=300)
    files = {}
    for symbol, split in (("AAA", 150), ("BBB", None)):
        closes = np.round(100 * np.exp(np.cumsum(source.normal(0, 0.01, 300))), 2)
        if split:
            closes[split:] = np.round(closes[split:] / 4, 2)
        opens = np.append(closes[0], closes[:-1])
        if split:
            opens[split] = closes[split]
        files[symbol] = tmp_path / f"{symbol}.csv"
        pd.DataFrame({"Date": times.strftime("%Y-%m-%d"), "Open": opens, "High": np.maximum(opens, closes) + 0.01,
                      "Low": np.minimum(opens, closes) - 0.01, "Close": closes}).to_csv(files[symbol], index=False)
    data = report.from_files(files)
    assert data.bars["periods_per_year"].unique().tolist() == [252.0]
    told = likely_splits(data)
    assert len(told) == 1 and "AAA" in told[0] and "4:1" in told[0]
    html = report.render(data)
    assert "Out of sample" in html and html.count("split of 4:1") == 1
    assert html.index("split of 4:1") < html.index("<h2>Signals</h2>"), "before the numbers that it makes wrong"


def test_curves_far_apart_are_drawn_by_their_logarithms():
    flat, grown = pd.Series([1.0, 1.2, 1.1]), pd.Series([1.0, 2.0, 9.0])
    assert growth([("FLAT", flat)]).layout.yaxis.type == "linear"
    figure = growth([("FLAT", flat), ("GROWN", grown)])
    assert figure.layout.yaxis.type == "log"
    assert [trace.name for trace in figure.data] == ["FLAT", "GROWN"]


def test_symbols_without_common_days_are_left_out_and_named(tmp_path):
    def write(symbol, first, count, frequency="D"):
        close = 100 * np.exp(np.random.default_rng(len(symbol)).normal(0, 0.02, count).cumsum())
        times = pd.date_range(first, periods=count, freq=frequency)
        pd.DataFrame({"date": times, "open": close, "high": close, "low": close, "close": close}).to_csv(
            tmp_path / f"{symbol}.csv", index=False)
    write("AAA", "2024-01-01", 200)
    write("BBBB", "2024-02-01", 200)
    write("LATER", "2026-01-01", 300)
    write("MINUTES", "2024-03-01", 500, "5min")
    data = report.from_files({name: tmp_path / f"{name}.csv" for name in ("AAA", "BBBB", "LATER", "MINUTES")})
    prices, interval_s, _ = chosen_group(data.bars)
    assert (list(prices.columns), interval_s, len(prices)) == (["AAA", "BBBB"], 86_400, 169)
    html = report.render(data)
    assert "Drawdown of equal parts of AAA, BBBB" in html and "Without LATER, MINUTES: of 1 d they share" in html
    assert "Drawn are bars of 5 min; AAA, BBBB, LATER has none" not in html and "Drawn are bars of 1 d; MINUTES has none" in html


def test_files_are_traded_too(program, tmp_path, monkeypatch, capsys):
    for symbol, frequency in (("AAA", "D"), ("BBB", "D"), ("MINUTES", "5min")):
        close = 100 * np.exp(np.random.default_rng(ord(symbol[0])).normal(0, 0.02, 300).cumsum()).round(4)
        times = pd.date_range("2024-01-01", periods=300, freq=frequency)
        pd.DataFrame({"date": times, "open": close, "high": close, "low": close, "close": close}).to_csv(
            tmp_path / f"{symbol}.csv", index=False)
    words = [f"{name}={tmp_path}/{name}.csv" for name in ("AAA", "BBB", "MINUTES")]
    monkeypatch.setenv("TAPELINE_BIN", str(program))
    assert main([*words, "--no-pdf", "--output", str(tmp_path / "r")]) == 0
    assert "AAA, BBB: orders fill at the next bar&#x27;s open" in (tmp_path / "r.html").read_text()
    monkeypatch.setenv("TAPELINE_BIN", str(tmp_path / "nothing"))
    assert main([*words, "--no-pdf", "--output", str(tmp_path / "r")]) == 0
    assert "There is none: " in (tmp_path / "r.html").read_text()
    assert capsys.readouterr().err == ""


def test_what_is_stored_is_traded_with_the_lanes_configuration(database, program, tmp_path, monkeypatch):
    monkeypatch.setenv("TAPELINE_BIN", str(program))
    words = ["--no-pdf", "--interval", "1h", "--symbols", "BTC-USD,ETH-USD", "--output", str(tmp_path / "r")]
    assert main(words) == 0
    assert "There is none: give the lane&#x27;s --config" in (tmp_path / "r.html").read_text()
    assert main([*words, "--config", str(ROOT / "analysis/demo.toml")]) == 0
    assert "BTC-USD, ETH-USD: orders fill at the next" in (tmp_path / "r.html").read_text()


def test_mistakes_end_with_a_sentence(database, tmp_path, capsys):
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    for words, said in ((["X"], "'X' is no SYMBOL=FILE.csv"), ([f"X={tmp_path}/none.csv"], "cannot be read"),
                        ([f"X={tmp_path}/bad.csv"], "has no column time, open, high, low, close"),
                        (["--symbols", "BTCUSD"], "did you mean 'BTC-USD'?"), (["--from", "2031-01-01"], "there are some from"),
                        (["--backtest", f"{tmp_path}/nowhere"], "run `tapeline backtest` first")):
        assert main([*words, "--no-pdf", "--output", str(tmp_path / "r")]) == 1
        assert said in capsys.readouterr().err


def test_numbers_as_people_read_them():
    assert page.percent(-0.0123, coloured=True) == '<span class="bad">−1.23 %</span>'
    assert page.percent(-0.000004, coloured=True) == "0.00 %" and page.number(-1.5) == "−1.50"
    assert page.percent(float("nan")) == page.number(float("inf")) == page.price(float("nan")) == "–"
    assert (page.price(61837.629), page.price(0.10123)) == ("61,837.63", "0.10123")


@pytest.mark.skipif(not shutil.which("chromium"), reason="no chromium: ./dev test installs it")
def test_the_command_writes_both(database, tmp_path):
    done = subprocess.run([sys.executable, "-B", "-m", "tapeline.report", "--interval", "1h", "--output", tmp_path / "report"],
                          capture_output=True, text=True, timeout=240, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"{tmp_path}/report.html", f"{tmp_path}/report.pdf"]
    pdf = (tmp_path / "report.pdf").read_bytes()
    assert pdf.startswith(b"%PDF") and len(pdf) > 50_000
