"""What a running pipeline shows by HTTP and by its local socket: metrics, health, status; and whom it refuses."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
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
        try:  # closed at once: the server turns away whoever would be its 65th client
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode(), response
        finally:
            connection.close()

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
        if shutil.which("promtool"):  # Prometheus' own parser and taste, where it is installed
            linted = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
            self.assertEqual(linted.returncode, 0, linted.stdout + linted.stderr)
        for name, (kind, samples) in metrics.items():
            self.assertTrue(name.startswith("tapeline_"), name)
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
            self.assertEqual(len({(sample, labels) for sample, labels, _ in samples}), len(samples), name)
        value = {sample + labels: number for _, samples in metrics.values() for sample, labels, number in samples}
        self.assertGreater(value["tapeline_ticks_total"], 0)
        self.assertGreater(value["tapeline_rows_committed_total"], 0)
        self.assertEqual(value['tapeline_source_up{source="binance"}'], 1)
        self.assertEqual(value['tapeline_sink_up{sink="postgres"}'], 1)
        self.assertLess(abs(value['tapeline_source_lag_seconds{source="binance"}']), 5)
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

    def test_dashboards_and_alert_rules_ask_only_for_what_there_is(self):
        self.running()
        metrics = families(self.ask("/metrics")[1])
        samples = {sample for _, found in metrics.values() for sample, _, _ in found}
        samples |= {name for name, (_, found) in metrics.items() if not found}  # none happened yet
        docker = pathlib.Path(__file__).resolve().parents[3] / "docker"
        files = [*docker.glob("grafana/dashboards/*.json"), docker / "prometheus" / "alerts.yml"]
        self.assertGreaterEqual(len(files), 3)
        for file in files:
            named = set(re.findall(r"\btapeline_[a-z_]+", file.read_text()))
            self.assertTrue(named, file)
            self.assertEqual(named - samples, set(), f"{file} asks for what is not there")

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

    def test_takes_over_on_sighup_what_may_change_and_refuses_the_rest(self):
        running = self.running()
        config = os.path.join(self.folder.path, "test.toml")
        with open(config, encoding="utf-8") as file:
            text = file.read()
        harness.until(lambda: self.servers.count_or_zero("fact_bar") > 2, "bars are stored")

        self.config(text.replace("intervals_s = [1]", "intervals_s = [5]"))
        running.process.send_signal(signal.SIGHUP)
        harness.until(lambda: "bars.intervals_s cannot change while it runs" in running.stderr, "it refuses")
        self.config(text + "[rules.odd]\nwhen = 7\n")
        running.process.send_signal(signal.SIGHUP)
        harness.until(lambda: "rules.odd.when" in running.stderr, "it tells the mistake")
        self.assertNotIn("taking over", running.stderr)

        self.config(text + '[rules.rising]\nwhen = "change_pct > 0"\ncooldown_s = 0\n')
        running.process.send_signal(signal.SIGHUP)
        harness.until(lambda: self.servers.count("fact_alert", "rule = 'rising'") > 0, "the new rule fires")
        self.assertEqual(running.end(), 0)
        hole = self.servers.sql("""SELECT count(*) - count(DISTINCT trade_id) FROM fact_tick WHERE trade_id IS NOT NULL""")
        self.assertEqual(hole, [("0",)])

    def test_tells_the_service_manager(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(os.path.join(self.folder.path, "notify"))
            manager.settimeout(harness.DEADLINE_S)
            running = self.running(environment={"NOTIFY_SOCKET": os.path.join(self.folder.path, "notify"), "WATCHDOG_USEC": "400000"})
            told = []
            while told.count("WATCHDOG=1") < 3 or "STATUS=ready" not in told:
                told += manager.recv(4096).decode().splitlines()
            self.assertIn("READY=1", told)
            running.process.terminate()
            while "STOPPING=1" not in told:
                told += manager.recv(4096).decode().splitlines()
            self.assertEqual(running.wait(), 0)

    def test_a_stalled_process_is_not_said_to_be_alive(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(os.path.join(self.folder.path, "notify"))
            running = self.running(environment={"NOTIFY_SOCKET": os.path.join(self.folder.path, "notify"), "WATCHDOG_USEC": "400000"})
            harness.until(lambda: self.ask("/readyz")[0] == 200, "it is ready")
            running.process.send_signal(signal.SIGSTOP)
            self.addCleanup(running.process.send_signal, signal.SIGCONT)
            manager.setblocking(False)
            with self.assertRaises(BlockingIOError):
                while True:
                    manager.recv(4096)
            with self.assertRaises(TimeoutError):
                manager.settimeout(1)
                manager.recv(4096)
            running.process.send_signal(signal.SIGCONT)

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
