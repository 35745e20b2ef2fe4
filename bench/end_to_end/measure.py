"""From WebSocket bytes on loopback to rows that are committed: the pipeline beside what one would otherwise write in Python.

Usage     ./dev bench-end-to-end [--messages N] [--repetitions N]
Output    rows of trades a second of each contender, medians of interleaved repetitions, and the ratios

The same tape of trades for all: the first N, so many as a contender stores within some seconds. Its frames are made before
anyone connects and sent as fast as they are read. PostgreSQL is real and private, with fsync and synchronous commits. The
clock runs from the first byte sent to the end of the last commit. What is in the tables is compared before a figure counts.
Everyone shares the machine's CPUs: source, contender, PostgreSQL.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "../.."))
for folder in ("tests/integration/pipeline", "tests/faults/pipeline"):
    sys.path.insert(0, os.path.join(ROOT, folder))
import harness  # noqa: E402
import tape  # noqa: E402

PYTHON = os.path.join(ROOT, "build/bench-peers/venv/bin/python")
# Share of the messages that each is given: some seconds' work.
PEERS = {"copy": 0.05, "insert": 0.005, "pandas": 0.0005}
TITLES = {"tapeline": "tapeline", "copy": "Python, COPY of 1,000 rows", "insert": "Python, an INSERT a row",
          "pandas": "Python, pandas a trade, an INSERT a row"}
CONFIG = """
lane = "{lane}"
[bars]
intervals_s = [60]
[quality]
stale_event_ms = 0
ahead_ms = 0
[sources.binance]
enabled = true
websocket_url = "ws://{address}"
symbols = [{symbols}]
[dashboard]
enabled = false
[redis]
enabled = false
"""


class BurstServer:
    def __init__(self, count):
        # The newest trades are of now.
        begin_ms = (int(time.time()) - count // tape.TRADES_PER_EVENT_SECOND - 1) * 1000
        self.process = subprocess.Popen([sys.executable, "-B", os.path.join(HERE, "burst_server.py"), str(count), str(begin_ms)],
                                        stdout=subprocess.PIPE, text=True)
        self.begin_ms = begin_ms
        self.address = self.told()["listening"]

    def told(self):
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def expected(count, begin_ms):
    trades = tape.Tape(1, begin_ms)
    played = [trades.trade(sequence) for sequence in range(count)]
    return (str(count), str(sum(trade.cents for trade in played)), str(sum(trade.size for trade in played)))


def require_equal(found, wanted, who):
    if found != wanted:
        sys.exit(f"bench: {who} stored {found}, the tape has {wanted} (trades, cents, hundred-thousandths)")


def stored_rows(servers):
    found = servers._psql(servers.dsn, "SELECT coalesce(sum(row_count), 0) FROM audit_batch", check=False)
    return int(found[0][0]) if found else 0


def run_tapeline(servers, count):
    servers.fresh_database()
    folder = harness.Folder()
    server = BurstServer(count)
    try:
        symbols = ", ".join(f'"{name}"' for name in tape.SYMBOLS)
        config = folder.write("bench.toml", CONFIG.format(lane="bench", address=server.address, symbols=symbols))
        running = harness.tapeline_in_background("run", "--config", config, "--plain", "--json", var=servers.var)
        began = server.told()["began"]
        # Batches are few: asking for them costs the server nothing, counting millions of rows again and again would.
        harness.until(lambda: stored_rows(servers) >= count, "rows are stored", 600)
        harness.until(lambda: servers.count("tick") >= count, "every trade is stored", 60)
        # When the batch with the last trade was committed; clocks that close bars come behind it.
        ended = servers.sql("SELECT extract(epoch FROM min(committed_at)) FROM audit_batch WHERE to_position > "
                            "(SELECT max(journal_position) FROM tick)")[0][0]
        running.end()
        found = servers.sql("SELECT count(*), sum(price_mantissa), sum(size_mantissa) FROM tick")[0]
        require_equal(found, expected(count, server.begin_ms), "tapeline")
        return count / (float(ended) - began)
    finally:
        server.close()
        folder.remove()


def run_python(servers, mode, count):
    server = BurstServer(count)
    try:
        done = subprocess.run([PYTHON, "-B", os.path.join(HERE, "python_pipeline.py"), mode, server.address, str(count),
                               servers.dsn], stdout=subprocess.PIPE, text=True, check=True, timeout=600)
        began = server.told()["began"]
        found = servers.sql("SELECT count(*), (100 * sum(price))::bigint, (100000 * sum(size))::bigint FROM python_trade")[0]
        require_equal(found, expected(count, server.begin_ms), mode)
        return count / (float(done.stdout) - began)
    finally:
        server.close()


def main():
    parser = argparse.ArgumentParser(prog="./dev bench-end-to-end", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=2_000_000)
    parser.add_argument("--repetitions", type=int, default=7)
    options = parser.parse_args()
    rates = {name: [] for name in TITLES}
    servers = harness.Servers()
    try:
        for repetition in range(options.repetitions):
            print(f"bench: repetition {repetition + 1} of {options.repetitions}", file=sys.stderr, flush=True)
            rates["tapeline"].append(run_tapeline(servers, options.messages))
            for mode, share in PEERS.items():
                rates[mode].append(run_python(servers, mode, max(500, int(options.messages * share))))
    finally:
        servers.remove()
    ours = statistics.median(rates["tapeline"])
    print(f"\n{'':44} {'rows a second':>14} {'spread':>8} {'tapeline is':>12}")
    for name, values in rates.items():
        median = statistics.median(values)
        print(f"  {TITLES[name]:42} {median:14,.0f} {100 * (max(values) - min(values)) / median:7.0f}% {ours / median:10.1f} x")


if __name__ == "__main__":
    main()
