"""`tapeline backtest`: the same signals as the live run, the same cents as an independent backtest, nothing of the future."""
import csv
import glob
import io
import json
import os
import random
import unittest
import zipfile
from decimal import Decimal

import backtest_reference as reference
import harness

RUN_S = 20
SERIES = os.path.join(harness.PAYLOADS, "series")


def rows_of(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def random_walk(seed, count):
    """Opens and closes in cents."""
    draw = random.Random(seed)
    price, bars = 10000, []
    for _ in range(count):
        opened = max(100, price + draw.randint(-60, 60))
        price = max(100, opened + draw.randint(-150, 150))
        bars.append((Decimal(opened) / 100, Decimal(price) / 100))
    return bars


def csv_of(bars, step_s=60):
    lines = ["timestamp,open,high,low,close,volume"]
    for i, (opened, closed) in enumerate(bars):
        lines.append(f"{1_600_000_000 + i * step_s},{opened},{max(opened, closed)},{min(opened, closed)},{closed},1")
    return "\n".join(lines) + "\n"


class Files(unittest.TestCase):
    """Against the independent implementation, to the last digit of money."""

    def setUp(self):
        harness.require(os.access(harness.PROGRAM, os.X_OK), f"{harness.PROGRAM} is not built: set TAPELINE_BIN")
        self.folder = harness.Folder()
        self.addCleanup(self.folder.remove)
        self.out = os.path.join(self.folder.path, "out")

    def backtest(self, *words, config="", status=0):
        file = self.folder.write("backtest.toml", config)
        done = harness.tapeline("backtest", "--config", file, "--json", "--output", self.out, *words)
        self.assertEqual(done.status, status, str(done))
        return json.loads(done.stdout) if done.stdout else done

    def compare(self, file, bars, *, fee_bps="0", slippage_bps="0", quantity_decimals=8, extra=()):
        config = (f"[backtest]\nfee_bps = {fee_bps}\nslippage_bps = {slippage_bps}\n"
                  f"quantity_decimals = {quantity_decimals}\n")
        summary = self.backtest(*extra, file, config=config)
        trades, equity = reference.backtest(bars, fee_bps=Decimal(fee_bps), slippage_bps=Decimal(slippage_bps),
                                            quantity_decimals=quantity_decimals)
        told = rows_of(self.out, "equity.csv")
        self.assertEqual([Decimal(row["equity"]) for row in told], equity, file)
        times = {row["time"]: i for i, row in enumerate(told)}
        rows = rows_of(self.out, "trades.csv")
        self.assertEqual([(Decimal(row["quantity"]), Decimal(row["profit"])) for row in rows],
                         [(trade[2], trade[3]) for trade in trades], file)
        # Signals were known at the end of the bar before the one that filled them.
        self.assertEqual([times[row["entry_signal_time"]] + 1 for row in rows], [trade[0] for trade in trades], file)
        self.assertEqual(Decimal(summary["performance"]["final_equity"]), equity[-1])
        return len(trades)

    def test_generated_series_agree_to_the_last_digit(self):
        for seed, fee_bps, slippage_bps, decimals in ((1, "0", "0", 8), (2, "10", "0", 8), (3, "2.5", "5", 8), (4, "12.34", "0.5", 0)):
            bars = random_walk(seed, 4000)
            file = self.folder.write("walk.csv", csv_of(bars))
            self.assertGreater(self.compare(file, bars, fee_bps=fee_bps, slippage_bps=slippage_bps, quantity_decimals=decimals), 10)

    @unittest.skipUnless(os.path.isdir(SERIES), f"no series in {harness.SHARED}: set TAPELINE_SHARED")
    def test_recorded_series_agree_to_the_last_digit(self):
        compared = 0
        for file in sorted(glob.glob(os.path.join(SERIES, "*.csv"))):
            with open(file, encoding="utf-8-sig", newline="") as source:
                rows = [{name.lower(): text for name, text in row.items() if name} for row in csv.DictReader(source)]
            if "open" not in rows[0] or "_bad.csv" in file:
                continue  # trades and order books; a file that is broken on purpose
            time = next(name for name in ("datetime", "timestamp", "date") if name in rows[0])
            rows = [row for row in rows if row["open"]]
            # Newest first, or from the lines between on in another order: by time, however it is written.
            rows.sort(key=lambda row: self.sortable(row[time]))
            bars = [(Decimal(row["open"]), Decimal(row["close"])) for row in rows]
            compared += self.compare(file, bars, fee_bps="5", slippage_bps="1")
        self.assertGreater(compared, 100)

    @staticmethod
    def sortable(text):
        day, _, clock = text.partition(" ")
        if "/" in day:
            month, day_of_month, year = day.split("/")
            day = f"{year}-{int(month):02}-{int(day_of_month):02}"
        return day, clock

    @unittest.skipUnless(os.path.isdir(SERIES), f"no series in {harness.SHARED}: set TAPELINE_SHARED")
    def test_daily_bars_of_aapl_and_goog_agree(self):
        for symbol in ("aapl", "goog"):
            with zipfile.ZipFile(os.path.join(SERIES, f"lean_{symbol}_daily.zip")) as archive:
                rows = list(csv.reader(io.TextIOWrapper(archive.open(f"{symbol}.csv"))))
            bars = [(Decimal(row[1]) / 10000, Decimal(row[4]) / 10000) for row in rows]
            lines = ["Date,Open,High,Low,Close,Volume"]
            lines += [",".join([row[0][:8]] + [str(Decimal(price) / 10000) for price in row[1:5]] + [row[5]]) for row in rows]
            file = self.folder.write(f"{symbol}.csv", "\n".join(lines) + "\n")
            self.assertGreater(self.compare(file, bars, fee_bps="3"), 0)

    def test_truncated_history_changes_no_earlier_signal(self):
        bars = random_walk(5, 1500)
        whole = self.folder.write("whole.csv", csv_of(bars))
        self.backtest(whole)
        signals, orders = rows_of(self.out, "signals.csv"), rows_of(self.out, "orders.csv")
        for cut in (17, 300, 777, 1499):
            self.backtest(f"whole={self.folder.write('part.csv', csv_of(bars[:cut]))}")
            part = rows_of(self.out, "signals.csv")
            end = rows_of(self.out, "equity.csv")[-1]["time"]
            self.assertEqual(part, [row for row in signals if row["bar_end"] <= end])
            part = [row for row in rows_of(self.out, "orders.csv") if row["status"] != "pending"]
            self.assertEqual(part, [row for row in orders if row["time"] < end])
        report = self.backtest("--check-lookahead", whole)["lookahead"]
        self.assertEqual((report["findings"], report["cuts"], report["cuts_with_orders"]), ([], 16, 16))

    def test_a_sweep_finds_what_single_runs_give(self):
        file = self.folder.write("walk.csv", csv_of(random_walk(6, 2000)))
        summary = self.backtest("--sweep", "rsi_length=7:21:7", "--sweep", "rsi_buy_below=25,30", "--objective", "return", file)
        rows = rows_of(self.out, "sweep.csv")
        self.assertEqual((summary["combinations"], len(rows)), (6, 6))
        returns = [float(row["return"]) for row in rows]
        self.assertEqual(returns, sorted(returns, reverse=True))
        self.assertEqual(summary["parameters"], {"rsi_length": int(rows[0]["rsi_length"]), "rsi_buy_below": int(rows[0]["rsi_buy_below"])})
        for row in rows:
            config = f"[indicators]\nrsi_length = {row['rsi_length']}\n[signals]\nrsi_buy_below = {row['rsi_buy_below']}\n"
            self.assertEqual(self.backtest(file, config=config)["performance"]["final_equity"], row["final_equity"])

    def test_walk_forward_scores_on_what_was_not_chosen_on(self):
        file = self.folder.write("walk.csv", csv_of(random_walk(7, 3000)))
        summary = self.backtest("--sweep", "rsi_length=7,14", "--walk-forward", "10h:5h", file)
        rows = rows_of(self.out, "walk_forward.csv")
        self.assertGreater(len(rows), 5)
        equity = Decimal(100000)
        for i, row in enumerate(rows):
            self.assertEqual(row["train_to"], row["test_from"])
            if i > 0:
                self.assertEqual(row["test_from"], rows[i - 1]["test_to"])
            window = summary["walk_forward"][i]["test"]
            self.assertEqual(Decimal(window["initial_cash"]), equity)
            equity = Decimal(window["final_equity"])
            # What was chosen is what does best on the training window alone.
            best = self.backtest("--sweep", "rsi_length=7,14", "--from", row["train_from"], "--to", row["train_to"], file,
                                 config="[backtest]\nclose_at_end = true\n")
            if best["performance"]["sharpe"] is not None:
                self.assertEqual(best["parameters"]["rsi_length"], int(row["rsi_length"]))
        self.assertEqual(Decimal(summary["performance"]["final_equity"]), equity)

    def test_rules_are_entries_and_exits(self):
        file = self.folder.write("walk.csv", csv_of(random_walk(8, 3000)))
        config = ('[backtest]\nstrategy = "rules"\ndirection = "both"\nlong_entry = ["rsi_oversold"]\nlong_exit = ["calm"]\n'
                  'short_entry = ["rsi_overbought"]\nshort_exit = ["calm"]\n[rules.calm]\nwhen = "rsi > 45 and rsi < 55"\n')
        self.backtest(file, config=config)
        fired = {(row["rule"], row["bar_end"]) for row in rows_of(self.out, "alerts.csv")}
        orders = rows_of(self.out, "orders.csv")
        self.assertGreater(len(orders), 20)
        rule_of = {"open_long": "rsi_oversold", "open_short": "rsi_overbought", "close_long": "calm", "close_short": "calm"}
        for order in orders:
            self.assertIn((rule_of[order["action"]], order["signal_time"]), fired)
        self.assertEqual({trade["side"] for trade in rows_of(self.out, "trades.csv")}, {"long", "short"})

    def test_bad_files_are_told_with_their_line(self):
        header = "date,open,high,low,close\n2024-01-01,1,2,1,2\n"
        for text, where, cure in (("", ":1:", "empty"), ("a,b\n1,2\n", ":1:", "no column is named date"),
                                  (header + "2024-01-02,1,2,1\n", ":3:", "ends after column 4"),
                                  (header + "2024-01-02,1,2,1,x\n", ":3:", "not a number"),
                                  (header + "2024-01-02,1,2,1,-1\n", ":3:", "not above 0"),
                                  (header + "2024-01-02,1,2,3,1\n", ":3:", "above high"),
                                  (header + "2024-01-02,1,2,1,\n", ":3:", "not a number"),
                                  (header + "2024-02-30,1,2,1,2\n", ":3:", "is no time"),
                                  (header + "31/1/2024,1,2,1,2\n", ":3:", "--day-first"),
                                  (header + "2024-01-01,1,2,1,2\n", ":3:", "same time as line 2"),
                                  (header, ":2:", "--interval")):
            file = self.folder.write("bad.csv", text)
            done = harness.tapeline("backtest", "--output", self.out, file)
            self.assertEqual(done.status, 1, str(done))
            self.assertIn(f"{file}{where}", done.stderr)
            self.assertIn(cure, done.stderr)
        for words, told in ((["--sweep", "rsi_lenght=1:2:1"], "did you mean rsi_length"), (["--sweep", "rsi_length=2:1:1"], "upwards"),
                            (["--walk-forward", "1d:1d"], "--sweep"), (["--from", "yesterday"], "2024-01-31"),
                            (["--sweep", "rsi_length=1.5"], "whole number"), (["--source", "journal"], "--source csv")):
            done = harness.tapeline("backtest", *words, file)
            self.assertEqual(done.status, 2, str(done))
            self.assertIn(told, done.stderr)


class Live(harness.PipelineTest):
    """A live run against the simulator, then the same bars from its journal and from the database."""

    CONFIG = """
lane = "live"
[bars]
intervals_s = [1, 5]
[indicators]
rsi_length = 2
sma_length = 5
[signals]
rsi_buy_below = 45.0
rsi_sell_above = 55.0
[alerts]
max_age_s = 600
[sources.binance]
enabled = true
websocket_url = "ws://tapeline-sim"
symbols = { "BTC-USD" = "BTCUSDT", "ETH-USD" = "ETHUSDT", "DOGE-USD" = "DOGEUSDT" }
lateness_ms = 100
[dashboard]
enabled = false
"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers.fresh_database()
        simulator = harness.Simulator("--seed", "5", "--volatility", "8")
        cls.addClassCleanup(simulator.close)
        cls.environment = {"TAPELINE_SIM": simulator.address}
        cls.files = harness.Folder()
        cls.addClassCleanup(cls.files.remove)
        cls.file = cls.files.write("live.toml", cls.CONFIG)
        # Two runs: the second goes on where the first one ended.
        cls.runs = [harness.tapeline("run", "--config", cls.file, "--for", str(RUN_S / 2), "--plain", "--json", var=cls.servers.var,
                                     environment=cls.environment) for _ in range(2)]

    def setUp(self):
        """All tests look at the same runs."""
        for run in self.runs:
            self.assertEqual(run.status, 0, str(run))

    def backtest(self, *words):
        out = os.path.join(self.files.path, "out")
        done = self.run_tapeline("backtest", "--config", self.file, "--json", "--output", out, *words, environment=self.environment)
        return json.loads(done.stdout), out

    def signals(self, out):
        return [(row["symbol"], row["bar_start"], row["signal"], row["previous"], row["reason"]) for row in rows_of(out, "signals.csv")]

    def stored_signals(self, interval_s):
        return [tuple(row) for row in self.servers.sql(f"""
            SELECT i.symbol, to_char(f.bar_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), f.signal, f.previous, f.reason
            FROM fact_signal f JOIN dim_instrument i USING (instrument_id) JOIN lane_checkpoint l USING (lane_id)
            WHERE l.lane = 'live' AND f.interval_s = {interval_s}""")]

    def test_the_journal_gives_the_signals_of_the_live_run(self):
        for interval_s in (1, 5):
            _, out = self.backtest("--interval", str(interval_s))
            expected = self.stored_signals(interval_s)
            if interval_s == 1:
                self.assertGreater(len(expected), 5)
            self.assertEqual(sorted(self.signals(out)), sorted(expected))

    def test_the_journal_gives_the_alerts_of_the_live_run(self):
        _, out = self.backtest()
        told = sorted((row["symbol"], row["bar_end"], row["rule"]) for row in rows_of(out, "alerts.csv"))
        stored = sorted(tuple(row) for row in self.servers.sql("""
            SELECT symbol, to_char(bar_end AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), rule
            FROM fact_alert JOIN lane_checkpoint USING (lane_id) WHERE lane = 'live' AND interval_s = 1"""))
        self.assertEqual(told, stored)
        self.assertGreater(len(told), 0)

    def test_stored_bars_give_what_the_journal_gives(self):
        of_journal, out = self.backtest()
        files = {name: rows_of(out, name) for name in ("orders.csv", "trades.csv", "equity.csv", "signals.csv")}
        of_database, out = self.backtest("--source", "postgres")
        self.assertEqual(of_database["performance"], of_journal["performance"])
        for name, rows in files.items():
            self.assertEqual(rows_of(out, name), rows, name)
        self.assertGreater(len(files["orders.csv"]), 0)

    def test_shorter_journals_say_the_same(self):
        report, _ = self.backtest("--check-lookahead")
        self.assertEqual(report["lookahead"]["findings"], [])
        self.assertGreater(report["lookahead"]["cuts"], 8)

    def test_a_sweep_over_the_journal_is_the_journal_under_each_configuration(self):
        summary, out = self.backtest("--sweep", "rsi_length=2,3,4", "--symbols", "BTC-USD", "--jobs", "2")
        rows = rows_of(out, "sweep.csv")
        self.assertEqual(len(rows), 3)
        self.assertEqual(summary["symbols"], ["BTC-USD"])
        for row in rows:
            other = self.files.write("other.toml", self.CONFIG.replace("rsi_length = 2", f"rsi_length = {row['rsi_length']}"))
            done = self.run_tapeline("backtest", "--config", other, "--json", "--symbols", "BTC-USD", environment=self.environment)
            self.assertEqual(json.loads(done.stdout)["performance"]["final_equity"], row["final_equity"])

    def test_a_run_is_stored(self):
        summary, out = self.backtest("--postgres")
        (run_id, equity), = self.servers.sql(
            "SELECT run_id, summary->'performance'->>'final_equity' FROM backtest_run ORDER BY run_id DESC LIMIT 1")
        self.assertEqual(equity, summary["performance"]["final_equity"])
        stored = self.servers.sql(f"SELECT quantity, profit FROM backtest_trade WHERE run_id = {run_id} ORDER BY trade")
        self.assertEqual([(Decimal(quantity), Decimal(profit)) for quantity, profit in stored],
                         [(Decimal(row["quantity"]), Decimal(row["profit"])) for row in rows_of(out, "trades.csv")])
        self.assertEqual(self.servers.count("backtest_equity", f"run_id = {run_id}"), len(rows_of(out, "equity.csv")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
