#!/usr/bin/env python3
"""How long a frame takes to its row, its alert and its commit, and what the process costs meanwhile.

Usage     ./dev bench-latency [--seconds S] [--repetitions N] [--open-loop RATE...] [--soak MINUTES]
Output    by rate and idle strategy, medians of the repetitions, which take turns:
          computed, committed   p50, p99, p99.9 from a frame's arrival, by the pipeline's own histograms
          alert                 from a frame's arrival to its alert at a Redis subscriber, a process of its own
          bare script           what no alert can be quicker than: a script that adds and publishes as much, from its call by a
                                program that does nothing else to its subscriber
          cores                 CPU seconds of the process a second
          --open-loop: latencies from when a message was meant to be sent, see open_loop.py
          --soak: each minute the memory of the process, and its CPU time a message: both must stay as they are

PostgreSQL, Redis, the WebSocket and the subscriber are real and on this machine, so they share its CPUs.
"""
import argparse
import socket
import statistics
import sys
import time

import open_loop
from pipeline_run import Run, Simulator, harness, histogram

# Messages a second, idle strategy, and whether idle CPUs are kept awake: that needs root.
RUNS = [(1_000, "automatic", False), (10_000, "automatic", False), (10_000, "automatic", True), (10_000, "power_save", False),
        (100_000, "automatic", False)]


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


def measure(servers, rate, idle, awake_cpus, seconds):
    with Run(servers, Simulator(rate), idle, awake_cpus) as run:
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
    with Run(servers, Simulator(rate), "automatic") as run:
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
    parser.add_argument("--open-loop", type=int, nargs="+", metavar="RATE", help="this instead: messages a second")
    parser.add_argument("--soak", type=int, default=0, metavar="MINUTES", help="this instead")
    parser.add_argument("--soak-rate", type=int, default=20_000)
    options = parser.parse_args()
    servers = harness.Servers()
    try:
        if options.soak:
            return soak(servers, options.soak, options.soak_rate)
        if options.open_loop:
            return open_loop.show(servers, options.open_loop, options.seconds, options.repetitions)
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
