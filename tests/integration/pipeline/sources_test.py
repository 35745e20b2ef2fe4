"""The polled sources as a user meets them: bad answers, budgets, `sources`, `symbols search`, `check --live`; and no key in sight."""
import base64
import json
import os
import re
import unittest
import urllib.parse

import harness

KEY = "CANARY0OF0THE0KEY"


def forms_of(key):
    """What the key may look like: whole in any of these it must stand nowhere."""
    forms = {key, urllib.parse.quote(key), "".join(f"%{byte:02X}" for byte in key.encode()),
             "".join(f"%{byte:02x}" for byte in key.encode())}
    for before in ("", "a", "ab"):
        # The characters that do not depend on what stands around.
        text = base64.b64encode((before + key).encode()).decode().rstrip("=")
        forms.add(text[len(before) * 2:-2])
    return [form.encode() for form in forms]


class Sources(harness.PipelineTest):
    def sources(self, simulator, more="", lane="polled", requests_per_day=0):
        return self.config(f"""lane = "{lane}"
[quality]
stale_event_ms = 0
[transport]
reconnect_delay_ms_max = 50
request_timeout_ms = 4000
proxy = "http://127.0.0.1:1"
[dashboard]
listen = "127.0.0.1:0"
[sources.alpha_vantage]
enabled = true
base_url = "http://{simulator.address}"
api_key = {{ env = "TAPELINE_TEST_KEY" }}
symbols = ["IBM", "AAPL"]
request_spacing_ms = 1
requests_per_day = {requests_per_day}
[sources.coingecko]
enabled = true
base_url = "http://{simulator.address}"
symbols = ["bitcoin/usd", "no-such-coin/usd"]
[sources.yahoo]
enabled = true
base_url = "http://{simulator.address}"
symbols = ["AAPL"]
request_spacing_ms = 1
[sources.binance]
websocket_url = "ws://{simulator.address}"
{more}""")

    def run_with_key(self, *words, status=0):
        return self.run_tapeline(*words, status=status, environment={"TAPELINE_TEST_KEY": KEY})

    def everything_written(self):
        """All files of the run, and all rows."""
        found = []
        for folder, _, names in os.walk(self.servers.var):
            if "postgres" in folder or "redis" in folder:
                continue
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.isfile(path):
                    continue
                found.append(path.encode())
                with open(path, "rb") as file:
                    found.append(file.read())
        for (table,) in self.servers.sql("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = "
                                         "'public'::regnamespace"):
            found.append("\n".join(row[0] for row in self.servers.sql(f'SELECT t::text FROM "{table}" t')).encode())
        return found

    def assert_no_key(self, *texts):
        for content in [text.encode() for text in texts] + self.everything_written():
            for form in forms_of(KEY):
                self.assertNotIn(form, content)

    def test_the_key_is_nowhere_even_where_a_body_echoes_it(self):
        for number, fault in enumerate(("bad-key", "quota", "429", "cut")):
            with self.subTest(fault=fault):
                simulator = self.simulator("--rest-fault", fault)
                config = self.sources(simulator, lane=f"echo-{number}", requests_per_day=25)
                done = harness.tapeline("once", "--config", config, "alpha_vantage", var=self.servers.var,
                                        environment={"TAPELINE_TEST_KEY": KEY})
                listed = self.run_with_key("sources", "--config", config)
                self.assert_no_key(done.stdout, done.stderr, listed.stdout, listed.stderr)

    def test_faults_are_named_and_the_others_go_on(self):
        reasons = {"429": "refused_rate_limit", "premium": "refused_permanent", "unknown": "no_data", "500": "server_error"}
        for number, (fault, reason) in enumerate(reasons.items()):
            with self.subTest(fault=fault):
                simulator = self.simulator("--rest-fault", f"{fault};retry-after=1", "--gzip")
                config = self.sources(simulator, lane=f"fault-{number}")
                self.run_with_key("once", "--config", config)
                found = {row[0] for row in self.servers.sql(
                    f"SELECT DISTINCT reason FROM quality_event WHERE kind = 'refusal' AND lane_id = "
                    f"(SELECT lane_id FROM lane_checkpoint WHERE lane = 'fault-{number}')")}
                self.assertIn(reason, found)
                simulator.end()

    def test_every_other_answer_is_bad_and_all_symbols_come(self):
        for number, fault in enumerate(("html@2", "cut@2", "slow@2", "bomb@3")):
            with self.subTest(fault=fault):
                simulator = self.simulator("--rest-fault", fault)
                config = self.sources(simulator, lane=f"mixed-{number}")
                running = self.start("run", "--config", config, "--plain", environment={"TAPELINE_TEST_KEY": KEY})
                query = (f"SELECT count(DISTINCT native_symbol) FROM dim_instrument JOIN dim_source USING (source_id) "
                         "WHERE dim_source.name = 'alpha_vantage'")
                harness.until(lambda: self.servers.count_or_zero("dim_instrument") > 0 and int(self.servers.sql(query)[0][0]) >= 2,
                              f"symbols come in spite of {fault}")
                running.end()
                simulator.end()
                self.servers.fresh_database()

    def test_sources_tells_of_the_running_service(self):
        simulator = self.simulator()
        config = self.sources(simulator, requests_per_day=25)
        running = self.start("run", "--config", config, "--plain", environment={"TAPELINE_TEST_KEY": KEY})

        def table():
            done = self.run_with_key("sources", "--config", config, "--json")
            told = json.loads(done.stdout)
            heard = [source for source in told["sources"] if source["frames"] > 0]
            return told if told["running"] and len(heard) == 3 else None
        told = {source["name"]: source for source in harness.until(table, "all sources have answered")["sources"]}
        self.assertEqual(set(told), {"alpha_vantage", "coingecko", "yahoo"})
        self.assertEqual(told["alpha_vantage"]["quota_per_day"], 25)
        self.assertIn(told["alpha_vantage"]["quota_left"], range(20, 25))
        self.assertEqual(told["coingecko"]["unknown_symbols"], ["no-such-coin/usd"])
        self.assertGreater(told["yahoo"]["next_poll_ns"], 0)
        text = self.run_with_key("sources", "--config", config).stdout
        self.assertRegex(text, r"alpha_vantage +\d+ +\d+ s +2\d of 25")
        self.assertIn("unknown to it, or delisted: no-such-coin/usd", text)
        harness.until(lambda: "does not know no-such-coin/usd" in running.stderr, "the log names the coin")
        running.end()
        # Without a service the quota is known all the same.
        text = self.run_with_key("sources", "--config", config).stdout
        self.assertIn("no service of lane polled answers", text)
        self.assertRegex(text, r"alpha_vantage .* 2\d of 25")
        self.assert_no_key(text, running.stdout, running.stderr)

    def test_symbols_search_asks_the_sources(self):
        simulator = self.simulator()
        config = self.sources(simulator)
        found = self.run_with_key("symbols", "search", "bitcoin", "--config", config).stdout
        self.assertRegex(found, r"coingecko +bitcoin/usd +Bitcoin \(BTC\)")
        self.assertRegex(found, r"yahoo +BTC-USD +Bitcoin.*, CRYPTOCURRENCY")
        self.assertRegex(found, r"alpha_vantage +nothing of this name")
        # The exchanges are asked by https, here through a proxy that is not there.
        for exchange in ("binance", "coinbase", "kraken"):
            self.assertRegex(found, rf"{exchange} +FAILED +cannot connect to the proxy 127.0.0.1:1: ")
        found = self.run_with_key("symbols", "search", "apple", "--source", "yahoo", "--config", config).stdout
        self.assertRegex(found, r"^yahoo +AAPL +Apple Inc")
        done = self.run_with_key("symbols", "search", "x", "--source", "nasdaq", "--config", config, status=2)
        self.assertIn("one of: alpha_vantage, coingecko", done.stderr)
        done = self.run_with_key("symbols", "search", "zzzzzz", "--source", "yahoo", "--config", config, status=1)
        self.assertIn("nothing of this name", done.stdout)

    def test_check_live_asks_what_needs_no_key(self):
        simulator = self.simulator()
        urls = (f'[sources.coingecko]\nbase_url = "http://{simulator.address}"\n'
                f'[sources.yahoo]\nbase_url = "http://{simulator.address}"\n'
                f'[sources.binance]\nwebsocket_url = "ws://{simulator.address}"\n')
        done = self.run_tapeline("check", "--live", "--config", self.config(urls))
        for source, symbol in (("coingecko", "bitcoin/usd"), ("yahoo", "AAPL"), ("binance", "BTCUSDT")):
            self.assertRegex(done.stdout, rf"{source} +ok +\S+ \S+ +{symbol} \d+")
        self.assertNotIn("postgres", done.stdout)

    def test_check_live_without_a_network_says_so_for_each_source(self):
        nowhere = self.config('[transport]\nproxy = "http://127.0.0.1:1"\n[sources.binance]\nwebsocket_url = "ws://127.0.0.1:1"\n')
        done = self.run_tapeline("check", "--live", "--config", nowhere, status=2)
        for source, address in (("coingecko", "https://api.coingecko.com"), ("yahoo", "https://query1.finance.yahoo.com"),
                                ("binance", "ws://127.0.0.1:1")):
            self.assertRegex(done.stdout, rf"{source} +FAILED .*{re.escape(address)}: cannot connect to .*127.0.0.1:1: Connection refused")


if __name__ == "__main__":
    unittest.main(verbosity=2)
