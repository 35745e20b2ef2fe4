"""Plots hold the data that they show."""
import numpy as np
import pandas as pd
import pytest
import tapeline


@pytest.fixture
def bars(database):
    return tapeline.get_stock_data("BTC-USD", "1m")


def test_trading_signals_shows_candles_and_every_change(bars):
    figure = tapeline.plot_trading_signals(bars)
    traces = {trace.name: trace for trace in figure.data}
    assert list(traces["price"].close) == bars["close"].tolist()
    signal = bars["signal"].astype(str)
    for name in ("BUY", "SELL"):
        began = (signal == name) & (signal.shift() != name)
        assert began.sum() > 0 and list(pd.DatetimeIndex(traces[name].x).tz_localize("UTC") if
                                        pd.DatetimeIndex(traces[name].x).tz is None else
                                        pd.DatetimeIndex(traces[name].x)) == list(bars.index[began])
    assert figure.layout.title.text == "BTC-USD"
    assert len(tapeline.plot_trading_signals(bars, bars_max=50).data[0].x) == 50


def test_a_frame_with_a_time_column_does_too(database):
    assert tapeline.plot_trading_signals(tapeline.load_bars("ETH-USD", "1h")).data
    with pytest.raises(ValueError, match="shows one symbol"):
        tapeline.plot_trading_signals(tapeline.load_bars(interval="1h"))


def test_what_is_missing_is_named(bars):
    with pytest.raises(ValueError, match="needs the columns rsi: get_stock_data"):
        tapeline.plot_trading_signals(bars.drop(columns="rsi"))
    with pytest.raises(ValueError, match="no rows"):
        tapeline.plot_trading_signals(bars.iloc[:0])


def test_drawdown_counts_from_the_first_day():
    returns = pd.Series([-0.5, 1.0, 0.5, -0.2])
    drawdown = tapeline.plot_drawdown(returns).data[0].y
    assert np.allclose(drawdown, [-0.5, 0.0, 0.0, -0.2])


def test_the_others(database):
    returns = pd.DataFrame({"a": [0.1, -0.1, 0.2], "b": [0.2, -0.2, 0.4]})
    assert tapeline.plot_correlation(returns).data[0].z[0][1] == pytest.approx(1)
    assert len(tapeline.plot_weights(pd.DataFrame({"p": [0.4, 0.6]}, index=["a", "b"])).data) == 2
    assert tapeline.plot_equity({"one": returns["a"], "two": returns["b"]}).layout.showlegend
    ticks = tapeline.load_ticks("BTC-USD")
    delay = tapeline.plot_latency(ticks).data[0]
    assert delay.y[-1] == 1 and delay.x[-1] == pytest.approx((ticks["received"] - ticks["time"]).max().total_seconds() * 1e3)
