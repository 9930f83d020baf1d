"""Write the report on frequent problems, every Monday at 08:30 in business time."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import ProblemReport, log_failure, tell_operators
from retention.settings import load_settings

DOC = """
### Frequent problems, weekly

Reads the **published release** as it stands, half an hour before Monday's daily run: the tables of Saturday. Writes
`HOME/reports/problems/<Monday of that week>/`: which problems stand out against a usual week and whom they concern, how
tickets were served, which are open and overdue or will be soon; workbooks and Markdown in English and Chinese. Run
again, it writes them again.

| Task | What it does |
|---|---|
| write_report | writes the report |

**By hand**: trigger it, or `retention tickets report`. Param `week`: any day of another week.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""

with DAG(
    dag_id="problems_weekly",
    description="Write the report on frequent problems and overdue tickets",
    doc_md=DOC,
    schedule=CronTriggerTimetable("30 8 * * 1", timezone=load_settings().timezone),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
    catchup=False,  # it describes what is published now: a missed week is written with its param
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["retention", "weekly"],
    params={"week": Param(None, type=["null", "string"], format="date", description="Any day of the week to report")},
    default_args={
        "owner": "retention",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=1),
        "on_failure_callback": [log_failure, tell_operators],
    },
):
    ProblemReport(task_id="write_report")
