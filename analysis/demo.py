"""A demo database's recording: days of trades of four markets, with the faults that real feeds have. From a seed.

Usage: demo.py FILE.txt.gz [--days N] [--seed S]; then tapeline replay --source binance FILE.txt.gz
"""
import argparse
import gzip
import json
import math
import random

# Name, price, decimals, daily volatility, how much of its moves is the market's.
MARKETS = (("BTCUSDT", 61_840.0, 2, 0.030, 0.9), ("ETHUSDT", 2_683.0, 2, 0.042, 0.8), ("SOLUSDT", 154.0, 2, 0.055, 0.6),
           ("DOGEUSDT", 0.1012, 5, 0.060, 0.4))
STEP_S = 10
BEGIN_S = 1_772_409_600  # 2026-03-02, a Monday


def lines(days, seed):
    source = random.Random(seed)
    prices = {name: price for name, price, *_ in MARKETS}
    ids = {name: 1_000 + place for place, (name, *_) in enumerate(MARKETS)}
    steps_a_day = 86_400 // STEP_S
    drift = 0.0
    for step in range(days * steps_a_day):
        # Quiet nights, a busy afternoon; a trend that turns.
        hour = step % steps_a_day * STEP_S / 3_600
        activity = 0.6 + 0.8 * math.exp(-((hour - 15) / 4) ** 2)
        drift = 0.9995 * drift + source.gauss(0, 0.0006)
        market = source.gauss(drift, 1)
        for name, _, decimals, volatility, beta in MARKETS:
            step_volatility = volatility / math.sqrt(steps_a_day) * activity
            move = beta * market + math.sqrt(1 - beta * beta) * source.gauss(0, 1)
            prices[name] *= math.exp(step_volatility * move)
            event_ms = (BEGIN_S + step * STEP_S) * 1_000 + source.randrange(STEP_S * 1_000)
            ids[name] += 1
            fault = source.random()
            if fault < 0.0004:
                ids[name] += 3  # trades that never came
            price = prices[name] * (1.25 if 0.0004 < fault < 0.0006 else 1)  # a wild one
            if 0.0006 < fault < 0.0010:
                event_ms -= 120_000  # late
            text = f"{price:.{decimals}f}"
            delay_ms = source.lognormvariate(3.2, 0.5)
            message = {"e": "trade", "E": event_ms, "s": name, "t": ids[name], "p": text,
                       "q": f"{source.expovariate(1) * 100 / prices[name] + 0.00001:.5f}", "T": event_ms,
                       "m": source.random() < 0.5}
            body = json.dumps({"stream": name.lower() + "@trade", "data": message}, separators=(",", ":"))
            yield int((event_ms + (120_000 if 0.0006 < fault < 0.0010 else 0) + delay_ms) * 1e6), body
            if 0.0010 < fault < 0.0014:
                yield int((event_ms + delay_ms + 400) * 1e6), body  # twice


def write(path, days=3, seed=1):
    ordered = sorted(lines(days, seed))
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        file.writelines(f"{received_ns} {body}\n" for received_ns, body in ordered)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write(options.file, options.days, options.seed)
