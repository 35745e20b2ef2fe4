"""./dev bench: runs the benchmarks, shows them as ratios, keeps them as bench/results/<commit>.<cpu>.<compiler>.<UTC>.json.

Usage: bench/run.py [SCENARIO] [--full] [--keep]

SCENARIO is the beginning of a name, such as core/ring. Repetitions of all contenders of one scenario are interleaved in an
order by chance, so that whatever else the machine does meets all of them; every figure is the median of its repetitions.
Without --keep the results are shown, not stored.
"""
import argparse
import collections
import datetime
import glob
import json
import os
import re
import statistics
import subprocess
import sys
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PROGRAM = os.path.join(ROOT, "build/bench/bench/tapeline_bench")
REPETITIONS = 7
QUICK_SECONDS, FULL_SECONDS = 0.02, 0.5  # of one repetition
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
        model = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.MULTILINE)
    with open(os.path.join(ROOT, "build/bench/compile_commands.json"), encoding="utf-8") as file:
        entry = next(e for e in json.load(file) if e["file"].endswith("bench/core/ring/tapeline.cpp"))
    flags = [word for word in entry["command"].split() if re.match(r"-(O|m|f|DNDEBUG|std)", word)]
    compiler = next(word for word in entry["command"].split() if "ccache" not in word)
    return {
        "commit": output_of("git", "-c", "safe.directory=" + ROOT, "rev-parse", "--short=12", "HEAD") or "unknown",
        "is_clean": output_of("git", "-c", "safe.directory=" + ROOT, "status", "--porcelain", "--untracked-files=no") == "",
        "utc": datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ"),
        "cpu": model.group(1) if model else "unknown",
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


def run_scenario(scenario, others, seconds):
    """Nanoseconds an item of every repetition, by benchmark; `others` have scenarios of their own."""
    names = [name for name in names_of(scenario) if not name.startswith(tuple(others))]
    if scenario in LONG:
        names = [scenario]
    if not names:
        return {}
    print("bench: %s: %d benchmarks" % (scenario, len(names)), file=sys.stderr, flush=True)
    expression = "^(" + "|".join(re.escape(name) for name in names) + ")$"
    done = subprocess.run(
        [PROGRAM, "--benchmark_filter=" + expression, "--benchmark_format=json",
         "--benchmark_repetitions=%d" % (1 if scenario in LONG else REPETITIONS),
         "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=%g" % seconds],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False, cwd=ROOT)
    if done.returncode != 0:
        sys.exit("bench: %s ended with status %d" % (scenario, done.returncode))
    times = collections.defaultdict(list)
    for run in json.loads(done.stdout[done.stdout.index("{"):])["benchmarks"]:
        if run.get("run_type") != "iteration":
            continue
        if run.get("error_occurred"):
            times[plain(run["name"])] = run["error_message"]
        elif "items_per_second" in run:
            times[plain(run["name"])].append(1e9 / run["items_per_second"])
        else:
            times[plain(run["name"])].append(run["real_time"] * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[run["time_unit"]])
    return times


def claims_of(times):
    """Every claim whose benchmarks have run, with its ratio."""
    with open(os.path.join(HERE, "claims.toml"), "rb") as file:
        claims = tomllib.load(file)["claim"]
    median = {name: statistics.median(values) for name, values in times.items() if isinstance(values, list)}
    for claim in claims:
        peers = [name for name in claim["against"] if name in median]
        if claim["ours"] not in median or not peers:
            continue
        best = min(peers, key=median.get)
        ratio = median[best] / median[claim["ours"]]
        if "at_most" in claim:
            ratio = 1 / ratio
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
    parser.add_argument("--full", action="store_true", help="longer repetitions: half an hour instead of three minutes")
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
            json.dump({**about, "mode": "full" if options.full else "quick", "unit": "nanoseconds an item, every repetition",
                       "times": times, "claims": claims}, file, indent=1)
            file.write("\n")
        print("\nkept as " + os.path.relpath(path, ROOT))
    failed = [name for name, values in times.items() if isinstance(values, str)]
    if failed:
        sys.exit("bench: %d did not run: %s" % (len(failed), ", ".join(failed)))


if __name__ == "__main__":
    main()
