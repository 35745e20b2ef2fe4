"""A pipeline that runs at a steady rate beside real servers, and who is told of what comes out of it."""
import json
import os
import re
import socket
import sys
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
for folder in ("tests/integration/pipeline", "bench/support"):
    sys.path.insert(0, os.path.join(ROOT, folder))
import harness  # noqa: E402
import histogram  # noqa: E402

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


class Subscriber:
    """Takes what a server tells off its socket as bytes and notes when; it is read when all is over."""

    def __init__(self, path, request, position):
        """`position`: the pattern of a journal position in what is told."""
        self.position = position
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(path)
        self.connection.sendall(request)
        self.taken = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while data := self.connection.recv(1 << 20):
            self.taken.append((time.time_ns(), data))

    def positions(self):
        """Each journal position that was told of, and when."""
        self.connection.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.connection.close()
        for time_ns, data in self.taken:
            for position in re.findall(self.position, data):
                yield int(position), time_ns


class Simulator(harness.Simulator):
    """Trades at a steady rate, each at a random moment of its slot."""

    symbols = {"BTC-USD": "BTCUSDT", "ETH-USD": "ETHUSDT", "SOL-USD": "SOLUSDT", "DOGE-USD": "DOGEUSDT"}

    def __init__(self, rate):
        super().__init__("--seed", "3", "--rate", str(rate), "--volatility", "5")


class Run:
    """The pipeline at one rate, from a fresh database on. Use as a context manager."""

    def __init__(self, servers, source, idle, awake_cpus=False):
        """`source` sends the messages, and is closed with the run."""
        self.servers, self.source = servers, source
        servers.fresh_database()
        self.folder = harness.Folder()
        symbols = ", ".join(f'"{ours}" = "{native}"' for ours, native in source.symbols.items())
        self.config = self.folder.write("latency.toml",
                                        CONFIG.format(idle=idle, awake_cpus=str(awake_cpus).lower(), address=source.address, symbols=symbols))
        self.subscriber = Subscriber(servers.redis_socket, b"PSUBSCRIBE alerts:*\r\n", rb'"journal_position":(\d+)')
        self.running = harness.tapeline_in_background("run", "--config", self.config, "--plain", var=servers.var)

    def __enter__(self):
        harness.until(lambda: self.servers.count_or_zero("tick") > 0, "rows are committed")
        return self

    def __exit__(self, *exception):
        self.running.end()
        self.running.close()
        self.source.close()
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

    def alerts(self):
        """Ends the pipeline; when the subscriber had the alerts of each journal position."""
        self.running.end()
        return dict(self.subscriber.positions())

    def alerts_ns(self, since_ns, until_ns):
        """Of alerts of frames that came between the two: from the frame's arrival to the subscriber."""
        came = self.alerts()
        rows = self.servers.sql("SELECT journal_position, (extract(epoch FROM received_time) * 1000000)::bigint FROM fact_tick "
                                "WHERE journal_position IN (SELECT journal_position FROM fact_alert)")
        received = {int(position): int(micros) * 1000 for position, micros in rows}
        return [came[position] - at for position, at in received.items() if position in came and since_ns <= at < until_ns]
