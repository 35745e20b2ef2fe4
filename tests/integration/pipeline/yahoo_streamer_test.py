"""Yahoo's streamer end to end: snapshots over a real WebSocket, connections that are cut, a symbol that nobody knows."""
import decimal
import json
import unittest

import harness

TICKS = """SELECT native_symbol, event_ns, price, volume, trade_id, side FROM fact_tick JOIN dim_instrument USING (instrument_id)
           JOIN lane_checkpoint USING (lane_id) WHERE lane = '{lane}' ORDER BY 1, 2, 3"""


class YahooStreamer(harness.PipelineTest):
    def test_rows_arrive_over_cut_connections_and_an_unknown_symbol_does_no_harm(self):
        # Each connection ends after three snapshots; every second there is one of each symbol.
        simulator = self.simulator("--rate", "400", "--drop-connection-every", "3", "--symbol", "BTC:crypto:60000:2",
                                   "--symbol", "DOGE:crypto:0.08:5")
        config = self.config(f"""lane = "streamer"
[bars]
intervals_s = [1]
[transport]
reconnect_delay_ms_max = 20
[dashboard]
listen = "127.0.0.1:0"
[sources.yahoo]
enabled = true
mode = "streamer"
streamer_url = "ws://{simulator.address}"
symbols = ["NO-SUCH", "BTC-USD", "DOGE-USD"]
""")
        running = self.start("run", "--config", config, "--plain")

        def symbols_of_many():
            return {row[0] for row in self.servers.sql("""SELECT native_symbol FROM fact_tick JOIN dim_instrument
                                                          USING (instrument_id) GROUP BY 1 HAVING count(*) >= 8""")}
        harness.until(lambda: self.servers.count_or_zero("tick") >= 16 and len(symbols_of_many()) == 2, "snapshots of both")
        source, = json.loads(self.run_tapeline("status", "--json", "--config", config).stdout)["sources"]
        self.assertGreaterEqual(source["reconnects"], 3)
        self.assertEqual(running.end(), 0, running.stderr)

        rows = self.servers.sql(TICKS.format(lane="streamer"))
        self.assertEqual({row[0] for row in rows}, {"BTC-USD", "DOGE-USD"})
        self.assertEqual(self.servers.sql("SELECT native_symbol FROM dim_instrument ORDER BY 1"), [("BTC-USD",), ("DOGE-USD",)])
        for symbol, event_ns, price, volume, trade_id, side in rows:
            self.assertEqual(int(event_ns) % 10**6, 0)
            # Exactly as it was quoted: the float32 on the wire has more digits than that.
            places = {"BTC-USD": 2, "DOGE-USD": 5}[symbol]
            self.assertGreaterEqual(decimal.Decimal(price).as_tuple().exponent, -places)
            self.assertGreater(decimal.Decimal(price), 0)
            self.assertEqual((decimal.Decimal(volume), trade_id, side), (0, "", ""))
        self.assertEqual(self.servers.count("quality_event", "kind = 'reject'"), 0)
        self.assertGreater(self.servers.count("fact_bar", "NOT is_source_bar"), 0)

        self.run_tapeline("replay", "--config", config, "--journal", "streamer", "--lane", "again")
        self.assertEqual(self.servers.sql(TICKS.format(lane="again")), rows)


if __name__ == "__main__":
    unittest.main(verbosity=2)
