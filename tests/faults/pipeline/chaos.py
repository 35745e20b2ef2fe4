#!/usr/bin/env python3
"""Breaks tapeline on purpose and proves that nothing was lost and nothing is there twice.

    ./dev chaos                        every scenario once, then storms, for 10 minutes in all
    ./dev chaos --minutes 3 --seed 7   for so long, with other random numbers
    ./dev chaos --scenario storm       only this one (--list names them)

PostgreSQL, Redis, the network and the program are real; the servers are private to the run. After every scenario all rows of
all tables are compared with an undisturbed run of the same journal and with what the source had sent. Exit status: 0 when
they are equal, 1 when anything differs, 77 when this machine cannot show the only scenario that was asked for.
"""
import argparse
import os
import random
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../integration/pipeline"))
sys.path.insert(0, HERE)
import harness  # noqa: E402
import scenario  # noqa: E402
import scenarios_failover  # noqa: E402, F401
import scenarios_feed  # noqa: E402, F401
import scenarios_journal  # noqa: E402, F401
import scenarios_process  # noqa: E402, F401
import scenarios_servers  # noqa: E402, F401
import scenarios_snapshot  # noqa: E402, F401
import scenarios_storm  # noqa: E402, F401
from world import SLOWNESS, Harm, Round  # noqa: E402

NOT_HERE = 77
KILLS_PER_MINUTE, DATABASE_FAULTS_PER_MINUTE = 6, 2
PROGRESS_S = 2.0


class Progress:
    """A line that tells every few seconds what is going on."""

    def __init__(self, name, world):
        self.name, self.world, self.begin = name, world, time.monotonic()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.show, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.over.set()
        self.thread.join()

    def show(self):
        while not self.over.wait(PROGRESS_S):
            done = ", ".join(f"{count} x {what}" for what, count in list(self.world.injected.items())[-4:])
            say(f"  {self.name}: {time.monotonic() - self.begin:.0f} s, {self.world.stage}{', ' + done if done else ''}")


def say(text):
    print(text, file=sys.stderr, flush=True)


class Report:
    def __init__(self):
        self.lines, self.failed, self.kills, self.database_faults, self.rows = [], [], 0, 0, 0
        self.recoveries_s = []

    def add(self, name, seed, world, verdict, seconds):
        injected = sum(value for what, value in world.injected.items())
        self.kills += world.injected.get("kill -9", 0)
        self.database_faults += world.database_faults or sum(
            value for what, value in world.injected.items()
            if what.startswith(("postgres", "backend", "table", "long transaction", "ALTER", "REVOKE", "commit in doubt")))
        self.rows += verdict.rows
        self.recoveries_s += world.recoveries_s
        worst = f"{max(world.recoveries_s):.2f} s" if world.recoveries_s else "-"
        ok = not (verdict.differences or verdict.lost or verdict.duplicated)
        line = (f"{name:32} seed {seed:<10} injected {injected:<7} rows {verdict.rows:<9} disclosed {verdict.gaps:<7} "
                f"lost {verdict.lost:<3} duplicated {verdict.duplicated:<3} recovered in {worst:8} {seconds:6.1f} s  "
                f"{'identical' if ok else 'DIFFERENT'}")
        self.lines.append(line)
        print(line, flush=True)
        for what, count in sorted(world.injected.items()):
            say(f"    {count} x {what}")
        for difference in verdict.differences:
            say(f"    {difference}")
        if not ok:
            self.failed.append(name)

    def fail(self, name, seed, reason):
        line = f"{name:32} seed {seed:<10} FAILED: {str(reason).splitlines()[0]}"
        self.lines.append(line)
        print(line, flush=True)
        say(str(reason))
        self.failed.append(name)

    def skip(self, name, reason):
        line = f"{name:32} skipped: {reason}"
        self.lines.append(line)
        print(line, flush=True)


