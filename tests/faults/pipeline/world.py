"""One round of the fault suite: a fresh database and journal, a source under load, the real program, and the comparison
at the end. Scenarios (scenarios_*.py) do the harm in between.
"""
import json
import os
import random
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../integration/pipeline"))
import comparison  # noqa: E402
import fault_proxy  # noqa: E402
import harness  # noqa: E402
import load_source  # noqa: E402
import tape  # noqa: E402

SEGMENT_BYTES = 16 << 20  # closed several times in a round
SNAPSHOT_BYTES = 2 << 20  # a tenth of a second of load
INTERVALS_S = (1, 2)
SLOWNESS = float(os.environ.get("TAPELINE_SLOWNESS", 1))  # how much longer everything may take: sanitizers
HELD = ("--held", "5000")  # of a source that repeats nothing: what it sends when all harm is done
PATIENCE_S = 180.0 * SLOWNESS  # for things that must happen, however slow the machine is

CONFIG = """
lane = "{lane}"
[journal]
directory = "{journal}"
segment_bytes = {segment_bytes}
compression = "{compression}"
retain_bytes = {retain_bytes}
failover_s = 0
fsync = "{fsync}"
[snapshots]
{snapshots}
[bars]
intervals_s = {intervals}
quiet_grace_ms = 3600000
[quality]
silence_factor = 0.0
stale_event_ms = 0
ahead_ms = 0
[indicators.custom.ema_fast]
kind = "ema"
length = {ema_length}
[rules.significant_move]
when = "abs(change_pct) >= 0.02"
hysteresis = 0.01
cooldown_s = 0
[runtime]
drain_timeout_s = {drain_timeout_s}
[transport]
connect_timeout_ms = 2000
first_byte_timeout_ms = 2000
reconnect_delay_ms_max = 200
[sources.binance]
enabled = true
websocket_url = "ws://{source}"
silence_timeout_ms = 3000
symbols = [{symbols}]
[dashboard]
enabled = {dashboard}
listen = "127.0.0.1:0"
[postgres]
{dsn}
call_timeout_ms = {call_timeout_ms}
reconnect_delay_ms_max = 200
[redis]
{redis}
call_timeout_ms = 1000
reconnect_delay_ms_max = 200
{more}
"""


class Harm(Exception):
    """The program did what it must not do."""


