"""Columns as a pandas or polars frame; times are UTC."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from tapeline.errors import TapelineError

Frame = Literal["pandas", "polars"]


def to_frame(columns: Mapping[str, Any], frame: Frame) -> Any:
    """`columns` in their order; datetime64 columns become zoned."""
    if frame == "pandas":
        return pd.DataFrame({name: pd.Series(values).dt.tz_localize("UTC") if _is_time(values) else values
                             for name, values in columns.items()})
    if frame == "polars":
        try:
            import polars as pl
        except ImportError:
            raise TapelineError('frame="polars" needs polars: pip install polars') from None
        made = pl.DataFrame({name: _plain(values) for name, values in columns.items()})
        return made.with_columns(pl.col(name).dt.replace_time_zone("UTC") for name, values in columns.items()
                                 if _is_time(values))
    raise ValueError(f"frame is {frame!r}: choose 'pandas' or 'polars'")


def _is_time(values: Any) -> bool:
    return isinstance(values, np.ndarray) and values.dtype.kind == "M"


def _plain(values: Any) -> Any:
    return np.asarray(values).tolist() if isinstance(values, pd.Categorical) else values


def names_of(codes: np.ndarray, names: Mapping[int, str]) -> pd.Categorical:
    """Numbers by their names, without a text a row."""
    keys = np.array(sorted(names), dtype=np.int64)
    labels = [names[int(key)] for key in keys]
    unique = sorted(set(labels))
    place = {label: index for index, label in enumerate(unique)}
    to_code = np.array([place[label] for label in labels], dtype=np.int32)
    if not len(codes):
        return pd.Categorical([], categories=unique)
    return pd.Categorical.from_codes(to_code[np.searchsorted(keys, codes)], categories=unique)
