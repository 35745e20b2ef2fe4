"""The series that are compared: closes, highs and lows as decimal texts, made from seeds: everyone has the same."""
import csv
import os
import random

GOLDEN = """44.34 44.09 44.15 43.61 44.33 44.83 45.10 45.42 45.84 46.08 45.89 46.03 45.61 46.28 46.28 46.00 46.03 46.41
46.22 45.64 46.21 46.25 45.71 46.45 45.78 45.35 44.03 44.18 44.22 44.57 43.42 42.66 43.13""".split()


class Series:
    def __init__(self, title, close, high=None, low=None):
        self.title, self.close, self.high, self.low = title, close, high or close, low or close


def text(mantissa, places):
    """mantissa / 10^places, as written by hand."""
    if places <= 0:
        return str(mantissa * 10**-places)
    digits = str(mantissa).rjust(places + 1, "0")
    return digits[:-places] + "." + digits[-places:]


def bell(source):
    """About normal, mean 0, deviation 1; of Random.random() alone, whose values no version of Python changes."""
    return sum(source.random() for _ in range(12)) - 6


def walk(seed, count, start, step, least=1):
    """Integers."""
    source = random.Random(seed)
    values = [start]
    while len(values) < count:
        values.append(max(least, values[-1] + round(bell(source) * step)))
    return values


def noise(seed, count, level, deviation):
    source = random.Random(seed)
    return [level + round(bell(source) * deviation) for _ in range(count)]


def with_range(title, mantissas, places, seed, spread):
    """Highs and lows up to `spread` beyond the closes."""
    source = random.Random(seed)
    highs = [x + int(source.random() * (spread + 1)) for x in mantissas]
    lows = [max(1, x - int(source.random() * (spread + 1))) for x in mantissas]
    return Series(title, *([text(x, places) for x in values] for values in (mantissas, highs, lows)))


def made():
    """Name -> Series."""
    usual = walk(seed=1, count=3000, start=10_000, step=60)
    spiked = list(usual[:1000])
    spiked[300] *= 1_000_000
    moved = walk(seed=2, count=60, start=10_000, step=60)
    return {
        "walk": with_range("random walk from 100.00, 3,000 closes", usual, 2, 11, 80),
        "golden": Series("golden vector, 33 closes (docs/definitions.md)", GOLDEN),
        "quiet": with_range("65,000 with sigma 0.01, 3,000 closes", noise(3, 3000, 650_000_000, 100), 4, 13, 100),
        "very quiet": with_range("65,000 with sigma 0.0001, 3,000 closes", noise(4, 3000, 65_000_000_000, 100), 6, 14,
                                 100),
        "flat": Series("100.00, 300 times", ["100.00"] * 300),
        "flat after a move": with_range("60 closes of a walk, then the last one 240 times", moved + moved[-1:] * 240, 2,
                                        15, 0),
        "penny": with_range("a walk in steps of 0.0001 near 0.0100, 1,000 closes", walk(5, 1000, 100, 1, least=20), 4,
                            16, 1),
        "one bad tick": with_range("the first 1,000 closes of the walk, one times 1,000,000", spiked, 2, 17, 80),
        "times 1e9": with_range("the walk times 1e9", usual, -7, 11, 80),
        "times 1e-9": with_range("the walk times 1e-9", usual, 11, 11, 80),
    }


def recorded(shared):
    """Name -> Series of the recorded closes in a folder of given data; none where it is not there."""
    folder = os.path.join(shared, "data/indicators")
    found = {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if not name.endswith(".csv"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
            closes = [row["close"] for row in csv.DictReader(file)]
        found[name[:-4]] = Series(f"{len(closes):,} closes", closes)
    return found
