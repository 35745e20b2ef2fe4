"""The document: tables of what was measured, and the words around them."""
import os
import re

OF_BANDS = "relative to the distance from the middle to the band; where that is 0, to the value"
TITLES = {
    "sma": ("SMA(20)", "relative to the value"),
    "ema": ("EMA(20)", "relative to the value"),
    "rsi": ("RSI(14)", "relative to the value"),
    "bb_sigma": ("Bollinger sigma (20)", "relative to sigma; each tool's own standard deviation, of a population"),
    "bb_mid": ("Bollinger middle (20, 2)", "relative to the value"),
    "bb_upper": ("Bollinger upper band (20, 2)", OF_BANDS),
    "bb_lower": ("Bollinger lower band (20, 2)", OF_BANDS),
    "volatility": ("Volatility (20), per bar", "relative to the value"),
    "macd": ("MACD line (12, 26, 9)", "relative to the largest of the series"),
    "macd_signal": ("MACD signal (12, 26, 9)", "relative to the largest of the series"),
    "macd_histogram": ("MACD histogram (12, 26, 9)", "relative to the largest of the series"),
    "atr": ("ATR(14)", "relative to the value"),
}
BEGIN, END = "<!-- recorded -->", "<!-- end of recorded -->"

HEAD = """# Our values beside those of other tools

<!-- Written by analysis/compare/run, which anyone can run: do not edit. -->

The same series through `tapeline indicators` and through the tools that our users compare us with, each held against
the definition (docs/definitions.md) in decimals of 60 digits. Our input is the decimals as written; that of the
others is the nearest doubles, as their interfaces want it. What they are called with, and what the series are, stands
in `analysis/compare`.
"""

LEGEND = """\
A cell is the worst relative difference to the exact value, over all values of the series; *later* is the worst of its
second half, where that is a thousand times better: two ways to begin that fade into one. NaN, zero, negative and
*closed* (upper band not above the lower) count values that should have been proper ones; *not 0* those that should
have been 0, with the largest. *Undefined* is what a tool says where the definition has no value. The column *doubles*
is what exact arithmetic makes of closes that were rounded to doubles, rounded once more: who reads doubles cannot be
sure to do better.
"""

WHY = """## Where we differ, and why

The reading of a definition that explains a difference was computed as well, in exact arithmetic (sigma: in doubles,
in the same order of operations). The last column shows that it is the reading: what is left is rounding.

{readings}

- **A flat market has no RSI**: 0 / 0. Ours has no value and the signal is HOLD. TA-Lib says {flat_talib},
  technicalindicators {flat_ti}, pandas-ta and Tulip {flat_tulip}. `flat_rsi` gives the numbers of others; see
  docs/definitions.md.
- **Warm-up and seed.** RSI and ATR of TA-Lib, technicalindicators and newer pandas-ta-classic are Wilder's, as ours;
  older pandas-ta has no seed, and Tulip's ATR begins a bar earlier. Tulip's averages begin with the first close. All
  this fades (*later* in the tables), but for Tulip's MACD, whose shares are not those of 12 and 26 bars.
- **MACD in TA-Lib** shows nothing before the signal has a value, and seeds the fast average late, so that its line is
  at first not the difference of its own EMA(12) and EMA(26). In technicalindicators MACD is of simple averages unless
  told otherwise (here it was told), and a signal of exactly 0 is left out.
- **Population or sample.** Bollinger bands are of the population in all of them. Volatility is of a sample of log
  returns in ours and in pandas-ta 0.3 (`stdev` of `log_return`, by its defaults), a factor sqrt(20/19) above that of
  a population, which newer pandas-ta-classic has. Tulip takes simple returns; the sqrt(252) in its values was divided
  out.
- **Rounding.** technicalindicators rounds RSI to 2 places.
- **Running sums of squares.** TA-Lib 0.6 and Tulip subtract two large numbers that are nearly equal. On prices of
  65,000 with sigma 0.0001, {talib_zero} of {count} values are 0 in TA-Lib 0.6, and {tulip_negative} are negative in
  Tulip, whose bands are NaN there; after one bad tick both have such values still when it has left the window. TA-Lib
  0.6 also takes any variance below 1e-14 for 0, so that prices near 1e-7 have no bands at all. TA-Lib 0.8 has mended
  that; tools that go through the window each time (technicalindicators, newer pandas-ta-classic) never had it.
- **Not quite 0.** Where a market stands still after a move, sigma is exactly 0 in ours, in TA-Lib and in pandas-ta
  0.3; the others keep a rest. Both pandas-ta put 2.2e-16 in the place of a range of 0, which shows in their ATR of a
  flat market.
- **A band beside a large price** is a double like the price: at 65,000 the last place is 7e-12, or 4e-8 of two sigma
  of 0.0001; the middle is rounded to it, and the band once more. Hence our own difference in the bands of the very
  quiet series; `bb_sigma` does not have it.
"""


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def short(number):
    if number is None:
        return "–"
    if number == 0:
        return "0"
    return "< 1e-15" if number < 1e-15 else f"{float(number):.0e}" if number < 0.001 else f"{float(number):.1g}"


