"""Alerts by webhook: each arrives, also where the other side is away or refuses for a while; what is refused for good is kept as dead."""
import http.server
import json
import threading
import unittest

import harness


class Receiver(http.server.ThreadingHTTPServer):
    """Takes alerts, or answers as `answers` says, one after the other."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.bodies, self.keys, self.refused = [], [], [], 0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}/hook/secret-token-canary"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            status = self.server.answers.pop(0) if self.server.answers else 200
            if status == 200:
                self.server.bodies.append(json.loads(body))
                self.server.keys.append(self.headers["Idempotency-Key"])
            else:
                self.server.refused += 1
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Webhook(harness.PipelineTest):
    def receiver(self):
        receiver = Receiver()
        self.addCleanup(receiver.server_close)
        self.addCleanup(receiver.shutdown)
        return receiver

    def running(self, receiver, options=""):
        simulator = self.simulator("--seed", "3", "--volatility", "5")
        config = self.config(f'''lane = "hooked"
[bars]
intervals_s = [1]
[sources.binance]
enabled = true
websocket_url = "ws://{simulator.address}"
symbols = {{ "BTC-USD" = "BTCUSDT", "ETH-USD" = "ETHUSDT" }}
[rules.any_close]
when = "close > 0"
cooldown_s = 1
severity = "warning"
[rules.significant_move]
enabled = false
[rules.rsi_oversold]
enabled = false
[rules.rsi_overbought]
enabled = false
[dashboard]
enabled = false
[webhooks.desk]
url = {{ env = "TEST_HOOK" }}
{options}''')
        return self.start("run", "--config", config, "--plain", environment={"TEST_HOOK": receiver.address})

    def deliveries(self, status):
        try:
            return self.servers.count("alert_delivery", f"status = '{status}'")
        except AssertionError:
            return 0

    def test_each_alert_arrives_once_also_after_refusals(self):
        receiver = self.receiver()
        receiver.answers = [503, 429, 500]
        running = self.running(receiver)
        harness.until(lambda: receiver.refused == 3, "it has been refused three times")
        harness.until(lambda: len(receiver.bodies) >= 2 and self.deliveries("waiting") == 0, "all have arrived")
        self.assertEqual(running.end(), 0, running.stderr)
        self.assertNotIn("secret-token-canary", running.stderr + running.stdout)
        self.assertEqual(len(receiver.keys), len(set(receiver.keys)))
        stored = {row[0]: row[1:] for row in self.servers.sql("SELECT alert_id, rule, severity, symbol, message FROM fact_alert")}
        for body, key in zip(receiver.bodies, receiver.keys):
            self.assertEqual(body["alert_id"], key)
            self.assertEqual((body["rule"], body["severity"], body["symbol"], body["message"]), stored[key])

    def test_what_is_refused_for_good_is_kept_and_not_sent_again(self):
        receiver = self.receiver()
        receiver.answers = [404] * 1000
        running = self.running(receiver, 'format = "slack"\n')
        harness.until(lambda: self.deliveries("dead") >= 1, "it is dead")
        harness.until(lambda: "does not take alert" in running.stderr, "it is told")
        self.assertEqual(running.end(), 0, running.stderr)
        body = self.servers.sql("SELECT body, answer, attempts FROM alert_delivery WHERE status = 'dead' LIMIT 1")[0]
        self.assertEqual(list(json.loads(body[0])), ["text"])
        self.assertEqual(body[1:], ("HTTP 404: ", "1"))

    def test_only_what_is_wanted(self):
        receiver = self.receiver()
        running = self.running(receiver, 'severity = "critical"\n')
        harness.until(lambda: self.servers.count_or_zero("fact_alert") > 0, "an alert fired")
        harness.until(lambda: self.servers.sql("SELECT 1 FROM webhook w JOIN lane_checkpoint l USING (lane) "
                                               "WHERE w.position >= (SELECT min(journal_position) FROM fact_alert)"), "it was looked at")
        self.assertEqual(running.end(), 0, running.stderr)
        self.assertEqual((receiver.bodies, self.servers.count("alert_delivery")), ([], 0))

    def test_refuses_addresses_in_the_clear(self):
        config = self.config('[webhooks.a]\nurl = { env = "TEST_HOOK" }\n[webhooks.b]\nformat = "xml"\n')
        refused = self.run_tapeline("check", "--config-only", "--config", config, status=2,
                                    environment={"TEST_HOOK": "http://example.org/secret-token-canary"})
        self.assertIn("webhooks.a.url: would send alerts in the clear", refused.stderr)
        self.assertIn("webhooks.b.url: is missing", refused.stderr)
        self.assertNotIn("canary", refused.stderr + refused.stdout)


if __name__ == "__main__":
    unittest.main()
