"""What a running pipeline shows by HTTP and by its local socket: metrics, health, status; and whom it refuses."""
import http.client
import json
import os
import re
import socket
import unittest

import harness

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"(?:,(?!\})|(?=\})))*\})? (\S+)$')


def families(text):
    """Prometheus' text format, read strictly: {family: (type, [(sample, labels, value)])}."""
    found, name = {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split()[2]
            assert name not in found, f"{name} is told twice"
            found[name] = [None, []]
        elif line.startswith("# TYPE "):
            _, _, typed, kind = line.split()
            assert typed == name and kind in ("counter", "gauge", "histogram"), line
            found[name][0] = kind
        else:
            match = SAMPLE.match(line)
            assert match, f"no sample: {line!r}"
            sample, labels, value = match.group(1), match.group(2) or "", float(match.group(4))
            endings = ("_bucket", "_sum", "_count") if found[name][0] == "histogram" else ("",)
            assert sample in [name + ending for ending in endings], f"{sample} stands under {name}"
            found[name][1].append((sample, labels, value))
    assert text.endswith("\n")
    return found


class Service(harness.PipelineTest):
    def running(self, dashboard='listen = "127.0.0.1:0"\n', environment=None):
        simulator = self.simulator("--seed", "3")
        config = self.config(f'lane = "served"\n[bars]\nintervals_s = [1]\n[sources.binance]\nenabled = true\n'
                             f'websocket_url = "ws://{simulator.address}"\nsymbols = {{ "BTC-USD" = "BTCUSDT" }}\n'
                             f'[dashboard]\n{dashboard}')
        running = self.start("run", "--config", config, "--plain", environment=environment)
        found = harness.until(lambda: re.search(r"serves http://(\S+)", running.stderr), "it says where it serves")
        self.address = found.group(1)
        return running

    def ask(self, path, headers=None, method="GET", body=None):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        self.addCleanup(connection.close)
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode(), response

    def test_says_how_it_is_and_counts_what_it_does(self):
        running = self.running()
        harness.until(lambda: self.ask("/readyz")[0] == 200, "it is ready")
        status, body, response = self.ask("/healthz")
        self.assertEqual((status, json.loads(body)["alive"]), (200, True))
        self.assertIn("default-src 'self'", response.headers["Content-Security-Policy"])

        harness.until(lambda: self.servers.count_or_zero("fact_bar") > 2, "bars are stored")
        status, text, response = self.ask("/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(response.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        metrics = families(text)
        for name, (kind, samples) in metrics.items():
            self.assertTrue(name.startswith("tapeline_"), name)
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
            self.assertEqual(len({(sample, labels) for sample, labels, _ in samples}), len(samples), name)
        value = {sample + labels: number for _, samples in metrics.values() for sample, labels, number in samples}
        self.assertGreater(value["tapeline_ticks_total"], 0)
        self.assertGreater(value["tapeline_rows_committed_total"], 0)
        self.assertEqual(value['tapeline_source_up{source="binance"}'], 1)
        self.assertEqual(value['tapeline_sink_up{sink="postgres"}'], 1)
        self.assertGreater(value["tapeline_process_resident_memory_bytes"], 1e6)
        self.assertIn('tapeline_symbol_last_event_timestamp_seconds{symbol="BTC-USD",source="binance"}', value)
        for path in ("received_to_computed", "received_to_committed"):
            buckets = [number for sample, number in value.items()
                       if sample.startswith("tapeline_latency_seconds_bucket") and path in sample]
            self.assertEqual(buckets, sorted(buckets), "buckets are cumulative")
            self.assertEqual(buckets[-1], value[f'tapeline_latency_seconds_count{{path="{path}"}}'])
        again = {sample + labels: number for kind, samples in families(self.ask("/metrics")[1]).values()
                 for sample, labels, number in samples if kind == "counter"}
        for sample, number in again.items():
            self.assertGreaterEqual(number, value.get(sample, 0), f"{sample} went back")

        done = self.run_tapeline("status", "--lane", "served")
        self.assertTrue(done.stdout.startswith("ready\n"), str(done))
        state = json.loads(self.run_tapeline("status", "--lane", "served", "--json").stdout)
        self.assertEqual([stage["name"] for stage in state["stages"]], ["poller", "parser", "kernels", "writer", "cache"])
        self.assertEqual(running.end(), 0)
        done = self.run_tapeline("status", "--lane", "served", status=1)
        self.assertIn("start one with tapeline run", done.stderr)

    def test_is_not_ready_while_a_sink_is_away_and_says_which(self):
        self.running()
        harness.until(lambda: self.ask("/readyz")[0] == 200, "it is ready")
        self.servers.stop_redis()
        self.addCleanup(self.servers.up)
        harness.until(lambda: self.ask("/readyz")[0] == 503, "it is not ready")
        self.assertIn("sink redis", " ".join(json.loads(self.ask("/readyz")[1])["reasons"]))
        self.assertEqual(self.ask("/healthz")[0], 200, "nothing that a restart would mend")
        self.servers.up()
        harness.until(lambda: self.ask("/readyz")[0] == 200, "it is ready again")

    def test_refuses_other_sites_other_names_and_other_methods(self):
        self.running()
        self.assertEqual(self.ask("/metrics", {"Host": "evil.example"})[0], 421)
        self.assertEqual(self.ask("/metrics", {"Origin": "http://evil.example"})[0], 403)
        self.assertEqual(self.ask("/metrics", method="DELETE")[0], 405)
        self.assertEqual(self.ask("/metrics", method="POST", body="x" * 100_000)[0], 413)
        self.assertEqual(self.ask("/../../etc/passwd")[0], 404)
        self.assertEqual(self.ask("/%2e%2e/etc/passwd")[0], 404)

    def test_asks_for_the_token_where_there_is_one(self):
        token = "canary-7f3a-token"
        running = self.running('listen = "127.0.0.1:0"\ntoken = { env = "TEST_TOKEN" }\n', {"TEST_TOKEN": token})
        self.assertEqual(self.ask("/metrics")[0], 401)
        self.assertEqual(self.ask("/metrics", {"Authorization": "Bearer wrong"})[0], 401)
        self.assertEqual(self.ask("/metrics", {"Authorization": "Bearer " + token})[0], 200)
        self.assertIn(self.ask("/healthz")[0], (200, 503))
        self.assertEqual(self.ask("/login", method="POST", body="token=wrong")[0], 401)
        status, _, response = self.ask("/login", method="POST", body="token=" + token)
        self.assertEqual(status, 303)
        cookie = response.headers["Set-Cookie"]
        self.assertIn("HttpOnly; SameSite=Strict", cookie)
        self.assertEqual(self.ask("/metrics", {"Cookie": cookie.split(";")[0]})[0], 200)
        self.assertNotIn(token, running.stderr)

    def test_survives_clients_that_talk_nonsense(self):
        running = self.running()
        host, port = self.address.split(":")
        nonsense = [b"", b"\r\n\r\n", b"GET", b"\x16\x03\x01\x02\x00" + os.urandom(400), b"GET / HTTP/9.9\r\n\r\n",
                    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                    b"GET /live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                    b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 5_000 + b"\r\n"]
        for _ in range(3):
            for bytes_sent in nonsense + [os.urandom(300)]:
                with socket.create_connection((host, int(port)), timeout=30) as client:
                    try:
                        client.sendall(bytes_sent)
                        client.shutdown(socket.SHUT_WR)
                        while client.recv(65536):
                            pass
                    except OSError:
                        pass  # it was cut off, as it may be
        held = [socket.create_connection((host, int(port)), timeout=30) for _ in range(200)]
        for client in held:
            client.close()
        harness.until(lambda: self.ask("/readyz")[0] == 200, "it is ready all the same")
        self.assertIsNone(running.process.poll())

    def test_runs_without_where_the_address_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            config = self.config(f'[sources.binance]\nenabled = true\nwebsocket_url = "ws://127.0.0.1:{port}"\n'
                                 f'symbols = ["BTCUSDT"]\n[dashboard]\nlisten = "127.0.0.1:{port}"\n')
            done = self.run_tapeline("run", "--config", config, "--for", "1", "--plain")
        self.assertIn("choose another dashboard.listen", done.stderr)

    def test_wants_a_token_beyond_loopback(self):
        config = self.config('[dashboard]\nlisten = "0.0.0.0:8087"\n')
        done = self.run_tapeline("check", "--config", config, "--config-only", status=2)
        self.assertIn("dashboard.token: is missing", done.stderr)


if __name__ == "__main__":
    unittest.main()
