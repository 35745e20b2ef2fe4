"""Values from Python are those of the pipeline, bit for bit: arrays, streams, `tapeline indicators`, and fact_bar."""
import csv
import io
import os
import random
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from conftest import SHARED, run
from tapeline import indicators

GOLDEN = [float(text) for text in
          "44.34 44.09 44.15 43.61 44.33 44.83 45.10 45.42 45.84 46.08 45.89 46.03 45.61 46.28 46.28 46.00 46.03 46.41 46.22 "
          "45.64 46.21 46.25 45.71 46.45 45.78 45.35 44.03 44.18 44.22 44.57 43.42 42.66 43.13".split()]


def walk(seed, count, price, decimals, step=1e-3):
    source = random.Random(seed)
    closes = []
    for _ in range(count):
        price *= 1 + source.gauss(0, step)
        closes.append(round(price, decimals))
    return closes


def series():
    """What every shape of array has to be computed for; blocks are of 256 and 2048 closes."""
    yield "golden", GOLDEN
    yield "cents", walk(1, 5_000, 61_837.63, 2)
    yield "finer and finer", [100, 101, *walk(2, 60, 100.0, 1), *walk(3, 2_100, 100.0, 4), *walk(4, 300, 100.0, 9)]
    yield "seldom fine", [value if place % 50 else value + 0.25 for place, value in enumerate(walk(5, 3_000, 500.0, 0))]
    yield "wide range", walk(6, 3_000, 1e7, 2, step=0.05)
    yield "as doubles are", [value * 1.000000000000001 for value in walk(7, 400, 0.31, 3)]
    yield "tiny", walk(8, 300, 3e-9, 15)
    yield "huge", walk(9, 300, 4e14, 1)
    yield "flat", [7.25] * 400
    yield "flat after a move", [*walk(10, 30, 5.0, 3), *[5.125] * 2_500]
    yield "one outlier", [*walk(11, 2_040, 10.0, 2), 1e6, *walk(12, 2_100, 10.0, 2)]
    yield "short", GOLDEN[:5]
    yield "one", [1.5]
    yield "none", []


ALL = dict(series())


def bits(values):
    """Compared as bits, where every NaN is one."""
    array = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    array[np.isnan(array)] = np.nan
    return array.tobytes()


def streamed(kind, closes, *, high=None, low=None, **options):
    stream = indicators.Stream(kind, **options)
    rows = []
    for place, close in enumerate(closes):
        stream.update(close, *(() if high is None else (high[place], low[place])))
        rows.append(stream.values())
    assert stream.resets == 0
    return list(zip(*rows)) if rows else [()] * len(stream.names)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("length", [1, 2, 14, 20, 300])
def test_arrays_are_streams_bit_for_bit(name, length):
    closes = ALL[name]
    for kind in ("sma", "ema", "rsi"):
        assert bits(getattr(indicators, kind)(closes, length)) == bits(streamed(kind, closes, length=length)[0]), kind
    for sample in (False, True)[:1 if length == 1 else 2]:
        bands = indicators.bollinger(closes, length, 2.5, sample=sample)
        for field, mine, theirs in zip(bands._fields, bands, streamed("bollinger", closes, length=length, width=2.5,
                                                                     sample=sample), strict=True):
            assert bits(mine) == bits(theirs), field
    if length > 1:
        assert bits(indicators.volatility(closes, length)) == bits(streamed("volatility", closes, length=length)[0])


@pytest.mark.parametrize("name", ALL)
def test_macd_and_the_trio_too(name):
    closes = ALL[name]
    for mine, theirs in zip(indicators.macd(closes), streamed("macd", closes), strict=True):
        assert bits(mine) == bits(theirs)
    trio = indicators.indicators(closes, rsi=14, bollinger=20)
    bands = indicators.bollinger(closes, 20)
    assert bits(trio["rsi"]) == bits(indicators.rsi(closes, 14))
    assert bits(trio["sma"]) == bits(indicators.sma(closes, 20)) == bits(bands.mid)
    assert bits(trio["bb_upper"]) == bits(bands.upper)
    assert bits(trio["bb_lower"]) == bits(bands.lower)


def table_of(names, rows):
    """Series side by side, each again and again until it is long enough."""
    return np.array([np.resize(np.array(ALL[name], dtype=np.float64), rows) for name in names]).T


