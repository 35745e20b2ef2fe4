"""A live run, an interruption, a second run; then the journal once more: every row of every table comes out again."""
import unittest

import harness

RUN_S = 12

# Where a lane stands, and the history of its transactions: the only things that a replay does in another way.
OF_THE_LANE = ("lane_checkpoint", "audit_batch")
# Rows of these are written anew when their bar is corrected: by a source that repeats it, or by trades that came later.
REWRITTEN = {"fact_bar": "instrument_id, interval_s, bar_start, is_source_bar",
             "fact_indicator": "instrument_id, interval_s, bar_start, is_source_bar, name"}
MAY_BE_EMPTY = ("quality_event", "completeness", "quarantined_row")


class LiveEqualsReplay(harness.PipelineTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers.fresh_database()
        simulator = harness.Simulator("--seed", "11")
        cls.addClassCleanup(simulator.close)
        environment = {"TAPELINE_SIM": simulator.address, "TAPELINE_DEMO_KEY": "demo"}
        # The second run computes what the first has stored once more, and goes on from there.
        cls.runs = [harness.tapeline("run", "--config", "config/demo.toml", "--for", str(RUN_S), "--plain", "--json",
                                     var=cls.servers.var, environment=environment) for _ in range(2)]
        cls.environment = environment

    def setUp(self):
        """All tests look at the same two runs."""
        for run in self.runs:
            self.assertEqual(run.status, 0, str(run))

    def tables(self):
        """Every table with rows of lanes, so that one that is added is compared, too."""
        rows = self.servers.sql("""
            SELECT table_name, string_agg(column_name, ', ' ORDER BY ordinal_position) FILTER (WHERE column_name <> 'lane_id')
            FROM information_schema.columns JOIN pg_class ON oid = to_regclass(table_name)
            WHERE table_schema = 'public' AND relkind IN ('r', 'p') AND NOT relispartition
            GROUP BY 1 HAVING bool_or(column_name = 'lane_id') ORDER BY 1""")
        return [(table, columns) for table, columns in rows if table not in OF_THE_LANE]

    def rows(self, table, columns, lane, where="true"):
        return sorted(self.servers.sql(f"""
            SELECT {columns} FROM {table}
            WHERE lane_id = (SELECT lane_id FROM lane_checkpoint WHERE lane = '{lane}') AND {where}"""))

    def replay(self, *words):
        return self.run_tapeline("replay", "--config", "config/demo.toml", "--json", *words, environment=self.environment)

    def test_a_replay_of_the_journal_gives_the_rows_of_the_live_runs(self):
        done = harness.summary_of(self.replay("--journal", "demo", "--lane", "again").stdout)
        self.assertEqual([(str(done["checkpoint"]),)],
                         self.servers.sql("SELECT position FROM lane_checkpoint WHERE lane = 'demo'"))
        tables = self.tables()
        self.assertLessEqual({"tick", "fact_bar", "fact_signal", "fact_alert", "quality_event"}, {name for name, _ in tables})
        for table, columns in tables:
            expected = self.rows(table, columns, "demo")
            if table not in MAY_BE_EMPTY:
                self.assertGreater(len(expected), 0, table)
            self.assertEqual(self.rows(table, columns, "again"), expected, table)
        # The journal was only read: done again, there is nothing to write.
        again = harness.summary_of(self.replay("--journal", f"{self.servers.var}/journal/demo", "--lane", "again").stdout)
        self.assertEqual((again["rows_committed"], again["checkpoint"]), (0, done["checkpoint"]))

    def test_a_journal_is_replayed_while_its_lane_runs(self):
        running = self.start("run", "--config", "config/demo.toml", "--plain", "--json", environment=self.environment)
        before = harness.summary_of(self.runs[1].stdout)["checkpoint"]
        harness.until(lambda: int(self.servers.sql("SELECT position FROM lane_checkpoint WHERE lane = 'demo'")[0][0]) > before,
                      "the lane goes on")
        replayed = harness.summary_of(self.replay("--journal", "demo", "--lane", "meanwhile").stdout)
        self.assertGreater(replayed["checkpoint"], before)
        self.assertIsNone(running.process.poll())
        self.assertEqual(running.end(), 0, running.stderr)
        end = replayed["checkpoint"]
        for table, columns in self.tables():
            # The lane has gone on: what it wrote anew behind the end of the replay is not that of the replay any more.
            of_replay = "true"
            if key := REWRITTEN.get(table):
                of_replay = f"""({key}) NOT IN (SELECT {key} FROM {table} WHERE journal_position >= {end} AND lane_id =
                                (SELECT lane_id FROM lane_checkpoint WHERE lane = 'demo'))"""
            replayed_rows = self.rows(table, columns, "meanwhile", of_replay)
            self.assertEqual(replayed_rows, self.rows(table, columns, "demo", f"journal_position < {end}"), table)
            if table not in MAY_BE_EMPTY:
                self.assertGreater(len(replayed_rows), 0, table)

    def test_a_lane_with_a_journal_of_its_own_is_not_overwritten(self):
        done = self.run_tapeline("replay", "--config", "config/demo.toml", "--journal", "demo", "--lane", "demo", status=2,
                                 environment=self.environment)
        self.assertIn("has a journal of its own", done.stderr)
        unknown = self.run_tapeline("replay", "--config", "config/demo.toml", "--journal", "nobody", status=1,
                                    environment=self.environment)
        self.assertIn("holds those of: demo", unknown.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
