"""Jobs: `tapeline once JOB` by itself and through the running service, what it leaves in PostgreSQL and Redis, and its exit status."""
import unittest

import harness


class Schedule(harness.PipelineTest):
    def configured(self, more=""):
        simulator = self.simulator("--seed", "5")
        return self.config(f'''lane = "jobs"
[bars]
intervals_s = [1]
[sources.coingecko]
enabled = true
base_url = "http://{simulator.address}"
symbols = {{ "BTC-USD" = "bitcoin/usd", "ETH-USD" = "ethereum/usd" }}
poll_seconds = 3600
[dashboard]
listen = "127.0.0.1:0"
[schedule.jobs.morning]
calendar = "always"
time_zone = "UTC"
missed = "catch_up"
steps = ["0 6 * * * fetch", "5 6 * * * overnight_changes", "10 6 * * * database_update", "15 6 * * * signals", "20 6 * * * significant_moves"]
{more}''')

    def once(self, config, *words, status=0):
        return self.run_tapeline("once", "--config", config, *words, status=status).stdout.splitlines()

    def runs(self):
        return self.servers.sql("SELECT step, status, attempts FROM job_run ORDER BY scheduled_for, step")

    def test_does_a_job_by_itself_once_a_session(self):
        config = self.configured()
        lines = self.once(config, "morning")
        self.assertEqual([line.split(":")[0] for line in lines],
                         ["done fetch", "done overnight_changes", "done database_update", "done signals", "done significant_moves"])
        self.assertRegex(lines[0], r"coingecko \d+ answers")
        ticks = self.servers.count("fact_tick")
        self.assertGreater(ticks, 0, "what was fetched is stored")
        again = self.once(config, "morning")
        self.assertTrue(all(line.endswith("was done already") for line in again), again)
        self.assertEqual({tuple(row[1:]) for row in self.runs()}, {("done", "1")})

    def test_the_running_service_does_it(self):
        config = self.configured()
        running = self.start("run", "--config", config, "--plain")
        harness.until(lambda: self.servers.count_or_zero("fact_tick") > 0, "the service stores")
        lines = self.once(config, "morning", "--again")
        self.assertRegex(lines[0], r"^done fetch: coingecko \d+ answers")
        self.assertRegex(lines[2], r"^done database_update: all of the journal up to \d+ is stored")
        self.assertIn("morning fetch", running.stderr)
        self.assertEqual(running.end(), 0, running.stderr)

    def test_tells_of_moves_once_and_only_those(self):
        config = self.configured()
        self.once(config, "coingecko")
        # Yesterday's close, far below and just below what the simulator has quoted.
        self.servers.sql("""INSERT INTO fact_bar (instrument_id, source_id, interval_s, bar_start, open, high, low, close, volume,
            trades, bars_seen, signal, signal_reason, trend, is_partial, is_filled, is_source_bar, lane_id, journal_position)
            SELECT i.instrument_id, i.source_id, 60, date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '5 min',
            p, p, p, p, 1, 1, 1, 'HOLD', '', 'neutral', false, false, false, l.lane_id, 0 FROM dim_instrument i,
            lane_checkpoint l, LATERAL (SELECT price * CASE i.symbol WHEN 'BTC-USD' THEN 0.5 ELSE 0.999 END AS p FROM fact_tick t
            WHERE t.instrument_id = i.instrument_id ORDER BY event_time DESC LIMIT 1) q WHERE l.lane = 'jobs'""")
        self.once(config, "morning")
        alerts = self.servers.sql("SELECT alert_id, symbol, published_at IS NOT NULL FROM job_alert")
        self.assertEqual([row[1:] for row in alerts], [("BTC-USD", "t")])
        stream = self.servers.redis("xrange", "alerts", "-", "+")
        self.assertIn(alerts[0][0], stream)
        self.once(config, "morning", "--again")
        self.assertEqual(stream, self.servers.redis("xrange", "alerts", "-", "+"), "told once")

    def test_fails_where_nothing_can_be_fetched(self):
        config = self.config('''lane = "jobs"
[transport]
reconnect_delay_ms_max = 100
[sources.yahoo]
enabled = true
base_url = "http://127.0.0.1:9"
symbols = ["AAPL"]
''')
        lines = self.once(config, "poll", status=1)
        self.assertRegex(lines[0], "^failed fetch: yahoo ")
        self.assertEqual([row[1] for row in self.runs()], ["failed"])

    def test_refuses_what_is_no_session(self):
        config = self.configured('[schedule.jobs.weekly]\nsteps = ["0 6 * * mon quality"]\ncalendar = "XNYS"\n')
        lines = self.once(config, "weekly", "--session-date", "2026-11-26", status=1)
        self.assertEqual(lines, ["failed weekly: 2026-11-26 is no session of job weekly"])
        refused = self.run_tapeline("once", "--config", config, "nothing", status=2)
        self.assertIn("nothing is not enabled", refused.stderr)


if __name__ == "__main__":
    unittest.main()