class Psql:
    """A session that is asked again and again; None while the server is away."""

    def __init__(self, dsn):
        self.dsn, self.process = dsn, None

    def ask(self, sql):
        # Twice: the first finds out that the server was away since it was asked last.
        rows = self._ask(sql)
        return rows if rows is not None else self._ask(sql)

    def _ask(self, sql):
        try:
            if self.process is None or self.process.poll() is not None:
                self.close()
                self.process = subprocess.Popen(
                    [harness.PSQL, self.dsn, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"], stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            self.process.stdin.write(sql + ";\n\\echo .\n")
            self.process.stdin.flush()
            lines = []
            for line in self.process.stdout:
                if line == ".\n":
                    return lines
                lines.append(line.rstrip("\n"))
        except OSError:
            pass
        self.close()
        return None

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


class Source(harness.Background):
    """load_source.py in a process of its own."""

    def __init__(self, *options):
        super().__init__([sys.executable, "-B", os.path.join(HERE, "load_source.py"), *map(str, options)], dict(os.environ))
        harness.until(lambda: self.told("listening") or self.process.poll() is not None, "the source listens")
        if self.process.poll() is not None:
            raise AssertionError(f"the source said: {self.stderr}")
        self.address = self.told("listening")[0]["listening"]

    def told(self, what):
        lines = self.stdout.splitlines(keepends=True)
        records = [json.loads(line) for line in lines if line.endswith("\n")]
        return [record for record in records if what in record]

    def connections(self):
        return [(record["first"], record["end"]) for record in self.told("first")]


class Round:
    """Everything between an empty database and the verdict. Use as a context manager."""

    def __init__(self, servers, seed, count, *, rate=100_000, repeats=True, source_options=()):
        self.servers, self.seed, self.count, self.repeats = servers, seed, count, repeats
        self.segment_bytes, self.snapshot_bytes = SEGMENT_BYTES, SNAPSHOT_BYTES
        self.changes = {}  # of the configuration, from the next start on
        self.fsync = self.compression = "none"
        self.retain_bytes = 0
        self.rate = rate
        self.chance = random.Random(seed)
        self.injected = {}
        self.database_faults = 0  # of a storm; else they are counted by name
        self.stage = "harm"
        self.recoveries_s = []
        self.drain_timeout_s, self.call_timeout_ms = 600, 2000
        self.environment = {}
        self.closing = []
        self.running = None
        self.dsn_line = self.redis_line = ""
        servers.fresh_database()
        self.folder = harness.Folder()
        self.closing.append(self.folder.remove)
        self.journal_root = os.path.join(self.folder.path, "journal")
        self.lane = "load"
        self.psql = Psql(servers.dsn)
        self.closing.append(self.psql.close)
        # A whole second, so that bars begin with the tape's own.
        self.tape = tape.Tape(seed, int(time.time()) * 1000)
        self.source_options = source_options
        self.source = None
        self.proxies = {}
        self.inside_gaps = False  # frames may be refused in the middle of a connection
        self.damaged = set()  # sequence numbers of trades that were taken from the journal for good
        self.given_up = 0  # alerts that the program said it would not tell Redis any more
        self.told_too_early = False  # Redis may have alerts of frames that are in no journal any more

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for close in reversed(self.closing):
            close()

    # -- pieces

    @property
    def journal(self):
        return os.path.join(self.journal_root, self.lane)

    def start_source(self):
        options = ["--seed", self.seed, "--begin-ms", self.tape.begin_ms, "--rate", self.rate, "--count", self.count]
        if self.repeats:
            options += ["--journal", self.journal]
        self.source = Source(*options, *self.source_options)
        self.closing.append(self.source.close)

    def release_held(self):
        """Lets the source send the trades that it has held back, on a connection that nobody breaks any more."""
        self.source.process.send_signal(signal.SIGUSR1)
        if "source" in self.proxies:
            self.proxies["source"].heal()
            self.proxies["source"].reset()

    def proxy(self, name):
        """A fault proxy before "source", "postgres" or "redis"; made before the program is started."""
        if name not in self.proxies:
            if name == "source":
                host, port = self.source.address.split(":")
                upstream = (host, int(port))
            elif name == "postgres":
                upstream = os.path.join(self.servers.dsn.split("host=")[1].split()[0], ".s.PGSQL.5432")
            else:
                upstream = self.servers.redis_socket
            made = fault_proxy.FaultProxy(upstream)
            self.closing.append(made.close)
            self.proxies[name] = made
            if name == "postgres":
                self.dsn_line = f'dsn = "host=127.0.0.1 port={made.port} dbname=tapeline user=tapeline sslmode=disable"'
            if name == "redis":
                self.redis_line = f'address = "{made.address}"'
        return self.proxies[name]

    def config(self, name="chaos.toml", **changes):
        source = self.proxies["source"].address if "source" in self.proxies else self.source.address
        values = {"lane": self.lane, "journal": self.journal_root, "segment_bytes": self.segment_bytes, "fsync": self.fsync,
                  "compression": self.compression, "retain_bytes": self.retain_bytes,
                  "intervals": list(INTERVALS_S), "drain_timeout_s": self.drain_timeout_s, "source": source,
                  "symbols": ", ".join(f'"{name}"' for name in tape.SYMBOLS), "dsn": self.dsn_line,
                  "call_timeout_ms": self.call_timeout_ms, "redis": self.redis_line,
                  "snapshots": f"interval_s = 1\ninterval_bytes = {self.snapshot_bytes}", "ema_length": 5, "more": "",
                  "dashboard": "false"}
        return self.folder.write(name, CONFIG.format(**{**values, **self.changes, **changes}))

    # -- the program

    def start(self, environment=None, output=None):
        self.running = harness.tapeline_in_background("run", "--config", self.config(), "--plain", "--json",
                                                      var=self.servers.var, output=output,
                                                      environment={**self.environment, **(environment or {})})
        self.closing.append(self.running.close)
        return self.running

    def require_running(self):
        if self.running.process.poll() is not None:
            raise Harm(f"the program ended by itself with {self.running.process.returncode}:\n{self.running.stderr[-3000:]}")

    def kill(self):
        self.require_running()
        self.running.process.send_signal(signal.SIGKILL)
        self.running.process.wait()
        self.note("kill -9")

    def wait_for_death(self):
        """Of a program that was told where to crash. False when it had no need to: the tape came to its end."""
        while self.running.process.poll() is None:
            if self.is_finished():
                return False
            time.sleep(0.01)
        if self.running.process.returncode != -signal.SIGKILL:
            raise Harm(f"ended with {self.running.process.returncode}, not by the crash point:\n{self.running.stderr[-3000:]}")
        self.note("kill -9")
        return True

    def note(self, what):
        self.injected[what] = self.injected.get(what, 0) + 1

    # -- how far it is

    def stored(self):
        """The checkpoint, or None while there is none to be had."""
        rows = self.psql.ask(f"SELECT position FROM lane_checkpoint WHERE lane = '{self.lane}'")
        return int(rows[0]) if rows else None

    def is_finished(self):
        return bool(self.source.told("end_of_tape"))

    def wait_for_rows(self, beyond=0):
        """Until the checkpoint is beyond a position: rows flow."""
        deadline = time.monotonic() + PATIENCE_S
        while (self.stored() or 0) <= beyond:
            self.require_running()
            if self.is_finished() and self.stored() is not None:
                return False
            if time.monotonic() > deadline:
                raise Harm(f"no row for {PATIENCE_S:.0f} s:\n{self.running.stderr[-3000:]}")
            time.sleep(0.01)
        return True

    def recover(self, begin=None, before=None):
        """Measures from now, or from `begin`, until more rows are committed than now, or `before`."""
        begin = begin or time.monotonic()
        before = (self.stored() or 0) if before is None else before
        if self.wait_for_rows(before):
            self.recoveries_s.append(time.monotonic() - begin)

    def pause(self, low, high, recovering_from=None):
        """Not a wait for anything: a random moment. True while the tape plays. Measures on the way when rows flow again
        after a fault, if that is (when it was healed, the checkpoint then)."""
        # What starts more slowly would otherwise meet the next blow before it has come any further.
        until = time.monotonic() + self.chance.uniform(low, high * SLOWNESS**0.5)
        while time.monotonic() < until and not self.is_finished():
            if recovering_from and (self.stored() or 0) > recovering_from[1]:
                self.recoveries_s.append(time.monotonic() - recovering_from[0])
                recovering_from = None
            time.sleep(min(0.02, max(0.0, until - time.monotonic())))
        return not self.is_finished()

    def healed(self):
        """For pause(): the moment at which a fault is over."""
        return time.monotonic(), self.stored() or 0

    # -- snapshots

    def snapshots(self):
        """Their positions, ascending."""
        try:
            names = os.listdir(os.path.join(self.journal, "snapshots"))
        except FileNotFoundError:
            return []
        return sorted(int(name[:16], 16) for name in names if name.endswith(".snapshot"))

    def snapshot_path(self, position):
        return os.path.join(self.journal, "snapshots", f"{position:016x}.snapshot")

    def wait_for_snapshots(self, count):
        """So many that are behind whatever there was. False when the tape ended before."""
        known = set(self.snapshots())
        seen = set()
        deadline = time.monotonic() + PATIENCE_S
        while len(seen) < count:
            self.require_running()
            seen |= set(self.snapshots()) - known
            if self.is_finished() and len(seen) < count:
                return False
            if time.monotonic() > deadline:
                raise Harm(f"{len(seen)} of {count} snapshots in {PATIENCE_S:.0f} s:\n{self.running.stderr[-3000:]}")
            time.sleep(0.005)
        return True

    # -- the end

    def finish(self):
        """Lets the tape come to its end, drains, and compares."""
        self.drain()
        return self.verdict()

    def drain(self):
        if self.running is None or self.running.process.poll() is not None:
            self.start()
        for proxy in self.proxies.values():
            proxy.heal()
        deadline = time.monotonic() + PATIENCE_S + 3 * self.count / self.rate
        while not any(told["end_of_tape"] == self.count for told in self.source.told("end_of_tape")):
            self.require_running()
            if time.monotonic() > deadline:
                raise Harm(f"the tape did not come to its end; the source said:\n{self.source.stdout[-2000:]}\n"
                           f"and the program:\n{self.running.stderr[-3000:]}")
            time.sleep(0.05)
        harness.until(lambda: load_source.next_sequence(self.journal) == self.count, "the journal has the end of the tape",
                      PATIENCE_S)
        self.stage = "draining"
        self.running.process.send_signal(signal.SIGTERM)
        status = self.running.wait(PATIENCE_S + self.drain_timeout_s)
        if status != 0:
            raise Harm(f"draining ended with {status}:\n{self.running.stderr[-3000:]}")
        summary = harness.summary_of(self.running.stdout)
        if summary["checkpoint"] != summary["journal_position"]:
            raise Harm(f"drained, and {summary['journal_position'] - summary['checkpoint']} bytes are not committed")
        self.given_up = summary["alerts_given_up"]

    def verdict(self, changed_at=None):
        """`changed_at`: the checkpoint from which on `changes` are the configuration."""
        self.stage = "comparing"
        if changed_at is None:
            parts = [("", self.changes)]
        else:
            parts = [(f"journal_position < {changed_at}", {}), (f"journal_position >= {changed_at}", self.changes)]
        rows = lost = duplicated = 0
        differences = []
        for where, changes in parts:
            self.changes = changes
            found = comparison.against_replay(self.servers, self.servers.dsn, self.replay(), where)
            rows, lost, duplicated = rows + found[0], lost + found[1], duplicated + found[2]
            differences += found[3]
        differences += comparison.audit(self.servers, self.servers.dsn)
        gaps = 0
        if self.repeats:
            count, missing, extra, found = comparison.against_tape(self.servers.dsn, self.tape, self.count, self.damaged)
            lost, duplicated = max(lost, missing), max(duplicated, extra)
            differences += found
            for interval_s in INTERVALS_S:
                bars, found = comparison.against_bars(self.servers, self.servers.dsn, self.tape, self.count, interval_s,
                                                       self.damaged)
                differences += found
                if bars == 0:
                    differences.append(f"there is no bar of {interval_s} s: nothing was compared")
        else:
            self.source.kill()  # what its open connection was sent is told by end_of_tape
            count, missing, extra, gaps, found = comparison.against_sent(
                self.servers, self.servers.dsn, self.tape, self.connections_sent(), self.inside_gaps)
            lost, duplicated = max(lost, missing), max(duplicated, extra)
            differences += found
        if count == 0:
            differences.append("there is no trade: nothing was compared")
        differences += self.check_alerts()
        return comparison.Verdict(rows, lost, duplicated, gaps, differences)

    def connections_sent(self):
        sent = [pair for pair in self.source.connections() if pair[1] > pair[0]]
        last = max((end for _, end in sent), default=0)
        return sent + ([(last, self.count)] if last < self.count else [])

    def empty_truth(self):
        """The connection string of an empty database beside ours."""
        admin = self.servers.dsn.replace("dbname=tapeline", "dbname=postgres").replace("user=tapeline", "user=postgres")
        for statement in ("DROP DATABASE IF EXISTS truth WITH (FORCE)", "CREATE DATABASE truth OWNER tapeline"):
            self.servers._psql(admin, statement)
        return self.servers.dsn.replace("dbname=tapeline", "dbname=truth")

    def replay(self):
        """The truth: the journal, played without a fault into an empty database."""
        truth = self.empty_truth()
        config = self.config("truth.toml", dsn=f'dsn = "{truth}"', redis="enabled = false")
        done = harness.tapeline("replay", "--config", config, "--journal", self.lane, "--lane", "truth", "--json",
                                var=self.servers.var, seconds=PATIENCE_S + 600)
        if done.status != 0:
            raise Harm(f"the journal cannot be replayed: {done}")
        return truth

    def check_alerts(self):
        """Redis has each alert of the table once, unless its memory was lost; but for as many as were given up."""
        if self.injected.get("redis lost its memory"):
            return []
        stored = sorted(row[0] for row in self.servers.sql("SELECT alert_id FROM fact_alert"))
        entries = self.servers.redis_json("xrange", "alerts", "-", "+")
        told = sorted(dict(zip(f[::2], f[1::2]))["alert_id"] for _, f in entries)
        if told == stored or (self.told_too_early and set(told) >= set(stored) and len(set(told)) == len(told)):
            return []
        # Of those given up it may have got what it took in the moment that it went away.
        if self.given_up and set(told) <= set(stored) and len(set(told)) == len(told) >= len(stored) - self.given_up:
            return []
        return [f"alerts: {len(stored)} in the table, {len(told)} in Redis, {len(set(told))} different ones there"]
