"""A canary in every place for a secret, servers that repeat it, and then every byte that is left: it is in none of them."""
import http.client
import http.server
import os
import re
import subprocess
import threading
import unittest
import urllib.parse

import harness
import journal

CANARY = "canary8e6f21c0d9b4"


class Parrot(http.server.ThreadingHTTPServer):
    """A data source and a webhook that say back whatever they were told: in bodies, headers and redirections."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), ParrotHandler)
        self.heard, self.answers = [], 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"


class ParrotHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = self.path + " " + " ".join(self.headers.values())
        self.server.heard.append(told)
        self.server.answers += 1
        text = urllib.parse.unquote(told).replace('"', "'")
        status, body = [(200, '{"Information": "We have detected your API key as %s and our standard rate limit is 25"}' % text),
                        (200, '{"Error Message": "the parameter apikey is invalid: %s"}' % text), (500, f"<html>{text}</html>"),
                        (302, text), (403, text), (200, text[:30])][self.server.answers % 6]
        self.send_response(status, None)
        if status == 302:
            self.send_header("Location", f"http://{self.server.address}{self.path}")
        self.send_header("X-Echo", text[:200])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Secrets(harness.PipelineTest):
    def found_in(self, folder):
        """Files that hold the canary, be they text or not."""
        done = subprocess.run(["grep", "-rlF", CANARY, folder], capture_output=True, text=True, check=False)
        return done.stdout.split()

    def parrot(self):
        parrot = Parrot()
        self.addCleanup(parrot.server_close)
        self.addCleanup(parrot.shutdown)
        return parrot

    def ask(self, path, **headers):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request("GET", path, headers={"Authorization": "Bearer " + CANARY, **headers})
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8", "replace") + str(response.headers)
        finally:
            connection.close()

    def test_no_secret_is_in_any_output(self):
        parrot = self.parrot()
        simulator = self.simulator("--seed", "3", "--volatility", "5")
        config = self.config(f'''lane = "secret"
[bars]
intervals_s = [1]
[rules.often]
when = "change_pct > 0"
cooldown_s = 0
[transport]
reconnect_delay_ms_max = 200
[sources.binance]
enabled = true
websocket_url = "ws://{simulator.address}"
symbols = {{ "BTC-USD" = "BTCUSDT" }}
[sources.alpha_vantage]
enabled = true
base_url = "http://{parrot.address}"
api_key = {{ env = "CANARY" }}
symbols = ["IBM", "MSFT", "AAPL", "GOOGL", "TSLA", "ORCL"]
request_spacing_ms = 0
poll_seconds = 1
[sources.coingecko]
enabled = true
base_url = "http://{parrot.address}"
api_key = {{ env = "CANARY" }}
symbols = {{ "BTC-USD" = "bitcoin/usd" }}
poll_seconds = 10
[postgres]
dsn = {{ env = "CANARY_DSN" }}
[redis]
password = {{ env = "CANARY" }}
[dashboard]
listen = "127.0.0.1:0"
token = {{ env = "CANARY" }}
[webhooks.desk]
url = {{ env = "CANARY_HOOK" }}
attempts_max = 2
''')
        environment = {"CANARY": CANARY, "CANARY_DSN": f"{self.servers.dsn} password={CANARY}",
                       "CANARY_HOOK": f"http://{parrot.address}/services/{CANARY}"}
        running = self.start("run", "--config", config, "--plain", "--json", environment=environment)
        self.address = harness.until(lambda: re.search(r"serves http://(\S+)", running.stderr), "it serves").group(1)
        harness.until(lambda: self.servers.count_or_zero("fact_alert") > 0, "alerts are stored")
        harness.until(lambda: any("services" in told for told in parrot.heard), "the webhook was called")
        harness.until(lambda: sum("apikey" in told for told in parrot.heard) >= 4, "the source was asked")
        self.assertTrue(any(CANARY in told for told in parrot.heard), "the secret goes where it belongs")

        said = []
        for path in ("/", "/metrics", "/healthz", "/readyz", "/readyz?verbose", "/api/status", "/api/symbols", "/api/alerts", "/api/quality",
                     "/api/completeness", "/nothing", "/login", "/api/bars?symbol=BTC-USD&source=binance&interval_s=1"):
            said.append((path, self.ask(path)[1]))
        said.append(("401", self.ask("/metrics", Authorization="Bearer " + CANARY[:-1])[1]))
        for words in (["status"], ["status", "--json"], ["check", "--config-only"], ["check", "--json"], ["journal", "list"], ["journal", "verify"],
                      ["backtest", "--lane", "secret"], ["rules", "list"]):
            done = harness.tapeline(*words, "--config", config, var=self.servers.var, environment=environment)
            said.append((" ".join(words), done.stdout + done.stderr))
        # Servers that are away or refuse make messages of their own.
        wrong = dict(environment, CANARY_DSN=f"host=127.0.0.1 port=1 dbname=x user=x password={CANARY}")
        for words in (["migrate", "--config", config], ["run", "--config", config, "--lane", "away", "--for", "1"]):
            done = harness.tapeline(*words, var=self.servers.var, environment=wrong)
            said.append((" ".join(words), done.stdout + done.stderr))
        running.end()
        said += [("run, out", running.stdout), ("run, err", running.stderr)]
        self.assertIn("warning poller: alpha_vantage", running.stderr, "what went wrong is told all the same")
        for what, text in said:
            self.assertNotIn(CANARY, text, what)

        # The journal, PostgreSQL's files and log, what Redis has saved: every file below the servers' folders.
        self.servers.redis("save")
        self.assertEqual(self.found_in(self.servers.var) + self.found_in(self.servers.home), [])
        self.assertTrue(os.path.exists(os.path.join(self.servers.home, "redis/dump.rdb")))
        repeated = b"".join(frame.payload for frame in journal.frames(os.path.join(self.servers.var, "journal/secret")))
        self.assertIn(b"***", repeated, "what the servers repeated is kept, but for the secret")
        control = os.path.join(self.servers.var, "control")
        with open(control, "w", encoding="utf-8") as file:
            file.write(f"\0{CANARY}")
        self.assertEqual(self.found_in(self.servers.var), [control], "a secret that is there would be found")


if __name__ == "__main__":
    unittest.main()
