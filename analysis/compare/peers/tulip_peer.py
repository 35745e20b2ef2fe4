"""Tulip Indicators by newtulipy: {name: {close, high, low}} as JSON in, its columns out; they end with the series."""
import importlib.metadata
import json
import math
import sys

import numpy
import tulipy


def columns(close, high, low):
    lower, middle, upper = tulipy.bbands(close, 20, 2)
    line, signal, histogram = tulipy.macd(close, 12, 26, 9)
    return {"rsi": tulipy.rsi(close, 14), "sma": tulipy.sma(close, 20), "bb_mid": middle, "bb_upper": upper,
            "bb_lower": lower, "bb_sigma": tulipy.stddev(close, 20), "ema": tulipy.ema(close, 20), "macd": line,
            "macd_signal": signal, "macd_histogram": histogram, "atr": tulipy.atr(high, low, close, 14),
            # It annualises by 252; ours is per bar.
            "volatility": tulipy.volatility(close, 20) / math.sqrt(252)}


series = json.load(sys.stdin)
found = {}
for name, one in series.items():
    found[name] = {}
    for column, values in columns(*(numpy.array(one[key]) for key in ("close", "high", "low"))).items():
        found[name][column] = [None] * (len(one["close"]) - len(values)) + list(map(float, values))
package = importlib.metadata.version("newtulipy")
json.dump({"version": f"{tulipy.TI_VERSION} (newtulipy {package})", "found": found}, sys.stdout)
