"""SMA, RSI and Bollinger bands over 10 million closes: ours beside TA-Lib's Python package, in the same run.

Prints the best of several rounds, which alternate, and the ratio. The values are compared first.
Usage: trio.py [--closes N] [--rounds N]
"""
import argparse
import os
import time

import numpy as np
import talib
from tapeline import indicators


def ours(closes):
    values = indicators.indicators(closes, rsi=14, bollinger=20)
    return values["sma"], values["rsi"], values["bb_upper"], values["bb_lower"]


def theirs(closes):
    upper, _, lower = talib.BBANDS(closes, 20, 2, 2)
    return talib.SMA(closes, 20), talib.RSI(closes, 14), upper, lower


def seconds(function, closes):
    began = time.perf_counter()
    function(closes)
    return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--closes", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    source = np.random.default_rng(1)
    closes = np.round(60_000 * np.exp(np.cumsum(source.normal(0, 1e-4, options.closes))), 2)

    part = closes[:1_000_000]
    for name, mine, other in zip(("sma", "rsi", "bb_upper", "bb_lower"), ours(part), theirs(part), strict=True):
        assert (np.isnan(mine) == np.isnan(other)).all(), name
        # TA-Lib's bands lose digits: its sigma comes from E[x^2] - E[x]^2.
        assert np.nanmax(np.abs(mine - other)) < (1e-6 if name == "rsi" else 1e-9 * 60_000 * 60_000), name

    rounds = [(seconds(ours, closes), seconds(theirs, closes)) for _ in range(options.rounds)]
    mine, other = (min(column) for column in zip(*rounds, strict=True))
    count = options.closes / 1e6
    print(f"{count:g} million closes, {os.cpu_count()} CPUs, best of {options.rounds} rounds")
    print(f"  tapeline          {mine * 1e3:7.1f} ms   {mine * 1e3 / count:5.2f} ns a close")
    print(f"  TA-Lib {talib.__version__:<10} {other * 1e3:7.1f} ms   {other * 1e3 / count:5.2f} ns a close")
    print(f"  ratio             {other / mine:7.2f}")


if __name__ == "__main__":
    main()
