"""What must become of every recorded payload of the polled sources: one block for each file that MANIFEST.tsv names.

usage: expected_payloads.py FOLDER

A block is "file NAME", "ask SOURCE CHANNEL STATUS SKIP CONTEXT" (SKIP: bytes before the body), the expected events, and
"end". Events are the lines of expected_numbers.py; "refusal REASON" and "reject REASON" stand for a body that is refused or
rejected as a whole. A file that nothing here knows ends the program: none is left out in silence.
"""
import csv
import json
import os
import sys

import expected_numbers

CHANNELS = {"global_quote": 1, "intraday": 2, "daily": 3, "simple_price": 1, "coins_markets": 2, "market_chart": 3, "ohlc": 4,
            "chart": 1, "streamer": 2}

ALPHA_VANTAGE_DATA = {
    "global_quote_IBM.csv": ("global_quote", "IBM"), "global_quote_MSFT_2018.json": ("global_quote", "MSFT"),
    "java_globalquote.json": ("global_quote", "IBM"),
    "intraday_1min_MSFT_2017.json": ("intraday", "MSFT 60"), "intraday_5min_GOOG_crlf_2019-02-04.csv": ("intraday", "GOOG 300"),
    "intraday_5min_IBM_compact_2026-05-15.csv": ("intraday", "IBM 300"), "intraday_extended_1min_2020.csv": ("intraday", "IBM 60"),
    "java_intraday.json": ("intraday", "IBM 300"),
    "daily_IBM_compact_2026-05-15.csv": ("daily", "IBM"), "daily_adjusted_IBM.csv": ("daily", "IBM"),
    "java_daily.json": ("daily", "IBM"), "java_dailyadjusted.json": ("daily", "IBM"),
    # Never asked for; a CSV does not say what it is of, and these have the columns of the days and bars that we ask for.
    "monthly_IBM.csv": ("daily", "IBM"), "digital_currency_daily_BTC_EUR.csv": ("daily", "BTC"),
    "crypto_intraday_ETHUSD_5min.csv": ("intraday", "ETH 300"),
    # Two currencies in one row, under names of their own.
    "digital_currency_daily_BTC_CNY_2017.json": ("daily", "BTC"),
}
ALPHA_VANTAGE_REFUSED = {
    "empty_object.json": "refusal no_data", "error_apikey_missing.json": "refusal refused_permanent",
    "error_invalid_api_call_intraday.json": "refusal refused_permanent", "global_quote_unknown_symbol.json": "refusal no_data",
    "information_25_per_day.json": "refusal refused_quota", "information_25_per_day_key_echoed.json": "refusal refused_quota",
    "information_burst_1_per_second.json": "refusal refused_rate_limit",
    "information_burst_premium_30_per_second.json": "refusal refused_rate_limit",
    "information_demo_key.json": "refusal refused_permanent", "information_premium_endpoint.json": "refusal refused_permanent",
    "meta_data_only.json": "refusal no_data", "note_5_per_min_500_per_day.json": "refusal refused_rate_limit",
    "realtime_bulk_quotes_premium_sample.json": "refusal refused_permanent",
    "java_realtimebulkquote.json": "refusal refused_permanent",
    # Answers to what is never asked: neither a quote nor bars of shares.
    "currency_exchange_rate_BTCCNY.json": "reject unparsable", "currency_exchange_rate_USDJPY.json": "reject unparsable",
    "java_exchange_rate_no_bid_ask.json": "reject unparsable", "fx_intraday_EURUSD_5min.csv": "reject unparsable",
    "market_status.json": "reject unparsable", "symbol_search.csv": "reject unparsable", "symbol_search.json": "reject unparsable",
}
COINGECKO_ERRORS = {
    "200_empty_unknown_id.json": (200, "refusal no_data"), "401_10010_wrong_key_host.json": (401, "refusal refused_permanent"),
    "401_time_range_10012.json": (401, "refusal refused_permanent"), "404_coin_not_found.json": (404, "refusal no_data"),
    "429_rate_limit.json": (429, "refusal refused_rate_limit"),
}
CURRENCIES = {"market_data_for_multiple_coins_in_eth_0.json": "eth", "market_data_for_a_coin_in_myr_0.json": "myr",
              "simple_price_krw_2026.json": "krw", "simple_price_usd_eur_2026.json": "usd,eur",
              "price_for_multiple_coins_in_different_currencies.json": "usd,eur",
              "price_for_one_coin_in_a_different_currency_0.json": "eur", "btc_to_eth_exchange_rate_2.json": "eth"}
