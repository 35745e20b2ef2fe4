#!/usr/bin/env python3
"""How soon a lane is back after kill -9, and what its snapshots cost the path from frame to row.

Usage     ./dev bench-recovery [--symbols N ...] [--kills N] [--seconds S]
Output    back: from the start of the process to the first commit of rows that the database had not, with 1,000 and 100,000
          symbols; beside it what the same start takes without snapshots, which replays the whole journal
          cost: p50, p99 and p99.9 from a frame's arrival to its rows, snapshots off and on in turn, and their ratio

PostgreSQL, Redis and the program are real, the source is a WebSocket on loopback. Snapshots have their default intervals; for
the cost they are taken about once a second.
"""
import argparse
import os
import statistics
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
for folder in ("tests/integration/pipeline", "tests/faults/pipeline", "bench/support"):
    sys.path.insert(0, os.path.join(ROOT, folder))
import harness  # noqa: E402
import histogram  # noqa: E402
from world import Round  # noqa: E402

BARS_S = [60, 300]
DEFAULTS, OFF = "enabled = true", "enabled = false"
OFTEN = "interval_s = 3600\ninterval_bytes = 4194304"


def say(text):
    print(text, flush=True)


def make_round(servers, symbols, rate, snapshots):
    world = Round(servers, 1, 1 << 40, rate=rate, repeats=False, source_options=("--symbols", symbols))
    world.changes = {"intervals": BARS_S, "snapshots": snapshots, "dashboard": "true"}
    world.segment_bytes = 64 << 20
    return world


def newest_snapshot(world):
    positions = world.snapshots()
    return (positions[-1], os.path.getsize(world.snapshot_path(positions[-1]))) if positions else (0, 0)


def journal_end(world):
    """In whole segments: near enough for a size."""
    return len(harness.glob.glob(os.path.join(world.journal, "*.journal"))) * world.segment_bytes


def back_in(world):
    """Seconds from the start to a commit beyond what was there."""
    before = world.stored()
    begin = time.monotonic()
    world.start()
    world.wait_for_rows(before)
    return time.monotonic() - begin


def measure_back(servers, symbols, kills, limit_s):
    with make_round(servers, symbols, 40_000, DEFAULTS) as world:
        world.start_source()
        world.start()
        # Every symbol is known, and what was taken for the first snapshots is far behind.
        harness.until(lambda: (world.stored() or 0) > max(400 << 20, symbols * 2_000), "there is a journal", 1_200)
        harness.until(lambda: newest_snapshot(world)[0] > 100 << 20, "there is a snapshot", 600)
        times = []
        for _ in range(kills):
            world.pause(2, 8)
            world.kill()
            times.append(back_in(world))
        size = newest_snapshot(world)[1]
        world.kill()
        world.changes = dict(world.changes, snapshots=OFF)
        without = back_in(world)
        say(f"back   {symbols:7} symbols   worst {max(times):6.2f} s   median {statistics.median(times):6.2f} s   "
            f"of {kills} (limit {limit_s} s)   without snapshots {without:6.2f} s   journal {journal_end(world) >> 20} MiB   "
            f"snapshot {size / 1e6:.1f} MB")
        world.kill()
        return max(times) <= limit_s


def measure_cost(servers, seconds):
    figures = {OFF: [], OFTEN: []}
    taken = 0
    for snapshots in (OFF, OFTEN) * 3:
        with make_round(servers, 1_000, 20_000, snapshots) as world:
            world.start_source()
            world.start()
            world.wait_for_rows()
            time.sleep(5)  # every symbol is known by then
            config = world.config()
            before, count = histogram.latencies(config, world.servers.var)["received_to_computed"], set(world.snapshots())
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(0.2)
                count |= set(world.snapshots())
            after = histogram.latencies(config, world.servers.var)["received_to_computed"]
            taken += len(count)
            figures[snapshots].append({name: histogram.quantile_ns(before, after, share)
                                       for name, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))})
            world.kill()
    ratio = {}
    for name in ("p50", "p99", "p99.9"):
        off, on = (statistics.median(each[name] for each in figures[key]) for key in (OFF, OFTEN))
        ratio[name] = on / off
        say(f"cost   {name:5} off {off / 1000:9.1f} us   on {on / 1000:9.1f} us   ratio {on / off:.2f}   ({taken} snapshots)")
    if taken == 0:
        raise AssertionError("no snapshot was taken: nothing was measured")
    return ratio["p99.9"] <= 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     prog="./dev bench-recovery")
    parser.add_argument("--symbols", type=int, nargs="*", default=[1_000, 100_000])
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15, help="of each run for the cost; 0 leaves it out")
    options = parser.parse_args()
    servers = harness.Servers()
    good = True
    try:
        for symbols in options.symbols:
            good &= measure_back(servers, symbols, options.kills, 2 if symbols <= 1_000 else 15)
        if options.seconds:
            good &= measure_cost(servers, options.seconds)
    finally:
        servers.remove()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
