"""Every five minutes: all polled sources, then whether anything was missed, rejected or silent. Findings fail, and alert."""
import datetime

import pendulum
from airflow.sdk import DAG
from tapeline_alerts import task_failed
from tapeline_tasks import DEFAULTS, once

with DAG(
    "tapeline_every_5_minutes", description="Polls, and checks quality", schedule="*/5 * * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False, max_active_runs=1,
    # What took longer has no place left: the next run is due.
    dagrun_timeout=datetime.timedelta(minutes=5), on_failure_callback=task_failed,
    default_args=DEFAULTS | {"retries": 1, "retry_delay": datetime.timedelta(seconds=10),
                             "execution_timeout": datetime.timedelta(minutes=2)},
    tags=["tapeline"], doc_md=__doc__,
) as dag:
    polled = once.override(task_id="poll")("poll", again=True)
    # What it finds is there however often it looks.
    polled >> once.override(task_id="quality", retries=0)("quality", again=True)
