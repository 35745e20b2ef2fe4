"""Where PostgreSQL and Redis are, and connections to them.

Both are looked for in this order: what is given, the environment (TAPELINE_PG_DSN, TAPELINE_REDIS), and the private servers
of `./dev up`: servers.env in the folder TAPELINE_VAR, or in var/ here or in a folder above.
"""
from __future__ import annotations

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator

import psycopg

from tapeline.errors import ServerUnreachable, TapelineError

_HOW = "run ./dev up (its servers are found from inside the clone), set {variable}, or pass {argument}"


def _noted(key: str) -> str | None:
    """What the nearest servers.env says."""
    var = os.environ.get("TAPELINE_VAR")
    here = pathlib.Path.cwd()
    folders = [pathlib.Path(var)] if var else [folder / "var" for folder in (here, *here.parents)]
    for folder in folders:
        with contextlib.suppress(OSError):
            for line in (folder / "servers.env").read_text(encoding="utf-8").splitlines():
                if line.startswith(key + "="):
                    return line.removeprefix(key + "=")
    return None


def postgres_dsn(dsn: str | None = None) -> str:
    """The connection string that connect() uses."""
    found = dsn or os.environ.get("TAPELINE_PG_DSN") or _noted("TAPELINE_PG_DSN")
    if not found:
        how = _HOW.format(variable="TAPELINE_PG_DSN", argument="dsn")
        raise ServerUnreachable(f"nobody has said where PostgreSQL is: {how}")
    return found


def redis_address(address: str | None = None) -> str:
    """host:port, unix:/path or a redis:// URL."""
    found = address or os.environ.get("TAPELINE_REDIS") or _noted("TAPELINE_REDIS")
    if not found:
        how = _HOW.format(variable="TAPELINE_REDIS", argument="redis")
        raise ServerUnreachable(f"nobody has said where Redis is: {how}")
    return found


def connect(dsn: str | None = None) -> psycopg.Connection:
    """A read-only connection in UTC. Close it, or use it in a `with`."""
    try:
        connection = psycopg.connect(postgres_dsn(dsn), autocommit=True, connect_timeout=10,
                                     application_name="tapeline-python")
    except psycopg.OperationalError as error:
        # The first line says why; what psycopg adds names every address that it tried.
        reason = re.sub(r"\s+", " ", str(error)).strip()
        raise ServerUnreachable(f"PostgreSQL does not answer: {reason}. Is it up (./dev up)? Is the connection string "
                                f"right (TAPELINE_PG_DSN)?") from None
    connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    connection.execute("SET TIME ZONE 'UTC'")
    return connection


@contextlib.contextmanager
def opened(connection: psycopg.Connection | str | None) -> Iterator[psycopg.Connection]:
    """`connection` itself, or one that ends with the block; turns a missing schema into words."""
    own = not isinstance(connection, psycopg.Connection)
    used = connect(connection) if own else connection
    try:
        yield used
    except psycopg.errors.UndefinedTable as error:
        raise TapelineError(f"the database has no tables of tapeline ({error.diag.message_primary}): run the pipeline once, "
                            f"or `tapeline migrate`") from None
    finally:
        if own:
            used.close()
