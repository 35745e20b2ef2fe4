#!/usr/bin/env python3
"""Writes what `tapeline indicators` must print for a CSV with a column `close`, by exact fractions and 60 digits.

    make_reference.py < closes.csv > reference.csv      lengths 20, 14, 20,2, 20; 20 significant digits
"""
import csv
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 60
SMA, RSI, BANDS, VOLATILITY = 20, 14, 20, 20
WIDTH = 2


def decimal(fraction):
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)


def text(value):
    if value is None:
        return ""
    if value == 0:
        return "0"
    return str(value.quantize(Decimal(1).scaleb(value.adjusted() - 19)).normalize())


def deviation(values, divisor):
    mean = sum(values) / len(values)
    return (sum((value - mean) ** 2 for value in values) / divisor).sqrt()


def main():
    written = [row["close"] for row in csv.DictReader(sys.stdin)]
    closes = [Fraction(close) for close in written]
    gain = loss = Fraction(0)
    print("index,close,sma20,rsi14,bb_mid,bb_sigma,bb_upper,bb_lower,vol20,change_pct")
    for i, close in enumerate(closes):
        sma = rsi = mid = sigma = upper = lower = volatility = change = None
        if i >= SMA - 1:
            sma = decimal(sum(closes[i - SMA + 1 : i + 1]) / SMA)
        if i >= BANDS - 1:
            window = closes[i - BANDS + 1 : i + 1]
            mean = sum(window) / BANDS
            mid = decimal(mean)
            sigma = decimal(sum((x - mean) ** 2 for x in window) / BANDS).sqrt()
            upper, lower = mid + WIDTH * sigma, mid - WIDTH * sigma
        if i >= 1:
            step = close - closes[i - 1]
            change = decimal(100 * step / closes[i - 1])
            old = 1 if i <= RSI else Fraction(RSI - 1, RSI)
            gain = gain * old + max(step, 0) / Fraction(RSI)
            loss = loss * old + max(-step, 0) / Fraction(RSI)
        if i >= RSI and gain + loss > 0:
            rsi = decimal(100 * gain / (gain + loss))
        if i >= VOLATILITY:
            window = closes[i - VOLATILITY : i + 1]
            returns = [decimal(b / a).ln() for a, b in zip(window, window[1:])]
            volatility = deviation(returns, VOLATILITY - 1)
        values = [sma, rsi, mid, sigma, upper, lower, volatility, change]
        print(",".join([str(i), written[i]] + [text(value) for value in values]))


main()
