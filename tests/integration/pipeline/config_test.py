"""Mistakes in a configuration: all of them at once, one line each, with file, key and cure, and exit status 2."""
import os
import re
import unittest

import harness

UNREACHABLE_DSN = "host=127.0.0.1 port=9 dbname=nowhere connect_timeout=2"


class Mistakes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        harness.require(os.access(harness.PROGRAM, os.X_OK), f"{harness.PROGRAM} is not built: set TAPELINE_BIN")

    def setUp(self):
        self.folder = harness.Folder()
        self.addCleanup(self.folder.remove)

    def refused(self, *words, environment=None):
        """The lines of a call that must end with status 2 and must not have begun anything."""
        done = harness.tapeline(*words, var=self.folder.path, environment=environment)
        self.assertEqual(done.status, 2, str(done))
        self.assertFalse(os.path.exists(os.path.join(self.folder.path, "journal")), "nothing was started")
        return done.stderr.splitlines()

    # Each: text of the file, then what the lines must name: (line, key, part of the cure).
    WRONG = """\
lane = "two words"
lan = "main"
[bars]
intervals_s = [7, 60]
empty = "sometimes"
quiet_grace = 5
[indicators]
rsi_length = "fourteen"
bollinger_width = -2
[signals]
rsi_buy_below = 80
[redis]
enabled = "yes"
flush_interval_ms = 0
[runtime]
ring_rows = 1000
[sources.binance]
enabled = true
symbols = {}
websocket_url = "http://stream.example.com"
[sources.alpha_vantage]
enabled = true
symbols = ["IBM"]
api_key = "in the clear"
[sources.yahho]
enabled = true
[postgress]
"""
    FOUND = [
        (1, "lane", "letters, digits"),
        (2, "lan", "lane"),
        (4, "bars.intervals_s", "7"),
        (5, "bars.empty", "skip, fill"),
        (6, "bars.quiet_grace", "quiet_grace_ms"),
        (8, "indicators.rsi_length", "whole number"),
        (9, "indicators.bollinger_width", "0.01"),
        (11, "signals.rsi_buy_below", "rsi_sell_above"),
        (13, "redis.enabled", "true or false"),
        (14, "redis.flush_interval_ms", "from 1"),
        (16, "runtime.ring_rows", "1024"),
        (19, "sources.binance.symbols", "at least one"),
        (20, "sources.binance.websocket_url", "wss://"),
        (24, "sources.alpha_vantage.api_key", "env"),
        (25, "sources.yahho", "yahoo"),
        (27, "postgress", "postgres"),
    ]

    def test_every_mistake_is_one_line_with_file_line_key_and_cure(self):
        path = self.folder.write("wrong.toml", self.WRONG)
        lines = self.refused("run", "--config", path, "--for", "1", "--plain")
        found = {}
        for text in lines:
            match = re.fullmatch(re.escape(path) + r":(\d+): ([\w.]+): (.+)", text)
            self.assertIsNotNone(match, f"neither file, line nor key: {text}")
            found[int(match.group(1)), match.group(2)] = match.group(3)
        for line, key, cure in self.FOUND:
            self.assertIn((line, key), found, "\n".join(lines))
            self.assertIn(cure, found[line, key])
        self.assertEqual(len(lines), len(self.FOUND), "\n".join(lines))
        self.assertNotIn("in the clear", "\n".join(lines), "what may be a secret is not repeated")

    def test_every_command_refuses_the_same_way(self):
        path = self.folder.write("wrong.toml", "[bars]\nintervals = [60]\n")
        recording = self.folder.write("recording.txt", "1 {}\n")
        for words in (("run",), ("check", "--config-only"), ("check",), ("once",), ("migrate",),
                      ("replay", "--source", "binance", recording)):
            lines = self.refused(words[0], "--config", path, *words[1:])
            self.assertEqual(len(lines), 1, lines)
            self.assertRegex(lines[0], re.escape(path) + r":2: bars\.intervals: .*intervals_s")

    def test_a_file_that_is_no_toml_names_the_line(self):
        path = self.folder.write("broken.toml", "[bars]\nintervals_s = [60\n[redis\n")
        lines = self.refused("run", "--config", path)
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], re.escape(path) + r":\d+: ")

    def test_a_file_that_is_not_there_is_named(self):
        path = os.path.join(self.folder.path, "missing.toml")
        lines = self.refused("run", "--config", path)
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(path, lines[0])

    def test_a_missing_secret_is_named_with_its_cure(self):
        section = '[sources.alpha_vantage]\nenabled = true\nsymbols = ["IBM"]\n'
        cases = [
            (section, "api_key", "env"),
            (section + 'api_key = { env = "TAPELINE_TEST_NO_SUCH_KEY" }\n', "api_key", "export"),
            (section + f'api_key = {{ file = "{self.folder.path}/no-key" }}\n', "api_key", "no-key"),
            ('[postgres]\ndsn = { env = "TAPELINE_TEST_NO_SUCH_DSN" }\n', "postgres.dsn", "TAPELINE_TEST_NO_SUCH_DSN"),
        ]
        for number, (text, key, cure) in enumerate(cases):
            path = self.folder.write(f"secret{number}.toml", text)
            lines = self.refused("run", "--config", path)
            self.assertEqual(len(lines), 1, lines)
            self.assertIn(path, lines[0])
            self.assertIn(key, lines[0])
            self.assertIn(cure, lines[0])

    def test_a_secret_that_others_can_read_is_refused_and_not_shown(self):
        key = self.folder.write("key", "open-secret\n")
        os.chmod(key, 0o644)
        path = self.folder.write("key.toml", '[sources.alpha_vantage]\nenabled = true\nsymbols = ["IBM"]\n'
                                             f'api_key = {{ file = "{key}" }}\n')
        lines = self.refused("run", "--config", path)
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("chmod", lines[0])
        self.assertNotIn("open-secret", lines[0])

    def test_the_files_that_we_ship_are_without_mistake(self):
        environment = {"TAPELINE_SIM": "127.0.0.1:1", "TAPELINE_DEMO_KEY": "demo", "ALPHAVANTAGE_KEY": "demo"}
        for name in ("default", "demo", "live"):
            done = harness.tapeline("check", "--config-only", "--config", f"config/{name}.toml", var=self.folder.path,
                                    environment=environment)
            self.assertEqual(done.status, 0, str(done))

    def test_check_says_who_cannot_be_reached(self):
        # Port 9 is discard: nobody listens there.
        path = self.folder.write("unreachable.toml", """
[postgres]
dsn = { env = "TAPELINE_TEST_DSN" }
[redis]
address = "127.0.0.1:9"
[transport]
connect_timeout_ms = 2000
[sources.binance]
enabled = true
symbols = ["BTCUSDT"]
websocket_url = "ws://127.0.0.1:9"
[sources.coingecko]
enabled = true
symbols = ["bitcoin/usd"]
base_url = "http://127.0.0.1:9"
""")
        done = harness.tapeline("check", "--config", path, var=self.folder.path,
                                environment={"TAPELINE_TEST_DSN": UNREACHABLE_DSN + " password=not-for-logs"})
        self.assertEqual(done.status, 2, str(done))
        lines = (done.stdout + done.stderr).splitlines()
        for what in ("postgres", "redis", "binance", "coingecko"):
            told = [line for line in lines if what in line and "FAILED" in line]
            self.assertEqual(len(told), 1, f"{what}: {done}")
        self.assertNotIn("not-for-logs", done.stdout + done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.folder.path, "journal")), "nothing was started")

    def test_without_any_source_the_cure_is_told(self):
        path = self.folder.write("empty.toml", "")
        done = harness.tapeline("run", "--config", path, "--for", "1", var=self.folder.path)
        self.assertEqual(done.status, 2, str(done))
        self.assertIn("enable one, or try ./dev run", done.stderr)

    def test_without_any_server_the_cure_is_told(self):
        path = self.folder.write("one-source.toml", """
[sources.binance]
enabled = true
symbols = ["BTCUSDT"]
websocket_url = "ws://127.0.0.1:1"
""")
        done = harness.tapeline("run", "--config", path, "--for", "1", var=self.folder.path)
        self.assertNotEqual(done.status, 0, str(done))
        self.assertIn("./dev up", done.stderr)


class Reachable(harness.PipelineTest):
    def test_check_finds_the_private_servers_and_the_simulator(self):
        simulator = self.simulator()
        config = self.config(f"""
[sources.binance]
enabled = true
symbols = ["BTCUSDT"]
websocket_url = "ws://{simulator.address}"
[sources.coingecko]
enabled = true
symbols = ["bitcoin/usd"]
base_url = "http://{simulator.address}"
[sources.yahoo]
enabled = true
symbols = ["AAPL"]
base_url = "http://{simulator.address}"
[sources.alpha_vantage]
enabled = true
symbols = ["IBM"]
api_key = {{ env = "TAPELINE_TEST_KEY" }}
base_url = "http://{simulator.address}"
""")
        done = self.run_tapeline("check", "--config", config, environment={"TAPELINE_TEST_KEY": "secret-of-the-test"})
        for what in ("binance", "coingecko", "yahoo", "alpha_vantage", "postgres", "redis"):
            self.assertRegex(done.stdout, rf"(?m)^{what} +ok ", str(done))
        self.assertNotIn("secret-of-the-test", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
