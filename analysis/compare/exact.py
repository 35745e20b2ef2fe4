"""What the indicators are, by docs/definitions.md, in decimals of 60 digits, and other readings of them.

Every function takes a list of Decimal and returns a list as long, with None where there is no value.
"""
import decimal
import math
from decimal import Decimal

decimal.getcontext().prec = 60


def windows(values, length, function):
    return [function(values[i - length + 1:i + 1]) if i >= length - 1 else None for i in range(len(values))]


def mean(values):
    return sum(values) / len(values)


def deviation(values, less):
    """Standard deviation; `less` is 0 for that of a population, 1 for that of a sample."""
    middle = mean(values)
    return (sum((x - middle) ** 2 for x in values) / (len(values) - less)).sqrt()


def sma(closes, length):
    return windows(closes, length, mean)


def sigma(closes, length, less=0):
    return windows(closes, length, lambda window: deviation(window, less))


def band(closes, length, width, less=0):
    """Middle plus `width` deviations; a negative width gives the lower band."""
    return [None if m is None else m + width * s for m, s in zip(sma(closes, length), sigma(closes, length, less))]


def smoothed(values, length, alpha):
    """Seed: the mean of the first `length` values; then a share alpha of each new one. Leading None are skipped."""
    begin = next((i for i, x in enumerate(values) if x is not None), len(values))
    result = [None] * len(values)
    if begin + length > len(values):
        return result
    state = mean(values[begin:begin + length])
    result[begin + length - 1] = state
    for i in range(begin + length, len(values)):
        state += alpha * (values[i] - state)
        result[i] = state
    return result


def weighted(values, length, alpha):
    """No seed: the mean of all values so far, with weights (1 - alpha)^age (pandas' ewm with adjust=True)."""
    begin = next((i for i, x in enumerate(values) if x is not None), len(values))
    total = weight = Decimal(0)
    result = [None] * len(values)
    for i in range(begin, len(values)):
        total = total * (1 - alpha) + values[i]
        weight = weight * (1 - alpha) + 1
        if i >= begin + length - 1:
            result[i] = total / weight
    return result


def from_first(values, alpha):
    """Seed: the first value."""
    result = values[:1]
    for x in values[1:]:
        result.append(result[-1] + alpha * (x - result[-1]))
    return result


def less(left, right):
    return [None if a is None or b is None else a - b for a, b in zip(left, right)]


def rsi(closes, length, smooth=smoothed):
    moves = [None] + [b - a for a, b in zip(closes, closes[1:])]
    gains = smooth([None if x is None else max(x, Decimal(0)) for x in moves], length, 1 / Decimal(length))
    losses = smooth([None if x is None else max(-x, Decimal(0)) for x in moves], length, 1 / Decimal(length))
    return [None if g is None or g + l == 0 else 100 * g / (g + l) for g, l in zip(gains, losses)]


def ema_share(length):
    return Decimal(2) / (length + 1)


def ema(closes, length):
    return smoothed(closes, length, ema_share(length))


def ema_from_first(closes, length):
    return from_first(closes, ema_share(length))


def macd(closes, fast, slow, signal):
    """Line, signal, histogram."""
    line = less(ema(closes, fast), ema(closes, slow))
    average = smoothed(line, signal, ema_share(signal))
    return line, average, less(line, average)


def macd_late_seed(closes, fast, slow, signal):
    """The fast average is seeded where the slow one is, with the mean of the closes just before."""
    head = [None] * (slow - fast)
    late = head + smoothed(closes[slow - fast:], fast, ema_share(fast))
    line = less(late, ema(closes, slow))
    average = smoothed(line, signal, ema_share(signal))
    return line, average, less(line, average)


def macd_from_first(closes, fast_share, slow_share, slow, signal):
    """Averages that begin with the first close; the signal begins with the first value shown."""
    line = less(from_first(closes, fast_share), from_first(closes, slow_share))
    line = [None] * (slow - 1) + line[slow - 1:]
    average = [None] * (slow - 1) + from_first(line[slow - 1:], ema_share(signal))
    return line, average, less(line, average)


def true_ranges(highs, lows, closes, first=None):
    return [first] + [max(h, c) - min(l, c) for h, l, c in zip(highs[1:], lows[1:], closes)]


def atr(highs, lows, closes, length, smooth=smoothed):
    return smooth(true_ranges(highs, lows, closes), length, 1 / Decimal(length))


def atr_with_first_bar(highs, lows, closes, length):
    """The first bar counts with its own high - low."""
    return smoothed(true_ranges(highs, lows, closes, highs[0] - lows[0]), length, 1 / Decimal(length))


def check_golden(closes):
    """The reference itself against docs/definitions.md."""
    for found, stated in ((rsi(closes, 14)[14], "70.464135021097"), (rsi(closes, 14)[32], "37.788771982058"),
                          (sma(closes, 20)[32], "45.241"), (sigma(closes, 20)[32], "1.189575134239"),
                          (band(closes, 20, 2)[32], "47.6201502685"), (band(closes, 20, -2)[32], "42.8618497315"),
                          (volatility(closes, 20)[32], "0.013079954988"), (ema(closes, 20)[32], "44.635429961004"),
                          (macd(closes, 12, 26, 9)[0][25], "0.306688848133"),
                          (macd(closes, 12, 26, 9)[0][32], "-0.474687390303")):
        # In every digit that is stated.
        if found.quantize(Decimal(stated)) != Decimal(stated):
            raise AssertionError(f"the reference says {found}, docs/definitions.md {stated}")


def log_returns(closes):
    return [(b / a).ln() for a, b in zip(closes, closes[1:])]


def volatility(closes, length, less=1):
    return [None] + windows(log_returns(closes), length, lambda window: deviation(window, less))


def volatility_simple(closes, length):
    """Population deviation of simple returns."""
    returns = [b / a - 1 for a, b in zip(closes, closes[1:])]
    return [None] + windows(returns, length, lambda window: deviation(window, 0))


def sigma_by_talib_0_6(closes, length):
    """E[x^2] - E[x]^2 by running sums of doubles, which cancels where prices are large beside their moves."""
    total = squares = 0.0
    result = []
    for i, x in enumerate(closes):
        if i >= length:
            total -= closes[i - length]
            squares -= closes[i - length] * closes[i - length]
        total += x
        squares += x * x
        variance = squares / length - (total / length) * (total / length)
        result.append(None if i < length - 1 else math.sqrt(variance) if variance >= 1e-14 else 0.0)
    return result


def sigma_by_tulip(closes, length):
    """The same in another order; what is not above 0 is passed on as it is."""
    total = squares = 0.0
    share = 1.0 / length
    result = []
    for i, x in enumerate(closes):
        total += x
        squares += x * x
        if i >= length:
            total -= closes[i - length]
            squares -= closes[i - length] * closes[i - length]
        variance = squares * share - (total * share) * (total * share)
        result.append(None if i < length - 1 else math.sqrt(variance) if variance > 0 else variance)
    return result
