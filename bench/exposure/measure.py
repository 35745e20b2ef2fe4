#!/usr/bin/env python3
"""What hostile clients cost the hot path: latency from a frame's arrival to its rows, with and without a storm, in one run.

Usage     ./dev bench-exposure [SECONDS]
Output    p50 and p99 of tapeline_latency_seconds{path="received_to_computed"} in a quiet time, under a storm of hostile HTTP and WebSocket
          clients, and in a quiet time again; as ratios to the first. Upper edges of the histogram's buckets, so within one bucket.
          The storm's own threads take CPU time on the same machine; so does a control that only computes, without a connection.
"""
import http.client
import os
import re
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, os.path.join(ROOT, "tests/integration/pipeline"))
import fuzz_client  # noqa: E402
import harness  # noqa: E402


class Busy(fuzz_client.Storm):
    """As many threads that make the same bytes and send them nowhere: what the machine loses to the clients themselves."""

    def run(self, fuzzer):
        while not self.over.is_set():
            fuzzer.clients += 1
            fuzzer.mutated(fuzzer.head())
            fuzzer.frame()


def buckets(address):
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection(address, timeout=30)
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
            connection.close()
            found = re.findall(r'latency_seconds_bucket\{path="received_to_computed",le="([^"]+)"\} (\d+)', text)
            return {float(edge): int(count) for edge, count in found}
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)  # the storm holds every session
    raise SystemExit("/metrics does not answer")


def quantile(before, after, q):
    counts = {edge: after[edge] - before.get(edge, 0) for edge in after}
    total = counts[float("inf")]
    return next(edge for edge in sorted(counts) if counts[edge] >= q * total), total


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 15
    servers = harness.Servers()
    simulator = harness.Simulator("--seed", "3", "--rate", "2000")
    folder = harness.Folder()
    config = folder.write("storm.toml", f"""lane = "storm"
[bars]
intervals_s = [1, 60]
[sources.binance]
enabled = true
websocket_url = "ws://{simulator.address}"
symbols = {{ "BTC-USD" = "BTCUSDT", "ETH-USD" = "ETHUSDT" }}
[dashboard]
listen = "127.0.0.1:0"
""")
    running = harness.tapeline_in_background("run", "--config", config, "--plain", var=servers.var)
    try:
        address = harness.until(lambda: re.search(r"serves http://(\S+)", running.stderr), "it serves").group(1)
        time.sleep(3)
        results = []
        for name, noise in (("quiet", None), ("busy machine", Busy), ("storm", fuzz_client.Storm), ("quiet again", None)):
            storm = noise(address, 7, threads=4) if noise else None
            time.sleep(1)
            before = buckets(address)
            time.sleep(seconds)
            after = buckets(address)
            clients = storm.stop() if storm else 0
            results.append((name, quantile(before, after, 0.5)[0], *quantile(before, after, 0.99), clients))
        print(f"{'':<14}{'p50':>10}{'ratio':>7}{'p99':>10}{'ratio':>7}{'frames':>10}{'clients':>10}")
        for name, p50, p99, frames, clients in results:
            print(f"{name:<14}{p50 * 1e6:>8.1f}us{p50 / results[0][1]:>7.2f}{p99 * 1e6:>8.1f}us{p99 / results[0][2]:>7.2f}{frames:>10}{clients:>10}")
        if running.process.poll() is not None:
            sys.exit("the pipeline has ended: " + running.stderr[-2000:])
    finally:
        running.end()
        running.close()
        simulator.close()
        servers.remove()
        folder.remove()


if __name__ == "__main__":
    main()
