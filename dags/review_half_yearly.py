"""Write the long-term review, on 4 January and 4 July at 12:00 in business time."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import Report, log_failure, tell_operators
from retention.settings import load_settings

DOC = """
### Long-term review, half-yearly

Reads the **closing of the half-year's last month**. Writes `HOME/reports/half-year/<last day>/`: long-term targets,
customer value and community, English and Chinese. Run again, it writes the same.

| Task | What it does |
|---|---|
| write_review | writes the review |

**By hand**: trigger it, or `retention report half-year --as-of 2024-06-30`. Param `as_of`: another day, of which a
release or a month's closing is on disk.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""

with DAG(
    dag_id="review_half_yearly",
    description="Write the half-yearly review of long-term targets, value and community",
    doc_md=DOC,
    schedule=CronTriggerTimetable("0 12 4 1,7 *", timezone=load_settings().timezone),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
    catchup=False,  # a missed half-year is written with its param
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["retention", "half-yearly"],
    params={
        "as_of": Param(
            None, type=["null", "string"], format="date", description="Day; default: the last of the half-year before"
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
    Report(task_id="write_review", line="report half-year", of_month_before=True)
