"""Write the progress of planned contacts, every day at 16:00 in business time."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import Report, log_failure, tell_operators
from retention.settings import load_settings

DOC = """
### Progress of execution, daily

Reads the **published release** as it stands. Writes `HOME/reports/execution/<as-of>/` (执行进度看板): contacts
planned and done by tier, channel and executor, and what is overdue, English and Chinese. Run again, it writes the
same.

| Task | What it does |
|---|---|
| write_progress | writes the report |

**By hand**: trigger it, or `retention report execution`. Param `as_of`: another day, of which a release or a month's
closing is on disk.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""

with DAG(
    dag_id="execution_progress",
    description="Write the progress of planned contacts and what is overdue",
    doc_md=DOC,
    schedule=CronTriggerTimetable("0 16 * * *", timezone=load_settings().timezone),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
    catchup=False,  # it describes what is published now: a missed one is written with its param
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["retention", "daily"],
    params={
        "as_of": Param(
            None, type=["null", "string"], format="date", description="Day; default: that of the published release"
        )
    },
    default_args={
        "owner": "retention",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=1),
        "on_failure_callback": [log_failure, tell_operators],
    },
):
    Report(task_id="write_progress", line="report execution")
