"""An independent reading of recorded payloads: what the wire parsers must deliver, one event a line.

usage: expected_numbers.py SOURCE CHANNEL CONTEXT FILE

Lines: "symbol event_ns open high low close volume" of a bar, "symbol event_ns price size trade_id side" of a tick, and
"symbol event_ns no_data" where the file has a place for a price but none in it. Nothing is shared with the parsers.
"""
import csv
import datetime
import decimal
import gzip
import io
import json
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


def new_york_ns(stamp):
    wall = datetime.datetime.fromisoformat(stamp)
    return seconds(wall.replace(tzinfo=NEW_YORK, fold=0)) * 10**9


def bar(symbol, event_ns, values):
    print(symbol, event_ns, *(number(value) for value in values))


def tick(symbol, event_ns, price, size="0", trade_id=0, side="unknown"):
    print(symbol, event_ns, number(price), number(size), trade_id, side)


def alpha_vantage(channel, context, text):
    symbol = context.split()[0]
    named = lambda row: {key.split(". ")[-1]: value for key, value in row.items()}
    if channel == "global_quote":
        quote = named(load(text)["Global Quote"]) if text[0] == "{" else next(csv.DictReader(io.StringIO(text)))
        day = quote.get("latest trading day") or quote["latestDay"]
        tick(symbol, new_york_ns(day + " 16:00:00"), quote["price"], quote["volume"])
        return
    if text[0] == "{":
        body = load(text)
        series = next(value for key, value in body.items() if key.startswith("Time Series"))
        rows = [(stamp, named(row)) for stamp, row in series.items()]
    else:
        rows = [(row.get("timestamp") or row["time"], row) for row in csv.DictReader(io.StringIO(text))]
    for stamp, row in sorted(rows, key=lambda pair: pair[0]):
        bar(symbol, new_york_ns(stamp), (row[name] for name in ("open", "high", "low", "close", "volume")))


def coingecko(channel, context, text):
    body = load(text[min(text.find(bracket) for bracket in "{[" if bracket in text):])
    if channel == "simple_price":
        coins = [(coin, currency, values.get(currency), values.get("last_updated_at"))
                 for coin, values in body.items() for currency in context.split(",")]
    else:
        coins = [(coin["id"], context, coin["current_price"], coin.get("last_updated")) for coin in body]
    for coin, currency, price, stamp in coins:
        event_ns = RECEIVE_NS
        if isinstance(stamp, str):
            moment = datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00"))
            event_ns = seconds(moment.replace(microsecond=0)) * 10**9 + moment.microsecond * 1000
        elif stamp is not None:
            event_ns = int(stamp) * 10**9
        if price is None:
            print(f"{coin}/{currency}", event_ns, "no_data")
        else:
            tick(f"{coin}/{currency}", event_ns, price)


def yahoo(channel, context, text):
    result = load(text)["chart"]["result"][0]
    quote = result["indicators"]["quote"][0]
    for row, stamp in enumerate(result.get("timestamp", [])):
        values = [quote[name][row] for name in ("open", "high", "low", "close", "volume")]
        if values[3] is None:
            print(result["meta"]["symbol"], int(stamp) * 10**9, "no_data")
        else:
            bar(result["meta"]["symbol"], int(stamp) * 10**9, [0 if value is None else value for value in values])


def binance(channel, context, text):
    for line in text.splitlines():
        if "{" not in line:
            continue
        message = json.loads(line[line.index("{"):])
        message = message.get("data", message)
        if message.get("e") == "trade":
            tick(message["s"], message["T"] * 10**6, message["p"], message["q"], message["t"],
                 "sell" if message["m"] else "buy")


def main():
    source, channel, context, path = sys.argv[1:]
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        {"alpha_vantage": alpha_vantage, "coingecko": coingecko, "yahoo": yahoo, "binance": binance}[source](
            channel, context, file.read())


main()
