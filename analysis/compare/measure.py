"""How far a tool's values are from the exact ones."""
import math
from decimal import Decimal

import exact

# A value near 0 says little about the size of what it is made of: held against the largest of its series instead.
AGAINST_LARGEST = ("macd", "macd_signal", "macd_histogram")
# Held against the distance from the middle to the band; where that is 0, against the value.
BANDS = ("bb_upper", "bb_lower")


class Cell:
    """One tool, indicator and series."""

    def __init__(self):
        self.compared = 0
        self.worst = None        # largest relative difference; None: no value could be compared
        self.worst_later = None  # the same over the second half of the series
        self.absent = 0          # NaN, infinite or no value where there is one
        self.zero = 0            # where it is above 0
        self.negative = 0
        self.closed = 0          # bands that do not lie apart
        self.not_zero = []       # values where it is exactly 0
        self.undefined = set()   # what is given where there is no value

    def is_equal(self):
        """Within 1e-9 everywhere, and nothing amiss."""
        bad = self.absent or self.zero or self.negative or self.closed or self.not_zero
        return not bad and (self.worst is None or self.worst <= Decimal("1e-9"))


def first_index(values):
    return next((i for i, x in enumerate(values) if x is not None and math.isfinite(x)), None)


def scales(column, columns):
    values = columns[column]
    if column in AGAINST_LARGEST:
        largest = max((abs(x) for x in values if x is not None), default=None)
        return [largest] * len(values)
    if column in BANDS:
        return [None if s is None else 2 * s or x for s, x in zip(columns["bb_sigma"], values)]
    return values


def cell(column, columns, found, usual_first):
    """`usual_first`: where the tool's values begin; what is missing before is its warm-up."""
    result = Cell()
    values = columns[column]
    ours_first = warm_up(column)
    against = scales(column, columns)
    differences = []
    for i in range(max(ours_first, usual_first), len(values)):
        true, given = values[i], found[column][i]
        if true is None:
            result.undefined.add("no value" if given is None else "NaN" if not math.isfinite(given) else f"{given:g}")
            continue
        result.compared += 1
        if given is None or not math.isfinite(given):
            result.absent += 1
            continue
        if column == "bb_sigma" and true > 0:
            result.zero += given == 0
            result.negative += given < 0
        if column in BANDS and columns["bb_sigma"][i] > 0:
            result.closed += found["bb_upper"][i] <= found["bb_lower"][i]
        if against[i] == 0:
            if given != true:
                result.not_zero.append(abs(Decimal(given) - true))
            continue
        differences.append((i, abs(Decimal(given) - true) / abs(against[i])))
    if differences:
        result.worst = max(d for _, d in differences)
        result.worst_later = max((d for i, d in differences if i >= len(values) // 2), default=None)
    return result


WARM_UP = {"rsi": 14, "volatility": 20, "macd": 25, "macd_signal": 33, "macd_histogram": 33, "atr": 14}


def warm_up(column):
    return WARM_UP.get(column, 19)


def tables(truth, tools, names, usual=None):
    """first[tool][column], and cells[column][series][tool]; a tool that has no such indicator is missing there."""
    first = usual or {short: {column: first_index(values) for column, values in found["walk"].items()}
                      for short, _, found in tools}
    cells = {}
    for column in truth[next(iter(names))]:
        cells[column] = {}
        for name in names:
            cells[column][name] = {
                short: cell(column, truth[name], found[name], first[short][column])
                for short, _, found in tools if column in found[name]}
    return {"first": first, "cells": cells}


def floor(truth, rounded):
    """How far the exact values of closes that were rounded to doubles are off, written as doubles again."""
    result = {}
    for column in truth["walk"]:
        result[column] = {}
        for name, columns in rounded.items():
            against = scales(column, truth[name])
            result[column][name] = max(
                (abs(Decimal(float(found)) - true) / abs(scale) for found, true, scale in
                 zip(columns[column], truth[name][column], against)
                 if found is not None and true is not None and scale),
                default=None)
    return result


def apart(true, found, largest=False):
    """Largest relative difference between two columns, where both have a value."""
    pairs = [(Decimal(a), Decimal(b)) for a, b in zip(true, found)
             if a is not None and b is not None and math.isfinite(a) and math.isfinite(b)]
    scale = max(abs(a) for a, _ in pairs) if largest else None
    return max(abs(b - a) / (scale or abs(a)) if a != b else Decimal(0) for a, b in pairs)


def readings(made, truth, found):
    """Each other reading of a definition: (what, tool, series, how far the tool is from ours, from that reading)."""
    def columns(name):
        one = made[name]
        return tuple([Decimal(x) for x in texts] for texts in (one.close, one.high, one.low))

    close, high, low = columns("walk")
    rows = []

    def add(what, tool, column, other, name="walk", largest=False):
        given = found[tool][name][column]
        rows.append((what, tool, name, apart(truth[name][column], given, largest), apart(other, given, largest)))

    add("RSI: no seed, but all moves so far by weights (1 - 1/N)^age", "pandas-ta", "rsi",
        exact.rsi(close, 14, exact.weighted))
    add("RSI: as ours, rounded to 2 places", "technicalindicators", "rsi",
        [None if x is None else round(x, 2) for x in truth["walk"]["rsi"]])
    for name in ("quiet", "very quiet", "times 1e-9"):
        floats = list(map(float, made[name].close))
        add("sigma: running sums of x and x^2 in doubles; a variance below 1e-14 is taken for 0", "TA-Lib 0.6",
            "bb_sigma", exact.sigma_by_talib_0_6(floats, 20), name)
    for name in ("quiet", "very quiet"):
        floats = list(map(float, made[name].close))
        add("sigma: the same sums; a variance below 0 is passed on as sigma", "Tulip", "bb_sigma",
            exact.sigma_by_tulip(floats, 20), name)
    add("volatility: population deviation of x / x before - 1", "Tulip", "volatility",
        exact.volatility_simple(close, 20))
    add("volatility: population deviation of ln(x / x before)", "pandas-ta-classic", "volatility",
        exact.volatility(close, 20, less=0))
    add("EMA: begins with the first close", "Tulip", "ema", exact.ema_from_first(close, 20))
    late = exact.macd_late_seed(close, 12, 26, 9)
    for tool in ("TA-Lib 0.8", "TA-Lib 0.6"):
        add("MACD line: the fast average is seeded where the slow one is", tool, "macd", late[0], largest=True)
        add("MACD signal: follows from that", tool, "macd_signal", late[1], largest=True)
    first = exact.macd_from_first(close, Decimal("0.15"), Decimal("0.075"), 26, 9)
    add("MACD line: begins with the first close; shares 0.15 and 0.075, not 2/13 and 2/27", "Tulip", "macd", first[0],
        largest=True)
    add("MACD signal: begins with the first line", "Tulip", "macd_signal", first[1], largest=True)
    add("ATR: no seed, but all ranges so far by weights (1 - 1/N)^age", "pandas-ta", "atr",
        exact.atr(high, low, close, 14, exact.weighted))
    add("ATR: the first bar counts, with its high - low", "Tulip", "atr",
        exact.atr_with_first_bar(high, low, close, 14))
    return rows
