"""An independent reading of recorded payloads: what the wire parsers must deliver, one event a line.

usage: expected_numbers.py SOURCE CHANNEL CONTEXT FILE

Lines: "symbol event_ns open high low close volume" of a bar, "symbol event_ns price size trade_id side" of a tick,
"symbol event_ns bid ask quote" of a quote, and "symbol event_ns no_data" where the file has a place for a price but none in it. Nothing is shared with the parsers.
"""
import csv
import datetime
import decimal
import gzip
import io
import json
import struct
import sys
import zoneinfo

RECEIVE_NS = 1_900_000_000_000_000_000  # the time of receipt in the tests
NEW_YORK = zoneinfo.ZoneInfo("America/New_York")


def number(text):
    value = decimal.Decimal(text)
    return format(value.normalize(), "f") if value else "0"


def load(text):
    return json.loads(text, parse_float=decimal.Decimal, parse_int=decimal.Decimal)


def seconds(moment):
    return int((moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)).total_seconds())


def wall_ns(stamp, zone=NEW_YORK):
    wall = datetime.datetime.fromisoformat(stamp)
    return seconds(wall.replace(tzinfo=zone, fold=0)) * 10**9


def bar(symbol, event_ns, values):
    return " ".join([symbol, str(event_ns), *(number(value) for value in values)])


def tick(symbol, event_ns, price, size="0", trade_id=0, side="unknown"):
    return f"{symbol} {event_ns} {number(price)} {number(size)} {trade_id} {side}"


def alpha_vantage(channel, context, text):
    symbol, _, interval_s = context.partition(" ")
    named = lambda row: {key.split(". ")[-1]: value for key, value in row.items()}
    if channel == "global_quote":
        quote = named(load(text)["Global Quote"]) if text[0] == "{" else next(csv.DictReader(io.StringIO(text)))
        day = quote.get("latest trading day") or quote["latestDay"]
        return [tick(symbol, wall_ns(day + " 16:00:00"), quote["price"], quote["volume"])]
    zone = NEW_YORK
    if text[0] == "{":
        body = load(text)
        zone = datetime.timezone.utc if "UTC" in named(body["Meta Data"])["Time Zone"] else NEW_YORK
        series = next(value for key, value in body.items() if key.startswith("Time Series"))
        rows = [(stamp, named(row)) for stamp, row in series.items()]
    else:
        rows = [(row.get("timestamp") or row["time"], row) for row in csv.DictReader(io.StringIO(text))]
    rows.sort(key=lambda pair: pair[0])
    # Measured on volumes: until 2021 the stamps of intraday bars are their ends.
    label_s = int(interval_s) if channel == "intraday" and rows[-1][0] < "2022" else 0
    return [bar(symbol, wall_ns(stamp, zone) - label_s * 10**9, [row[name] for name in ("open", "high", "low", "close", "volume")])
            if "open" in row else f"{symbol} {wall_ns(stamp, zone)} missing_field" for stamp, row in rows]


def coingecko(channel, context, text):
    body = load(text[min(text.find(bracket) for bracket in "{[" if bracket in text):])
    if channel == "ohlc":
        symbol, interval_s = context.split()
        return [bar(symbol, (int(row[0]) - int(interval_s) * 1000) * 10**6, [*row[1:], 0]) for row in sorted(body)]
    if channel == "market_chart":
        points = {int(stamp): price for stamp, price in body["prices"]}
        return [tick(context, stamp * 10**6, points[stamp]) for stamp in sorted(points)]
    if channel == "simple_price":
        coins = [(coin, currency, values.get(currency), values.get("last_updated_at"))
                 for coin, values in body.items() if isinstance(values, dict) for currency in context.split(",")]
    else:
        coins = [(coin["id"], context, coin["current_price"], coin.get("last_updated")) for coin in body]
    lines = []
    for coin, currency, price, stamp in coins:
        event_ns = RECEIVE_NS
        if isinstance(stamp, str):
            moment = datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00"))
            event_ns = seconds(moment.replace(microsecond=0)) * 10**9 + moment.microsecond * 1000
        elif stamp is not None:
            event_ns = int(stamp) * 10**9
        lines.append(f"{coin}/{currency} {event_ns} no_data" if price is None else tick(f"{coin}/{currency}", event_ns, price))
    return lines


