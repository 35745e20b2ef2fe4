"""`tapeline explain` and `tapeline journal`: from a stored row back to the bytes that made it."""
import json
import os
import shutil
import subprocess
import unittest

import harness
import journal

RUN_S = 25  # so that there are alerts with an RSI, which wants 15 closes


class Explain(harness.PipelineTest):
    """One run of the demo's configuration, asked why it says what it says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers.fresh_database()
        simulator = harness.Simulator("--seed", "7")
        cls.addClassCleanup(simulator.close)
        cls.environment = {"TAPELINE_SIM": simulator.address, "TAPELINE_DEMO_KEY": "demo"}
        cls.done = harness.tapeline("run", "--config", "config/demo.toml", "--for", str(RUN_S), "--plain", "--json",
                                    var=cls.servers.var, environment=cls.environment)

    def setUp(self):
        """All tests look at the one run."""
        self.assertEqual(self.done.status, 0, str(self.done))

    def explain(self, *words, status=0):
        return self.run_tapeline("explain", "--config", "config/demo.toml", *words, status=status, environment=self.environment)

    def alerts(self):
        rows = self.servers.sql("SELECT alert_id FROM fact_alert JOIN lane_checkpoint USING (lane_id) WHERE lane = 'demo' "
                                "AND rsi IS NOT NULL ORDER BY journal_position, alert_id")
        self.assertGreater(len(rows), 0)
        return [row[0] for row in rows]

    def changed(self, table, change, where):
        """Alters the rows until the test has ended."""
        columns = [part.split("=")[0].strip() for part in change.split(", ")]
        before = self.servers.sql(f"SELECT ctid, {', '.join(columns)} FROM {table} WHERE {where}")
        self.assertEqual(len(before), 1)
        restore = ", ".join(f"{column} = '{value}'" for column, value in zip(columns, before[0][1:]))
        self.servers.sql(f"UPDATE {table} SET {change} WHERE {where}")
        self.addCleanup(self.servers.sql, f"UPDATE {table} SET {restore} WHERE {where}")

    def test_every_alert_is_as_the_journal_says(self):
        for alert_id in self.alerts()[-12:]:
            told = json.loads(self.explain(alert_id, "--json").stdout)
            self.assertTrue(told["is_same"])
            self.assertEqual(told["differing"], [])
            self.assertEqual(told["configuration"]["stored"], told["configuration"]["present"])
            if told["ticks"]["count"]:  # none where the source delivered the bar
                self.assertEqual(told["ticks"]["count"], told["bar"]["trades"])
                self.assertLessEqual(len(told["ticks"]["shown"]), 10)
            self.assertEqual(told["closes"][-1]["bar_start"], told["bar"]["start"])
            self.assertEqual(told["closes"][-1]["close"], told["bar"]["close"])

    def test_people_can_read_it(self):
        alert_id = self.alerts()[0]
        text = self.explain(alert_id).stdout
        self.assertTrue(text.startswith(f"alert {alert_id}: "))
        position = self.servers.sql(f"SELECT journal_position FROM fact_alert WHERE alert_id = '{alert_id}'")[0][0]
        self.assertIn(f"tapeline journal show {position} --lane demo\n", text)
        self.assertIn("fields are as the journal says\n", text)
        self.assertLess(max(map(len, text.splitlines())), 180)

    def test_ticks_are_those_of_the_table(self):
        alert_id, symbol, start, end = self.servers.sql("""
            SELECT alert_id, symbol, bar_start, bar_end FROM fact_alert JOIN lane_checkpoint USING (lane_id)
            JOIN dim_source s USING (source_id) WHERE s.name = 'binance' AND lane = 'demo' ORDER BY journal_position LIMIT 1""")[0]
        told = json.loads(self.explain(alert_id, "--json", "--all").stdout)
        stored = self.servers.sql(f"""
            SELECT t.trade_id, t.journal_position FROM fact_tick t JOIN dim_instrument i USING (instrument_id)
            JOIN lane_checkpoint USING (lane_id)
            WHERE lane = 'demo' AND symbol = '{symbol}' AND trade_id IS NOT NULL AND event_time >= '{start}' AND event_time < '{end}'
            ORDER BY journal_position""")
        self.assertEqual([(str(tick["trade_id"]), str(tick["journal_position"])) for tick in told["ticks"]["shown"]], stored)

    def test_a_changed_alert_is_named_field_by_field(self):
        alert_id = self.alerts()[0]
        where = f"alert_id = '{alert_id}' AND lane_id = (SELECT lane_id FROM lane_checkpoint WHERE lane = 'demo')"
        self.changed("fact_alert", "rsi = rsi + 1e-9", where)
        self.assertIn("DIFFERS from what the journal says: rsi\n", self.explain(alert_id, status=1).stdout)
        self.changed("fact_alert", "close = close + 1, interval_s = interval_s + 1", where)
        told = json.loads(self.explain(alert_id, "--json", status=1).stdout)
        self.assertFalse(told["is_same"])
        self.assertEqual(set(told["differing"]), {"rsi", "close", "interval_s"})
        self.assertEqual(told["closes"][-1]["close"], told["bar"]["close"])

    def test_an_invented_alert_is_not_in_the_journal(self):
        alert_id = self.alerts()[0]
        where = f"alert_id = '{alert_id}' AND lane_id = (SELECT lane_id FROM lane_checkpoint WHERE lane = 'demo')"
        self.servers.sql(f"UPDATE fact_alert SET alert_id = '1-1' WHERE {where}")
        self.addCleanup(self.servers.sql, f"UPDATE fact_alert SET alert_id = '{alert_id}' WHERE alert_id = '1-1'")
        self.assertIn("there is no such alert", self.explain("1-1", status=1).stdout)

    def test_an_unknown_alert_and_bar_are_told(self):
        self.assertIn("no alert 1-2 in fact_alert", self.explain("1-2", status=1).stderr)
        self.assertIn("no bar ", self.explain("--bar", "BTC-USD", "1s", "1999-01-01T00:00:00Z", status=1).stderr)
        self.assertIn("no bar ", self.explain("--bar", "NOBODY", "1s", "2038-01-01T00:00:00Z", status=1).stderr)

    def a_bar(self, source):
        return self.servers.sql(f"""
            SELECT symbol, interval_s, to_char(bar_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), instrument_id
            FROM fact_bar JOIN dim_instrument i USING (instrument_id) JOIN dim_source s ON s.source_id = i.source_id
            JOIN lane_checkpoint USING (lane_id) WHERE s.name = '{source}' AND rsi IS NOT NULL AND lane = 'demo'
            ORDER BY journal_position DESC LIMIT 1""")[0]

    def test_bars_are_as_the_journal_says_until_they_are_changed(self):
        symbol, interval_s, start, instrument_id = self.a_bar("binance")
        words = ("--bar", symbol, interval_s, start, "--source", "binance")
        text = self.explain(*words).stdout
        self.assertTrue(text.startswith(f"bar {symbol} on binance, "), text)
        self.changed("fact_bar", "bb_upper = bb_upper + 1e-9, volume = volume + 0.00000001",
                     f"instrument_id = {instrument_id} AND interval_s = {interval_s} AND bar_start = '{start}' AND lane_id = "
                     "(SELECT lane_id FROM lane_checkpoint WHERE lane = 'demo')")
        told = json.loads(self.explain(*words, "--json", status=1).stdout)
        self.assertEqual(set(told["differing"]), {"bb_upper", "volume"})

    def test_bars_that_a_source_delivered_are_explained(self):
        symbol, interval_s, start, _ = self.a_bar("yahoo")
        told = json.loads(self.explain("--bar", symbol, interval_s, start, "--delivered", "--json").stdout)
        self.assertTrue(told["is_same"])
        self.assertEqual((told["source"], told["ticks"]["count"]), ("yahoo", 0))

    def test_another_configuration_is_told(self):
        alert_id = self.alerts()[0]
        with open(os.path.join(harness.ROOT, "config/demo.toml"), encoding="utf-8") as file:
            other = self.servers.folder.write("other.toml", file.read().replace("quiet_grace_ms = 2000", "quiet_grace_ms = 2001"))
        done = harness.tapeline("explain", "--config", other, alert_id, var=self.servers.var, environment=self.environment)
        self.assertIn("ANOTHER CONFIGURATION", done.stdout)

    def test_rows_of_a_replayed_journal_are_explained_from_it(self):
        self.run_tapeline("replay", "--config", "config/demo.toml", "--journal", "demo", "--lane", "once-more", "--json",
                          environment=self.environment)
        alert_id = self.alerts()[0]
        refused = self.explain(alert_id, "--lane", "once-more", status=1)
        self.assertIn("name the journal", refused.stderr)
        self.explain(alert_id, "--lane", "once-more", "--journal", "demo")


class Journal(harness.PipelineTest):
    BAD = b'{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT","p":"\xff\x01oops'

    def setUp(self):
        super().setUp()
        good = (b'{"stream":"btcusdt@trade","data":{"e":"trade","E":%d,"s":"BTCUSDT","t":%d,"p":"100.5","q":"1","T":%d,"m":true,'
                b'"M":true}}')
        lines = [b"%d " % (1_700_000_000_000_000_000 + i * 10**9) + good % (1_700_000_000_000 + i * 1000, 7 + i, 1_700_000_000_000 + i * 1000)
                 for i in range(20)]
        lines.insert(10, b"1700000009500000000 " + self.BAD)
        recording = self.folder.write("recording.txt", b"\n".join(lines) + b"\n")
        self.run_tapeline("replay", "--source", "binance", "--lane", "bytes", "--json", recording)
        self.directory = os.path.join(self.servers.var, "journal/bytes")

    def journal(self, *words, status=0):
        done = subprocess.run([harness.PROGRAM, "journal", *words], cwd=harness.ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                              env=dict(os.environ, TAPELINE_VAR=self.servers.var), timeout=60)
        self.assertEqual(done.returncode, status, done)
        return done

    def test_a_reject_leads_to_its_very_bytes(self):
        rows = self.servers.sql("SELECT journal_position, reason FROM quality_event")
        self.assertEqual(len(rows), 1)
        position = rows[0][0]
        self.assertEqual(self.journal("show", position, "--lane", "bytes", "--raw").stdout, self.BAD)
        told = self.journal("show", position, "--lane", "bytes").stdout.decode()
        self.assertIn(f"payload   {len(self.BAD)} bytes", told)
        self.assertIn("received  2023-11-14T22:13:29.500000000Z\n", told)
        self.assertIn("source    binance\n", told)

    def test_every_frame_is_shown_as_it_was_received(self):
        for frame in journal.frames(self.directory):
            for position in (frame.position, frame.end_position - 1):
                self.assertEqual(self.journal("show", str(position), "--lane", "bytes", "--raw").stdout, frame.payload)

    def test_a_position_outside_names_the_nearest(self):
        frames = list(journal.frames(self.directory))
        behind = self.journal("show", str(frames[-1].end_position), "--lane", "bytes", status=1)
        self.assertIn(f"the one before begins at {frames[-1].position}", behind.stderr.decode())
        self.assertEqual(behind.stdout, b"")
        self.assertIn("the next begins at 64", self.journal("show", "0", "--lane", "bytes", status=1).stderr.decode())

    def test_verify_names_what_cannot_be_read(self):
        self.assertIn("bytes: ok, 22 frames", self.journal("verify").stdout.decode())
        self.assertIn("\nbytes ", self.journal("list").stdout.decode())
        damaged = os.path.join(self.servers.var, "journal/damaged")
        shutil.copytree(self.directory, damaged)
        frames = list(journal.frames(damaged))
        with open(os.path.join(damaged, f"{0:016x}.journal"), "r+b") as file:
            file.seek(frames[5].position + 48 + 3)
            file.write(b"#")
        told = self.journal("verify", "--lane", "damaged", status=1).stdout.decode()
        self.assertIn(f"segment {0:016x}, position {frames[5].position} to {frames[5].end_position}: no whole record", told)
        self.assertIn("bytes: ok", self.journal("verify", status=1).stdout.decode())
        self.assertIn("checksum  WRONG", self.journal("show", str(frames[5].position), "--lane", damaged, status=1).stdout.decode())


if __name__ == "__main__":
    unittest.main(verbosity=2)
