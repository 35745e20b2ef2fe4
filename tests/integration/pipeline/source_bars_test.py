"""Bars that a source delivers: which of them were taken when they happened, and which a later answer brought."""
import json
import unittest

import harness

FIRST_S = 1_788_356_400  # of long ago, so that every bar is whole: what counts is what an answer holds
BEFORE, LIVE, AFTER_OUTAGE, AFTER_DOWNTIME = 8, 2, 9, 7
RATHER_NEW = 2  # of an answer, the bars that count as taken when they happened


def chart(minutes):
    """Yahoo's answer at a moment when so many minutes are over."""
    prices = [100 + minute % 7 + 0.25 for minute in range(minutes)]
    quote = {"open": prices, "high": [price + 1 for price in prices], "low": [price - 1 for price in prices],
             "close": prices, "volume": [1000 + minute for minute in range(minutes)]}
    return json.dumps({"chart": {"result": [{"meta": {"symbol": "AAPL", "priceHint": 2},
                                             "timestamp": [FIRST_S + 60 * minute for minute in range(minutes)],
                                             "indicators": {"quote": [quote]}}], "error": None}})


class SourceBars(harness.PipelineTest):
    def source_at(self, minutes, listen="127.0.0.1:0"):
        """The source as it is after so many minutes."""
        body = self.folder.write(f"chart-{minutes}.json", chart(minutes))
        simulator = harness.Simulator("--respond", f"/v8/finance/chart/AAPL={body}", listen=listen)
        self.addCleanup(simulator.close)
        return simulator

    def configured(self, address):
        return self.config(f"""lane = "bars"
[quality]
stale_event_ms = 0
[transport]
reconnect_delay_ms_max = 50
[sources.yahoo]
enabled = true
base_url = "http://{address}"
symbols = ["AAPL"]
poll_seconds = 1
""")

    def marks(self, lane="bars"):
        """A letter for each bar, in their order: b backfilled, . not."""
        rows = self.servers.sql(f"""SELECT extract(epoch FROM bar_start)::bigint, is_backfilled, is_source_bar FROM fact_bar
            JOIN lane_checkpoint USING (lane_id) WHERE lane = '{lane}' ORDER BY 1""")
        self.assertEqual([int(row[0]) for row in rows], [FIRST_S + 60 * minute for minute in range(len(rows))])
        self.assertEqual({row[2] for row in rows}, {"t"})
        return "".join("b" if row[1] == "t" else "." for row in rows)

    def await_bars(self, count):
        harness.until(lambda: self.servers.count_or_zero("fact_bar") == count, f"{count} bars are stored")

    def test_what_a_later_answer_brings_is_marked_and_what_came_in_time_is_not(self):
        simulator = self.source_at(BEFORE)
        address = simulator.address
        config = self.configured(address)
        running = self.start("run", "--config", config, "--plain")
        expected = "b" * (BEFORE - RATHER_NEW) + "." * RATHER_NEW
        minutes = BEFORE
        self.await_bars(minutes)
        self.assertEqual(self.marks(), expected, "the first answer's past was before our time")
        for _ in range(LIVE):
            simulator.end()
            minutes += 1
            simulator = self.source_at(minutes, address)
            expected += "."
            self.await_bars(minutes)
        self.assertEqual(self.marks(), expected)

        simulator.end()
        harness.until(lambda: "yahoo" in running.stderr, "the log tells that the source is away")
        minutes += AFTER_OUTAGE
        simulator = self.source_at(minutes, address)
        expected += "b" * (AFTER_OUTAGE - RATHER_NEW) + "." * RATHER_NEW
        self.await_bars(minutes)
        self.assertEqual(self.marks(), expected, "an outage of the source")

        self.assertEqual(running.end(), 0, running.stderr)
        simulator.end()
        minutes += AFTER_DOWNTIME
        self.source_at(minutes, address)
        running = self.start("run", "--config", config, "--plain")
        expected += "b" * (AFTER_DOWNTIME - RATHER_NEW) + "." * RATHER_NEW
        self.await_bars(minutes)
        self.assertEqual(running.end(), 0, running.stderr)
        self.assertEqual(self.marks(), expected, "downtime of ours")

        self.run_tapeline("replay", "--config", config, "--journal", "bars", "--lane", "again")
        self.assertEqual(self.marks("again"), expected, "a replay")

    def test_bars_built_from_ticks_have_none(self):
        simulator = self.simulator("--rate", "500")
        config = self.config(f"""lane = "ticks"
[bars]
intervals_s = [1]
[sources.binance]
enabled = true
websocket_url = "ws://{simulator.address}"
rest_url = "http://{simulator.address}"
symbols = ["BTCUSDT"]
""")
        running = self.start("run", "--config", config, "--plain")
        harness.until(lambda: self.servers.count_or_zero("fact_bar") > 3, "bars are built")
        running.end()
        self.assertEqual(self.servers.count("fact_bar", "is_backfilled"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