def single(value):
    return struct.unpack("f", struct.pack("f", float(value)))[0]


def without_noise(written, price_hint):
    """What the source meant by a float32 that it writes as a double."""
    if float(written) != single(written):
        return written
    exact = decimal.Decimal(float(written))
    if price_hint is not None:
        rounded = round(exact, int(price_hint))
        if single(rounded) == single(written):
            return rounded
    return next(decimal.Decimal(text) for text in (f"{float(written):.{digits}g}" for digits in range(1, 18))
                if single(text) == single(written))


def yahoo(channel, context, text):
    if channel == "streamer":
        return []  # EXPECTED_decoded.json has them
    result = load(text)["chart"]["result"][0]
    quote = result["indicators"]["quote"][0]
    symbol, price_hint = result["meta"]["symbol"], result["meta"].get("priceHint")
    lines = []
    for row, stamp in enumerate(result.get("timestamp", [])):
        values = [quote[name][row] for name in ("open", "high", "low", "close", "volume")]
        if all(value is None for value in values[:4]):
            lines.append(f"{symbol} {int(stamp) * 10**9} no_data")
        elif None in values[:4]:
            lines.append(f"{symbol} {int(stamp) * 10**9} missing_field")
        else:
            lines.append(bar(symbol, int(stamp) * 10**9, [*(without_noise(value, price_hint) for value in values[:4]),
                                                          values[4] or 0]))
    return lines


def nanoseconds(stamp):
    moment = datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    return seconds(moment.replace(microsecond=0)) * 10**9 + moment.microsecond * 1000


def quote(symbol, event_ns, bid, ask):
    return f"{symbol} {event_ns} {number(bid)} {number(ask)} quote"


def messages(text):
    """Of a capture, whatever stands in front of each message; or of a file that is one message over several lines."""
    try:
        return [load(text)]
    except json.JSONDecodeError:
        pass
    found = []
    for line in text.splitlines():
        start = line.find("{")
        if start >= 0 and " <- " not in line[:start]:
            found.append(load(line[start:]))
    return found


def binance(channel, context, text):
    lengths = "smhdw"
    for message in messages(text):
        message = message.get("data", message)
        kind = message.get("e") or ("bookTicker" if "u" in message and "b" in message else "")
        if kind in ("trade", "aggTrade"):
            yield tick(message["s"], int(message["T"]) * 10**6, message["p"], message["q"],
                       message["t" if kind == "trade" else "a"], "sell" if message["m"] else "buy")
        elif kind == "bookTicker":
            yield quote(message["s"], int(message["E"]) * 10**6 if "E" in message else RECEIVE_NS, message["b"], message["a"])
        elif kind == "kline" and message["k"]["i"][-1] in lengths:
            kline = message["k"]
            yield bar(message["s"], int(kline["t"]) * 10**6, (kline[name] for name in "ohlcv"))


def coinbase(channel, context, text):
    taker = {"buy": "sell", "sell": "buy"}
    for message in messages(text):
        if message.get("type") in ("match", "last_match"):
            yield tick(message["product_id"], nanoseconds(message["time"]), message["price"], message["size"],
                       message["trade_id"], taker[message["side"]])
        elif message.get("type") == "ticker":
            yield quote(message["product_id"], nanoseconds(message["time"]), message["best_bid"], message["best_ask"])


def kraken(channel, context, text):
    for message in messages(text):
        for item in message.get("data", []):
            if message["channel"] == "trade":
                yield tick(item["symbol"], nanoseconds(item["timestamp"]), item["price"], item["qty"], item["trade_id"],
                           item["side"])
            elif message["channel"] == "ticker":
                stamp = nanoseconds(item["timestamp"]) if "timestamp" in item else RECEIVE_NS
                yield quote(item["symbol"], stamp, item["bid"], item["ask"])


SOURCES = {"alpha_vantage": alpha_vantage, "coingecko": coingecko, "yahoo": yahoo, "binance": binance,
           "coinbase": coinbase, "kraken": kraken}


def expected(source, channel, context, path):
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        return SOURCES[source](channel, context, file.read())


if __name__ == "__main__":
    for line in expected(*sys.argv[1:]):
        print(line)
