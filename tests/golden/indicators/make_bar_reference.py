#!/usr/bin/env python3
"""Writes what the indicators beside the standard columns are for the bars of a CSV, by exact fractions and 60 digits.

    make_bar_reference.py < golden_bars.csv > golden_bars_reference.csv

Columns of the input: hour,session,open,high,low,close,volume; a bar lasts an hour, and hours may be missing. Every value
is computed from the whole history by its definition; nothing is shared with the C++ code.
"""
import csv
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 60
EMA, FAST, SLOW, SIGNAL, ATR, WINDOW = 20, 12, 26, 9, 14, 20


def decimal(value):
    return Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value


def text(value):
    if value is None:
        return ""
    value = decimal(value)
    if value == 0:
        return "0"
    return str(value.quantize(Decimal(1).scaleb(value.adjusted() - 19)).normalize())


def exponential(values, length):
    """The average after the last of `values`: None while there are fewer than `length`."""
    if len(values) < length:
        return None
    average = sum(values[:length]) / Fraction(length)
    for value in values[length:]:
        average += Fraction(2, length + 1) * (value - average)
    return average


def wilder_range(bars, length):
    ranges = []
    for before, bar in zip(bars, bars[1:]):
        high, low, close = bar["high"], bar["low"], before["close"]
        ranges.append(max(high - low, abs(high - close), abs(low - close)))
    if len(ranges) < length:
        return None
    average = sum(ranges[:length]) / Fraction(length)
    for value in ranges[length:]:
        average = (average * (length - 1) + value) / length
    return average


def session_average(bars):
    mine = [bar for bar in bars if bar["session"] == bars[-1]["session"]]
    volume = sum(bar["volume"] for bar in mine)
    if volume == 0:
        return None
    return sum((bar["high"] + bar["low"] + bar["close"]) / 3 * bar["volume"] for bar in mine) / volume


def day_change(bars):
    wanted = bars[-1]["hour"] - 24
    before = [bar for bar in bars if bar["hour"] <= wanted]
    if not before or before[-1]["hour"] < wanted - 1:  # stale after an hour
        return None, None
    change = bars[-1]["close"] - before[-1]["close"]
    return change, 100 * change / before[-1]["close"]


def session_change(bars):
    mine = [bar for bar in bars if bar["session"] == bars[-1]["session"]]
    if len(mine) == len(bars):  # nobody saw it begin
        return None, None
    change = bars[-1]["close"] - mine[0]["open"]
    return change, 100 * change / mine[0]["open"]


def score(volumes):
    if len(volumes) < WINDOW:
        return None
    window = volumes[-WINDOW:]
    mean = sum(window) / WINDOW
    variance = sum((volume - mean) ** 2 for volume in window) / WINDOW
    if variance == 0:
        return None
    return decimal(window[-1] - mean) / decimal(variance).sqrt()


def sample_sigma(closes):
    if len(closes) < WINDOW:
        return None
    window = closes[-WINDOW:]
    mean = sum(window) / WINDOW
    return decimal(sum((close - mean) ** 2 for close in window) / (WINDOW - 1)).sqrt()


def main():
    print("index,ema,macd,macd_signal,macd_histogram,atr,vwap,day,day_pct,session,session_pct,volume,sample_sigma")
    bars, lines = [], []
    for i, row in enumerate(csv.DictReader(sys.stdin)):
        bars.append({name: Fraction(value) for name, value in row.items()})
        closes = [bar["close"] for bar in bars]
        fast, slow = exponential(closes, FAST), exponential(closes, SLOW)
        line = None if slow is None else fast - slow
        if line is not None:
            lines.append(line)
        signal = exponential(lines, SIGNAL)
        histogram = None if signal is None else line - signal
        values = [exponential(closes, EMA), line, signal, histogram, wilder_range(bars, ATR), session_average(bars)]
        values += [*day_change(bars), *session_change(bars), score([bar["volume"] for bar in bars])]
        values.append(sample_sigma(closes))
        print(",".join([str(i)] + [text(value) for value in values]))


main()
