"""pandas-ta-classic with its own arithmetic, never TA-Lib's: {name: {close, high, low}} as JSON in, its columns out."""
import json
import sys

import pandas
import pandas_ta_classic as ta

# Where TA-Lib is installed, 0.3.15 calls it in places even if told not to.
ta.Imports["talib"] = False


def columns(close, high, low):
    bands = ta.bbands(close, length=20, std=2.0, talib=False)
    try:
        macd = ta.macd(close, fast=12, slow=26, signal=9, talib=False)
    except TypeError:
        macd = None  # 0.3.15, where there are too few closes for the signal
    found = {"rsi": ta.rsi(close, length=14, talib=False), "sma": ta.sma(close, length=20, talib=False),
             "bb_lower": bands.iloc[:, 0], "bb_mid": bands.iloc[:, 1], "bb_upper": bands.iloc[:, 2],
             "bb_sigma": ta.stdev(close, length=20, ddof=0, talib=False), "ema": ta.ema(close, length=20, talib=False),
             "atr": ta.atr(high, low, close, length=14, talib=False),
             # Composed of its functions with their defaults; it has no such indicator of its own.
             "volatility": ta.stdev(ta.log_return(close), length=20, talib=False)}
    if macd is not None:
        found |= {"macd": macd.iloc[:, 0], "macd_histogram": macd.iloc[:, 1], "macd_signal": macd.iloc[:, 2]}
    return {name: values for name, values in found.items() if values is not None}


series = json.load(sys.stdin)
found = {name: {column: list(map(float, values)) for column, values in
                columns(*(pandas.Series(one[key], dtype=float) for key in ("close", "high", "low"))).items()}
         for name, one in series.items()}
json.dump({"version": f"{ta.version}", "found": found}, sys.stdout)
