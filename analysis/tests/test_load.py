"""What comes back is what PostgreSQL holds, for every type and range; and what cannot come back says why."""
import numpy as np
import pandas as pd
import psycopg
import pytest
import tapeline
from tapeline.copy_binary import copy_columns
from tapeline.load import scaled


@pytest.fixture
def sql(database):
    with tapeline.connect() as connection:
        yield lambda text, *values: connection.execute(text, values).fetchall()


def test_ticks_are_the_stored_ones(sql):
    ticks = tapeline.load_ticks("BTC-USD")
    stored = sql("""SELECT event_ns, price, volume, trade_id, side FROM fact_tick JOIN dim_instrument USING (instrument_id)
                    WHERE symbol = 'BTC-USD' ORDER BY event_ns, journal_position, trade_id""")
    assert len(ticks) == len(stored) > 8_000
    assert ticks["time"].astype("int64").tolist() == [row[0] for row in stored]
    assert ticks["price"].tolist() == [float(row[1]) for row in stored]
    assert ticks["volume"].tolist() == [float(row[2]) for row in stored]
    assert ticks["trade_id"].tolist() == [row[3] for row in stored]
    assert ticks["side"].tolist() == [{"buy": 1, "sell": -1}[row[4]] for row in stored]
    assert str(ticks["time"].dt.tz) == "UTC" and (ticks["received"] > ticks["time"]).all()


def test_bars_are_the_stored_ones_in_both_frames(sql):
    bars = tapeline.load_bars("ETH-USD", "1m", partial=True)
    columns = ("open", "volume", "close", "rsi", "bb_upper", "volatility_annual", "signal", "trend", "is_partial",
               "is_backfilled")
    stored = sql(f"""SELECT bar_start, {', '.join(columns)} FROM fact_bar JOIN dim_instrument USING (instrument_id)
                     WHERE symbol = 'ETH-USD' AND interval_s = 60 ORDER BY bar_start""")
    assert bars["time"].dt.to_pydatetime().tolist() == [row[0] for row in stored]
    for place, column in enumerate(columns, 1):
        wanted = [np.nan if row[place] is None else row[place] if isinstance(row[place], (str, bool)) else float(row[place])
                  for row in stored]
        assert pd.Series(bars[column].tolist()).equals(pd.Series(wanted)), column
    polars = pytest.importorskip("polars")
    other = tapeline.load_bars("ETH-USD", "1m", partial=True, frame="polars")
    assert isinstance(other, polars.DataFrame) and other.columns == list(bars.columns)
    assert other["close"].to_list() == bars["close"].tolist() and other["signal"].to_list() == bars["signal"].tolist()
    assert other["time"].dtype.time_zone == "UTC"


def test_a_range_is_half_open(database):
    bars = tapeline.load_bars("BTC-USD", 60, "2026-03-02 06:00", "2026-03-02 07:00")
    assert bars["time"].min() == pd.Timestamp("2026-03-02 06:00", tz="UTC")
    assert bars["time"].max() == pd.Timestamp("2026-03-02 06:59", tz="UTC")
    same = tapeline.load_bars("BTC-USD", 60, "2026-03-02T01:00-05:00", "2026-03-02T02:00-05:00")
    pd.testing.assert_frame_equal(bars, same)


def test_one_series_for_a_notebook(database):
    bars = tapeline.get_stock_data("BTC-USD", "1h")
    assert list(bars.columns[:5]) == ["open", "high", "low", "close", "volume"] and bars.index.name == "time"
    assert bars.attrs == {"symbol": "BTC-USD", "source": "binance", "interval_s": 3600, "is_source_bar": False,
                          "periods_per_year": 8760.0}
    assert tapeline.get_stock_data("BTC-USD").attrs["interval_s"] == 60  # the one with the most bars


def test_signals_alerts_quality_and_the_ledger(sql):
    signals = tapeline.load_signals(interval="1m")
    assert len(signals) == sql("SELECT count(*) FROM fact_signal WHERE interval_s = 60")[0][0] > 0
    assert set(signals["signal"]) <= {"BUY", "SELL", "HOLD"} and not signals["reason"].isna().any()
    alerts = tapeline.load_alerts("DOGE-USD")
    assert len(alerts) == sql("SELECT count(*) FROM fact_alert WHERE symbol = 'DOGE-USD'")[0][0] > 0
    assert {"rule", "message", "alert_id", "close"} <= set(alerts.columns)
    quality = tapeline.load_quality()
    assert len(quality) == sql("SELECT count(*) FROM quality_event")[0][0] > 0
    assert {"late_tick", "duplicate"} & set(quality["reason"])
    ledger = tapeline.load_completeness()
    received, stored = sql("SELECT sum(received), sum(stored) FROM completeness")[0]
    assert (ledger["received"].sum(), ledger["stored"].sum()) == (received, stored)
    assert (ledger["stored"] == ledger["committed"]).all()
    assert len(tapeline.load_alerts("DOGE-USD", end="2000-01-01")) == 0  # none is an answer
    assert len(tapeline.load_quality(frame="polars")) == len(quality)
    table = tapeline.symbols()
    assert list(table["symbol"].unique()) == ["BTC-USD", "DOGE-USD", "ETH-USD", "SOL-USD"] and (table["bars"] > 0).all()


