#!/usr/bin/env python3
"""How long a frame takes to its row, its alert and its commit, and what the process costs meanwhile.

Usage     ./dev bench-latency [--seconds S] [--repetitions N] [--soak MINUTES]
Output    by rate and idle strategy, medians of the repetitions, which take turns:
          computed, committed   p50, p99, p99.9 from a frame's arrival, by the pipeline's own histograms
          alert                 from a frame's arrival to its alert at a Redis subscriber, a process of its own
          bare script           what no alert can be quicker than: a script that adds and publishes as much, from its call by a
                                program that does nothing else to its subscriber
          cores                 CPU seconds of the process a second
          --soak: each minute the memory of the process, and its CPU time a message: both must stay as they are

PostgreSQL, Redis, the WebSocket and the subscriber are real and on this machine, so they share its CPUs.
"""
import argparse
import json
import os
import re
import socket
import statistics
import sys
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
for folder in ("tests/integration/pipeline", "bench/support"):
    sys.path.insert(0, os.path.join(ROOT, folder))
import harness  # noqa: E402
import histogram  # noqa: E402

SYMBOLS = {"BTC-USD": "BTCUSDT", "ETH-USD": "ETHUSDT", "SOL-USD": "SOLUSDT", "DOGE-USD": "DOGEUSDT"}
CONFIG = """lane = "latency"
[bars]
intervals_s = [1, 60]
[rules.often]
when = "change_pct > 0"
cooldown_s = 0
[runtime]
idle = "{idle}"
awake_cpus = {awake_cpus}
[sources.binance]
enabled = true
websocket_url = "ws://{address}"
symbols = {{ {symbols} }}
[dashboard]
listen = "127.0.0.1:0"
"""
# Messages a second, idle strategy, and whether idle CPUs are kept awake: that needs root.
RUNS = [(1_000, "automatic", False), (10_000, "automatic", False), (10_000, "automatic", True), (10_000, "power_save", False),
        (100_000, "automatic", False)]


class Subscriber:
    """Takes alerts off Redis as bytes and notes when; they are read when all is over."""

    def __init__(self, path):
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(path)
        self.connection.sendall(b"PSUBSCRIBE alerts:*\r\n")
        self.taken = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while data := self.connection.recv(1 << 20):
            self.taken.append((time.time_ns(), data))

    def positions(self):
        """Journal position of each alert that came alone, and when it came."""
        self.connection.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.connection.close()
        for time_ns, data in self.taken:
            for position in re.findall(rb'"journal_position":(\d+)', data):
                yield int(position), time_ns


