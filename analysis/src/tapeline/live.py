"""What happens now, from Redis: alerts as they fire, and the latest values."""
from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import redis as redis_package

from tapeline.catalog import nearest
from tapeline.database import redis_address
from tapeline.errors import ServerUnreachable, UnknownName

_STREAM = "alerts"


@dataclass(frozen=True)
class Alert:
    """One entry of the stream `alerts`."""

    alert_id: str
    symbol: str
    rule: str
    severity: str
    message: str
    fields: dict[str, str] = field(repr=False)  # all that was published
    position: str = field(repr=False)  # pass it as `since` to go on behind it


def _client(address: str | None, password: str | None) -> redis_package.Redis:
    where = redis_address(address)
    options: dict[str, Any] = {"decode_responses": True, "socket_timeout": 30, "socket_connect_timeout": 10}
    if password is not None:
        options["password"] = password
    if where.startswith(("redis://", "rediss://")):
        return redis_package.Redis.from_url(where, **options)
    if where.startswith("unix:"):
        return redis_package.Redis(unix_socket_path=where.removeprefix("unix:"), **options)
    host, _, port = where.rpartition(":")
    if not host or not port.isdigit():
        raise ServerUnreachable(f"Redis address {where!r} is none: write host:port, unix:/path or redis://host:port/0")
    return redis_package.Redis(host=host.strip("[]"), port=int(port), **options)


def live(symbols: str | Sequence[str] | None = None, *, since: str = "$", seconds: float | None = None,
         redis: str | None = None, password: str | None = None) -> Iterator[Alert]:
    """Alerts as they fire, of `symbols` or of all, for `seconds` or for ever.

    Reads the stream, not the channel: an alert that fires while the connection is lost comes when it is back. `since` "0"
    begins with the oldest that is kept (some 10,000), an alert's `position` goes on behind it.
    """
    wanted = None if symbols is None else {symbols} if isinstance(symbols, str) else set(symbols)
    deadline = None if seconds is None else time.monotonic() + seconds
    client = _client(redis, password)
    try:
        position = since
        if position == "$":
            newest = client.xrevrange(_STREAM, count=1)
            position = newest[0][0] if newest else "0"
        while deadline is None or time.monotonic() < deadline:
            wait_s = 5.0 if deadline is None else max(0.001, min(5.0, deadline - time.monotonic()))
            try:
                answer = client.xread({_STREAM: position}, block=max(1, int(wait_s * 1000)))
            except redis_package.ConnectionError:
                time.sleep(min(1.0, wait_s))  # the next round connects again
                continue
            for _, entries in answer or []:
                for position, values in entries:
                    if wanted is None or values.get("symbol") in wanted:
                        yield Alert(values.get("alert_id", ""), values.get("symbol", ""), values.get("rule", ""),
                                    values.get("severity", ""), values.get("message", ""), values, position)
    except redis_package.RedisError as error:
        raise _unreachable(error) from None
    finally:
        client.close()


def latest(symbols: str | Sequence[str] | None = None, *, redis: str | None = None,
           password: str | None = None) -> pd.DataFrame:
    """By symbol: price, rsi, signal, trend. What has not changed for 300 s is missing: it is stale."""
    with _client(redis, password) as client:
        try:
            known: dict[str, str] = client.hgetall("market:data")
            wanted = sorted(known) if symbols is None else [symbols] if isinstance(symbols, str) else list(symbols)
            for symbol in wanted:
                if symbol not in known:
                    raise UnknownName(f"Redis has no symbol {symbol!r}: {nearest(symbol, known)}")
            kinds = ("price", "rsi", "signal", "trend")
            values = client.mget([f"{symbol}:{kind}" for symbol in wanted for kind in kinds]) if wanted else []
        except redis_package.RedisError as error:
            raise _unreachable(error) from None
    rows = [values[at:at + len(kinds)] for at in range(0, len(values), len(kinds))]
    table = pd.DataFrame(rows, index=pd.Index(wanted, name="symbol"), columns=kinds)
    return table.assign(price=pd.to_numeric(table["price"]), rsi=pd.to_numeric(table["rsi"]))


def _unreachable(error: Exception) -> ServerUnreachable:
    return ServerUnreachable(f"Redis does not answer: {error}. Is it up (./dev up)? Is the address right (TAPELINE_REDIS)?")
