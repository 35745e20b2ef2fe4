"""Every check of the data quality gate, end to end: its reason, what becomes of the data, and the very bytes."""
import gzip
import itertools
import json
import os
import time
import unittest

import harness

START_MS = 1_700_000_040_000
RECORDING = os.path.join(harness.PAYLOADS, "binance", "ws_spot_btcusdt_20240808_2354.txt.gz")


def synthetic_trades(count):
    """(receive time in ns, data of a trade message), ten a second, as Binance writes them."""
    for i in range(count):
        stamp_ms = START_MS + 100 * i
        yield (stamp_ms + 5) * 10**6, {
            "e": "trade", "E": stamp_ms, "s": "BTCUSDT", "t": 1_000 + i, "p": f"{61_800 + (i * 7) % 13 * 0.5:.8f}",
            "q": f"{0.01 + i % 5 * 0.002:.8f}", "T": stamp_ms, "m": i % 2 == 0, "M": True}


def recorded_trades(count):
    """The same of a real recording."""
    with gzip.open(RECORDING, "rt") as lines:
        parsed = ((line.split(" ", 1)[0], json.loads(line.split(" ", 1)[1])) for line in lines)
        trades = ((int(stamp), body["data"]) for stamp, body in parsed if body.get("stream", "").endswith("@trade"))
        yield from itertools.islice(trades, count)


