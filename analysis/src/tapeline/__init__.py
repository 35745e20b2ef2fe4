"""tapeline for analysts: what the pipeline has stored, its own indicators, plots, risk, portfolios and reports.

    import tapeline
    bars = tapeline.get_stock_data("AAPL")
    tapeline.plot_trading_signals(bars).show()

The servers are found by themselves inside a clone after `./dev up`; elsewhere say TAPELINE_PG_DSN and TAPELINE_REDIS.
"""
from tapeline import indicators
from tapeline.backtest import Backtest, load_backtest, run_backtest
from tapeline.catalog import symbols
from tapeline.database import connect
from tapeline.errors import NoData, ServerUnreachable, TapelineError, UnknownName
from tapeline.live import Alert, latest, live
from tapeline.load import (get_stock_data, load_alerts, load_bars, load_completeness, load_quality, load_signals,
                           load_ticks)
from tapeline.plots import (plot_correlation, plot_drawdown, plot_equity, plot_latency, plot_trading_signals,
                            plot_weights)

__all__ = ["Alert", "Backtest", "NoData", "ServerUnreachable", "TapelineError", "UnknownName", "connect", "get_stock_data",
           "indicators", "latest", "live", "load_alerts", "load_backtest", "load_bars", "load_completeness", "load_quality",
           "load_signals", "load_ticks", "plot_correlation", "plot_drawdown", "plot_equity", "plot_latency",
           "plot_trading_signals", "plot_weights", "run_backtest", "symbols"]
__version__ = "0.1.0"
