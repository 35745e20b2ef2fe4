"""A sink that goes away while the pipeline runs: nothing is missing afterwards, and nothing is there twice."""
import time
import unittest

import bars
import harness

OUTAGE_S = 10

# Bars of one second and rules that fire at every move: alerts enough in a short run.
CONFIG = """
[bars]
intervals_s = [1]
[rules.significant_move]
when = "abs(change_pct) >= 0.002"
hysteresis = 0.001
cooldown_s = 0
[sources.binance]
enabled = true
websocket_url = "ws://{address}"
symbols = {{ "BTC-USD" = "BTCUSDT", "ETH-USD" = "ETHUSDT", "SOL-USD" = "SOLUSDT" }}
"""


class Outage(harness.PipelineTest):
    def begin(self, run_s):
        """A run that ends by itself, once it has stored its first alerts."""
        simulator = self.simulator("--seed", "11", "--rate", "500")
        config = self.config(CONFIG.format(address=simulator.address))
        running = self.start("run", "--config", config, "--for", str(run_s), "--plain", "--json")
        harness.until(lambda: self.servers.count_or_zero("fact_alert") > 0, "an alert is stored")
        self.assertIsNone(running.process.poll(), running.stderr)
        return running

    def check_rows(self, running):
        summary = harness.summary_of(running.stdout)
        rows = self.servers.sql("""SELECT symbol, count(*), count(DISTINCT trade_id), max(trade_id) - min(trade_id) + 1
                                   FROM fact_tick JOIN dim_instrument USING (instrument_id) GROUP BY 1""")
        self.assertEqual(len(rows), 3)
        for symbol, count, distinct, span in rows:
            self.assertEqual((count, count), (distinct, span), f"{symbol}: rows, different ids, ids between first and last")
        for key, table in {"ticks": "fact_tick", "bars": "fact_bar", "signals": "fact_signal", "alerts": "fact_alert"}.items():
            self.assertEqual(self.servers.count(table), summary[key], key)
        self.assertEqual(summary["checkpoint"], summary["journal_position"])
        self.assertEqual(summary["frames_refused"], 0)
        found = bars.bars_in(self.servers, 1, "NOT is_partial")
        expected = bars.bars_of(bars.trades_in(self.servers), 1)
        self.assertGreater(len(found), 0)
        for key, bar in found.items():
            self.assertEqual(bar, expected[key])
        # No bar between two others of its symbol is missing where there were trades.
        for symbol in {key[0] for key in found}:
            starts = sorted(key[1] for key in found if key[0] == symbol)
            traded = sorted(key[1] for key in expected if key[0] == symbol and starts[0] <= key[1] <= starts[-1])
            self.assertEqual(starts, traded)

    def stream_ids(self):
        """alert_id of every entry of the stream, in order."""
        entries = self.servers.redis_json("xrange", "alerts", "-", "+")
        return [dict(zip(fields[::2], fields[1::2]))["alert_id"] for _, fields in entries]

    def check_alerts(self):
        stored = sorted(row[0] for row in self.servers.sql("SELECT alert_id FROM fact_alert"))
        self.assertGreater(len(stored), 0)
        self.assertEqual(sorted(self.stream_ids()), stored)

    def alerts_reach(self, count):
        return lambda: self.servers.count_or_zero("fact_alert") > count

    def test_postgres_crashes_for_ten_seconds(self):
        running = self.begin(run_s=25)
        before = self.servers.count("fact_tick")
        self.servers.crash_postgres()
        # Not a wait for anything: the length of the outage is the case.
        time.sleep(OUTAGE_S)
        self.assertIsNone(running.process.poll(), running.stderr)
        told = running.stderr
        self.servers.up()
        self.assertEqual(running.wait(120), 0, running.stderr)
        self.assertGreater(self.servers.count("fact_tick"), before)
        self.assertRegex(told.lower(), "postgres|writer", "the outage is told while it lasts")
        self.check_rows(running)
        self.check_alerts()

    def test_postgres_crashes_again_and_again(self):
        running = self.begin(run_s=25)
        for _ in range(3):
            stored = self.servers.count_or_zero("fact_tick")
            self.servers.crash_postgres()
            self.servers.up()
            harness.until(lambda stored=stored: self.servers.count_or_zero("fact_tick") > stored, "more ticks are stored")
        self.assertEqual(running.wait(120), 0, running.stderr)
        self.check_rows(running)

    def test_postgres_is_gone_when_the_run_ends(self):
        """What could not be committed is in the journal, and follows at the next start."""
        simulator = self.simulator("--seed", "12", "--rate", "500")
        config = self.config(CONFIG.format(address=simulator.address) + "[runtime]\ndrain_timeout_s = 1\n")
        running = self.start("run", "--config", config, "--plain", "--json")
        harness.until(lambda: self.servers.count_or_zero("fact_tick") > 500, "ticks are stored")
        self.servers.crash_postgres()
        at_crash = running.stderr
        harness.until(lambda: running.stderr != at_crash, "something is told of the outage")
        self.assertNotEqual(running.end(), 0, "an end with rows left is told by the exit status")
        first = harness.summary_of(running.stdout)
        self.servers.up()
        # Again without a source: only what the journal has.
        quiet = self.config(CONFIG.format(address="127.0.0.1:9") + "[runtime]\ndrain_timeout_s = 30\n", "quiet.toml")
        again = self.run_tapeline("run", "--config", quiet, "--for", "2", "--plain", "--json")
        self.assertEqual(self.servers.count("fact_tick"), first["ticks"], str(again))
        rows = self.servers.sql("SELECT count(*), count(DISTINCT (instrument_id, trade_id)) FROM fact_tick")
        self.assertEqual(rows[0][0], rows[0][1])

    def test_redis_is_gone_when_the_run_ends(self):
        """What Redis did not get is said, and follows at the next start."""
        running = self.begin(run_s=600)
        self.servers.stop_redis()
        harness.until(self.alerts_reach(self.servers.count("fact_alert")), "an alert fires that Redis cannot get")
        self.assertEqual(running.end(), 1, running.stderr)
        self.assertRegex(running.stderr, "[0-9]+ alerts were not delivered to Redis")
        waiting = harness.summary_of(running.stdout)["alerts_waiting"]
        self.assertGreater(waiting, 0)
        self.servers.up()
        # More where it had just taken some when it went away.
        self.assertGreaterEqual(len(self.stream_ids()) + waiting, self.servers.count("fact_alert"))
        quiet = self.config(CONFIG.format(address="127.0.0.1:9"), "quiet.toml")
        self.run_tapeline("run", "--config", quiet, "--for", "2", "--plain")
        self.check_alerts()

    def test_redis_is_gone_for_some_seconds(self):
        running = self.begin(run_s=25)
        harness.until(lambda: len(self.stream_ids()) > 0, "an alert is in the stream")
        self.servers.stop_redis()
        stored = self.servers.count("fact_alert")
        harness.until(self.alerts_reach(stored + 2), "alerts fire while Redis is gone")
        self.assertIsNone(running.process.poll(), running.stderr)
        self.assertIn("redis", running.stderr.lower(), "the outage is told while it lasts")
        self.servers.up()
        self.assertEqual(running.wait(120), 0, running.stderr)
        self.check_rows(running)
        self.check_alerts()

    def test_the_simulator_goes_away_and_returns_nothing_is_taken_twice(self):
        """Connections that are cut every few hundred messages: holes are possible, doubles are not."""
        simulator = self.simulator("--seed", "13", "--rate", "500", "--drop-connection-every", "400")
        config = self.config(CONFIG.format(address=simulator.address))
        running = self.start("run", "--config", config, "--for", "8", "--plain", "--json")
        self.assertEqual(running.wait(120), 0, running.stderr)
        summary = harness.summary_of(running.stdout)
        self.assertGreater(summary["ticks"], 400, "it came back after the first cut")
        rows = self.servers.sql("SELECT count(*), count(DISTINCT (instrument_id, trade_id)) FROM fact_tick")
        self.assertEqual(rows, [(str(summary["ticks"]),) * 2])
        # Every hole in the ids is told as one.
        holes = self.servers.sql("""
            SELECT count(*) FROM (SELECT trade_id - lag(trade_id) OVER (PARTITION BY instrument_id ORDER BY journal_position)
                                  AS step FROM fact_tick) AS steps WHERE step > 1""")
        told = self.servers.count("quality_event", "reason = 'sequence_gap'")
        self.assertEqual(str(told), holes[0][0])
        self.assertEqual(summary["gaps"], told)


if __name__ == "__main__":
    unittest.main(verbosity=2)
