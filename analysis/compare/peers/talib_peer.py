"""TA-Lib by its Python package: {name: {close, high, low}} as JSON in, its columns out; NaN where it has no value."""
import json
import sys

import numpy
import talib


def columns(close, high, low):
    upper, middle, lower = talib.BBANDS(close, 20, 2, 2)
    line, signal, histogram = talib.MACD(close, 12, 26, 9)
    return {"rsi": talib.RSI(close, 14), "sma": talib.SMA(close, 20), "bb_mid": middle, "bb_upper": upper,
            "bb_lower": lower, "bb_sigma": talib.STDDEV(close, 20, 1), "ema": talib.EMA(close, 20), "macd": line,
            "macd_signal": signal, "macd_histogram": histogram, "atr": talib.ATR(high, low, close, 14)}


series = json.load(sys.stdin)
found = {name: {column: list(map(float, values)) for column, values in
                columns(*(numpy.array(one[key]) for key in ("close", "high", "low"))).items()}
         for name, one in series.items()}
c_library = talib.__ta_version__.decode().split(" ")[0]
json.dump({"version": f"{talib.__version__} (C library {c_library})", "found": found}, sys.stdout)
