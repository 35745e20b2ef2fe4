"""./dev bench report: docs/benchmarks.md with its plots, from the newest file in bench/results/ (or the one that is named).

The claims have a column for each of the other files, whatever the machine: a ratio that holds on one only is seen to.
"""
import glob
import html
import json
import os
import statistics
import sys

from run import claims_of

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PAGE = os.path.join(ROOT, "docs/benchmarks.md")
PLOTS = os.path.join(ROOT, "docs/benchmarks")


def kept_files():
    """From the newest to the oldest."""
    files = sorted(glob.glob(os.path.join(HERE, "results/*.json")), key=lambda path: path.rsplit(".", 2)[1], reverse=True)
    return [os.path.abspath(path) for path in files]


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def claims_table(kept, others):
    """A row for each claim of `kept`, with its ratios in `others`."""
    def ratio(claim):
        return "-" if claim is None else "%.2f%s" % (claim["ratio"], "" if claim["is_met"] else " missed")

    yield "| claim | best beside it | wanted | ratio |" + "".join(" run %d |" % (i + 1) for i in range(len(others)))
    yield "|---|---|---|---|" + "---|" * len(others)
    # A rate is a claim of the older runs as well: it takes no rounds.
    rates = [[claim for claim in claims_of(other["times"]) if "a_second" in claim] for other in others]
    there = [{claim["title"]: claim for claim in other["claims"] + more} for other, more in zip(others, rates, strict=True)]
    for claim in kept["claims"]:
        wanted = "at least %g" % claim["at_least"] if "at_least" in claim else "at most %g" % claim["at_most"]
        yield "| %s | %s | %s | **%s** |" % (claim["title"], claim["best"].rpartition("/")[2], wanted, ratio(claim)) + "".join(
            " %s |" % ratio(claims.get(claim["title"])) for claims in there)


def about(kept):
    return "commit %s%s, %s, %s, %d CPUs, Linux %s, `%s`, `%s`, load %.1f when it began; %s mode, %s" % (
        kept["commit"][:7], "" if kept["is_clean"] else " with changes", kept["utc"],
        ", ".join(filter(None, (kept["cpu"], kept.get("cpu_kind")))), kept["cpus"], kept["kernel"], kept["compiler"],
        kept["flags"], kept["load_before"], kept["mode"],
        "medians of %s rounds" % rounds_of(kept["times"]) if kept["unit"].endswith("round") else "ratios of medians")


def groups_of(times):
    groups = {}
    for name, values in times.items():
        if isinstance(values, list):
            group, _, label = name.rpartition("/")
            groups.setdefault(group, []).append((label, values))
    return groups


def rounds_of(times):
    counts = {len(values) for values in times.values() if isinstance(values, list)}
    return "%d to %d" % (min(counts), max(counts)) if len(counts) > 1 else str(*counts)


def duration(nanoseconds):
    for limit, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if nanoseconds >= limit:
            return "%.3g %s" % (nanoseconds / limit, unit)
    return "%.3g ns" % nanoseconds


def plot(group, contenders):
    """Bars of medians with a line from the fastest to the slowest round; one text a bar, readable in any theme."""
    width, left, bar = 760, 250, 24
    height = bar * len(contenders) + 34
    longest = max(statistics.median(values) for _, values in contenders)
    scale = (width - left - 110) / longest
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
             'font-family="sans-serif" font-size="13">' % (width, height, width, height),
             '<rect width="100%" height="100%" fill="#fff"/>',
             '<text x="8" y="18" font-weight="bold">%s: time an item, shorter is better</text>' % html.escape(group)]
    for row, (label, values) in enumerate(sorted(contenders, key=lambda c: statistics.median(c[1]))):
        y = 28 + row * bar
        median = statistics.median(values)
        colour = "#2a7f62" if label.startswith("tapeline") else "#b9770e" if label.startswith("limit") else "#8a94a6"
        low, high = (left + min(edge * scale, width - left - 105) for edge in (min(values), max(values)))
        lines += ['<text x="%d" y="%d" text-anchor="end">%s</text>' % (left - 8, y + 16, html.escape(label)),
                  '<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>' % (left, y + 3, median * scale, bar - 7, colour),
                  '<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#222"/>' % (low, high, y + 11, y + 11),
                  '<text x="%.1f" y="%d">%s</text>' % (max(left + median * scale, high) + 6, y + 16, duration(median))]
    return "\n".join(lines + ["</svg>", ""])


def main():
    files = kept_files()
    if not files:
        sys.exit("bench report: bench/results/ is empty: ./dev bench --keep fills it")
    path = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else files[0]
    kept, others = read(path), [read(file) for file in files if file != path]
    text = ["# Benchmarks", "",
            "Made by `./dev bench report` from `%s`; `./dev bench --keep` measures anew." % os.path.relpath(path, ROOT), "",
            "Of %s." % about(kept), "",
            "In each round all contenders of a scenario run in an order by chance. Values that contenders compute are compared before "
            "anything is timed; messages, frames and rows are counted or read back in or after the timed part. Each scenario says under "
            "`Checked` what that is. What counts are the ratios: each is the median of the rounds' ratios.", "",
            "## Claims", "", *claims_table(kept, others)]
    if others:
        text += ["", "The last columns are of other runs, which are kept in bench/results/ too:", "",
                 *("%d. %s" % (i + 1, about(other)) for i, other in enumerate(others))]
    os.makedirs(PLOTS, exist_ok=True)
    for old in glob.glob(os.path.join(PLOTS, "*.svg")):
        os.remove(old)
    text += ["", "## Figures", ""]
    for group, contenders in groups_of(kept["times"]).items():
        if len(contenders) > 1:
            name = group.replace("/", "_") + ".svg"
            with open(os.path.join(PLOTS, name), "w", encoding="utf-8") as file:
                file.write(plot(group, contenders))
            text += ["![%s](benchmarks/%s)" % (group, name), ""]
        text += ["| %s | median | fastest | slowest | a second |" % group, "|---|---|---|---|---|"]
        for label, values in contenders:
            median = statistics.median(values)
            text.append("| %s | %s | %s | %s | %.4g |" % (label, duration(median), duration(min(values)), duration(max(values)),
                                                        1e9 / median))
        text.append("")
    with open(os.path.join(HERE, "where_time_goes.md"), encoding="utf-8") as file:
        text.append(file.read().rstrip())
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write("\n".join(text) + "\n")
    print("bench report: docs/benchmarks.md from " + os.path.relpath(path, ROOT))


if __name__ == "__main__":
    main()
