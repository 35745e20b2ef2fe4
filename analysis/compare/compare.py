"""Our indicators beside those of other tools on the same series, each against exact arithmetic: docs/comparison.md.

Usage: analysis/compare/run, which installs the other tools and calls this.
"""
import argparse
import csv
import io
import json
import os
import subprocess
import sys
from decimal import Decimal

import document
import exact
import measure
import series

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# Column -> the exact values of a series; the order is that of the document.
OF_CLOSES = {
    "sma": lambda c: exact.sma(c, 20),
    "ema": lambda c: exact.ema(c, 20),
    "rsi": lambda c: exact.rsi(c, 14),
    "bb_sigma": lambda c: exact.sigma(c, 20),
    "bb_mid": lambda c: exact.sma(c, 20),
    "bb_upper": lambda c: exact.band(c, 20, 2),
    "bb_lower": lambda c: exact.band(c, 20, -2),
    "volatility": lambda c: exact.volatility(c, 20),
    "macd": lambda c: exact.macd(c, 12, 26, 9)[0],
    "macd_signal": lambda c: exact.macd(c, 12, 26, 9)[1],
    "macd_histogram": lambda c: exact.macd(c, 12, 26, 9)[2],
}


def exact_columns(one, convert):
    close, high, low = ([convert(text) for text in texts] for texts in (one.close, one.high, one.low))
    columns = {name: function(close) for name, function in OF_CLOSES.items()}
    columns["atr"] = exact.atr(high, low, close, 14)
    return columns


OUR_NAMES = {"sma20": "sma", "rsi14": "rsi", "vol20": "volatility", "ema20": "ema", "atr14": "atr"}


def ask_tapeline(program, all_series):
    """Our own values, by the program that everyone can build."""
    for name, one in all_series.items():
        table = io.StringIO()
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(["close", "high", "low"])
        rows.writerows(zip(one.close, one.high, one.low))
        done = subprocess.run([program, "indicators", "--ema", "20", "--macd", "12,26,9", "--atr", "14", "-"],
                              input=table.getvalue(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"compare: {program} indicators, series {name}: {done.stderr}")
        lines = list(csv.DictReader(io.StringIO(done.stdout)))
        yield name, {OUR_NAMES.get(column, column): [float(line[column]) if line[column] else None for line in lines]
                     for column in lines[0]}


def ask_peer(words, environment, request):
    done = subprocess.run(words, input=request, stdout=subprocess.PIPE, text=True, check=False,
                          env=dict(os.environ, **environment))
    if done.returncode != 0:
        sys.exit(f"compare: {' '.join(words)} ended with {done.returncode}")
    answer = json.loads(done.stdout)
    for columns in answer["found"].values():
        for values in columns.values():
            values[:] = [None if x is None else float(x) for x in values]
    return answer


def ask_peers(work, all_series):
    """(short name, name and version, their values) of each."""
    request = json.dumps({name: {"close": list(map(float, one.close)), "high": list(map(float, one.high)),
                                 "low": list(map(float, one.low))} for name, one in all_series.items()})
    peers = os.path.join(HERE, "peers")
    python = [sys.executable, "-B", "-W", "ignore"]
    older = {"PYTHONPATH": os.path.join(work, "older")}
    for short, title, words, environment in (
            ("TA-Lib 0.8", "TA-Lib", [*python, f"{peers}/talib_peer.py"], {}),
            ("TA-Lib 0.6", "TA-Lib", [*python, f"{peers}/talib_peer.py"], older),
            ("pandas-ta", "pandas-ta-classic", [*python, f"{peers}/pandas_ta_peer.py"], older),
            ("pandas-ta-classic", "pandas-ta-classic", [*python, f"{peers}/pandas_ta_peer.py"], {}),
            ("Tulip", "Tulip Indicators", [*python, f"{peers}/tulip_peer.py"], {}),
            ("technicalindicators", "technicalindicators", ["node", f"{peers}/technicalindicators_peer.js", work], {})):
        answer = ask_peer(words, environment, request)
        yield short, f"{title} {answer['version']}", answer["found"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tapeline", required=True, help="the built program")
    parser.add_argument("--work", required=True, help="folder where the other tools are installed")
    parser.add_argument("--shared", default=os.environ.get("TAPELINE_SHARED", "../shared"),
                        help="folder of recorded data; where it is absent, the document keeps that section as it is")
    parser.add_argument("--out", default=os.path.join(ROOT, "docs/comparison.md"))
    options = parser.parse_args()

    recorded = series.recorded(os.path.join(ROOT, options.shared))
    made = series.made()
    both = made | recorded
    exact.check_golden([Decimal(text) for text in series.GOLDEN])
    truth = {name: exact_columns(one, Decimal) for name, one in both.items()}
    rounded = {name: exact_columns(one, lambda text: Decimal(float(text))) for name, one in made.items()}

    tools = [("tapeline", "tapeline", dict(ask_tapeline(options.tapeline, both)))]
    tools += ask_peers(options.work, both)
    tables = measure.tables(truth, tools, made)
    tables["doubles"] = measure.floor(truth, rounded)
    page = document.page(tables=tables, tools=tools,
                         readings=measure.readings(made, truth, {short: found for short, _, found in tools}),
                         recorded=measure.tables(truth, tools, recorded, usual=tables["first"]) if recorded else None,
                         titles={name: one.title for name, one in both.items()}, before=document.read(options.out))
    with open(options.out, "w", encoding="utf-8") as file:
        file.write(page)
    print(f"compare: wrote {os.path.relpath(options.out, ROOT)}: {len(made)} made and {len(recorded)} recorded series, "
          f"{len(tools) - 1} other tools")


if __name__ == "__main__":
    main()
