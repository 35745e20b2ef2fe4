"""The sources that stream, end to end: recordings over a real WebSocket, connections that break, sockets that fall silent."""
import collections
import gzip
import json
import os
import random
import re
import time
import unittest

import bars
import harness

PAYLOADS = harness.PAYLOADS

TICKS = """SELECT native_symbol, event_ns, price, volume, trade_id, side FROM fact_tick JOIN dim_instrument USING (instrument_id)
           ORDER BY 1, 5, 2"""
BARS = """SELECT native_symbol, interval_s, bar_start, open, high, low, close, volume, trades, sma, rsi, signal, is_partial
          FROM fact_bar JOIN dim_instrument USING (instrument_id) ORDER BY 1, 2, 3"""

NAMES = {"binance": ["BTCUSDT"],
         "coinbase": ["BAND-GBP", "SKL-GBP", "NU-GBP", "YFI-BTC", "SKL-BTC", "SKL-USD", "BAND-BTC", "NMR-EUR", "DASH-BTC",
                      "CRV-EUR"],
         "kraken": ["ETH/USD", "BTC/USD", "ALGO/USD"]}


def config_of(source, lane):
    names = ", ".join(f'"{name}"' for name in NAMES[source])
    path = "/v2" if source == "kraken" else ""
    return (f'lane = "{lane}"\n[bars]\nintervals_s = [1, 60]\n[transport]\nreconnect_delay_ms_max = 20\n'
            f'[sources.{source}]\nenabled = true\nwebsocket_url = "ws://tapeline-sim{path}"\nrest_url = "http://tapeline-sim"\n'
            f'symbols = [{names}]\n[redis]\nenabled = false\n[dashboard]\nlisten = "127.0.0.1:0"\n')


def coinbase_recording():
    """The capture has seconds in front, and what was sent between."""
    lines = []
    with open(os.path.join(PAYLOADS, "coinbase/cryptofeed_COINBASE.ws.txt"), encoding="utf-8") as file:
        for line in file:
            found = re.match(r"(\d+\.\d+): (\{.*)", line)
            if found:
                lines.append(f"{int(float(found[1]) * 1e9)} {found[2]}\n")
    return "".join(lines)