class Gate:
    """Replays trades of which one was altered, and looks at what came of it."""

    ALTERED = 150  # so many ticks before it have taught the gate what is usual

    def trades(self):
        raise NotImplementedError

    def replay(self, change, extra=""):
        """`change(trades)` alters the list of [receive_ns, data or text] in place; returns the altered one's bytes."""
        trades = [[stamp, dict(data)] for stamp, data in self.trades()]
        altered = change(trades)
        lines = [(stamp, data if isinstance(data, str) else json.dumps(
            {"stream": "btcusdt@trade", "data": data}, separators=(",", ":"))) for stamp, data in trades]
        recording = self.folder.write("altered.txt", "".join(f"{stamp} {text}\n" for stamp, text in lines))
        config = self.config("[redis]\nenabled = false\n[bars]\nintervals_s = [1]\n[quality]\n" + extra)
        done = self.run_tapeline("replay", "--json", "--config", config, "--source", "binance", "--lane", self.lane(), recording)
        self.config_file = config
        return harness.summary_of(done.stdout), lines[altered][1]

    def lane(self):
        return self.id().rsplit(".", 1)[-1][:60]

    def expect(self, change, reason, kind, extra=""):
        summary, payload = self.replay(change, extra)
        told = self.servers.sql(f"SELECT kind, journal_position, detail FROM quality_event WHERE reason = '{reason}'")
        self.assertEqual([row[0] for row in told], [kind], f"{reason}: {told}")
        shown = self.run_tapeline("journal", "show", told[0][1], "--config", self.config_file, "--lane", self.lane(), "--raw")
        self.assertEqual(shown.stdout, payload, "the very bytes")
        count = len(list(self.trades()))
        self.assertEqual(self.servers.count("fact_tick") + (kind == "reject"), count + self.added, "stored, unless rejected")
        self.check_ledger()
        return summary, told[0][2]

    added = 0  # messages that the change has inserted

    def check_ledger(self):
        sums = self.servers.sql("SELECT sum(received), sum(stored + rejected), sum(stored), sum(committed) FROM completeness_ledger")
        received, accounted, stored, committed = map(int, sums[0])
        self.assertEqual(received, accounted)
        self.assertEqual(stored, committed)
        self.assertEqual(committed, self.servers.count("fact_tick"))

    def altering(self, **fields):
        def change(trades):
            data = trades[self.ALTERED][1]
            for key, value in fields.items():
                if value is None:
                    del data[key]
                else:
                    data[key] = value
            return self.ALTERED
        return change

    def test_unparsable(self):
        def change(trades):
            trades[self.ALTERED][1] = '{"stream":"btcusdt@trade","data":{"e":"tra'
            return self.ALTERED
        summary, payload = self.replay(change)
        self.assertEqual(summary["rejects"], 1)
        told = self.servers.sql("SELECT reason, kind, journal_position FROM quality_event WHERE reason = 'unparsable'")
        self.assertEqual([row[:2] for row in told], [("unparsable", "reject")])
        shown = self.run_tapeline("journal", "show", told[0][2], "--config", self.config_file, "--lane", self.lane(), "--raw")
        self.assertEqual(shown.stdout, payload)

    def test_missing_field(self):
        self.expect(self.altering(p=None), "missing_field", "reject")

    def test_not_a_number(self):
        self.expect(self.altering(p="6180x.5"), "not_a_number", "reject")

    def test_non_positive_price(self):
        self.expect(self.altering(p="0.00000000"), "non_positive_price", "reject")

    def test_negative_volume(self):
        self.expect(self.altering(q="-0.01000000"), "negative_volume", "reject")

    def test_out_of_precision(self):
        self.expect(self.altering(p="1234567890.1234567891"), "out_of_precision", "reject")

    def test_bad_timestamp(self):
        self.expect(self.altering(T="soon"), "bad_timestamp", "reject")

    def test_future_event(self):
        def change(trades):
            trades[self.ALTERED][1]["T"] = trades[self.ALTERED][0] // 10**6 + 60_001
            return self.ALTERED
        self.expect(change, "future_event", "reject")

    def test_stale_event(self):
        def change(trades):
            trades[self.ALTERED][1]["T"] = trades[self.ALTERED][0] // 10**6 - 5_000
            return self.ALTERED
        self.expect(change, "stale_event", "flag", "stale_event_ms = 4000\n")

    def test_duplicate(self):
        def change(trades):
            trades.insert(self.ALTERED, [trades[self.ALTERED][0], dict(trades[self.ALTERED - 3][1])])
            return self.ALTERED
        self.added = 1
        summary, _ = self.expect(change, "duplicate", "reject")
        self.assertEqual(self.servers.sql("SELECT sum(duplicates) FROM completeness_ledger"), [("1",)])

    def test_out_of_order(self):
        def change(trades):
            trades[self.ALTERED][1], trades[self.ALTERED - 1][1] = trades[self.ALTERED - 1][1], trades[self.ALTERED][1]
            return self.ALTERED
        self.expect(change, "out_of_order", "flag")

    def test_sequence_gap(self):
        def change(trades):
            del trades[self.ALTERED:self.ALTERED + 4]
            return self.ALTERED
        self.added = -4
        summary, detail = self.expect(change, "sequence_gap", "flag")
        self.assertEqual(summary["gaps"], 1)
        self.assertIn("4 trade ids", detail)
        self.assertEqual(self.servers.sql("SELECT sum(missing) FROM completeness_ledger"), [("4",)])
        held = self.servers.sql("SELECT count(*) FROM fact_bar WHERE signal_reason = 'gap_in_window' AND signal = 'HOLD'")
        self.assertGreater(int(held[0][0]), 0, "signals hold while the gap is in their window")

    def test_an_outlier_is_flagged_and_stored(self):
        self.expect(self.altering(p="1.00000000"), "outlier", "flag")
        self.assertEqual(self.servers.count("fact_bar", "low = 1"), 1, "as configured: it is used")

    def test_an_outlier_is_kept_out_where_that_is_configured(self):
        self.expect(self.altering(p="1.00000000"), "outlier", "reject", 'outlier = "reject"\n')
        self.assertEqual(self.servers.count("fact_bar", "low = 1"), 0)


class SyntheticTrades(Gate, harness.PipelineTest):
    def trades(self):
        return synthetic_trades(400)


@harness.needs_payloads
class RecordedTrades(Gate, harness.PipelineTest):
    def trades(self):
        return recorded_trades(400)


