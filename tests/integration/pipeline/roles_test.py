"""config/roles.sql: the owner makes the tables, the service writes with no more rights than it needs, readers read."""
import os
import unittest

import harness


class Roles(harness.PipelineTest):
    def as_role(self, role):
        return self.servers.dsn.replace("user=tapeline", f"user={role}")

    def refused(self, role, sql):
        with self.assertRaisesRegex(AssertionError, "permission denied|must be owner"):
            self.servers._psql(self.as_role(role), sql)

    def test_each_may_do_what_it_needs_and_nothing_else(self):
        with open(os.path.join(harness.ROOT, "config/roles.sql"), encoding="utf-8") as file:
            script = "".join(line for line in file if not line.startswith("\\"))
        for _ in range(2):  # it may be run again
            self.servers._psql(self.as_role("postgres"), script)
        simulator = self.simulator("--seed", "3")

        def config(role):
            return self.config(f'''lane = "roles"
[bars]
intervals_s = [1]
[sources.binance]
enabled = true
websocket_url = "ws://{simulator.address}"
symbols = {{ "BTC-USD" = "BTCUSDT" }}
[dashboard]
enabled = false
[schedule]
enabled = true
[webhooks.none]
url = {{ env = "TEST_HOOK" }}
[postgres]
dsn = "{self.as_role(role)}"
''', f"{role}.toml")

        environment = {"TEST_HOOK": "http://127.0.0.1:9/"}
        early = self.run_tapeline("run", "--config", config("tapeline_writer"), "--for", "1", status=1, environment=environment)
        self.assertIn("permission denied", early.stderr, "the tables are the owner's to make")
        self.run_tapeline("migrate", "--config", config("tapeline_owner"), environment=environment)
        running = self.start("run", "--config", config("tapeline_writer"), "--plain", environment=environment)
        wanted = "SELECT 1 WHERE (SELECT count(*) FROM fact_tick) > 100 AND EXISTS (TABLE webhook) AND EXISTS (TABLE job_schedule)"
        harness.until(lambda: self.servers._psql(self.as_role("tapeline_reader"), wanted, check=False), "the writer writes")
        self.assertEqual(running.end(), 0, running.stderr)
        self.assertNotIn("permission", running.stderr)
        self.assertEqual(self.servers._psql(self.as_role("tapeline_reader"), "SELECT count(*) > 100 FROM fact_tick"), [("t",)])
        self.refused("tapeline_reader", "INSERT INTO dim_source VALUES (99, 'x')")
        self.refused("tapeline_reader", "SELECT make_tick_partition('2001-01-01')")
        self.refused("tapeline_writer", "DELETE FROM tick")
        self.refused("tapeline_writer", "DROP TABLE tick")
        self.refused("tapeline_writer", "CREATE TABLE mine ()")
        self.refused("tapeline_writer", "ALTER TABLE fact_bar DROP COLUMN rsi")


if __name__ == "__main__":
    unittest.main()
