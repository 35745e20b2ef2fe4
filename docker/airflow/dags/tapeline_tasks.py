"""What the DAGs share: calls of the program, the session that a run is of, freshness, and defaults.

TAPELINE_BIN, TAPELINE_CONFIG   the program and its configuration (tapeline, /etc/tapeline/tapeline.toml)
TAPELINE_PG_DSN                 PostgreSQL
TAPELINE_LANE                   whose data must be fresh; default: of any lane
TAPELINE_PYTHON                 a Python that has the package tapeline, for reports (python3)
TAPELINE_REPORTS                where reports go (/var/lib/tapeline/reports)
TAPELINE_TICK_DAYS              ticks older than so many days are dropped; default: none is
TAPELINE_OWNER_DSN              PostgreSQL as the owner of the tables, for that
"""
from __future__ import annotations

import datetime
import logging
import os
import re
import subprocess
from typing import Any

import pendulum
from airflow.sdk import BaseSensorOperator, task
from tapeline_alerts import task_failed

_log = logging.getLogger(__name__)
NEW_YORK = "America/New_York"

DEFAULTS: dict[str, Any] = {
    "owner": "tapeline", "depends_on_past": False, "retries": 3, "retry_delay": datetime.timedelta(seconds=30),
    "retry_exponential_backoff": True, "max_retry_delay": datetime.timedelta(minutes=5),
    "execution_timeout": datetime.timedelta(minutes=15), "on_failure_callback": task_failed}


def run_program(*words: str, timeout_s: float = 840) -> str:
    """Runs `tapeline WORDS --config ...`; its output is the task's log. Raises with the last line where it fails."""
    command = [os.environ.get("TAPELINE_BIN", "tapeline"), *words]
    if words[0] in ("once", "journal"):
        command += ["--config", os.environ.get("TAPELINE_CONFIG", "/etc/tapeline/tapeline.toml")]
    return run_command(command, timeout_s)


def run_command(command: list[str], timeout_s: float = 840) -> str:
    _log.info("running %s", " ".join(command))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True) as child:
        try:
            said, _ = child.communicate(timeout=timeout_s)
        except BaseException:
            child.terminate()  # it drains; the task is over either way
            raise
    for line in said.splitlines():
        _log.info("%s", line)
    if child.returncode != 0:
        last = (said.strip().splitlines() or ["it said nothing"])[-1]
        raise RuntimeError(f"{' '.join(command[:3])} ended with {child.returncode}: {last}")
    return said


@task(retries=0)
def session_date(params: dict[str, Any] | None = None, dag_run: Any = None) -> str:
    """The day that this run is for: params.session_date, or the day in New York of the moment that the run is for.

    Not `ds`: that is a day in UTC, and means another moment in other versions of Airflow.
    """
    asked = (params or {}).get("session_date")
    if asked:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", asked):
            raise ValueError(f"session_date {asked!r} is no day: write it like 2026-03-02")
        return str(datetime.date.fromisoformat(asked))
    moment = dag_run.logical_date or dag_run.run_after
    return pendulum.instance(moment).in_timezone(NEW_YORK).to_date_string()


@task
def once(job: str, session: str | None = None, again: bool = False) -> str:
    """A job of [schedule], done once a session however often this task is tried."""
    return run_program("once", job, *(["--session-date", session] if session else []), *(["--again"] if again else []))


class Fresh(BaseSensorOperator):
    """Waits until a batch was committed within `max_age_s` seconds: what follows would otherwise look at old data."""

    template_fields = ("max_age_s",)

    def __init__(self, *, max_age_s: int | str, **options: Any) -> None:
        super().__init__(**{"poke_interval": 15, "timeout": 600, "mode": "reschedule", "retries": 0} | options)
        self.max_age_s = max_age_s

    def poke(self, context: Any) -> bool:
        age_s = newest_age_s()
        _log.info("the newest batch is %s s old, %s s are allowed", "never" if age_s is None else f"{age_s:.0f}", self.max_age_s)
        return age_s is not None and age_s <= float(self.max_age_s)


def newest_age_s() -> float | None:
    """Since the last batch was committed, in seconds; None before the first."""
    import psycopg
    with psycopg.connect(os.environ["TAPELINE_PG_DSN"], connect_timeout=10) as connection:
        row = connection.execute(
            """SELECT extract(epoch FROM clock_timestamp() - a.committed_at)::float8 FROM audit_batch a
               JOIN lane_checkpoint l USING (lane_id) WHERE %(lane)s::text IS NULL OR l.lane = %(lane)s
               ORDER BY a.batch_id DESC LIMIT 1""", {"lane": os.environ.get("TAPELINE_LANE") or None}).fetchone()
    return row[0] if row else None


def expired_partitions(names: list[str], today: datetime.date, keep_days: int) -> list[str]:
    """Of tick_YYYY_MM_DD, those of days before the last `keep_days`; no other name is ever among them."""
    first_kept = today - datetime.timedelta(days=keep_days)
    days = {name: re.fullmatch(r"tick_(\d{4})_(\d{2})_(\d{2})", name) for name in names}
    return sorted(name for name, found in days.items() if found and datetime.date(*map(int, found.groups())) < first_kept)


def drop_old_ticks() -> str:
    """Bars, signals and alerts stay; ticks are partitions of a day, which go as a whole."""
    days = os.environ.get("TAPELINE_TICK_DAYS")
    if not days:
        return "TAPELINE_TICK_DAYS is not set: all ticks are kept"
    if not days.isdigit() or int(days) < 1:
        raise ValueError(f"TAPELINE_TICK_DAYS is {days!r}: give a number of days, 1 or more")
    import psycopg
    from psycopg import sql
    with psycopg.connect(os.environ.get("TAPELINE_OWNER_DSN") or os.environ["TAPELINE_PG_DSN"], autocommit=True) as connection:
        connection.execute("SET lock_timeout = '10s'")  # a writer must not wait behind us
        names = [row[0] for row in connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'tick'::regclass").fetchall()]
        today = datetime.datetime.now(datetime.UTC).date()
        dropped = expired_partitions(names, today, int(days))
        for name in dropped:
            connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
            _log.info("dropped %s", name)
    return f"{len(dropped)} of {len(names)} days dropped"
