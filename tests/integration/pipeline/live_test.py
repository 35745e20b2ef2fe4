"""`tapeline run` against the simulator: what a user of the demo finds in PostgreSQL and Redis."""
import json
import unittest

import bars
import harness

RUN_S = 25


class Demo(harness.PipelineTest):
    """One run of the demo's configuration, looked at from every side."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers.fresh_database()
        simulator = harness.Simulator("--seed", "7")
        cls.addClassCleanup(simulator.close)
        subscriber = harness.Background(["redis-cli", "-s", cls.servers.redis_socket, "--json", "psubscribe", "alerts:*"], None)
        cls.addClassCleanup(subscriber.close)
        harness.until(lambda: "psubscribe" in subscriber.stdout, "the subscriber listens")
        cls.done = harness.tapeline("run", "--config", "config/demo.toml", "--for", str(RUN_S), "--plain", "--json",
                                    var=cls.servers.var, environment={"TAPELINE_SIM": simulator.address, "TAPELINE_DEMO_KEY": "demo"})
        cls.heard = cls.alerts_heard(subscriber.stdout)
        cls.keys = set(cls.servers.redis("keys", "*").split())

    def setUp(self):
        """All tests look at the one run."""
        self.assertEqual(self.done.status, 0, str(self.done))

    @staticmethod
    def alerts_heard(output):
        """Payloads by alert_id, of the lines ["pmessage", pattern, channel, payload] that redis-cli prints."""
        heard = {}
        for line in output.splitlines():
            if line.startswith('["pmessage"') and line.endswith("]"):
                _, _, channel, payload = json.loads(line)
                alert = json.loads(payload)
                heard[alert["alert_id"]] = dict(alert, channel=channel)
        return heard

    def test_the_summary_agrees_with_the_tables(self):
        summary = harness.summary_of(self.done.stdout)
        self.assertGreater(summary["frames"], 0)
        self.assertEqual(summary["frames_refused"], 0)
        tables = {"ticks": "fact_tick", "bars": "fact_bar", "signals": "fact_signal", "alerts": "fact_alert"}
        for key, table in tables.items():
            self.assertGreater(summary[key], 0, key)
            self.assertEqual(self.servers.count(table), summary[key], key)
        self.assertEqual(self.servers.count("quality_event"), summary["rejects"] + summary["flags"] + summary["refusals"])
        self.assertEqual(summary["checkpoint"], summary["journal_position"])
        self.assertGreater(summary["latency_ns"]["count"], 0)
        self.assertLessEqual(summary["latency_ns"]["p50"], summary["latency_ns"]["p99"])

    def test_trade_ids_are_contiguous_and_unique(self):
        rows = self.servers.sql("""SELECT instrument_id, count(*), count(DISTINCT trade_id), max(trade_id) - min(trade_id) + 1
                                   FROM fact_tick WHERE trade_id IS NOT NULL GROUP BY 1""")
        self.assertGreater(len(rows), 0)
        for instrument, count, distinct, span in rows:
            self.assertEqual((count, count), (distinct, span), f"instrument {instrument}")

    def test_bars_are_those_of_the_stored_trades(self):
        trades = bars.trades_in(self.servers, "trade_id IS NOT NULL")
        intervals = [int(row[0]) for row in self.servers.sql("""
            SELECT DISTINCT interval_s FROM fact_bar JOIN fact_tick USING (instrument_id)
            WHERE trade_id IS NOT NULL AND NOT is_source_bar""")]
        self.assertGreater(len(intervals), 0)
        late = self.servers.count("quality_event", "reason = 'late_tick'")
        self.assertEqual(late, 0)
        streamed = "instrument_id IN (SELECT instrument_id FROM fact_tick WHERE trade_id IS NOT NULL)"
        for interval_s in intervals:
            expected = bars.bars_of(trades, interval_s)
            found = bars.bars_in(self.servers, interval_s, f"NOT is_filled AND NOT is_source_bar AND {streamed}")
            for key, bar in found.items():
                self.assertEqual(bar, expected[key])

    def test_a_subscriber_saw_the_alerts_that_are_stored(self):
        self.assertGreater(len(self.heard), 0)
        stored = {row[0]: row[1:] for row in self.servers.sql(
            "SELECT alert_id, rule, symbol, interval_s, close FROM fact_alert")}
        stream = self.stream()
        self.assertEqual(set(self.heard), set(stored))
        self.assertEqual({fields["alert_id"] for _, fields in stream}, set(stored))
        self.assertEqual(len(stream), len(stored))
        for alert_id, alert in self.heard.items():
            rule, symbol, interval_s, close = stored[alert_id]
            self.assertEqual(alert["channel"], f"alerts:{symbol}")
            self.assertEqual((alert["rule"], alert["symbol"], str(alert["interval_s"])), (rule, symbol, interval_s))
            self.assertEqual(harness.exact(str(alert["close"])), harness.exact(close))

    def stream(self):
        return [(entry[0], dict(zip(entry[1][::2], entry[1][1::2]))) for entry in
                self.servers.redis_json("xrange", "alerts", "-", "+")]

    def test_latest_values_have_an_expiry_and_are_those_of_the_last_tick(self):
        rows = self.servers.sql("""
            SELECT DISTINCT ON (symbol) symbol, price FROM fact_tick JOIN dim_instrument USING (instrument_id)
            WHERE trade_id IS NOT NULL ORDER BY symbol, event_ns DESC, trade_id DESC""")
        self.assertGreater(len(rows), 0)
        for symbol, price in rows:
            self.assertEqual(harness.exact(self.servers.redis("get", f"{symbol}:price")), harness.exact(price), symbol)
            self.assertEqual(harness.exact(self.servers.redis("hget", "market:data", symbol)), harness.exact(price), symbol)
            self.assertIn(self.servers.redis("get", f"{symbol}:signal"), ("BUY", "SELL", "HOLD"))
            self.assertIn(self.servers.redis("get", f"{symbol}:trend"), ("bullish", "bearish", "neutral"))
            for key in (f"{symbol}:price", f"{symbol}:signal", f"{symbol}:trend", "market:data"):
                self.assertIn(key, self.keys)
                expiry_s = int(self.servers.redis("ttl", key))
                # -1 is a key that never goes; -2 one that is gone already, which a slow machine may see.
                self.assertTrue(expiry_s == -2 or 0 <= expiry_s <= 300, f"{key}: {expiry_s}")

    def test_the_audit_covers_the_journal_without_a_hole(self):
        rows = self.servers.sql("SELECT from_position, to_position, row_count FROM audit_batch ORDER BY batch_id")
        self.assertGreater(len(rows), 0)
        for before, after in zip(rows, rows[1:]):
            self.assertEqual(before[1], after[0])
        checkpoint = self.servers.sql("SELECT position FROM lane_checkpoint")
        self.assertEqual([rows[-1][1:2]], checkpoint)


class Signal(harness.PipelineTest):
    """Ctrl-C, and what it leaves."""

    def test_an_interrupt_drains_everything(self):
        simulator = self.simulator("--seed", "3")
        config = self.config(f"""
[bars]
intervals_s = [1]
[sources.binance]
enabled = true
websocket_url = "ws://{simulator.address}"
symbols = {{ "BTC-USD" = "BTCUSDT", "ETH-USD" = "ETHUSDT" }}
""")
        running = self.start("run", "--config", config, "--plain", "--json")
        harness.until(lambda: self.servers.count_or_zero("fact_tick") > 100, "a hundred ticks are stored")
        running.process.send_signal(2)
        self.assertEqual(running.wait(), 0, running.stderr)
        summary = harness.summary_of(running.stdout)
        self.assertEqual(self.servers.count("fact_tick"), summary["ticks"])
        self.assertEqual(summary["checkpoint"], summary["journal_position"])
        names = self.servers.sql("SELECT symbol, native_symbol FROM dim_instrument ORDER BY 1")
        self.assertEqual(names, [("BTC-USD", "BTCUSDT"), ("ETH-USD", "ETHUSDT")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
