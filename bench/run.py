"""./dev bench: runs the benchmarks, shows them as ratios, keeps them as bench/results/<commit>.<cpu>.<compiler>.<UTC>.json.

Usage: bench/run.py [SCENARIO] [--full] [--keep]

SCENARIO is the beginning of a name, such as core/ring. All contenders of a scenario run once in a round, in an order by chance,
and there are several rounds. A figure is the median of its rounds; a ratio is the median of the rounds' ratios, since a machine
that becomes three times as slow for a second then does so to both of its sides. Without --keep the results are shown, not stored.
"""
import argparse
import datetime
import glob
import json
import os
import re
import statistics
import subprocess
import sys
import time
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PROGRAM = os.path.join(ROOT, "build/bench/bench/tapeline_bench")
FEWEST_ROUNDS, MOST_ROUNDS, ROUNDS_SECONDS = 7, 21, 9  # more than the fewest only while they take no longer
QUICK_SECONDS, FULL_SECONDS = 0.02, 0.5  # of one benchmark in one round
LONG = ("core/indicators/long_accuracy",)  # minutes each: only when they are named

# In the order of the table; each is run on its own.
SCENARIOS = ["core/ring/line_64", "core/ring/word_8", "core/ring/round_trip", "core/indicators/trio", "core/indicators/window",
             "feeds/binance",
             "pipeline", "sinks/postgres", "core/journal", "core/indicators", "core/quality", "core/signals"]


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    return done.stdout.strip() if done.returncode == 0 else ""


def surroundings():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = dict(re.findall(r"^(\S.*?)\s*: (.*)$", file.read().split("\n\n")[0], re.MULTILINE))
    with open(os.path.join(ROOT, "build/bench/compile_commands.json"), encoding="utf-8") as file:
        entry = next(e for e in json.load(file) if e["file"].endswith("bench/core/ring/tapeline.cpp"))
    flags = [word for word in entry["command"].split() if re.match(r"-(O|m|f(?!pch)|DNDEBUG|std)", word)]
    compiler = next(word for word in entry["command"].split() if "ccache" not in word)
    return {
        "commit": output_of("git", "-c", "safe.directory=" + ROOT, "rev-parse", "--short=12", "HEAD") or "unknown",
        "is_clean": output_of("git", "-c", "safe.directory=" + ROOT, "status", "--porcelain", "--untracked-files=no") == "",
        "utc": datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ"),
        "cpu": cpu.get("model name", "unknown"),
        "cpu_kind": "family %s, model %s, %s AVX-512" % (
            cpu.get("cpu family", "?"), cpu.get("model", "?"), "with" if "avx512f" in cpu.get("flags", "").split() else "without"),
        "cpus": len(os.sched_getaffinity(0)),
        "kernel": os.uname().release,
        "compiler": output_of(compiler, "--version").split("\n")[0],
        "flags": " ".join(flags),
        "load_before": os.getloadavg()[0],
    }


class Servers:
    """A private PostgreSQL for what stores rows, in build/; nothing where none is wanted."""

    def __init__(self, is_wanted):
        self.is_wanted = is_wanted
        self.environment = dict(os.environ, TAPELINE_VAR=os.path.join(ROOT, "build/bench-servers"))

    def __enter__(self):
        if self.is_wanted:
            self.dev("up")
            with open(os.path.join(self.environment["TAPELINE_VAR"], "servers.env"), encoding="utf-8") as file:
                os.environ["TAPELINE_BENCH_PG"] = dict(line.rstrip("\n").split("=", 1) for line in file)["TAPELINE_PG_DSN"]
            # The one of Debian's that is in the way is a Perl script, whose start would be timed with the peer's.
            os.environ["PATH"] = os.pathsep.join([*glob.glob("/usr/lib/postgresql/*/bin"), os.environ["PATH"]])

    def __exit__(self, *exception):
        if self.is_wanted:
            self.dev("down")

    def dev(self, word):
        subprocess.run([os.path.join(ROOT, "dev"), word], env=self.environment, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, check=True)


def names_of(scenario):
    listed = output_of(PROGRAM, "--benchmark_list_tests", "--benchmark_filter=^" + re.escape(scenario)).split("\n")
    return [name for name in listed if name and not name.startswith(LONG)]


def plain(name):
    """Without what Google Benchmark appends."""
    return re.sub(r"/(iterations:\d+|manual_time|real_time|repeats:\d+)", "", name)


def run_round(names, seconds):
    """Nanoseconds an item, or what was wrong, by benchmark."""
    expression = "^(" + "|".join(re.escape(name) for name in names) + ")$"
    done = subprocess.run(
        [PROGRAM, "--benchmark_filter=" + expression, "--benchmark_format=json", "--benchmark_repetitions=1",
         "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=%g" % seconds],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False, cwd=ROOT)
    if done.returncode != 0:
        sys.exit("bench: %s ended with status %d" % (", ".join(names), done.returncode))
    times = {}
    for run in json.loads(done.stdout[done.stdout.index("{"):])["benchmarks"]:
        if run.get("run_type") != "iteration":
            continue
        if run.get("error_occurred"):
            times[plain(run["name"])] = run["error_message"]
        elif "items_per_second" in run:
            times[plain(run["name"])] = 1e9 / run["items_per_second"]
        else:
            times[plain(run["name"])] = run["real_time"] * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[run["time_unit"]]
    return times


