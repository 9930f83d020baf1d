"""Write why customers left, every day at 10:00 in business time."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import Report, log_failure, tell_operators
from retention.settings import load_settings

DOC = """
### Why customers left, daily

Reads the **published release** as it stands, an hour after the daily run began. Writes
`HOME/reports/churn-brief/<as-of>/` (流失原因分析简报): customers lost by behaviour, service record and survey
reasons, English and Chinese. Run again, it writes the same. Where the daily run is late, it is that of the release
before: trigger it again.

| Task | What it does |
|---|---|
| write_brief | writes the brief |

**By hand**: trigger it, or `retention report churn-brief`. Param `as_of`: another day, of which a release or a
month's closing is on disk.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""

with DAG(
    dag_id="churn_brief",
    description="Write the brief on why customers left",
    doc_md=DOC,
    schedule=CronTriggerTimetable("0 10 * * *", timezone=load_settings().timezone),
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
    Report(task_id="write_brief", line="report churn-brief")