@pytest.mark.parametrize(("ask", "error", "said"), [
    (lambda: tapeline.get_stock_data("BTCUSD"), tapeline.UnknownName, "no symbol is called 'BTCUSD': did you mean 'BTC-USD'?"),
    (lambda: tapeline.load_bars("btc-usd"), tapeline.UnknownName, "did you mean 'BTC-USD'?"),
    (lambda: tapeline.load_bars("XXXX"), tapeline.UnknownName, "there are: BTC-USD, DOGE-USD, ETH-USD, SOL-USD"),
    (lambda: tapeline.load_bars(source="binanc"), tapeline.UnknownName, "no source is called 'binanc': did you mean 'binance'?"),
    (lambda: tapeline.load_bars(lane="demos"), tapeline.UnknownName, "did you mean 'demo'?"),
    (lambda: tapeline.load_bars("BTC-USD", "5m"), tapeline.UnknownName, "no bars of 300 s: there are those of 60, 3600 s"),
    (lambda: tapeline.load_bars(interval="often"), tapeline.UnknownName, "interval 'often' is none"),
    (lambda: tapeline.load_ticks("BTC-USD", "2030-01-01"), tapeline.NoData, "there are some from 2026-03-02 00:00"),
    (lambda: tapeline.load_bars("BTC-USD", end="2020"), tapeline.NoData, "from the beginning to 2020-01-01"),
    (lambda: tapeline.load_bars(start="2026-03-03", end="2026-03-02"), ValueError, "the range is empty"),
    (lambda: tapeline.load_bars(start="yesterdayish"), ValueError, "start 'yesterdayish' is no time"),
    (lambda: tapeline.load_bars(frame="spark"), ValueError, "choose 'pandas' or 'polars'")])
def test_mistakes_say_how_to_mend_them(database, ask, error, said):
    with pytest.raises(error) as raised:
        ask()
    assert said in str(raised.value)


def test_no_server_says_where_it_was_looked_for(monkeypatch):
    with pytest.raises(tapeline.ServerUnreachable, match="run ./dev up"):
        tapeline.load_bars()
    with pytest.raises(tapeline.ServerUnreachable, match="PostgreSQL does not answer: .*No such file"):
        tapeline.load_bars(connection="host=/nonexistent dbname=tapeline")
    with pytest.raises(tapeline.ServerUnreachable) as raised:
        tapeline.load_bars(connection="host=127.0.0.1 port=1 dbname=x password=secret-of-mine")
    assert "secret-of-mine" not in str(raised.value)


def test_an_empty_database_says_so(another_database):
    with pytest.raises(tapeline.TapelineError, match="no tables of tapeline .*: run the pipeline once"):
        tapeline.load_bars(connection=another_database)


def test_the_connection_only_reads(database):
    with tapeline.connect() as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM fact_bar")


def test_copy_binary_knows_its_types(database):
    from psycopg import sql
    kinds = {"a": ("x::float8 / 4", "float8"), "b": ("x * 3000000000", "int8"), "c": ("x::int", "int4"),
             "d": ("-x::int2", "int2"), "e": ("x = 2", "bool"), "f": ("'1999-12-31 23:59:59.5+00'::timestamptz", "timestamptz"),
             "g": ("nullif(x, 2)::float8", "float8"), "h": ("nullif(x, 2)::int", "int4")}
    with tapeline.connect() as connection:
        found = copy_columns(connection, kinds, sql.SQL("FROM generate_series(1::bigint, 3) x"))
        none = copy_columns(connection, kinds, sql.SQL("FROM generate_series(1::bigint, 0) x"))
    assert found["a"].tolist() == [0.25, 0.5, 0.75] and found["b"].tolist() == [3_000_000_000, 6_000_000_000, 9_000_000_000]
    assert found["c"].tolist() == [1, 2, 3] and found["d"].tolist() == [-1, -2, -3]
    assert found["e"].tolist() == [False, True, False]
    assert found["f"][0] == np.datetime64("1999-12-31T23:59:59.5")
    assert np.isnan(found["g"][1]) and found["h"].tolist() == [1, 0, 3]
    assert all(len(column) == 0 for column in none.values())


def test_scaled_is_the_nearest_double():
    mantissas = np.array([6_183_763, 1, 999_999_999_999_999, 24, 7])
    exponents = np.array([-2, -22, -6, -30, 0], dtype=np.int16)
    assert scaled(mantissas, exponents).tolist() == [61837.63, 1e-22, 999999999.999999, 24e-30, 7.0]
