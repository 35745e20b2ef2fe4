#!/usr/bin/env python3
"""One million bars: `tapeline backtest` beside what one would write in Python, in the same run.

Usage     ./dev bench-backtest [BARS]
Peers     pandas by rows: bar by bar as events come, with iterrows(), as most begin. backtesting.py: the usual library (AGPL; for this
          comparison only, and no part of the product). pandas: prices and signals vectorised as far as a recursion allows, then
          itertuples(), money in floats. plain: the independent implementation of the tests, lists and exact decimals. All
          follow the same definitions and fills as the program: whole shares, no costs.
Output    First what came out, which must agree to the cent; then ratios, with and without reading the file. Seconds are those of
          the processor, user and system: others on the machine count for nobody. Ours are medians of nine; the whole command, its
          start included, and what it says itself of the computing.
"""
import csv
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from decimal import Decimal

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, os.path.join(ROOT, "tests/integration/pipeline"))
import backtest_reference as reference  # noqa: E402

PROGRAM = os.environ.get("TAPELINE_BIN", os.path.join(ROOT, "build/release/tapeline"))
CASH = 100_000.005  # half a cent that is never spent: no price divides it, where floating point would lose a share


def write_bars(path, count):
    """A walk in cents, minute by minute."""
    draw = random.Random(20)
    price = 10_000
    with open(path, "w", encoding="utf-8") as file:
        file.write("timestamp,open,high,low,close,volume\n")
        for i in range(count):
            opened = max(1_000, price + draw.randint(-8, 8))
            price = max(1_000, opened + draw.randint(-20, 20))
            high, low = max(opened, price) + draw.randint(0, 9), min(opened, price) - draw.randint(0, 9)
            cents = ",".join(f"{value // 100}.{value % 100:02}" for value in (opened, high, low, price))
            file.write(f"{1_600_000_000 + 60 * i},{cents},{draw.randint(1, 5000)}\n")