@pytest.mark.parametrize("rsi, bollinger, width", [(14, 20, 2.0), (1, 1, 1.0), (2, 300, 2.5)])
def test_tables_are_their_columns_bit_for_bit(rsi, bollinger, width):
    long = [name for name in ALL if len(ALL[name]) > 1]
    for names in (long, long[:8], long[:1]):
        table = table_of(names, 5_003)
        values = indicators.indicators(table, rsi=rsi, bollinger=bollinger, width=width)
        for place in range(len(names)):
            alone = indicators.indicators(table[:, place].copy(), rsi=rsi, bollinger=bollinger, width=width)
            for field, column in alone.items():
                assert bits(values[field][:, place]) == bits(column), (names[place], field)


def test_a_frame_of_series_comes_back_as_frames():
    frame = pd.DataFrame({"A": GOLDEN, "B": GOLDEN[::-1]}, index=pd.RangeIndex(5, 5 + len(GOLDEN)))
    values = indicators.indicators(frame)
    assert list(values) == ["rsi", "sma", "bb_upper", "bb_lower"]
    for name, alone in indicators.indicators(frame["B"]).items():
        pd.testing.assert_series_equal(values[name]["B"], alone, check_names=False, check_exact=True)
    assert all(table.shape == (0, 2) for table in indicators.indicators(frame[:0]).values())
    with pytest.raises(ValueError, match="column 1, price 3"):
        indicators.indicators(frame.assign(B=[*GOLDEN[:3], float("nan"), *GOLDEN[4:]]))


def test_atr_of_bars_with_every_scale():
    source = random.Random(3)
    close = walk(13, 700, 50.0, 3)
    high = [round(value + abs(source.gauss(0, 0.1)), source.choice((0, 1, 4))) + 1 for value in close]
    low = [round(value - abs(source.gauss(0, 0.1)), source.choice((0, 1, 4))) - 1 for value in close]
    assert bits(indicators.atr(high, low, close, 14)) == bits(streamed("atr", close, high=high, low=low, length=14)[0])


@pytest.mark.parametrize("name", ["golden", "cents", "finer and finer", "seldom fine", "flat", "as doubles are"])
def test_the_command_says_the_same(program, name):
    closes = ALL[name]
    table = "close\n" + "".join(f"{close!r}\n" for close in closes)
    done = run(program, "indicators", "--ema", "20", "-", stdin=table)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    told = {column: bits([float(row[column]) if row[column] else None for row in rows])
            for column in ("sma20", "rsi14", "bb_mid", "bb_sigma", "bb_upper", "bb_lower", "vol20", "ema20")}
    bands = indicators.bollinger(closes)
    assert told == {"sma20": bits(indicators.sma(closes)), "rsi14": bits(indicators.rsi(closes)), "bb_mid": bits(bands.mid),
                    "bb_sigma": bits(bands.sigma), "bb_upper": bits(bands.upper), "bb_lower": bits(bands.lower),
                    "vol20": bits(indicators.volatility(closes)), "ema20": bits(indicators.ema(closes))}


def assert_bars_are_computed_again(bars):
    """Every indicator of fact_bar from its closes alone."""
    assert len(bars) > 0
    for key, one in bars.groupby(["symbol", "interval_s"], observed=True):
        factor = one["periods_per_year"].iloc[0]
        live = indicators.IndicatorSet(periods_per_year=factor)
        rows = [live.update(close) for close in one["close"]]
        for column in ("sma", "rsi", "bb_mid", "bb_sigma", "bb_upper", "bb_lower", "percent_b", "bandwidth", "volatility",
                       "volatility_annual", "change", "change_pct"):
            assert bits(one[column]) == bits([getattr(row, column) for row in rows]), (key, column)
        bands = indicators.bollinger(one["close"])
        for column, array in (("sma", indicators.sma(one["close"])), ("rsi", indicators.rsi(one["close"])),
                              ("bb_upper", bands.upper), ("bb_lower", bands.lower), ("percent_b", bands.percent_b),
                              ("volatility", indicators.volatility(one["close"]))):
            assert bits(one[column]) == bits(array), (key, column)


def test_fact_bar_says_the_same(database):
    from tapeline import load_bars
    bars = load_bars()
    assert set(bars["interval_s"]) == {60, 3600}
    assert_bars_are_computed_again(bars)
    # HOLD has further reasons, such as a gap; whoever bought or sold did so by the RSI.
    said = indicators.signals(bars["rsi"])
    moved = bars["signal"] != "HOLD"
    assert moved.sum() > 50
    assert (bars["signal"][moved].astype(str) == said[moved]).all()


RECORDING = SHARED / "data/payloads/binance/ws_spot_btcusdt_20240808_2354.txt.gz"


