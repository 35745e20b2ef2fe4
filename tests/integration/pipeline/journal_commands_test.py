"""`tapeline journal stats | export | verify` on a journal of many segments: what comes out is what went in."""
import json
import os
import subprocess
import tempfile
import unittest

import harness
import journal

CONFIG = """
lane = "many"
[journal]
segment_bytes = 65536
[postgres]
enabled = false
[redis]
enabled = false
[dashboard]
enabled = false

"""
BEGIN_NS = 1_700_000_000_000_000_000


def trade(symbol, number):
    ms = BEGIN_NS // 10**6 + number * 100
    return (f'{{"stream":"{symbol.lower()}@trade","data":{{"e":"trade","E":{ms},"s":"{symbol}","t":{number},"p":"100.5","q":"1",'
            f'"T":{ms},"m":true,"M":true}}}}')


class JournalCommands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tapeline-journal-commands-")
        cls.config = os.path.join(cls.folder.name, "config.toml")
        with open(cls.config, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        # The second symbol only in the last third: most segments say nothing of it.
        cls.lines = [f"{BEGIN_NS + i * 10**8} {trade('ETHUSDT' if i > 2000 and i % 2 else 'BTCUSDT', i)}" for i in range(3000)]
        recording = os.path.join(cls.folder.name, "recording.txt")
        with open(recording, "w", encoding="utf-8") as file:
            file.write("\n".join(cls.lines) + "\n")
        cls.run_tapeline("replay", "--config", cls.config, "--source", "binance", "--lane", "many", "--null-sink", "--json", recording)
        cls.directory = os.path.join(cls.folder.name, "journal/many")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def run_tapeline(cls, *words, status=0):
        done = subprocess.run([harness.PROGRAM, *words], cwd=harness.ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env=dict(os.environ, TAPELINE_VAR=cls.folder.name), timeout=120, check=False)
        assert done.returncode == status, done
        return done

    def journal(self, *words, status=0):
        return self.run_tapeline("journal", words[0], "--config", self.config, *words[1:], status=status)

    def indices(self):
        return sorted(name for name in os.listdir(self.directory) if name.endswith(".index"))

    def test_a_recording_comes_out_as_it_went_in(self):
        out = self.journal("export", "--source", "binance", "--format", "recording").stdout
        self.assertEqual(out.splitlines(), self.lines)

    def test_time_and_symbol_select_the_same_with_any_index(self):
        words = ("export", "--symbol", "ETHUSDT", "--from", "2023-11-14T22:16:50Z", "--to", "2023-11-14T22:17:30.05Z")
        expected = [line for line in self.lines if "ETHUSDT" in line and
                    BEGIN_NS + 210 * 10**9 <= int(line.split(" ", 1)[0]) < BEGIN_NS + 250 * 10**9 + 5 * 10**7]
        self.assertGreater(len(expected), 100)

        def exported():
            frames = [json.loads(line) for line in self.journal(*words).stdout.splitlines()]
            return [f"{frame['received_ns']} {frame['payload']}" for frame in frames]
        self.assertEqual(exported(), expected)
        kept = self.indices()
        self.assertGreater(len(kept), 3)
        self.assertEqual(exported(), expected)
        with open(os.path.join(self.directory, kept[-1]), "r+b") as file:
            file.seek(60)
            file.write(b"\xff\xff\xff\xff")
        self.assertEqual(exported(), expected)
        for name in kept:
            os.remove(os.path.join(self.directory, name))
        self.assertEqual(exported(), expected)

    def test_stats_count_what_is_there(self):
        stats = json.loads(self.journal("stats", "--json").stdout)
        data = next(kind for kind in stats["kinds"] if kind["kind"] == "data")
        self.assertEqual((data["frames"], data["source"]), (3000, "binance"))
        self.assertEqual(data["bytes"], sum(len(line.split(" ", 1)[1]) for line in self.lines))
        self.assertEqual(stats["symbols"], 2)
        self.assertEqual(stats["segments"], len(journal.segments(self.directory)))
        self.assertIn("3,000", self.journal("stats").stdout)

    def test_a_segment_that_cannot_be_read_is_named_by_whoever_needs_it(self):
        path = journal.segments(self.directory)[2]
        with open(path, "rb") as file:
            whole = file.read()
        reason = f"{path} has 1000 bytes, not 65536"
        for name in self.indices():  # of before: a new one needs the segment
            os.remove(os.path.join(self.directory, name))
        try:
            os.truncate(path, 1000)
            done = self.run_tapeline("replay", "--config", self.config, "--journal", "many", "--lane", "again", "--null-sink",
                                     "--json", status=1)
            self.assertIn(f"tapeline: the journal cannot be read on: journal segment {reason}", done.stderr)
            self.assertGreater(harness.summary_of(done.stdout)["ticks"], 0)  # what came before
            self.assertIn(reason, self.journal("export", "--format", "json", status=1).stderr)
            self.assertIn(reason, self.journal("stats", status=1).stderr)
            self.assertIn(reason, self.journal("list", status=1).stdout)
        finally:
            with open(path, "wb") as file:
                file.write(whole)

    def test_mistakes_are_named(self):
        self.assertIn("name it with --source", self.journal("export", "--format", "recording", status=2).stderr)
        self.assertIn("is no time", self.journal("export", "--from", "yesterday", status=2).stderr)
        self.assertIn("--format", self.journal("export", "--format", "csv", status=2).stderr)
        self.assertIn("nosource", self.journal("export", "--source", "nosource", status=2).stderr)

    def test_verify_says_the_hash_and_finds_a_bit(self):
        told = self.journal("verify").stdout
        self.assertIn("many: ok, 3,001 frames", told)
        self.assertRegex(told, r"chained; SHA-256 of the last closed one \([0-9a-f]{16}\): [0-9a-f]{64}")
        path = journal.segments(self.directory)[2]
        with open(path, "r+b") as file:
            file.seek(40_000)
            byte = file.read(1)
            file.seek(40_000)
            file.write(bytes([byte[0] ^ 1]))
        try:
            told = self.journal("verify", status=1).stdout
            self.assertRegex(told, r"segment 0000000000000002, position \d+ to \d+: ")
        finally:
            with open(path, "r+b") as file:
                file.seek(40_000)
                file.write(byte)


if __name__ == "__main__":
    unittest.main(verbosity=2)
