"""`tapeline replay`: a recording becomes rows, exactly, and the same rows every time."""
import csv
import decimal
import gzip
import json
import os
import random
import unittest

import bars
import harness

CONFIG = "config/default.toml"

# What a table says of the market; its time of commit and its surrogate keys are not part of that.
DUMPS = {
    "fact_tick": "SELECT * FROM fact_tick",
    "fact_bar": "SELECT * FROM fact_bar",
    "fact_signal": "SELECT * FROM fact_signal",
    "fact_alert": "SELECT * FROM fact_alert",
    "quality_event": "SELECT * FROM quality_event",
    "dim_instrument": "SELECT symbol, source_id, native_symbol FROM dim_instrument",
    "lane_checkpoint": "SELECT lane, position, configuration_hash FROM lane_checkpoint",
}


def dump(servers):
    return {table: sorted(servers.sql(sql)) for table, sql in DUMPS.items()}


def message(stream, data):
    return json.dumps({"stream": stream, "data": data}, separators=(",", ":"))


def trade_line(trade, receive_ns):
    data = {"e": "trade", "E": trade.event_ns // 10**6, "s": trade.symbol, "t": trade.trade_id, "p": f"{trade.price:.8f}",
            "q": f"{trade.volume:.8f}", "T": trade.event_ns // 10**6, "m": trade.trade_id % 2 == 0, "M": True}
    return f"{receive_ns} " + message(trade.symbol.lower() + "@trade", data)


def random_trades(seed, count, symbols=("BTCUSDT", "ETHUSDT"), start_ns=1_700_000_037_000_000_000):
    """Trades over some minutes, ascending in event time, with ids that count up for each symbol."""
    source = random.Random(seed)
    ids = dict.fromkeys(symbols, 5_000)
    prices = dict(zip(symbols, (6_183_763, 268_380)))
    trades = []
    now_ns = start_ns
    for _ in range(count):
        now_ns += source.randrange(0, 900) * 10**6
        symbol = source.choice(symbols)
        ids[symbol] += 1
        prices[symbol] += source.randrange(-300, 301)
        trades.append(bars.Trade(symbol, now_ns, decimal.Decimal(prices[symbol]).scaleb(-2),
                                 decimal.Decimal(source.randrange(1, 10**6)).scaleb(-5), ids[symbol]))
    return trades


def lines_of(trades):
    """A recording of them: received a little after they happened, in the order given."""
    receive_ns = 0
    for trade in trades:
        receive_ns = max(receive_ns + 1, trade.event_ns + 3_000_000)
        yield trade_line(trade, receive_ns)


class GeneratedRecording(harness.PipelineTest):
    config_text = """
[bars]
intervals_s = [1, 60]
"""

    def replay(self, *recordings, text=None, status=0):
        config = self.config(self.config_text if text is None else text)
        done = self.run_tapeline("replay", "--config", config, "--source", "binance", "--json", *recordings, status=status)
        return harness.summary_of(done.stdout)

    def recording(self, lines, name="recording.txt"):
        return self.folder.write(name, "".join(line + "\n" for line in lines))

    def test_every_trade_and_every_bar_is_there_exactly(self):
        trades = random_trades(seed=1, count=900)
        summary = self.replay(self.recording(lines_of(trades)))
        self.assertGreaterEqual(summary["frames"], len(trades))
        self.assertEqual(summary["ticks"], len(trades))
        self.assertEqual(summary["rejects"], 0)
        self.assertEqual(bars.trades_in(self.servers), trades)
        for interval_s in (1, 60):
            expected = bars.bars_of(trades, interval_s)
            self.assertEqual(bars.bars_in(self.servers, interval_s), expected, f"bars of {interval_s} s")
        # Only where the recording begins and ends is a bar not whole.
        partial = self.servers.sql("""
            SELECT symbol, interval_s, count(*) FROM fact_bar JOIN dim_instrument USING (instrument_id)
            WHERE is_partial GROUP BY 1, 2 ORDER BY 1, 2""")
        self.assertEqual([row[:2] for row in partial],
                         [("BTCUSDT", "1"), ("BTCUSDT", "60"), ("ETHUSDT", "1"), ("ETHUSDT", "60")])
        for row in partial:
            self.assertIn(int(row[2]), (1, 2), row)
        sides = dict(self.servers.sql("SELECT trade_id % 2, min(side) FROM fact_tick GROUP BY 1"))
        self.assertEqual(sides, {"0": "sell", "1": "buy"})

    def test_gzip_gives_the_same_rows(self):
        lines = "".join(line + "\n" for line in lines_of(random_trades(seed=2, count=400)))
        self.replay(self.folder.write("recording.txt", lines))
        plain = dump(self.servers)
        self.servers.fresh_database()
        self.replay(self.folder.write("recording.txt.gz", gzip.compress(lines.encode())))
        zipped = dump(self.servers)
        for table in ("fact_tick", "fact_bar", "fact_signal", "fact_alert", "quality_event"):
            self.assertEqual(zipped[table], plain[table], table)
        self.assertGreater(len(plain["fact_tick"]), 0)

    def test_a_fresh_database_gets_identical_rows(self):
        recording = self.recording(lines_of(random_trades(seed=3, count=1_500)))
        text = self.config_text + "[rules.significant_move]\nwhen = \"abs(change_pct) >= 0.001\"\nhysteresis = 0\ncooldown_s = 0\n"
        self.replay(recording, text=text)
        first = dump(self.servers)
        self.assertGreater(len(first["fact_alert"]), 0)
        self.assertGreater(len(first["fact_signal"]), 0)
        self.servers.fresh_database()
        self.replay(recording, text=text)
        second = dump(self.servers)
        for table in DUMPS:
            self.assertEqual(second[table], first[table], table)

    def test_a_second_replay_writes_nothing_twice(self):
        recording = self.recording(lines_of(random_trades(seed=4, count=600)))
        self.replay(recording)
        first = dump(self.servers)
        again = self.replay(recording)
        self.assertEqual(dump(self.servers), first)
        self.assertEqual(again["rows_committed"], 0)

    def test_trades_within_the_lateness_change_no_bar(self):
        trades = random_trades(seed=5, count=800)
        ordered = bars.bars_of(trades, 1)
        source = random.Random(5)
        # At most 400 ms late, where 1000 ms are allowed.
        shuffled = sorted(trades, key=lambda trade: trade.event_ns + source.randrange(0, 400) * 10**6)
        self.assertNotEqual(shuffled, trades)
        summary = self.replay(self.recording(lines_of(shuffled)))
        self.assertEqual(summary["late"], 0)
        self.assertEqual(sorted(bars.trades_in(self.servers)), sorted(trades))
        # The first bar begins in the middle of a second for all that anyone knows; the numbers are the same.
        self.assertEqual(bars.bars_in(self.servers, 1), ordered)

    def test_a_late_trade_is_stored_and_told_but_changes_no_closed_bar(self):
        trades = random_trades(seed=6, count=300, symbols=("BTCUSDT",))
        moved = trades.pop(100)
        trades.insert(200, moved)
        summary = self.replay(self.recording(lines_of(trades)), text="[bars]\nintervals_s = [1]\n")
        self.assertEqual(summary["late"], 1)
        self.assertEqual(self.servers.count("fact_tick"), len(trades))
        told = self.servers.sql("SELECT reason, event_time = to_timestamp({}::numeric / 1000000000) FROM quality_event "
                                "WHERE reason = 'late_tick'".format(moved.event_ns))
        self.assertEqual(told, [("late_tick", "t")])
        on_time = [trade for trade in trades if trade is not moved]
        self.assertEqual(bars.bars_in(self.servers, 1), bars.bars_of(on_time, 1))

    def test_what_is_wrong_is_kept_with_its_reason_and_the_rest_arrives(self):
        trades = random_trades(seed=7, count=50, symbols=("BTCUSDT",))
        lines = list(lines_of(trades))
        good = json.loads(lines[0].split(" ", 1)[1])["data"]

        def broken(**fields):
            data = dict(good, t=good["t"] - 1_000, **fields)
            return message("btcusdt@trade", {key: value for key, value in data.items() if value is not None})

        receive_ns = lines[0].split(" ", 1)[0]
        bad_frames = [
            ('{"stream":"btcusdt@trade","data":{"e":"tra', "unparsable"),
            ("no JSON at all", "unparsable"),
            (broken(p="0.00000000"), "non_positive_price"),
            (broken(p="-1.00000000"), "non_positive_price"),
            (broken(q="-0.50000000"), "negative_volume"),
            (broken(p="12x.4"), "not_a_number"),
            (broken(p="1234567890.1234567891"), "out_of_precision"),
            (broken(T="soon"), "bad_timestamp"),
            (broken(p=None), "missing_field"),
            (broken(T=(int(receive_ns) // 10**6) + 3_600_000), "future_event"),
        ]
        lines[1:1] = [f"{receive_ns} {payload}" for payload, _ in bad_frames]
        others = [message("btcusdt@bookTicker", {"u": 1, "s": "BTCUSDT", "b": "1.0", "B": "1.0", "a": "1.1", "A": "1.0"}),
                  message("btcusdt@depth@100ms", {"e": "depthUpdate", "E": 1, "s": "BTCUSDT", "U": 1, "u": 2, "b": [], "a": []}),
                  '{"result":null,"id":1}']
        lines[5:5] = [f"{receive_ns} {payload}" for payload in others]
        summary = self.replay(self.recording(lines))
        self.assertEqual(summary["ticks"], len(trades))
        self.assertEqual(summary["rejects"], len(bad_frames))
        self.assertEqual(summary["ignored"], {"depthUpdate": 1, "subscribed": 1})  # a bookTicker is a quote
        told = self.servers.sql("SELECT reason FROM quality_event WHERE kind = 'reject' ORDER BY journal_position")
        self.assertEqual(sorted(row[0] for row in told), sorted(reason for _, reason in bad_frames))
        self.assertEqual(bars.trades_in(self.servers), trades)

    def test_a_line_without_a_time_is_kept_as_a_reject(self):
        trades = random_trades(seed=8, count=20, symbols=("BTCUSDT",))
        lines = list(lines_of(trades))
        lines.insert(10, "not-a-time {}")
        summary = self.replay(self.recording(lines))
        self.assertEqual(summary["ticks"], len(trades))
        self.assertEqual(summary["rejects"], 1)
        self.assertEqual(self.servers.sql("SELECT reason FROM quality_event"), [("unparsable",)])

    def test_a_damaged_recording_is_never_taken_for_a_whole_one(self):
        lines = "".join(line + "\n" for line in lines_of(random_trades(seed=9, count=2_000)))
        whole = gzip.compress(lines.encode())
        damaged = self.folder.write("damaged.txt.gz", whole[:len(whole) // 2])
        config = self.config(self.config_text)
        done = harness.tapeline("replay", "--config", config, "--source", "binance", damaged, var=self.servers.var)
        self.assertNotEqual(done.status, 0, str(done))
        self.assertIn(damaged, done.stderr, str(done))

    def test_recordings_of_the_same_time_are_read_side_by_side(self):
        """A recording for each symbol, as recorders write them: one must not make the other late."""
        trades = random_trades(seed=10, count=600)
        names = [self.recording(lines_of(trade for trade in trades if trade.symbol == symbol), symbol + ".txt")
                 for symbol in ("BTCUSDT", "ETHUSDT")]
        summary = self.replay(*names)
        self.assertEqual(summary["late"], 0)
        self.assertEqual(sorted(bars.trades_in(self.servers)), sorted(trades))
        for interval_s in (1, 60):
            self.assertEqual(bars.bars_in(self.servers, interval_s), bars.bars_of(trades, interval_s))

    def test_recordings_that_follow_each_other_are_one(self):
        trades = random_trades(seed=11, count=600)
        lines = list(lines_of(trades))
        self.replay(self.recording(lines[:251], "1.txt"), self.recording(lines[251:], "2.txt"))
        self.assertEqual(bars.trades_in(self.servers), trades)
        for interval_s in (1, 60):
            self.assertEqual(bars.bars_in(self.servers, interval_s), bars.bars_of(trades, interval_s))

    def test_lines_may_end_like_those_of_windows(self):
        trades = random_trades(seed=12, count=50)
        recording = self.folder.write("recording.txt", "".join(line + "\r\n" for line in lines_of(trades)))
        self.replay(recording)
        self.assertEqual(bars.trades_in(self.servers), trades)

    def test_a_recording_that_is_not_there_is_named(self):
        config = self.config(self.config_text)
        missing = self.folder.path + "/missing.txt.gz"
        done = harness.tapeline("replay", "--config", config, "--source", "binance", missing, var=self.servers.var)
        self.assertNotEqual(done.status, 0, str(done))
        self.assertIn(missing, done.stderr)


@harness.needs_payloads
class RealRecording(harness.PipelineTest):
    def replay(self, name):
        recording = os.path.join(harness.PAYLOADS, "binance", name + ".txt.gz")
        done = self.run_tapeline("replay", "--config", CONFIG, "--source", "binance", recording, "--json")
        return harness.summary_of(done.stdout), self.messages(recording)

    @staticmethod
    def messages(recording):
        """How many messages of each kind there are, and the ids of the trades, by a plain JSON reader."""
        kinds, ids = {}, []
        with gzip.open(recording, "rt", encoding="utf-8") as file:
            for line in file:
                body = json.loads(line.split(" ", 1)[1])
                data = body.get("data", body)
                kind = data.get("e") or ("snapshot" if "lastUpdateId" in data else "bookTicker")
                kinds[kind] = kinds.get(kind, 0) + 1
                if kind == "trade":
                    ids.append(data["t"])
        return kinds, ids

    def check(self, symbol, name):
        summary, (kinds, ids) = self.replay(name)
        self.assertEqual(summary["ticks"], len(ids))
        self.assertEqual(self.servers.count("fact_tick"), len(ids))
        trades = kinds.pop("trade")
        kinds.pop("bookTicker", None)  # quotes: shown, not stored
        self.assertEqual(trades, len(ids))
        self.assertEqual(summary["ignored"], kinds)
        self.assertEqual(self.servers.sql("SELECT symbol, native_symbol FROM dim_instrument"), [(symbol, symbol)])
        # A hole in the ids of the recording is told; nothing else is wrong with it.
        holes = sum(1 for before, after in zip(ids, ids[1:]) if after > before + 1)
        self.assertEqual(self.servers.count("quality_event", "reason <> 'sequence_gap'"), 0)
        self.assertEqual(self.servers.count("quality_event"), holes)
        with open(os.path.join(harness.SHARED, "data/expected", name + ".60s.csv"), encoding="utf-8") as file:
            expected = {(row["symbol"], row["bar_start_utc"]): row for row in csv.DictReader(file)}
        found = bars.bars_in(self.servers, 60)
        self.assertEqual(sorted(found), sorted(expected))
        for key, row in expected.items():
            for column in ("open", "high", "low", "close", "volume"):
                self.assertEqual(getattr(found[key], column), decimal.Decimal(row[column]), (key, column))
            self.assertEqual(found[key].trades, int(row["trades"]), key)

    def test_btcusdt(self):
        self.check("BTCUSDT", "ws_spot_btcusdt_20240808_2354")
        self.assertEqual(self.servers.count("fact_tick"), 9757)
        first = dump(self.servers)
        self.servers.fresh_database()
        self.replay("ws_spot_btcusdt_20240808_2354")
        second = dump(self.servers)
        for table in DUMPS:
            self.assertEqual(second[table], first[table], table)
        again, _ = self.replay("ws_spot_btcusdt_20240808_2354")
        self.assertEqual(again["rows_committed"], 0)
        self.assertEqual(dump(self.servers), first)

    def test_ethusdt(self):
        self.check("ETHUSDT", "ws_spot_ethusdt_20240808_2354")


if __name__ == "__main__":
    unittest.main(verbosity=2)
