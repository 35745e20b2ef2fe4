#!/usr/bin/env python3
"""What hostile clients cost the hot path: latency from a frame's arrival to its rows, with and without a storm, in one run.

Usage     ./dev bench-exposure [SECONDS] [ROUNDS]
Output    p50 and p99 of tapeline_latency_seconds{path="received_to_computed"}, medians of the rounds, and their ratios:
          quiet             nobody asks
          storm elsewhere   hostile HTTP and WebSocket clients ask another process of this program, which has nothing to do with it
          storm             the same clients, from the same seed, ask the pipeline that is measured
          The clients and what serves them take CPU time wherever they are: storm against storm elsewhere is what it costs to
          be their target, storm elsewhere against quiet what it costs to share the machine with them.
"""
import http.client
import os
import re
import statistics
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
for folder in ("tests/integration/pipeline", "bench/support"):
    sys.path.insert(0, os.path.join(ROOT, folder))
import fuzz_client  # noqa: E402
import harness  # noqa: E402
import histogram  # noqa: E402

CONFIG = """lane = "{lane}"
[journal]
directory = "{journal}"
[bars]
intervals_s = [1, 60]
[sources.binance]
enabled = true
websocket_url = "ws://{source}"
symbols = {{ "BTC-USD" = "BTCUSDT", "ETH-USD" = "ETHUSDT" }}
[dashboard]
listen = "127.0.0.1:0"
"""
RATE, RATE_ELSEWHERE = 2000, 1


class Pipeline:
    """A running one, and the address that it serves."""

    def __init__(self, servers, folder, lane, rate):
        self.simulator = harness.Simulator("--seed", "3", "--rate", str(rate))
        config = folder.write(f"{lane}.toml", CONFIG.format(lane=lane, journal=os.path.join(folder.path, lane),
                                                            source=self.simulator.address))
        self.running = harness.tapeline_in_background("run", "--config", config, "--plain", var=servers.var)
        try:
            self.address = harness.until(lambda: re.search(r"serves http://(\S+)", self.running.stderr), "it serves").group(1)
        except BaseException:
            self.close()
            raise

    def close(self):
        self.running.end()
        self.running.close()
        self.simulator.close()

    def require_alive(self):
        if self.running.process.poll() is not None:
            raise SystemExit("a pipeline has ended: " + self.running.stderr[-2000:])

    def buckets(self):
        """Cumulated counts by edge in ns."""
        for _ in range(200):
            try:
                connection = http.client.HTTPConnection(self.address, timeout=30)
                connection.request("GET", "/metrics")
                text = connection.getresponse().read().decode()
                connection.close()
                found = re.findall(r'latency_seconds_bucket\{path="received_to_computed",le="([^"]+)"\} (\d+)', text)
                return [(float(edge) * 1e9, int(count)) for edge, count in found]
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)  # the storm holds every session
        raise SystemExit("/metrics does not answer")


def measure(pipeline, target, seed, seconds):
    """p50 and p99 in microseconds, frames and clients of so many seconds."""
    storm = fuzz_client.Storm(target.address, seed, threads=4) if target else None
    time.sleep(1)
    before = pipeline.buckets()
    time.sleep(seconds)
    after = pipeline.buckets()
    clients = storm.stop() if storm else 0
    quantiles = [histogram.quantile_ns(before, after, share) / 1000 for share in (0.5, 0.99)]
    return (*quantiles, after[-1][1] - before[-1][1], clients)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    servers, folder, started = harness.Servers(), harness.Folder(), []
    try:
        for lane, rate in (("storm", RATE), ("elsewhere", RATE_ELSEWHERE)):
            started.append(Pipeline(servers, folder, lane, rate))
        pipeline, elsewhere = started
        time.sleep(3)
        measured = {"quiet": [], "storm elsewhere": [], "storm": []}
        for number in range(rounds):
            for name, target in (("quiet", None), ("storm elsewhere", elsewhere), ("storm", pipeline)):
                measured[name].append(measure(pipeline, target, number, seconds))
                print(f"round {number + 1} of {rounds}, {name}: p50 {measured[name][-1][0]:.1f} us, p99 {measured[name][-1][1]:.1f} us",
                      file=sys.stderr)
        print(f"{'':<17}{'p50':>10}{'of quiet':>10}{'p99':>11}{'of quiet':>10}{'frames':>10}{'clients':>9}")
        median = {name: [statistics.median(column) for column in zip(*each)] for name, each in measured.items()}
        for name, (p50, p99, _, _) in median.items():
            frames, clients = (sum(each[i] for each in measured[name]) for i in (2, 3))
            print(f"{name:<17}{p50:>8.1f}us{p50 / median['quiet'][0]:>10.2f}{p99:>9.1f}us{p99 / median['quiet'][1]:>10.2f}"
                  f"{frames:>10}{clients:>9}")
        p50, p99 = (median["storm"][i] / median["storm elsewhere"][i] for i in (0, 1))
        print(f"storm of storm elsewhere: p50 {p50:.2f}, p99 {p99:.2f}")
        for each in started:
            each.require_alive()
    finally:
        for each in started:
            each.close()
        servers.remove()
        folder.remove()


if __name__ == "__main__":
    main()