def ours(path, folder):
    config = os.path.join(folder, "bench.toml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"[backtest]\ncash = {CASH}\nquantity_decimals = 0\n")
    words = [PROGRAM, "backtest", "--config", config, "--json", f"WALK-USD={path}"]
    totals, computed = [], []
    for _ in range(9):
        began = processor_seconds(resource.RUSAGE_CHILDREN)
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        totals.append(processor_seconds(resource.RUSAGE_CHILDREN) - began)
        computed.append(float(done.stderr.split("computed in ")[1].split()[2]))
    performance = json.loads(done.stdout)["performance"]
    return Decimal(performance["final_equity"]), performance["trades"], statistics.median(totals), statistics.median(computed)


def processor_seconds(whose):
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


def plain(path):
    began = time.process_time()
    with open(path, encoding="utf-8", newline="") as file:
        bars = [(Decimal(row["open"]), Decimal(row["close"])) for row in csv.DictReader(file)]
    read = time.process_time()
    trades, equity = reference.backtest(bars, cash=Decimal(str(CASH)), quantity_decimals=0)
    done = time.process_time()
    return equity[-1], sum(trade[1] is not None for trade in trades), done - began, done - read


def by_rows(path):
    import pandas

    began = time.process_time()
    frame = pandas.read_csv(path, index_col="timestamp")
    read = time.process_time()
    length = 14
    cash, held, wanted, trades = float(CASH), 0.0, 0, 0
    before, gain, loss, seen, equity = None, 0.0, 0.0, 0, []
    for _, bar in frame.iterrows():
        if wanted > 0:
            held = cash // bar["open"]
            cash -= held * bar["open"]
        elif wanted < 0:
            cash, held, trades = cash + held * bar["open"], 0.0, trades + 1
        wanted = 0
        close = bar["close"]
        if before is not None:
            seen += 1
            up, down = max(close - before, 0.0), max(before - close, 0.0)
            if seen <= length:
                gain, loss = gain + up / length, loss + down / length
            else:
                gain, loss = (gain * (length - 1) + up) / length, (loss * (length - 1) + down) / length
            if seen >= length and gain + loss > 0:
                rsi = 100 * gain / (gain + loss)
                if held == 0 and rsi < 30:
                    wanted = 1
                elif held > 0 and rsi > 70:
                    wanted = -1
        before = close
        equity.append(cash + held * close)
    frame["equity"] = equity
    done = time.process_time()
    return Decimal(repr(float(equity[-1]))), trades, done - began, done - read


def with_pandas(path):
    import pandas

    began = time.process_time()
    frame = pandas.read_csv(path)
    frame["timestamp"] = pandas.to_datetime(frame["timestamp"], unit="s", utc=True)
    read = time.process_time()
    length = 14
    change = frame["close"].diff()

    def wilder(values):
        # The first average is the plain mean; then each new value counts 1/N.
        seeded = values.copy()
        seeded.iloc[length] = values.iloc[1:length + 1].mean()
        seeded.iloc[:length] = float("nan")
        return seeded.ewm(alpha=1 / length, adjust=False).mean()

    gain, loss = wilder(change.clip(lower=0)), wilder(-change.clip(upper=0))
    frame["rsi"] = 100 * gain / (gain + loss)
    cash, held, wanted, trades, equity = float(CASH), 0.0, 0, 0, []
    for bar in frame.itertuples(index=False):
        if wanted > 0:
            held = cash // bar.open
            cash -= held * bar.open
        elif wanted < 0:
            cash, held, trades = cash + held * bar.open, 0.0, trades + 1
        wanted = 0
        if held == 0 and bar.rsi < 30:
            wanted = 1
        elif held > 0 and bar.rsi > 70:
            wanted = -1
        equity.append(cash + held * bar.close)
    frame["equity"] = equity
    done = time.process_time()
    return Decimal(repr(equity[-1])), trades, done - began, done - read


def with_library(path):
    import numpy
    import pandas
    from backtesting import Backtest, Strategy

    def rsi(closes):
        return numpy.array([numpy.nan if value is None else value for value in reference.wilder_rsi(closes.tolist())])

    class Thresholds(Strategy):
        def init(self):
            self.rsi = self.I(rsi, self.data.Close)

        def next(self):
            if not self.position and self.rsi[-1] < 30:
                self.buy()
            elif self.position and self.rsi[-1] > 70:
                self.position.close()

    began = time.process_time()
    frame = pandas.read_csv(path).rename(columns=str.capitalize)
    frame.index = pandas.to_datetime(frame.pop("Timestamp"), unit="s")
    read = time.process_time()
    found = Backtest(frame, Thresholds, cash=CASH, finalize_trades=False).run()
    done = time.process_time()
    return Decimal(repr(float(found["Equity Final [$]"]))), int(found["# Trades"]), done - began, done - read


def main():
    warnings.filterwarnings("ignore")  # of peers about their own taste
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="tapeline-bench-") as folder:
        path = os.path.join(folder, "walk.csv")
        write_bars(path, count)
        results = {"tapeline": ours(path, folder), "pandas by rows": by_rows(path), "backtesting.py": with_library(path),
                   "pandas": with_pandas(path), "plain Python": plain(path)}
    equity, trades = results["tapeline"][:2]
    for name, result in results.items():
        difference = abs(result[0] - equity)
        if result[1] != trades or difference >= Decimal("0.01"):
            sys.exit(f"{name} has {result[0]} after {result[1]} trades, tapeline {equity} after {trades}: nothing is timed")
    print(f"{count:,} bars, {trades:,} trades, {equity:.2f} at the end; all agree to the cent")
    print(f"{'':<16}{'file to result':>16}{'ratio':>9}{'from memory':>16}{'ratio':>9}")
    _, _, total, computed = results["tapeline"]
    for name, (_, _, its_total, its_computed) in results.items():
        print(f"{name:<16}{its_total:>14.3f} s{its_total / total:>9.1f}{its_computed:>14.3f} s{its_computed / computed:>9.1f}")


if __name__ == "__main__":
    main()
