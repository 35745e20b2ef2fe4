"""Event-time bars in exact decimals, written from the definitions alone: the reference of the pipeline tests."""
import collections
import datetime
import decimal

Trade = collections.namedtuple("Trade", "symbol event_ns price volume trade_id")
Bar = collections.namedtuple("Bar", "symbol start open high low close volume trades")

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def utc(event_ns):
    """As the tables are asked for: whole seconds, ISO 8601."""
    return (EPOCH + datetime.timedelta(seconds=event_ns // 10**9)).strftime("%Y-%m-%dT%H:%M:%SZ")


def bars_of(trades, interval_s):
    """Half-open bars, aligned to the epoch; open and close by (event time, trade id). Keys are (symbol, start)."""
    groups = collections.defaultdict(list)
    width = interval_s * 10**9
    for trade in trades:
        groups[trade.symbol, trade.event_ns // width * width].append(trade)
    bars = {}
    for (symbol, start_ns), group in groups.items():
        group.sort(key=lambda trade: (trade.event_ns, trade.trade_id))
        prices = [trade.price for trade in group]
        bars[symbol, utc(start_ns)] = Bar(symbol, utc(start_ns), prices[0], max(prices), min(prices), prices[-1],
                                          sum(trade.volume for trade in group), len(group))
    return bars


def bars_in(servers, interval_s, where="true"):
    """The bars that the database has, in the same form."""
    rows = servers.sql(f"""
        SELECT symbol, to_char(bar_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), open, high, low, close, volume,
               trades
        FROM fact_bar JOIN dim_instrument USING (instrument_id)
        WHERE interval_s = {interval_s} AND {where}""")
    return {(row[0], row[1]): Bar(row[0], row[1], *(decimal.Decimal(text) for text in row[2:7]), int(row[7]))
            for row in rows}


def trades_in(servers, where="true"):
    """The ticks that the database has, in journal order."""
    rows = servers.sql(f"""
        SELECT symbol, event_ns, price, volume, trade_id FROM fact_tick JOIN dim_instrument USING (instrument_id)
        WHERE {where} ORDER BY journal_position""")
    return [Trade(row[0], int(row[1]), decimal.Decimal(row[2]), decimal.Decimal(row[3]), int(row[4] or 0)) for row in rows]