@pytest.mark.skipif(not RECORDING.exists(), reason=f"no recordings in {SHARED}: set TAPELINE_SHARED")
def test_fact_bar_of_recordings_says_the_same(program, servers, another_database, tmp_path):
    from tapeline import load_bars
    config = tmp_path / "recorded.toml"
    config.write_text('[bars]\nintervals_s = [1, 5]\n[sources.binance]\nlateness_ms = 700\n'
                      '[postgres]\ndsn = { env = "RECORDED_DSN" }\n')
    for symbol in ("btcusdt", "ethusdt"):
        recording = RECORDING.with_name(f"ws_spot_{symbol}_20240808_2354.txt.gz")
        run(program, "replay", "--config", config, "--source", "binance", "--lane", symbol, recording,
            env=dict(servers, RECORDED_DSN=another_database))
        bars = load_bars(lane=symbol, connection=another_database)
        assert len(bars) > 100
        assert_bars_are_computed_again(bars)


def test_an_array_is_read_where_it_lies_and_never_changed():
    closes = np.array(ALL["cents"])
    before = closes.copy()
    closes.flags.writeable = False  # a copy would be writable
    assert indicators._array(closes) is closes
    indicators.indicators(closes)
    assert (closes == before).all()
    assert bits(indicators.rsi(closes[::2])) == bits(indicators.rsi(list(closes[::2])))


def test_frames_come_back_as_they_went_in():
    index = pd.date_range("2026-01-01", periods=len(GOLDEN), freq="D", tz="UTC")
    values = indicators.rsi(pd.Series(GOLDEN, index=index))
    assert isinstance(values, pd.Series) and (values.index == index).all() and values.name == "rsi14"
    assert values.iloc[14] == pytest.approx(70.464135021097, abs=1e-12)
    polars = pytest.importorskip("polars")
    assert bits(indicators.sma(polars.Series(GOLDEN), 3)) == bits(indicators.sma(GOLDEN, 3))


@pytest.mark.parametrize(("closes", "said"), [
    ([1.0, float("nan")], "price 1: nan is no price"), ([1.0, 2.0, 0.0], "price 2: 0 is not above 0"),
    ([1.0, -3.5], "price 1: -3.5 is not above 0"), ([float("inf")], "price 0: inf is no price"),
    ([1e17, 1e-17], "no common scale"), ([1e30], "does not fit 18 significant digits")])
def test_what_is_no_price_is_named(closes, said):
    for function in (indicators.sma, indicators.rsi, indicators.ema, indicators.bollinger, indicators.indicators):
        with pytest.raises(ValueError, match=said):
            function(closes)


def test_impossible_options_are_named():
    with pytest.raises(ValueError, match="rsi length 0 is impossible: choose one from 1 to 100000"):
        indicators.rsi(GOLDEN, 0)
    with pytest.raises(ValueError, match="bollinger width"):
        indicators.bollinger(GOLDEN, 20, -1)
    with pytest.raises(ValueError, match="no indicator is called 'adx'"):
        indicators.Stream("adx")
    with pytest.raises(ValueError, match="2 dimensions"):
        indicators.sma(np.ones((3, 3)))
    with pytest.raises(ValueError, match="no calendar 'moon'"):
        indicators.periods_per_year("moon")


def test_a_stream_takes_numbers_as_they_are_written():
    by_text, by_decimal, by_float = (indicators.IndicatorSet(rsi=3, sma=3, bollinger=3, volatility=3) for _ in range(3))
    for close in ("61837.63", "61824", "61824.01000000", "6.18e4", "61837.63"):
        values = by_text.update(close)
        assert bits([values.rsi, values.sma, values.bb_sigma]) == bits(
            [getattr(by_decimal.update(Decimal(close)), "rsi"), by_decimal.values().sma, by_decimal.values().bb_sigma])
        by_float.update(float(close))
    assert by_float.values().rsi == by_text.values().rsi and by_text.values().bars_seen == 5
    foretold = by_text.peek(61_900)
    assert by_text.bars_seen == 5 and by_text.update(61_900).rsi == foretold.rsi
    with pytest.raises(ValueError, match="price 'abc' is not a number"):
        by_text.update("abc")
    assert indicators.periods_per_year("crypto") == 365 and indicators.periods_per_year("us_equity") == 252


if os.environ.get("TAPELINE_FULL"):
    @pytest.mark.parametrize("seed", range(300))
    def test_arrays_are_streams_on_any_series(seed):
        source = random.Random(seed)
        closes = walk(seed, source.randrange(1, 6_000), 10 ** source.uniform(-6, 9), source.randrange(0, 8),
                      10 ** source.uniform(-5, -0.7))
        closes = [close for close in closes if close > 0] or [1.0]
        ALL["any"] = closes
        test_arrays_are_streams_bit_for_bit("any", source.randrange(1, 60))