YAHOO_ERRORS = {
    "chart_400_bad_interval.json": (400, "refusal refused_permanent"), "chart_422_1m_too_old.json": (422, "refusal refused_permanent"),
    "chart_422_1m_too_wide.json": (422, "refusal refused_permanent"), "chart_not_found_404.json": (404, "refusal no_data"),
    "http_429.txt": (429, "refusal refused_rate_limit"), "http_429_edge.txt": (429, "refusal refused_rate_limit"),
    "quote_401_invalid_crumb.json": (401, "refusal refused_permanent"), "quote_401_no_access.json": (401, "refusal refused_permanent"),
}


def alpha_vantage(name, path):
    base = os.path.basename(name)
    if base in ALPHA_VANTAGE_DATA:
        channel, context = ALPHA_VANTAGE_DATA[base]
        return channel, 200, 0, context, expected_numbers.expected("alpha_vantage", channel, context, path)
    return "intraday", 200, 0, "IBM 300", [ALPHA_VANTAGE_REFUSED[base]]


def coingecko(name, path):
    base = os.path.basename(name)
    with open(path, "rb") as file:
        content = file.read()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return "simple_price", 200, min(content.find(bracket) for bracket in b"{["), "usd", ["reject unparsable"]
    if "/errors/" in name:
        status, outcome = COINGECKO_ERRORS[base]
        return "simple_price", status, 0, "usd", [outcome]
    # Some recordings have the request in front of the body.
    skip = min(text.find(bracket) for bracket in "{[" if bracket in text)
    body = json.loads(text[skip:])
    # The forms that an error has, and the reason that each means.
    if isinstance(body, dict) and isinstance(body.get("error"), str):
        outcome = "server_error" if body.get("status") == 500 else "no_data" if "not" in body["error"] else "refused_permanent"
        return "simple_price", {"server_error": 500}.get(outcome, 422), skip, "usd", ["refusal " + outcome]
    currency = CURRENCIES.get(base, "usd")
    if isinstance(body, list) and body and isinstance(body[0], dict) and "current_price" in body[0]:
        channel, context = "coins_markets", currency
    elif isinstance(body, list) and body and isinstance(body[0], list) and len(body[0]) == 5:
        step = min(int(later[0]) - int(earlier[0]) for earlier, later in zip(body, body[1:])) // 1000
        channel, context = "ohlc", f"bitcoin/{currency} {step}"
    elif isinstance(body, dict) and "prices" in body:
        channel, context = "market_chart", f"bitcoin/{currency}"
    elif isinstance(body, list):
        return "simple_price", 200, skip, currency, ["reject unparsable"]  # an answer to what is never asked
    else:
        channel, context = "simple_price", currency
    lines = expected_numbers.expected("coingecko", channel, context, path)
    return channel, 200, skip, context, lines or ["refusal no_data"]


def yahoo(name, path):
    base = os.path.basename(name)
    folder = name.split("/")[1]
    if folder == "errors":
        status, outcome = YAHOO_ERRORS[base]
        return "chart", status, 0, "AAPL 60", [outcome]
    if folder == "chart":
        return "chart", 200, 0, "", expected_numbers.expected("yahoo", "chart", "", path) or ["refusal no_data"]
    if folder == "quote":
        return "chart", 200, 0, "AAPL 60", ["reject unparsable"]  # another endpoint, never asked
    if folder == "chart_csv_old":
        return "chart", 200, 0, "AAPL 86400", ["refusal server_error"]  # the download that is gone: bare text
    if folder == "streamer":
        return "streamer", 200, 0, "", [streamed(base, path)]
    raise KeyError(name)


def streamed(base, path):
    with open(os.path.join(os.path.dirname(path), "EXPECTED_decoded.json"), encoding="utf-8") as file:
        fields = json.load(file)[base[:-len(".json")]]
    price = expected_numbers.without_noise(expected_numbers.decimal.Decimal(fields["price"]), fields.get("price_hint"))
    return expected_numbers.tick(fields["id"], fields["time"] * 10**6, price)


def main():
    folder = sys.argv[1]
    readers = {"alphavantage": ("alpha_vantage", alpha_vantage), "coingecko": ("coingecko", coingecko), "yahoo": ("yahoo", yahoo)}
    with open(os.path.join(folder, "MANIFEST.tsv"), encoding="utf-8", newline="") as manifest:
        names = {row["file"] for row in csv.DictReader(manifest, delimiter="\t")}
    for parent in readers:  # also what lies there and stands in no list
        for path, _, files in os.walk(os.path.join(folder, parent)):
            names |= {os.path.relpath(os.path.join(path, file), folder) for file in files}
    for name in sorted(names):
        if name.split("/")[0] not in readers or name.endswith("EXPECTED_decoded.json"):
            continue
        source, reader = readers[name.split("/")[0]]
        channel, status, skip, context, lines = reader(name, os.path.join(folder, name))
        print(f"file {name}")
        print(f"ask {source} {CHANNELS[channel]} {status} {skip} {context}")
        for line in [*lines, "end"]:
            print(line)


main()