def kraken_recording():
    """Every captured message of version 2, and one trade more for each symbol, some seconds apart."""
    folder = os.path.join(PAYLOADS, "kraken")
    texts = []
    for name in sorted(os.listdir(folder)):
        if name.startswith("v2_"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                texts.append(json.dumps(json.load(file), separators=(",", ":")))
    return "".join(f"{1_790_000_000_000_000_000 + i * 10**8} {text}\n" for i, text in enumerate(texts))


class RecordingsOverAWebSocket(harness.PipelineTest):

    def rows_of(self, lane_config, *words, environment=None, until=None):
        self.servers.fresh_database()
        if until is None:
            self.run_tapeline(*words, "--config", lane_config, "--json", environment=environment)
        else:
            running = self.start(*words, "--config", lane_config, "--plain", "--json", environment=environment)
            harness.until(lambda: self.servers.count_or_zero("tick") >= until, f"{until} ticks")
            self.assertEqual(running.end(), 0, running.stderr)
        return self.servers.sql(TICKS), {row[:3]: row for row in self.servers.sql(BARS) if row[-1] == "f"}

    def compare(self, source, recording):
        config = self.config(config_of(source, "same"))
        ticks, replayed_bars = self.rows_of(config, "replay", recording, "--source", source, "--lane", "replayed")
        self.assertGreater(len(ticks), 0)
        simulator = self.simulator("--recording", recording, "--source", source, "--max", "--broadcast")
        live, live_bars = self.rows_of(config, "run", environment={"TAPELINE_SIM": simulator.address}, until=len(ticks))
        self.assertEqual(live, ticks)
        # A bar that is partial in one of them is so because input ends where it does.
        for key in replayed_bars.keys() & live_bars.keys():
            self.assertEqual(live_bars[key], replayed_bars[key])
        return ticks

    @harness.needs_payloads
    def test_coinbase_over_a_socket_is_coinbase_replayed_and_every_trade_is_counted(self):
        text = coinbase_recording()
        ticks = self.compare("coinbase", self.folder.write("coinbase.txt", text))
        expected = collections.Counter()
        sides = {}
        for line in text.splitlines():
            message = json.loads(line.split(" ", 1)[1])
            if message["type"] in ("match", "last_match"):
                expected[message["product_id"]] += 1
            elif message["type"] == "ticker":  # its side is the taker's
                sides[message["product_id"], str(message["trade_id"])] = message["side"]
        self.assertEqual(collections.Counter(row[0] for row in ticks), expected)
        compared = [(sides[row[0], row[4]], row[5]) for row in ticks if (row[0], row[4]) in sides]
        self.assertGreater(len(compared), 90)
        self.assertTrue(all(taker == side for taker, side in compared))

    @harness.needs_payloads
    def test_kraken_over_a_socket_is_kraken_replayed(self):
        self.assertEqual(len(self.compare("kraken", self.folder.write("kraken.txt", kraken_recording()))), 3)

    @harness.needs_payloads
    def test_binance_over_a_socket_is_binance_replayed(self):
        self.compare("binance", os.path.join(PAYLOADS, "binance/ws_spot_btcusdt_20240808_2354.txt.gz"))


class CompressedStreams(harness.PipelineTest):
    TRADES = 1_500

    def recording(self):
        """Combined messages of Binance, every tenth of them of 40 kB and more that do not pack well."""
        chance = random.Random(5)
        lines = []
        for number in range(self.TRADES):
            event_ms = 1_790_000_000_000 + 20 * number
            data = {"e": "trade", "E": event_ms, "s": "BTCUSDT", "t": 1000 + number,
                    "p": f"{60_000 + chance.randrange(-5_000, 5_000) / 100:.8f}", "q": f"{chance.randrange(1, 90_000) / 1e5:.8f}",
                    "T": event_ms, "m": bool(chance.getrandbits(1)), "M": True}
            if number % 10 == 0:
                data["x"] = chance.randbytes(20_000 + number).hex()
            text = json.dumps({"stream": "btcusdt@trade", "data": data}, separators=(",", ":"))
            lines.append(f"{event_ms * 10**6} {text}\n")
        return self.folder.write("binance.txt", "".join(lines))

    def rows_over_a_socket(self, recording, config, *habits):
        self.servers.fresh_database()
        simulator = self.simulator("--recording", recording, "--max", "--broadcast", "--fragment", "3000", *habits)
        running = self.start("run", "--config", config, "--plain", environment={"TAPELINE_SIM": simulator.address})
        harness.until(lambda: self.servers.count_or_zero("tick") >= self.TRADES, f"{self.TRADES} ticks")
        self.assertEqual(running.end(), 0, running.stderr)
        simulator.end()
        told = re.search(r"(\d+) messages, (\d+) deflated, .* (\d+) bytes sent", simulator.stdout)
        return (self.servers.sql(TICKS), self.servers.sql(BARS)), *map(int, told.groups())

    def test_what_comes_compressed_and_in_fragments_gives_the_same_rows(self):
        recording = self.recording()
        config = self.config(config_of("binance", "packed"))
        plain, sent, deflated, plain_bytes = self.rows_over_a_socket(recording, config)
        self.assertEqual((sent, deflated), (self.TRADES, 0))
        packed, sent, deflated, packed_bytes = self.rows_over_a_socket(recording, config, "--deflate")
        self.assertEqual(sent, self.TRADES)
        self.assertGreaterEqual(deflated, sent, "every message, and what the source answers")
        self.assertLess(packed_bytes, 0.8 * plain_bytes)
        self.assertEqual(len(plain[0]), self.TRADES)
        self.assertGreater(len(plain[1]), 20)
        self.assertEqual(packed, plain)


class BrokenConnections(harness.PipelineTest):

    @harness.needs_payloads
    def test_fifty_cuts_end_with_a_complete_table_and_every_gap_on_record(self):
        recording = os.path.join(PAYLOADS, "binance/ws_spot_btcusdt_20240808_2354.txt.gz")
        expected = []
        with gzip.open(recording, "rt", encoding="utf-8") as file:
            for line in file:
                data = json.loads(line.split(" ", 1)[1]).get("data", {})
                if data.get("e") == "trade":
                    expected.append(data)
        ids = sorted(int(trade["t"]) for trade in expected)
        simulator = self.simulator("--recording", recording, "--speed", "25", "--broadcast", "--cuts", "50", "--outage", "20",
                                   "--seed", "5")
        config = self.config(config_of("binance", "cut"))
        running = self.start("run", "--config", config, "--plain", "--json", environment={"TAPELINE_SIM": simulator.address})
        harness.until(lambda: self.servers.count_or_zero("tick") >= len(ids), "every trade", seconds=120)
        self.assertEqual(running.end(), 0, running.stderr)
        summary = harness.summary_of(running.stdout)
        self.assertEqual([int(row[0]) for row in self.servers.sql("SELECT trade_id FROM fact_tick ORDER BY 1")], ids)
        self.assertEqual(simulator_cuts(simulator), 50)
        missing, filled = map(int, self.servers.sql("SELECT sum(missing), sum(filled) FROM completeness")[0])
        self.assertEqual(missing, filled)
        backfilled = self.servers.count("fact_tick", "is_backfilled")
        self.assertGreater(backfilled, 0)
        self.assertGreaterEqual(backfilled, filled)
        # Each gap is on record, by its own words.
        gaps = self.servers.sql("SELECT detail FROM quality_event WHERE reason = 'sequence_gap'")
        told = sum(int(found[1]) for detail, in gaps if (found := re.match(r"(\d+) trade ids before", detail)))
        self.assertEqual(told, missing)
        self.assertEqual(self.servers.count("open_gap"), 0)
        self.assertGreater(self.servers.count("quality_event", "reason = 'gap_filled'"), 0)
        # And the bars are those of all trades.
        trades = bars.trades_in(self.servers)
        for interval_s in (1, 60):
            wanted = bars.bars_of(trades, interval_s)
            found = bars.bars_in(self.servers, interval_s, "NOT is_partial AND NOT is_filled")
            self.assertGreater(len(found), 2)
            for key, bar in found.items():
                self.assertEqual(bar, wanted[key])
        # What came of the journal once comes of it again.
        self.assertGreater(summary["frames"], 0)
        rows = self.servers.sql(TICKS), self.servers.sql(BARS.replace("FROM fact_bar", "FROM fact_bar"))
        self.run_tapeline("replay", "--config", config, "--journal", "cut", "--lane", "again")
        where = "WHERE fact_bar.lane_id = (SELECT lane_id FROM lane_checkpoint WHERE lane = 'again') ORDER"
        again = self.servers.sql(BARS.replace("ORDER", where, 1))
        self.assertEqual(again, rows[1])


class Restarts(harness.PipelineTest):

    def test_what_was_missed_while_the_process_was_down_comes_by_rest(self):
        simulator = self.simulator("--rate", "200", "--symbol", "BTC:crypto:60000:2")
        config = self.config(config_of("binance", "restarted"))
        environment = {"TAPELINE_SIM": simulator.address}
        for wanted in (300, 900):
            running = self.start("run", "--config", config, "--plain", "--json", environment=environment)
            harness.until(lambda least=wanted: self.servers.count_or_zero("tick") >= least, f"{wanted} ticks")
            if wanted == 900:
                harness.until(lambda: self.servers.count("fact_tick", "is_backfilled") > 0
                              and self.servers.count("open_gap") == 0, "the gap is filled")
                self.assertEqual(running.end(), 0, running.stderr)
                break
            running.kill()
            time.sleep(1)  # some two hundred trades
        ids = [int(row[0]) for row in self.servers.sql("SELECT trade_id FROM fact_tick ORDER BY 1")]
        self.assertEqual(ids, list(range(ids[0], ids[-1] + 1)))
        gaps = self.servers.sql("SELECT detail FROM quality_event WHERE reason = 'sequence_gap'")
        self.assertGreaterEqual(len(gaps), 1)


class SilentSockets(harness.PipelineTest):

    def test_a_silent_socket_is_noticed_and_all_is_normal_after_it(self):
        simulator = self.simulator("--rate", "100", "--silent-after", "400", "--symbol", "BTC:crypto:60000:2")
        config = self.config(config_of("binance", "silent"))
        running = self.start("run", "--config", config, "--plain", "--json", environment={"TAPELINE_SIM": simulator.address})
        # 400 messages are four seconds; silence, then a connection that goes on, and what was missed comes by REST.
        harness.until(lambda: self.servers.count_or_zero("tick") >= 1200, "the second connection")
        status = json.loads(self.run_tapeline("status", "--json", "--config", config).stdout)
        source = status["sources"][0]
        self.assertGreaterEqual(source["reconnects"], 1)
        self.assertIn("no message for 5.", source["last_error"])
        self.assertGreater(source["backfilled"], 0)
        self.assertEqual(running.end(), 0, running.stderr)
        spans = self.servers.sql("SELECT count(*), count(DISTINCT trade_id), max(trade_id) - min(trade_id) + 1 FROM fact_tick")
        count, distinct, span = map(int, spans[0])
        self.assertEqual(count, distinct)
        self.assertLess(span - count, 700)  # at most the gap of a silence that still lasts


def simulator_cuts(simulator):
    simulator.end()
    return int(re.search(r"(\d+) connections dropped", simulator.stdout)[1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