class Sources(harness.PipelineTest):
    def test_two_sources_that_disagree_about_one_symbol(self):
        quote = {"Global Quote": {"01. symbol": "BTC", "05. price": "100.0000", "06. volume": "10",
                                  "07. latest trading day": time.strftime("%Y-%m-%d", time.gmtime(time.time() - 2 * 86_400))}}
        price = {"bitcoin": {"usd": 103, "last_updated_at": int(time.time())}}
        simulator = self.simulator("--respond", "/query=" + self.folder.write("quote.json", json.dumps(quote)),
                                   "--respond", "/api/v3/simple/price=" + self.folder.write("price.json", json.dumps(price)))
        config = self.config(f"""
lane = "divergence"
[quality]
divergence_max_age_ms = 4000000000
[sources.alpha_vantage]
enabled = true
requests_per_day = 0
base_url = "http://{simulator.address}"
symbols = {{ "BTC-USD" = "BTC" }}
api_key = {{ env = "TAPELINE_TEST_KEY" }}
[sources.coingecko]
enabled = true
base_url = "http://{simulator.address}"
symbols = {{ "BTC-USD" = "bitcoin/usd" }}
""")
        self.run_tapeline("once", "--config", config, environment={"TAPELINE_TEST_KEY": "k"})
        told = self.servers.sql("SELECT kind, detail FROM quality_event WHERE reason = 'source_divergence'")
        self.assertEqual([row[0] for row in told], ["flag"])
        self.assertIn("3 %", told[0][1])
        self.assertEqual(self.servers.count("fact_tick"), 2, "both are stored")

    def test_a_symbol_that_falls_silent(self):
        simulator = self.simulator("--rate", "100")
        config = self.config(f"""
lane = "silence"
[quality]
silence_factor = 2
silence_ms_min = 1500
[sources.binance]
enabled = true
websocket_url = "ws://{simulator.address}"
symbols = ["BTCUSDT"]
""")
        running = self.start("run", "--config", config, "--plain", "--for", "60")
        harness.until(lambda: self.servers.count_or_zero("fact_tick") > 100, "ticks arrive")
        simulator.close()
        harness.until(lambda: self.servers.count("quality_event", "reason = 'silent_symbol'") > 0, "silence is told")
        running.end()
        told = self.servers.sql("SELECT kind FROM quality_event WHERE reason = 'silent_symbol'")
        self.assertEqual(told, [("flag",)], "once, until it is heard of again")

    def chart(self, close):
        return json.dumps({"chart": {"error": None, "result": [{
            "meta": {"symbol": "AAPL", "dataGranularity": "5m", "regularMarketTime": 1741381200},
            "timestamp": [1741357800, 1741358100, 1741358400],
            "indicators": {"quote": [{"open": [235.5, 236, 236.25], "high": [236.5, 236.5, 237.0], "low": [235.0, 235.5, 236.0],
                                      "close": [236.25, close, 236.125], "volume": [1000, 1500, 2500]}]}}]}})

    def test_a_source_that_corrects_its_bar(self):
        for close, told in ((236.0, 0), (236.0, 0), (235.75, 1)):
            body = self.folder.write("chart.json", self.chart(close))
            simulator = self.simulator("--respond", "/v8/finance/chart/AAPL=" + body)
            config = self.config(f"""
lane = "corrections"
[sources.yahoo]
enabled = true
base_url = "http://{simulator.address}"
symbols = ["AAPL"]
interval = "5m"
""")
            self.run_tapeline("once", "--config", config)
            simulator.end()
            self.assertEqual(self.servers.count("fact_bar"), 3, "known starts are no new bars")
            corrected = self.servers.sql("SELECT kind, detail FROM quality_event WHERE reason = 'source_correction'")
            self.assertEqual(len(corrected), told)
        self.assertEqual(corrected[0][0], "flag")
        self.assertIn("close 235.75, was 236", corrected[0][1])
        self.assertEqual(self.servers.count("fact_bar", "close = 235.75"), 1, "the bar is what the source last said")
        change = self.servers.sql("SELECT change FROM fact_bar WHERE close = 236.125")
        self.assertEqual(change, [("0.375",)], "and those after it follow from it")


if __name__ == "__main__":
    unittest.main(verbosity=2)
