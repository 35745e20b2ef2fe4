"""What one would otherwise write in Python: trades from a WebSocket to PostgreSQL, with RSI, SMA and Bollinger bands.

  python_pipeline.py copy|insert|pandas ADDRESS COUNT CONNECTION_STRING

copy    minute bars and their indicators incrementally, rows by COPY, a thousand at a time
insert  the same, each row by an INSERT of its own, committed
pandas  as insert, and the indicators of every trade by pandas over the last 100 prices

The rows of trades go to python_trade, those of bars to python_bar. On stdout the wall clock after the last commit.
"""
import collections
import json
import math
import sys
import time

import psycopg
from websockets.sync.client import connect

LENGTH, RSI_LENGTH, WIDTH = 20, 14, 2
ROWS_A_COPY = 1_000
TABLES = """
DROP TABLE IF EXISTS python_trade, python_bar;
CREATE TABLE python_trade (symbol text, trade_id bigint, event_ms bigint, price numeric, size numeric, is_maker boolean);
CREATE TABLE python_bar (symbol text, start_ms bigint, open numeric, high numeric, low numeric, close numeric, volume numeric,
                         rsi float8, sma float8, lower float8, upper float8)"""


class Symbol:
    """The minute bar of a symbol, and its indicators."""

    def __init__(self):
        self.start = None
        self.closes = collections.deque(maxlen=LENGTH)
        self.gain = self.loss = 0.0
        self.seen = 0

    def add(self, event_ms, price, size):
        """The bar that this trade has closed, or None."""
        start = event_ms // 60_000 * 60_000
        closed = None
        if start != self.start:
            if self.start is not None:
                closed = (self.start, self.open, self.high, self.low, self.close, self.volume, *self.indicators())
            self.start, self.open, self.high, self.low, self.volume = start, price, price, price, 0.0
        self.high, self.low, self.close = max(self.high, price), min(self.low, price), price
        self.volume += size
        return closed

    def indicators(self):
        if self.closes:
            change = self.close - self.closes[-1]
            gain, loss = max(change, 0), max(-change, 0)
            share = 1 / min(self.seen, RSI_LENGTH)
            self.gain += (gain - self.gain) * share
            self.loss += (loss - self.loss) * share
        self.seen += 1
        self.closes.append(self.close)
        rsi = 100 * self.gain / (self.gain + self.loss) if self.gain + self.loss else None
        mean = sum(self.closes) / len(self.closes)
        deviation = math.sqrt(sum((close - mean) ** 2 for close in self.closes) / len(self.closes))
        return rsi, mean, mean - WIDTH * deviation, mean + WIDTH * deviation


class Rolling:
    """The indicators of every trade, as a notebook computes them."""

    def __init__(self):
        import pandas
        self.pandas = pandas
        self.prices = collections.defaultdict(lambda: collections.deque(maxlen=100))

    def add(self, symbol, price):
        self.prices[symbol].append(price)
        series = self.pandas.Series(self.prices[symbol])
        window = series.rolling(LENGTH)
        change = series.diff()
        gain = change.clip(lower=0).ewm(alpha=1 / RSI_LENGTH).mean()
        loss = -change.clip(upper=0).ewm(alpha=1 / RSI_LENGTH).mean()
        return window.mean().iloc[-1], window.std().iloc[-1], (100 - 100 / (1 + gain / loss)).iloc[-1]


class CopyStore:
    def __init__(self, database):
        self.database, self.trades, self.bars = database, [], []

    def trade(self, row):
        self.trades.append(row)
        if len(self.trades) >= ROWS_A_COPY:
            self.flush()

    def bar(self, row):
        self.bars.append(row)

    def flush(self):
        with self.database.cursor() as cursor:
            for table, rows in (("python_trade", self.trades), ("python_bar", self.bars)):
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                rows.clear()
        self.database.commit()


class InsertStore:
    def __init__(self, database):
        self.database = database

    def insert(self, table, row):
        self.database.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", row)
        self.database.commit()

    def trade(self, row):
        self.insert("python_trade", row)

    def bar(self, row):
        self.insert("python_bar", row)

    def flush(self):
        pass


def main():
    mode, address, count, dsn = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    with psycopg.connect(dsn) as database:
        database.execute(TABLES)
        database.commit()
        store = CopyStore(database) if mode == "copy" else InsertStore(database)
        rolling = Rolling() if mode == "pandas" else None
        symbols = collections.defaultdict(Symbol)
        with connect("ws://" + address, compression=None, max_size=None) as stream:
            for _ in range(count):
                trade = json.loads(stream.recv())["data"]
                symbol, event_ms = trade["s"], trade["T"]
                price, size = float(trade["p"]), float(trade["q"])
                closed = symbols[symbol].add(event_ms, price, size)
                if rolling:
                    rolling.add(symbol, price)
                store.trade((symbol, trade["t"], event_ms, trade["p"], trade["q"], trade["m"]))
                if closed:
                    store.bar((symbol, *closed))
            store.flush()
        print(time.time(), flush=True)


if __name__ == "__main__":
    main()
