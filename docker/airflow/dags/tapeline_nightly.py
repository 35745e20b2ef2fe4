"""At night: the checksums of the journal, retention of ticks, and the report of the session that has ended."""
import datetime
import os

import pendulum
from airflow.sdk import DAG, Param, task
from tapeline_alerts import task_failed
from tapeline_tasks import DEFAULTS, NEW_YORK, drop_old_ticks, run_command, run_program, session_date

with DAG(
    "tapeline_nightly", description="Verifies the journal, drops old ticks, writes the report", schedule="30 22 * * mon-fri",
    start_date=pendulum.datetime(2026, 1, 1, tz=NEW_YORK), catchup=False, max_active_runs=1,
    dagrun_timeout=datetime.timedelta(hours=6), on_failure_callback=task_failed,
    default_args=DEFAULTS | {"execution_timeout": datetime.timedelta(hours=2)}, tags=["tapeline"], doc_md=__doc__,
    params={"session_date": Param(None, type=["null", "string"], description="another day, such as 2026-03-02")},
) as dag:

    @task(retries=0)
    def verify_journal() -> str:
        """A wrong checksum stays wrong: no second try."""
        lane = os.environ.get("TAPELINE_LANE")
        return run_program("journal", "verify", *(["--lane", lane] if lane else []), timeout_s=7_000)

    @task
    def retention() -> str:
        return drop_old_ticks()

    @task
    def report(session: str) -> str:
        folder = os.environ.get("TAPELINE_REPORTS", "/var/lib/tapeline/reports")
        day = datetime.date.fromisoformat(session)
        begin = pendulum.datetime(day.year, day.month, day.day, tz=NEW_YORK)
        lane, config = os.environ.get("TAPELINE_LANE"), os.environ.get("TAPELINE_CONFIG")
        return run_command([os.environ.get("TAPELINE_PYTHON", "python3"), "-m", "tapeline.report", "--from",
                            begin.isoformat(), "--to", begin.add(days=1).isoformat(), "--title", f"Session of {session}",
                            "--output", os.path.join(folder, session), *(["--lane", lane] if lane else []),
                            *(["--config", config] if config else [])])

    # Nothing is dropped before the journal, from which all of it could be made again, has been proven to be whole.
    verify_journal() >> retention()
    report(session_date())
