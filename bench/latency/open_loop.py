"""Latency from when a message was meant to be sent: `./dev bench-latency --open-loop RATE...`

What is measured from a frame's arrival says nothing of frames that could not arrive: while the pipeline stands still nobody reads its
socket, and the sender waits or is not run itself. Here the event time of each trade is when a schedule that waits for nobody meant it
to be sent (open_loop_source.py), so a stall counts in full for every trade that was due in it. From there, of all trades that were
due in the measured seconds, of which none may be missing:

received      until the pipeline stamped the frame: the sender's lateness, the socket, and a pipeline that does not read
computed      at most so long until its rows were computed. Of what is between, the pipeline keeps the distribution only, and quantiles
              of two parts do not add up to those of the whole; but a trade that is above the sum of two quantiles is above one of
              them. For p99 that is p99.5 of `received` and p99.5 from arrival to computed, which half a percent each are above.
              A histogram that goes on while it is read has no maximum.
committed     until another session of PostgreSQL was told of the commit. The moment in audit_batch is from before it, so a trigger
              that only this measurement has notifies of each batch, and the server passes that on when the commit is durable.
subscriber    until a Redis subscriber had the alert that the trade raised. Few do: mind their count

Medians of the repetitions, which take turns, and the longest of all. It is said how late the sender was at most, and marked when it
did not keep its schedule: then the machine had no time for it, or the pipeline does not take so many messages.
"""
import bisect
import json
import math
import os
import statistics
import struct
import sys
import time

from pipeline_run import Run, Subscriber, harness, histogram

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../tests/faults/pipeline"))
import tape  # noqa: E402

SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1}
# A process that is woken on a busy machine is often a millisecond late; with more than this it fell behind.
LATE_NS_MAX = 5_000_000
SECOND_NS = 1_000_000_000
TELL_OF_COMMITS = """
CREATE FUNCTION tell_of_batch() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_notify('committed', NEW.to_position::text); RETURN NULL; END $$;
CREATE TRIGGER tell_of_batch AFTER INSERT ON audit_batch FOR EACH ROW EXECUTE FUNCTION tell_of_batch()"""


class Source(harness.Background):
    symbols = {name: name for name in tape.SYMBOLS}

    def __init__(self, rate):
        super().__init__([sys.executable, "-B", os.path.join(HERE, "open_loop_source.py"), str(rate)], dict(os.environ))
        harness.until(lambda: "\n" in self.stdout, "the source listens")
        self.address = json.loads(self.stdout.splitlines()[0])["listening"]

    def late_ns(self, since_ns, until_ns):
        """By how much a trade that was due between the two was sent late, at most."""
        seconds = [json.loads(line) for line in self.stdout.split("\n")[1:-1]]
        return max(second["late_ns"] for second in seconds if since_ns < second["until_ns"] <= until_ns + SECOND_NS)


def listen_to_commits(servers):
    """In the words of PostgreSQL's protocol, which asks for no answer in between: who we are, and a query."""
    settings = dict(setting.split("=", 1) for setting in servers.dsn.split())
    who = f"user\0{settings['user']}\0database\0{settings['dbname']}\0\0".encode()
    query = b"LISTEN committed\0"
    request = struct.pack(">II", 8 + len(who), 3 << 16) + who + b"Q" + struct.pack(">I", 4 + len(query)) + query
    return Subscriber(os.path.join(settings["host"], ".s.PGSQL.5432"), request, rb"committed\0(\d+)\0")


def times_from_intended(trades, batches, alerts):
    """In ns, sorted. Of trades: when intended, when received, the position of the frame; of batches, in their order: the position
    where each ends, and when its commit was told; of alerts: when each came, by position."""
    ends = [end for end, _ in batches]
    return {"received": sorted(received - intended for intended, received, _ in trades),
            # A row is in the first batch that ends behind the beginning of its frame.
            "committed": sorted(batches[bisect.bisect_right(ends, position)][1] - intended for intended, _, position in trades),
            "subscriber": sorted(alerts[position] - intended for intended, _, position in trades if position in alerts)}


def quantile(times, share):
    """The least of the sorted times that so many are not above."""
    return times[max(0, math.ceil(share * len(times)) - 1)]


def at_most(first, second, share):
    """What a share of the sums is not above, however the two parts hang together; each is a function from share to quantile."""
    each = 1 - (1 - share) / 2
    return first(each) + second(each)


def measure(servers, rate, seconds):
    with Run(servers, Source(rate), "automatic") as run:
        commits = listen_to_commits(servers)
        servers.sql(TELL_OF_COMMITS)
        time.sleep(3)
        before, since_ns = run.latencies()["received_to_computed"], time.time_ns()
        until_ns = since_ns + int(seconds * SECOND_NS)
        # Whoever asks the tables takes time from the pipeline: not before all is done, unless it is a second behind.
        time.sleep(seconds + 1)
        harness.until(lambda: servers.count("tick", f"event_ns >= {until_ns}"), "the trades that were due are committed")
        after = run.latencies()["received_to_computed"]
        alerts = run.alerts()
        trades = [tuple(map(int, row)) for row in servers.sql(
            "SELECT event_ns, (extract(epoch FROM received_time) * 1000000)::bigint * 1000, journal_position FROM tick "
            f"WHERE event_ns >= {since_ns} AND event_ns < {until_ns}")]
        if abs(len(trades) - rate * seconds) > 1:
            raise AssertionError(f"{rate * seconds:,.0f} trades were due, {len(trades):,} are stored: what is missing has no latency")
        times = times_from_intended(trades, list(commits.positions()), alerts)
        figures = {path: {name: quantile(values, share) for name, share in SHARES.items()} for path, values in times.items() if values}
        figures["computed"] = {name: at_most(lambda each: quantile(times["received"], each),
                                             lambda each: histogram.quantile_ns(before, after, each), share)
                               for name, share in SHARES.items() if name != "max"}
        return figures, len(times["subscriber"]), run.source.late_ns(since_ns, until_ns)


def show(servers, rates, seconds, repetitions):
    taken = {rate: [] for rate in rates}
    for _ in range(repetitions):
        for rate in rates:
            taken[rate].append(measure(servers, rate, seconds))
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for rate, runs in taken.items():
        late_ns = max(late_ns for _, _, late_ns in runs)
        print(f"{rate:>7,} a second; the sender was late by at most {late_ns / 1e6:.1f} ms"
              f"{': IT DID NOT KEEP ITS SCHEDULE' if late_ns > LATE_NS_MAX else ''}")
        print("    intended to" + "".join(f"{name:>13}" for name in SHARES))
        for path in ("received", "computed", "committed", "subscriber"):
            values = [figures[path] for figures, _, _ in runs if path in figures]
            line = "".join(f"{(max if name == 'max' else statistics.median)(each[name] for each in values) / 1e6:>10.3f} ms"
                           for name in SHARES if values and name in values[0])
            remark = {"computed": "  at most", "subscriber": f"  of {sum(alerts for _, alerts, _ in runs)} alerts"}.get(path, "")
            print(f"    {path:<11}{line}{remark}")
