"""The program is killed at a random moment and started again: the tables say what the journal says, once."""
import json
import os
import random
import time
import unittest
from decimal import Decimal

import bars
import harness
import journal

CONFIG = """
[bars]
intervals_s = [1, 2]
[rules.significant_move]
when = "abs(change_pct) >= 0.002"
hysteresis = 0.001
cooldown_s = 0
[journal]
segment_bytes = 1048576
[sources.binance]
enabled = true
websocket_url = "ws://{address}"
symbols = {{ "BTC-USD" = "BTCUSDT", "ETH-USD" = "ETHUSDT" }}
"""
OUR_NAMES = {"BTCUSDT": "BTC-USD", "ETHUSDT": "ETH-USD"}


class Crash(harness.PipelineTest):
    def journaled_trades(self):
        trades = []
        for frame in journal.frames(os.path.join(self.servers.var, "journal/main")):
            if frame.kind != journal.DATA:
                continue
            data = json.loads(frame.payload)
            data = data.get("data", data)
            if data.get("e") == "trade":
                trades.append(bars.Trade(OUR_NAMES[data["s"]], data["T"] * 10**6, Decimal(data["p"]), Decimal(data["q"]), data["t"]))
        return trades

    def kill_at_random(self, config, chance):
        stored = self.servers.count_or_zero("fact_tick")
        running = self.start("run", "--config", config, "--plain", "--json")
        harness.until(lambda: self.servers.count_or_zero("fact_tick") > stored or running.process.poll() is not None,
                      "ticks are stored")
        self.assertIsNone(running.process.poll(), running.stderr)
        time.sleep(chance.uniform(0, 1.5))  # not a wait for anything: a random moment
        running.kill()

    def check(self, seed):
        chance = random.Random(seed)
        simulator = self.simulator("--seed", str(seed), "--rate", "800")
        config = self.config(CONFIG.format(address=simulator.address))
        self.kill_at_random(config, chance)
        self.kill_at_random(config, chance)
        done = self.run_tapeline("run", "--config", config, "--for", "8", "--plain", "--json")
        summary = harness.summary_of(done.stdout)
        self.assertEqual(summary["checkpoint"], summary["journal_position"])

        journaled = self.journaled_trades()
        stored = bars.trades_in(self.servers)
        self.assertGreater(len(journaled), 0)
        self.assertEqual(len({(trade.symbol, trade.trade_id) for trade in stored}), len(stored), "a trade is there twice")
        self.assertEqual(stored, journaled)

        for interval_s in (1, 2):
            expected = bars.bars_of(stored, interval_s)
            found = bars.bars_in(self.servers, interval_s, "NOT is_partial AND NOT is_filled")
            self.assertGreater(len(found), 0)
            for key, bar in found.items():
                self.assertEqual(bar, expected[key])
            # What began before the last stored bar is stored, whichever process closed it.
            stored_starts = bars.bars_in(self.servers, interval_s)
            for symbol in OUR_NAMES.values():
                last = max(start for of, start in stored_starts if of == symbol)
                self.assertEqual(sorted(start for of, start in stored_starts if of == symbol),
                                 sorted(start for of, start in expected if of == symbol and start <= last))
        self.check_rows_are_unique()
        self.check_alerts()
        self.check_replay_of_the_journal_agrees(simulator)

    def check_rows_are_unique(self):
        for table, key in {"fact_signal": "instrument_id, interval_s, bar_start",
                           "fact_alert": "alert_id", "fact_bar": "instrument_id, interval_s, bar_start"}.items():
            doubles = self.servers.sql(f"SELECT {key}, count(*) FROM {table} GROUP BY {key} HAVING count(*) > 1")
            self.assertEqual(doubles, [], table)
        batches = self.servers.sql("SELECT from_position, to_position FROM audit_batch ORDER BY batch_id")
        for before, after in zip(batches, batches[1:]):
            self.assertEqual(before[1], after[0], "the audited batches follow each other without a hole")

    def check_alerts(self):
        """Redis has each alert of the table once, also those that fired around a kill."""
        stored = sorted(row[0] for row in self.servers.sql("SELECT alert_id FROM fact_alert"))
        entries = self.servers.redis_json("xrange", "alerts", "-", "+")
        self.assertEqual(sorted(dict(zip(f[::2], f[1::2]))["alert_id"] for _, f in entries), stored)

    def check_replay_of_the_journal_agrees(self, simulator):
        """The same journal into an empty database gives the rows again: bars, signals and alerts are functions of it."""
        tables = ("fact_tick", "fact_bar", "fact_signal", "fact_alert", "quality_event")
        before = {table: sorted(self.servers.sql(f"SELECT * FROM {table}")) for table in tables}
        end = int(self.servers.sql("SELECT position FROM lane_checkpoint")[0][0])
        simulator.end()
        for table in (*tables[1:], "tick", "audit_batch"):
            self.servers.sql(f"DELETE FROM {table}")
        self.servers.sql("UPDATE lane_checkpoint SET position = 0")
        config = self.config(CONFIG.format(address="127.0.0.1:9"), "again.toml")
        self.run_tapeline("run", "--config", config, "--for", "1", "--plain", "--json")
        for table in tables:
            again = sorted(self.servers.sql(f"SELECT * FROM {table} WHERE journal_position < {end}"))
            self.assertEqual(again, before[table], table)

    def test_killed_while_postgres_is_gone(self):
        """What nobody could commit is in the journal, and nowhere else: the next start commits it."""
        simulator = self.simulator("--seed", "4", "--rate", "800")
        config = self.config(CONFIG.format(address=simulator.address))
        running = self.start("run", "--config", config, "--plain", "--json")
        harness.until(lambda: self.servers.count_or_zero("fact_tick") > 0, "ticks are stored")
        self.servers.crash_postgres()
        journaled = len(self.journaled_trades())
        harness.until(lambda: len(self.journaled_trades()) > journaled + 800, "a second of trades is in the journal")
        running.kill()
        self.servers.up()
        self.run_tapeline("run", "--config", config, "--for", "3", "--plain", "--json")
        self.assertEqual(bars.trades_in(self.servers), self.journaled_trades())
        self.check_rows_are_unique()
        self.check_alerts()

    def test_a_second_process_on_the_same_journal_is_refused_and_harms_nothing(self):
        simulator = self.simulator("--seed", "5", "--rate", "400")
        config = self.config(CONFIG.format(address=simulator.address))
        running = self.start("run", "--config", config, "--plain", "--json")
        harness.until(lambda: self.servers.count_or_zero("fact_tick") > 0, "ticks are stored")
        second = harness.tapeline("run", "--config", config, "--for", "2", "--plain", var=self.servers.var)
        self.assertNotEqual(second.status, 0, str(second))
        self.assertIn("journal", second.stderr)
        stored = self.servers.count("fact_tick")
        harness.until(lambda: self.servers.count("fact_tick") > stored, "the first goes on")
        self.assertEqual(running.end(), 0, running.stderr)
        self.assertEqual(bars.trades_in(self.servers), self.journaled_trades())

    def test_seed_1(self):
        self.check(1)

    def test_seed_2(self):
        self.check(2)

    def test_seed_3(self):
        self.check(3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