def number(value):
    """Two digits for what is large."""
    return f"{float(value):.2g}" if value >= 10 else short(value)


def cell_text(cell):
    if cell is None:
        return "–"
    if cell.compared == 0:
        return "undefined: " + ", ".join(sorted(cell.undefined)) if cell.undefined else "too short"
    parts = []
    if cell.worst is not None:
        parts.append(number(cell.worst))
        if cell.worst > 1e-9 and cell.worst_later is not None and cell.worst_later < cell.worst / 1000:
            parts[0] += f", later {short(cell.worst_later)}"
    elif not cell.not_zero and not cell.absent:
        parts.append("0")
    for count, what in ((cell.absent, "NaN"), (cell.zero, "zero"), (cell.negative, "negative"),
                        (cell.closed, "closed")):
        if count:
            parts.append(f"{count:,} {what}")
    if cell.not_zero:
        parts.append(f"{len(cell.not_zero)} not 0, to {short(max(cell.not_zero))}")
    if cell.undefined:
        parts.append("undefined: " + ", ".join(sorted(cell.undefined)))
    return "; ".join(parts)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def of_indicator(column, tables, shorts):
    title, measure = TITLES[column]
    first = [str(tables["first"][tool][column]) if column in tables["first"][tool] else "–" for tool in shorts]
    rows = [["*first value at index*", first[0], "", *first[1:]]]
    for name, cells in tables["cells"][column].items():
        texts = [cell_text(cells.get(tool)) if column in tables["first"][tool] else "–" for tool in shorts]
        # A tool that gives no column for a short series.
        texts = ["too short" if t == "–" and column in tables["first"][tool] else t for t, tool in zip(texts, shorts)]
        rows.append([name, texts[0], short(tables["doubles"][column][name]), *texts[1:]])
    return f"### {title}\n\nDifferences {measure}.\n\n" + table(["series", shorts[0], "doubles", *shorts[1:]], rows)


def overview(tables, shorts):
    rows = []
    for column, by_series in tables["cells"].items():
        row = [TITLES[column][0]]
        for tool in shorts:
            cells = [cells[tool] for cells in by_series.values() if tool in cells and cells[tool].compared]
            row.append(f"{sum(cell.is_equal() for cell in cells)} of {len(cells)}" if cells else "–")
        rows.append(row)
    return table(["indicator", *shorts], rows)


def of_recorded(recorded, shorts, titles):
    rows = []
    for column, by_series in recorded["cells"].items():
        if column == "atr":
            continue  # the recorded series are closes alone
        for name, cells in by_series.items():
            rows.append([TITLES[column][0], name, *(cell_text(cells.get(tool)) for tool in shorts)])
    names = ", ".join(f"{name} ({titles[name]})" for name in next(iter(recorded["cells"].values())))
    return f"{names}.\n\n" + table(["indicator", "series", *shorts], rows)


def page(tables, tools, readings, recorded, titles, before):
    shorts = [short_name for short_name, _, _ in tools]
    flat = {tool: ", ".join(sorted(cell.undefined)) for tool, cell in tables["cells"]["rsi"]["flat"].items()}
    sigma = tables["cells"]["bb_sigma"]["very quiet"]
    parts = [HEAD]
    parts.append("## Tools\n\n" + table(["here", "version"], [
        [short_name, title] for short_name, title, _ in tools[1:]]) + """
*pandas-ta* is pandas-ta-classic 0.3.15, which has the definitions of pandas-ta 0.3: that itself no longer installs
from PyPI on Python 3.11. Both pandas-ta rows are its own arithmetic; where TA-Lib is installed, 0.3 hands much of it
to TA-Lib.
""")
    parts.append("## Series\n\n" + table(["series", "what"], [
        [name, titles[name]] for name in tables["cells"]["rsi"]]))
    parts.append("## Overview\n\nOn how many of the series every value is within 1e-9 of the exact one.\n\n"
                 + overview(tables, shorts))
    parts.append(WHY.format(
        readings=table(["reading", "tool", "series", "to ours", "to that reading"],
                       [[what, tool, name, number(ours), number(other)]
                        for what, tool, name, ours, other in readings]).rstrip(),
        flat_talib=flat["TA-Lib 0.8"], flat_ti=flat["technicalindicators"], flat_tulip=flat["Tulip"],
        talib_zero=f"{sigma['TA-Lib 0.6'].zero:,}", tulip_negative=f"{sigma['Tulip'].negative:,}",
        count=f"{sigma['Tulip'].compared:,}"))
    parts.append("## Every indicator\n\n" + LEGEND)
    parts += [of_indicator(column, tables, shorts) for column in tables["cells"]]
    kept = re.search(re.escape(BEGIN) + "(.*?)" + re.escape(END), before, re.DOTALL)
    text = ("\n" + of_recorded(recorded, shorts, titles) + "\n" if recorded else kept.group(1)[1:] if kept else "\n")
    parts.append("## Recorded closes\n\nThese series are not in the repository (`TAPELINE_SHARED`); without them this "
                 f"section stays as it is.\n\n{BEGIN}\n{text}{END}\n")
    return "\n".join(parts)