def run_scenario(scenario, others, seconds):
    """Nanoseconds an item of every round, or what was wrong, by benchmark; `others` have scenarios of their own."""
    names = [name for name in names_of(scenario) if not name.startswith(tuple(others))]
    if scenario in LONG:
        names = [scenario]
    if not names:
        return {}
    print("bench: %s: %d benchmarks" % (scenario, len(names)), file=sys.stderr, flush=True)
    fewest, most = (1, 1) if scenario in LONG else (FEWEST_ROUNDS, MOST_ROUNDS)
    rounds, began = [], time.monotonic()
    while len(rounds) < fewest or (len(rounds) < most and time.monotonic() - began < ROUNDS_SECONDS):
        rounds.append(run_round(names, seconds))
    times = {}
    for name in sorted(set().union(*rounds)):
        values = [one[name] for one in rounds]
        times[name] = next((value for value in values if isinstance(value, str)), values)
    return times


def ratio_of_rounds(numerators, denominators):
    return statistics.median(a / b for a, b in zip(numerators, denominators, strict=True))


def claims_of(times):
    """Every claim whose benchmarks have run, with its ratio."""
    with open(os.path.join(HERE, "claims.toml"), "rb") as file:
        claims = tomllib.load(file)["claim"]
    for claim in claims:
        ours = times.get(claim["ours"])
        if not isinstance(ours, list):
            continue
        if "a_second" in claim:
            peers = {"{:,.0f} a second".format(claim["a_second"]): [1e9 / claim["a_second"]] * len(ours)}
        else:
            peers = {name: times[name] for name in claim["against"] if isinstance(times.get(name), list)}
        if not peers:
            continue
        best = min(peers, key=lambda name: ratio_of_rounds(peers[name], ours))
        ratio = ratio_of_rounds(peers[best], ours) if "at_least" in claim else ratio_of_rounds(ours, peers[best])
        is_met = ratio >= claim["at_least"] if "at_least" in claim else ratio <= claim["at_most"]
        yield {**claim, "best": best, "ratio": ratio, "is_met": is_met}


def show(times, claims):
    group = None
    for name, values in times.items():
        if name.rpartition("/")[0] != group:
            group = name.rpartition("/")[0]
            print("\n%-44s %12s %12s %9s" % (group, "ns an item", "a second", "spread"))
        label = name.rpartition("/")[2]
        if isinstance(values, str):
            print("  %-42s %s" % (label, values))
            continue
        median = statistics.median(values)
        spread = (max(values) - min(values)) / median
        print("  %-42s %12.5g %12.4g %8.0f%%" % (label, median, 1e9 / median, 100 * spread))
    if claims:
        print("\n%-74s %8s %10s" % ("claim", "ratio", "wanted"))
    for claim in claims:
        wanted = ">= %g" % claim["at_least"] if "at_least" in claim else "<= %g" % claim["at_most"]
        print("  %-72s %8.2f %10s  %s" % (claim["title"], claim["ratio"], wanted, "" if claim["is_met"] else "MISSED"))


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("scenario", nargs="?", default="", metavar="SCENARIO")
    parser.add_argument("--full", action="store_true", help="longer rounds: half an hour instead of three minutes")
    parser.add_argument("--keep", action="store_true", help="store the results in bench/results/")
    options = parser.parse_args()

    about = surroundings()
    chosen = [s for s in SCENARIOS if s.startswith(options.scenario)] or [options.scenario]
    times = {}
    with Servers(any(s.startswith("sinks") for s in chosen)):
        for scenario in chosen:
            others = [s for s in SCENARIOS if s != scenario and s.startswith(scenario)]
            times.update(run_scenario(scenario, others, FULL_SECONDS if options.full else QUICK_SECONDS))
    if not times:
        sys.exit("bench: no benchmark begins with '%s'; there are: %s" % (options.scenario, ", ".join(SCENARIOS)))
    claims = list(claims_of(times))
    print("%(commit)s on %(cpu)s, %(cpus)d CPUs, load %(load_before).1f; %(compiler)s, %(flags)s" % about)
    show(times, claims)
    if options.keep:
        slug = lambda text: re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")  # noqa: E731
        compiler = slug(" ".join(about["compiler"].split()[::len(about["compiler"].split()) - 1]))
        path = os.path.join(HERE, "results", "%s.%s.%s.%s.json" % (about["commit"], slug(about["cpu"]), compiler, about["utc"]))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**about, "mode": "full" if options.full else "quick", "unit": "nanoseconds an item, every round",
                       "times": times, "claims": claims}, file, indent=1)
            file.write("\n")
        print("\nkept as " + os.path.relpath(path, ROOT))
    failed = [name for name, values in times.items() if isinstance(values, str)]
    if failed:
        sys.exit("bench: %d did not run: %s" % (len(failed), ", ".join(failed)))


if __name__ == "__main__":
    main()
