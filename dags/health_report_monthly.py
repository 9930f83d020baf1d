"""Write the programme's health of the month before, on the 2nd at 12:00 in business time."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import Report, log_failure, tell_operators
from retention.settings import load_settings

DOC = """
### Health of the programme, monthly

Reads the **closing of the month before**, which `month_end_close` has made two hours earlier. Writes
`HOME/reports/monthly/<last day of the month>/`: health of the programme (留存健康度) with its weakest dimension,
tiers, retention, churn and target gaps, English and Chinese. Run again, it writes the same.

| Task | What it does |
|---|---|
| write_report | writes the report |

**By hand**: trigger it, or `retention report monthly --as-of 2024-05-31`. Param `as_of`: another day, of which a
release or a month's closing is on disk.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""

with DAG(
    dag_id="health_report_monthly",
    description="Write the health of the programme in the month before",
    doc_md=DOC,
    schedule=CronTriggerTimetable("0 12 2 * *", timezone=load_settings().timezone),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
    catchup=False,  # a missed month is written with its param
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["retention", "monthly"],
    params={
        "as_of": Param(
            None, type=["null", "string"], format="date", description="Day; default: the last of the month before"
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
    Report(task_id="write_report", line="report monthly", of_month_before=True)
