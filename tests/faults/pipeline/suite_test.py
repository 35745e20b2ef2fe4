"""The suite itself: it must find what it looks for, or its silence would prove nothing."""
import os
import re
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../integration/pipeline"))
sys.path.insert(0, HERE)
import chaos  # noqa: E402, F401
import comparison  # noqa: E402
import harness  # noqa: E402
import scenario  # noqa: E402
import tape  # noqa: E402
import world  # noqa: E402


class Lists(unittest.TestCase):
    def test_every_scenario_is_a_named_test(self):
        with open(os.path.join(HERE, "CMakeLists.txt"), encoding="utf-8") as file:
            listed = re.search(r"set\(fault_scenarios([^)]*)\)", file.read()).group(1).split()
        self.assertEqual(sorted(listed), sorted(scenario.ALL))

    def test_every_crash_point_of_the_program_is_a_scenario(self):
        refused = harness.tapeline("version", environment={"TAPELINE_CRASH_AT": "nowhere:1"})
        self.assertEqual(refused.status, 2, str(refused))
        named = re.search(r"write one of (.*), a colon", refused.stderr).group(1).split()
        self.assertEqual(sorted(named), sorted(scenario.CRASH_POINTS))
        self.assertLessEqual({f"crash_{point}" for point in named}, set(scenario.ALL))

    def test_every_scenario_stands_in_the_document_and_every_row_of_its_table_has_a_test_or_a_reason(self):
        with open(os.path.join(HERE, "../../../docs/faults.md"), encoding="utf-8") as file:
            text = file.read()
        for name in scenario.ALL:
            self.assertIn(f"`{name}`", text.replace("`crash_*`", " ".join(f"`crash_{p}`" for p in scenario.CRASH_POINTS)))
        rows = {int(row[1]): row for row in (line.split("|") for line in text.splitlines() if re.match(r"\| \d+ \|", line))}
        self.assertEqual(sorted(rows), list(range(1, 30)))
        for number, row in rows.items():
            self.assertTrue("`" in row[3] or "not: " in row[3], f"row {number} has neither a test nor a reason")
        for name, each in scenario.ALL.items():
            for number in each.rows.split(", "):
                self.assertIn("crash_*" if name.startswith("crash_") else name, rows[int(number)][3], f"{name}, row {number}")


class PlantedBugs(harness.PipelineTest):
    """Each bug that the pipeline must not have, done by hand to what a good run has stored: the verdict names it."""

    def check_found(self, repeats, bug, lost, duplicated):
        with world.Round(self.servers, 5, 60_000, rate=20_000, repeats=repeats) as of:
            of.start_source()
            of.start()
            self.assertEqual(of.finish()[1:], (0, 0, 0, []))
            self.servers.sql(bug)
            verdict = of.verdict()
            self.assertEqual((verdict.lost, verdict.duplicated), (lost, duplicated))
            self.assertNotEqual(verdict.differences, [])

    def test_a_tick_that_is_missing(self):
        self.check_found(True, "DELETE FROM tick WHERE trade_id = 100 AND instrument_id = "
                               "(SELECT min(instrument_id) FROM tick)", 1, 0)

    def test_a_tick_that_is_there_twice(self):
        self.check_found(False, "INSERT INTO tick SELECT * FROM tick WHERE trade_id = 100 LIMIT 1", 0, 1)

    def test_a_price_that_differs(self):
        self.check_found(True, "UPDATE tick SET price_mantissa = price_mantissa + 1 WHERE trade_id = 7 AND instrument_id = "
                               "(SELECT min(instrument_id) FROM tick)", 1, 1)

    def test_a_bar_whose_indicator_differs(self):
        self.check_found(True, "UPDATE fact_bar SET close = close + 0.01 WHERE ctid = (SELECT min(ctid) FROM fact_bar)", 1, 1)

    def test_a_gap_that_was_not_told(self):
        self.check_found(False, "DELETE FROM tick WHERE trade_id = (SELECT max(trade_id) FROM tick) AND instrument_id = "
                                "(SELECT min(instrument_id) FROM tick)", 1, 0)


class Tape(unittest.TestCase):
    def test_is_a_function_of_seed_and_sequence(self):
        first, again, other = (tape.Tape(seed, 1_800_000_000_000) for seed in (1, 1, 2))
        payloads = [first.payload(sequence) for sequence in range(1000)]
        self.assertEqual(payloads, [again.payload(sequence) for sequence in range(1000)])
        self.assertNotEqual(payloads, [other.payload(sequence) for sequence in range(1000)])
        self.assertEqual(len(set(payloads)), 1000)

    def test_numbers_end_in_no_zero(self):
        the_tape = tape.Tape(3, 1_800_000_000_000)
        for sequence in range(20_000):
            trade = the_tape.trade(sequence)
            self.assertTrue(trade.cents % 10 and trade.size % 10 and trade.cents > 0)
            self.assertEqual(tape.sequence_of(tape.SYMBOLS[trade.symbol], trade.trade_id), sequence)


class Comparison(unittest.TestCase):
    LINES = [f"row {number}" for number in range(1000)]

    def test_equal_is_equal(self):
        self.assertEqual(comparison.compare_lines(iter(self.LINES), iter(self.LINES))[:3], (1000, 0, 0))

    def test_a_row_that_is_missing_is_one_row(self):
        self.assertEqual(comparison.compare_lines(self.LINES[:500] + self.LINES[501:], self.LINES)[:3], (999, 0, 1))

    def test_a_row_that_is_there_twice_is_one_row(self):
        doubled = self.LINES[:500] + self.LINES[499:]
        self.assertEqual(comparison.compare_lines(doubled, self.LINES), (1001, 1, 0, "row 499"))

    def test_a_row_that_differs_is_one_missing_and_one_too_many(self):
        changed = self.LINES[:7] + ["other"] + self.LINES[8:]
        self.assertEqual(comparison.compare_lines(changed, self.LINES), (1000, 1, 1, "other"))

    def test_a_difference_early_in_many_rows_is_still_one_row(self):
        many = [str(number) for number in range(300_000)]
        self.assertEqual(comparison.compare_lines(many[1:], many)[:3], (299_999, 0, 1))


if __name__ == "__main__":
    unittest.main(verbosity=2)