def run_one(servers, chosen, seed, size, report):
    """True unless the machine cannot show it."""
    begin = time.monotonic()
    # What is slower is given its load more slowly, so that there is time to break it.
    with Round(servers, seed, int(chosen.count * size), rate=int(chosen.rate / SLOWNESS), repeats=chosen.repeats,
               source_options=chosen.source_options) as world, Progress(chosen.name, world):
        try:
            world.start_source()
            verdict = chosen.run(world)
            if verdict is None:
                verdict = world.finish()
            if not world.injected:
                raise Harm("it ended before anything was broken: nothing was shown")
            report.add(chosen.name, seed, world, verdict, time.monotonic() - begin)
        except scenario.NotHere as reason:
            report.skip(chosen.name, reason)
            return False
        except (Harm, AssertionError) as reason:
            report.fail(chosen.name, seed, reason)
    return True


def schedule(minutes, seed, report):
    """Every scenario once, storms in between; then storms alone until the time is over and enough has been broken."""
    chance = random.Random(seed)
    single = [each for name, each in sorted(scenario.ALL.items()) if name != "storm"]
    chance.shuffle(single)
    end = time.monotonic() + minutes * 60
    while True:
        is_over = time.monotonic() >= end
        enough = (report.kills >= KILLS_PER_MINUTE * minutes
                  and report.database_faults >= DATABASE_FAULTS_PER_MINUTE * minutes)
        if is_over and enough:
            return
        yield scenario.ALL["storm"], chance.randrange(1 << 30)
        for _ in range(4):
            if single and time.monotonic() < end:
                yield single.pop(), chance.randrange(1 << 30)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="./dev chaos")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None, help="the same seed makes the same choices (default: by the clock)")
    parser.add_argument("--scenario", default=None, help="only this one, once")
    parser.add_argument("--list", action="store_true", help="name the scenarios")
    parser.add_argument("--size", type=float, default=1.0, help="multiple of the load of each scenario")
    options = parser.parse_args()
    if options.list:
        for name, each in sorted(scenario.ALL.items()):
            print(f"{name:34}{' '.join(each.does.split())}")
        return 0
    if options.scenario and options.scenario not in scenario.ALL:
        parser.error(f"no scenario is named {options.scenario}; --list names them")
    if not os.access(harness.PROGRAM, os.X_OK):
        parser.error(f"{harness.PROGRAM} is not built: ./dev build, or set TAPELINE_BIN")
    seed = options.seed if options.seed is not None else int(time.time())
    say(f"chaos: seed {seed}; to see it again: ./dev chaos --seed {seed}"
        + (f" --scenario {options.scenario}" if options.scenario else f" --minutes {options.minutes:g}"))
    # Whoever ends this, its servers and children end with it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    report, begin, shown = Report(), time.monotonic(), True
    servers = harness.Servers(in_memory=options.scenario is not None)  # a test; many rounds have a disk, as in use
    try:
        if options.scenario:
            shown = run_one(servers, scenario.ALL[options.scenario], seed, options.size, report)
        else:
            for chosen, its_seed in schedule(options.minutes, seed, report):
                run_one(servers, chosen, its_seed, options.size, report)
    except KeyboardInterrupt:
        say("chaos: interrupted; what was done so far:")
    finally:
        servers.remove()
    if not options.scenario:
        print("\n" + "\n".join(report.lines))
        times = sorted(report.recoveries_s) or [0.0]
        print(f"\n{(time.monotonic() - begin) / 60:.1f} minutes, seed {seed}: {len(report.lines)} rounds, {report.kills} x kill -9, "
              f"{report.database_faults} database faults, {report.rows} rows compared; recovered in {times[len(times) // 2]:.2f} s "
              f"(median), {times[-1]:.2f} s (worst); {len(report.failed)} rounds differ or failed")
    return 1 if report.failed else 0 if shown else NOT_HERE


if __name__ == "__main__":
    sys.exit(main())
