"""Before the session, 06:00 in New York: fetch, overnight changes, database update, signals, alerts for what moved.

The steps are those of `[schedule.jobs.morning]`; the program does each once for a session, so that a retry repeats nothing.
Exchange holidays are the program's to know. Switch `schedule.enabled` off where Airflow does the jobs.
"""
import datetime

import pendulum
from airflow.sdk import DAG, Param
from tapeline_alerts import task_failed
from tapeline_tasks import DEFAULTS, NEW_YORK, Fresh, once, session_date

with DAG(
    "tapeline_morning", description="Prices, overnight changes, signals and alerts before the session",
    schedule="0 6 * * mon-fri", start_date=pendulum.datetime(2026, 1, 1, tz=NEW_YORK), catchup=False, max_active_runs=1,
    # The deadline: ten minutes after its last step is due the run has failed, and everybody is told.
    dagrun_timeout=datetime.timedelta(minutes=30), on_failure_callback=task_failed, default_args=DEFAULTS, tags=["tapeline"],
    params={"session_date": Param(None, type=["null", "string"], description="another day, such as 2026-03-02"),
            "max_age_s": Param(900, type="integer", minimum=1, description="how old the newest row may be")},
    doc_md=__doc__,
) as dag:
    day = session_date()
    done = once("morning", day)
    done >> Fresh(task_id="fresh", max_age_s="{{ params.max_age_s }}")
