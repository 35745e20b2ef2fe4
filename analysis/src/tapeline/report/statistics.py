"""What happened after signals, with how sure one can be of it."""
from __future__ import annotations

import math

import numpy as np
import pandas as pd

HORIZONS = (1, 5, 20)
_RESAMPLES = 2_000
_Z95 = 1.959963984540054


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): honest also for few and for none."""
    if count == 0:
        return 0.0, 1.0
    share = hits / count
    scale = 1 + _Z95**2 / count
    middle = (share + _Z95**2 / (2 * count)) / scale
    half = _Z95 / scale * math.sqrt(share * (1 - share) / count + _Z95**2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def mean_interval(values: np.ndarray, seed: int = 1) -> tuple[float, float]:
    """The 95 % interval of a mean by bootstrap, which asks for no shape of the distribution; NaN of fewer than five."""
    if len(values) < 5:
        return math.nan, math.nan
    source = np.random.default_rng(seed)
    means = np.empty(_RESAMPLES)
    for place in range(_RESAMPLES):  # one at a time: thousands of signals would not fit
        means[place] = values[source.integers(0, len(values), len(values))].mean()
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def forward_returns(bars: pd.DataFrame, horizons: tuple[int, ...] = HORIZONS) -> pd.DataFrame:
    """A row a change to BUY or SELL of one series: its returns after so many bars, in the signal's direction.

    From the open of the next bar, which is the first price that can be had, to the close so many bars on. NaN where the
    series ends before.
    """
    signal = bars["signal"].astype(str).to_numpy()
    changed = np.append(True, signal[1:] != signal[:-1])
    at = np.flatnonzero(changed & (signal != "HOLD"))
    direction = np.where(signal[at] == "BUY", 1.0, -1.0)
    opens, closes = bars["open"].to_numpy(float), bars["close"].to_numpy(float)
    result = {"time": bars["time"].to_numpy()[at], "signal": signal[at]}
    for horizon in horizons:
        values = np.full(len(at), np.nan)
        known = at + horizon < len(bars)
        entry = at[known] + 1
        values[known] = direction[known] * (closes[at[known] + horizon] / opens[entry] - 1)
        result[f"after {horizon}"] = values
    return pd.DataFrame(result)


def hit_table(forward: pd.DataFrame, horizons: tuple[int, ...] = HORIZONS) -> list[dict[str, float | int | str]]:
    """A row a signal and horizon: how many, the share that earned, the mean, both with their intervals."""
    rows: list[dict[str, float | int | str]] = []
    for signal in ("BUY", "SELL"):
        for horizon in horizons:
            values = forward.loc[forward["signal"] == signal, f"after {horizon}"].dropna().to_numpy()
            hits = int((values > 0).sum())
            low, high = wilson(hits, len(values))
            mean_low, mean_high = mean_interval(values)
            rows.append({"signal": signal, "bars": horizon, "count": len(values),
                         "hit rate": hits / len(values) if len(values) else math.nan, "hit low": low, "hit high": high,
                         "mean": float(values.mean()) if len(values) else math.nan, "mean low": mean_low,
                         "mean high": mean_high})
    return rows
