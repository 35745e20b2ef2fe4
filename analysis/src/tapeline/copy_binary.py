"""Columns straight from COPY BINARY: rows whose fields all have a fixed width are one structured array, nothing is parsed."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

# As PostgreSQL sends them: big-endian, after their length.
_WIRE = {"float8": ">f8", "int8": ">i8", "int4": ">i4", "int2": ">i2", "bool": "?", "timestamptz": ">i8"}
# An expression of that type that is never null.
_FILLED = {"float8": "coalesce(({})::float8, 'NaN')", "timestamptz": "coalesce({}, 'epoch')"}
_HEADER = b"PGCOPY\n\xff\r\n\0"
_POSTGRES_EPOCH_US = 946_684_800_000_000  # 2000-01-01


def copy_columns(connection: psycopg.Connection, columns: Mapping[str, tuple[str, str]], rest: sql.Composable,
                 parameters: Sequence[Any] = ()) -> dict[str, np.ndarray]:
    """`SELECT <columns> <rest>`, where columns are name -> (expression, type of _WIRE); a null float is NaN, others 0."""
    selected = sql.SQL(", ").join(sql.SQL(_FILLED.get(kind, "coalesce(({}), %s)" % ("false" if kind == "bool" else "0")
                                                      ).format(expression) + f"::{kind}")
                                  for expression, kind in columns.values())
    query = sql.SQL("COPY (SELECT {} {}) TO STDOUT (FORMAT BINARY)").format(selected, rest)
    with connection.cursor() as cursor, cursor.copy(query, parameters) as copy:
        data = b"".join(copy)
    return _decode(data, columns)


def _decode(data: bytes, columns: Mapping[str, tuple[str, str]]) -> dict[str, np.ndarray]:
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, (_, kind) in columns.items():
        fields += [(f"{name} length", ">i4"), (name, _WIRE[kind])]
    row = np.dtype(fields)
    if not data.startswith(_HEADER):
        raise ValueError("COPY BINARY does not begin as it should: is this PostgreSQL?")
    begin = len(_HEADER) + 8 + int.from_bytes(data[len(_HEADER) + 4:len(_HEADER) + 8], "big")
    body = len(data) - begin - 2  # the trailer is -1 as a field count
    if body % row.itemsize:
        raise ValueError("COPY BINARY has rows of another size: a column is null or of another type")
    rows = np.frombuffer(data, row, body // row.itemsize, begin)
    result = {}
    for name, (_, kind) in columns.items():
        wire = np.dtype(_WIRE[kind])
        if len(rows) and not (rows[f"{name} length"] == wire.itemsize).all():
            raise ValueError(f"COPY BINARY: column {name} is not {kind}")
        values = rows[name].astype(wire.newbyteorder("="))
        if kind == "timestamptz":
            values = (values + _POSTGRES_EPOCH_US).view("datetime64[us]")
        result[name] = values
    return result
