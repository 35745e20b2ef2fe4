"""Interactive plots (plotly). Each returns a figure: .show() it, or .write_html() it."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

# Colours that also those tell apart who see no red or no green (Okabe, Ito 2008).
BLUE, ORANGE, GREEN, RED, SKY, PINK, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#8A8F98"
PALETTE = (BLUE, ORANGE, GREEN, PINK, SKY, RED, GREY)
_INK, _GRID = "#1F2933", "#E6E9ED"


def styled(figure: go.Figure, title: str | None = None, *, height: int = 420) -> go.Figure:
    """The look that all plots share."""
    figure.update_layout(template="plotly_white", height=height,
                         title=None if title is None else {"text": title, "x": 0.01, "y": 0.98, "yanchor": "top", "font": {"size": 14}},
                         font={"family": "Inter, DejaVu Sans, sans-serif", "size": 12, "color": _INK},
                         margin={"l": 60, "r": 20, "t": 34 if title is None else 64, "b": 40}, colorway=list(PALETTE),
                         hovermode="x unified", legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    figure.update_xaxes(gridcolor=_GRID, zeroline=False)
    figure.update_yaxes(gridcolor=_GRID, zeroline=False)
    return figure


def _require(df: pd.DataFrame, columns: tuple[str, ...], what: str) -> None:
    missing = [column for column in columns if column not in df.columns]
    if missing:
        raise ValueError(f"{what} needs the columns {', '.join(missing)}: get_stock_data() has them")
    if df.empty:
        raise ValueError(f"{what}: there are no rows to plot")


def _times(df: pd.DataFrame) -> Any:
    return df["time"] if "time" in df.columns else df.index


def plot_trading_signals(df: pd.DataFrame, title: str | None = None, *, bars_max: int = 2_000) -> go.Figure:
    """Candles with bands and where the signal changed to BUY or SELL; the RSI below. One series of get_stock_data().

    Of more than `bars_max` bars the newest are shown.
    """
    _require(df, ("open", "high", "low", "close", "rsi", "signal"), "plot_trading_signals()")
    if "symbol" in df.columns and df["symbol"].nunique() > 1:
        raise ValueError("plot_trading_signals() shows one symbol: select one, as in df[df.symbol == 'AAPL']")
    df = df.iloc[-bars_max:]
    times = _times(df)
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.72, 0.28], vertical_spacing=0.04)
    if {"bb_upper", "bb_lower"} <= set(df.columns):
        figure.add_scatter(x=times, y=df["bb_upper"], line={"width": 1, "color": SKY}, name="bands", legendgroup="bands",
                           hoverinfo="skip", row=1, col=1)
        figure.add_scatter(x=times, y=df["bb_lower"], line={"width": 1, "color": SKY}, fill="tonexty",
                           fillcolor="rgba(86,180,233,0.12)", showlegend=False, legendgroup="bands", hoverinfo="skip", row=1,
                           col=1)
    figure.add_candlestick(x=times, open=df["open"], high=df["high"], low=df["low"], close=df["close"], name="price",
                           increasing={"line": {"color": GREEN, "width": 1}}, decreasing={"line": {"color": RED, "width": 1}},
                           row=1, col=1)
    if "sma" in df.columns:
        figure.add_scatter(x=times, y=df["sma"], line={"width": 1.2, "color": ORANGE}, name="SMA", row=1, col=1)
    signal = np.asarray(df["signal"].astype(str))
    changed = np.append(True, signal[1:] != signal[:-1])
    apart = 0.025 * float(df["high"].max() - df["low"].min())  # of what is seen: quiet and wild markets look alike
    for name, column, marker, colour, offset in (("BUY", "low", "triangle-up", BLUE, -apart),
                                                 ("SELL", "high", "triangle-down", PINK, apart)):
        at = changed & (signal == name)
        figure.add_scatter(x=times[at], y=df[column][at] + offset, mode="markers", name=name,
                           marker={"symbol": marker, "size": 10, "color": colour, "line": {"width": 1, "color": "white"}},
                           row=1, col=1)
    figure.add_scatter(x=times, y=df["rsi"], line={"width": 1.2, "color": BLUE}, name="RSI", row=2, col=1)
    for level in (30, 70):
        figure.add_hline(y=level, line={"dash": "dot", "width": 1, "color": GREY}, row=2, col=1)
    figure.update_yaxes(range=[0, 100], tickvals=[30, 50, 70], title="RSI", row=2, col=1)
    figure.update_xaxes(rangeslider_visible=False)
    return styled(figure, title or df.attrs.get("symbol"), height=560)


def plot_equity(equity: pd.Series | Mapping[str, pd.Series], title: str | None = "Equity") -> go.Figure:
    """One or several curves of wealth by time."""
    figure = go.Figure()
    curves = {"equity": equity} if isinstance(equity, pd.Series) else equity
    for name, curve in curves.items():
        figure.add_scatter(x=curve.index, y=curve, name=str(name), line={"width": 1.6})
    figure.update_layout(showlegend=len(curves) > 1)
    return styled(figure, title)


def plot_drawdown(returns: pd.Series, title: str | None = "Drawdown") -> go.Figure:
    """How far below its high the compounded wealth is."""
    wealth = (1 + returns.dropna()).cumprod()
    drawdown = wealth / wealth.cummax().clip(lower=1.0) - 1
    figure = go.Figure()
    figure.add_scatter(x=drawdown.index, y=drawdown, fill="tozeroy", line={"color": RED, "width": 1}, name="drawdown")
    figure.update_yaxes(tickformat=".1%")
    return styled(figure, title, height=300)


def plot_correlation(returns: pd.DataFrame, title: str | None = "Correlation") -> go.Figure:
    """Of the returns of several symbols."""
    matrix = returns.corr()
    figure = go.Figure(go.Heatmap(z=matrix, x=list(matrix.columns), y=list(matrix.index), zmin=-1, zmax=1,
                                  colorscale=[[0, RED], [0.5, "#FFFFFF"], [1, BLUE]], text=matrix.round(2),
                                  texttemplate="%{text:.2f}", hovertemplate="%{y}, %{x}: %{z:.3f}<extra></extra>"))
    figure = styled(figure, title, height=360)
    figure.update_layout(hovermode="closest")
    figure.update_yaxes(autorange="reversed")
    return figure


def plot_weights(weights: pd.DataFrame, title: str | None = "Weights") -> go.Figure:
    """A bar a portfolio (column), a part of it a symbol (row)."""
    figure = go.Figure()
    for symbol in weights.index:
        figure.add_bar(x=list(weights.columns), y=weights.loc[symbol], name=str(symbol),
                       hovertemplate=f"{symbol}: %{{y:.1%}}<extra></extra>")
    figure.update_layout(barmode="relative")
    figure.update_yaxes(tickformat=".0%")
    return styled(figure, title, height=360)


def plot_latency(ticks: pd.DataFrame, title: str | None = "From the source's stamp to our receipt") -> go.Figure:
    """The share of ticks that had come after so many milliseconds, a line a source; of load_ticks()."""
    if not {"time", "received", "source"} <= set(ticks.columns):
        raise ValueError("plot_latency() needs the columns time, received and source: load_ticks() has them")
    figure = go.Figure()
    share = np.concatenate([np.linspace(0, 0.99, 200), np.linspace(0.991, 1, 50)])
    for source, group in ticks.groupby("source", observed=True):
        delay_ms = (group["received"] - group["time"]).dt.total_seconds() * 1e3
        figure.add_scatter(x=np.quantile(delay_ms, share).clip(1e-3), y=share, name=str(source), line={"width": 1.6})
    figure.update_xaxes(type="log", title="ms")
    figure.update_yaxes(tickformat=".0%")
    return styled(figure, title, height=340)