def resp(*words):
    """A command of Redis."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in map(str.encode, words))


SCRIPT = "redis.call('XADD', KEYS[1], 'MAXLEN', '~', '1000', '*', unpack(ARGV)) redis.call('PUBLISH', KEYS[2], table.concat(ARGV)) return 1"
FIELDS = [text for i in range(21) for text in (f"field_{i}", "x" * 20)]


def bare_scripts_ns(path, count=100):
    """From calls of a script that adds to a stream and publishes, to its subscriber: what no alert can be quicker than."""
    caller, subscriber = (socket.socket(socket.AF_UNIX) for _ in range(2))
    times = []
    with caller, subscriber:
        for each in (caller, subscriber):
            each.settimeout(10)
            each.connect(path)
        subscriber.sendall(resp("SUBSCRIBE", "bare"))
        subscriber.recv(4096)
        for _ in range(count):
            time.sleep(0.02)
            called = time.time_ns()
            caller.sendall(resp("EVAL", SCRIPT, "2", "bare:stream", "bare", *FIELDS))
            subscriber.recv(4096)
            times.append(time.time_ns() - called)
            if caller.recv(4096) != b":1\r\n":
                raise AssertionError("Redis refuses the bare script")
    return sorted(times)


class Run:
    """The pipeline at one rate, from a fresh database on. Use as a context manager."""

    def __init__(self, servers, rate, idle, awake_cpus=False):
        self.servers = servers
        servers.fresh_database()
        self.simulator = harness.Simulator("--seed", "3", "--rate", str(rate), "--volatility", "5")
        self.folder = harness.Folder()
        symbols = ", ".join(f'"{ours}" = "{native}"' for ours, native in SYMBOLS.items())
        self.config = self.folder.write("latency.toml",
                                        CONFIG.format(idle=idle, awake_cpus=str(awake_cpus).lower(), address=self.simulator.address, symbols=symbols))
        self.subscriber = Subscriber(servers.redis_socket)
        self.running = harness.tapeline_in_background("run", "--config", self.config, "--plain", var=servers.var)

    def __enter__(self):
        harness.until(lambda: self.servers.count_or_zero("tick") > 0, "rows are committed")
        return self

    def __exit__(self, *exception):
        self.running.end()
        self.running.close()
        self.simulator.close()
        self.folder.remove()

    def cpu_s(self):
        with open(f"/proc/{self.running.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self):
        """Its own, without the pages of the journal's files."""
        with open(f"/proc/{self.running.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(r"RssAnon:\s+(\d+)", file.read()).group(1)) / 1024

    def frames(self):
        asked = harness.tapeline("status", "--config", self.config, "--json", var=self.servers.var)
        return json.loads(asked.stdout)["summary"]["frames"]

    def latencies(self):
        return histogram.latencies(self.config, self.servers.var)

    def alerts_ns(self, since_ns, until_ns):
        """Of alerts of frames that came between the two: from the frame's arrival to the subscriber."""
        self.running.end()
        came = dict(self.subscriber.positions())
        rows = self.servers.sql("SELECT journal_position, (extract(epoch FROM received_time) * 1000000)::bigint FROM fact_tick "
                                "WHERE journal_position IN (SELECT journal_position FROM fact_alert)")
        received = {int(position): int(micros) * 1000 for position, micros in rows}
        return [came[position] - at for position, at in received.items() if position in came and since_ns <= at < until_ns]


def measure(servers, rate, idle, awake_cpus, seconds):
    with Run(servers, rate, idle, awake_cpus) as run:
        time.sleep(3)
        since_ns, before, cpu, frames, began = time.time_ns(), run.latencies(), run.cpu_s(), run.frames(), time.monotonic()
        time.sleep(seconds)
        after, elapsed, until_ns = run.latencies(), time.monotonic() - began, time.time_ns()
        figures = {"cores": (run.cpu_s() - cpu) / elapsed, "rate": (run.frames() - frames) / elapsed}
        for path in ("received_to_computed", "received_to_committed"):
            for name, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)):
                figures[f"{path.rpartition('_')[2]} {name}"] = histogram.quantile_ns(before[path], after[path], share) / 1000
        bare = bare_scripts_ns(servers.redis_socket)
        alerts = sorted(run.alerts_ns(since_ns, until_ns))
        if not alerts:
            raise AssertionError("no alert came: nothing was measured")
        for name, times in (("alert", alerts), ("bare script", bare)):
            figures[f"{name} p50"] = statistics.median(times) / 1000
            figures[f"{name} p99"] = times[int(0.99 * (len(times) - 1))] / 1000
        return figures


def soak(servers, minutes, rate):
    print(f"{'minute':>6}{'messages':>14}{'us CPU a message':>18}{'own memory MB':>15}", flush=True)
    with Run(servers, rate, "automatic") as run:
        time.sleep(30)  # every window is full
        cpu, frames = run.cpu_s(), run.frames()
        for minute in range(1, minutes + 1):
            time.sleep(60)
            now_cpu, now_frames = run.cpu_s(), run.frames()
            print(f"{minute:>6}{now_frames:>14,}{(now_cpu - cpu) / (now_frames - frames) * 1e6:>18.3f}{run.memory_mb():>15.1f}",
                  flush=True)
            cpu, frames = now_cpu, now_frames


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     prog="./dev bench-latency")
    parser.add_argument("--seconds", type=float, default=10, help="of each repetition")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--soak", type=int, default=0, metavar="MINUTES", help="this instead")
    parser.add_argument("--soak-rate", type=int, default=20_000)
    options = parser.parse_args()
    servers = harness.Servers()
    try:
        if options.soak:
            return soak(servers, options.soak, options.soak_rate)
        figures = {run: [] for run in RUNS}
        for _ in range(options.repetitions):
            for run in RUNS:
                figures[run].append(measure(servers, *run, options.seconds))
                print(".", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        for (rate, idle, awake_cpus), taken in figures.items():
            median = {name: statistics.median(each[name] for each in taken) for name in taken[0]}
            print(f"{rate:>7,} a second wanted, {median['rate']:>9,.0f} taken, idle {idle}{', awake_cpus' if awake_cpus else ''}: {median['cores']:.2f} cores")
            for path in ("computed", "committed", "alert", "bare script"):
                print(f"    {path:<12}" + "".join(f"  {name.removeprefix(path + ' ')} {value:>10.1f} us"
                                                  for name, value in median.items() if name.startswith(path + " ")))
    finally:
        servers.remove()
    return None


if __name__ == "__main__":
    sys.exit(main())
