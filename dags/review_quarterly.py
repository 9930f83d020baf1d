"""Write the review of targets and resources, on the 3rd of each quarter at 12:00 in business time."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import Report, log_failure, tell_operators
from retention.settings import load_settings

DOC = """
### Targets and resources, quarterly

Reads the **closing of the quarter's last month**. Writes `HOME/reports/quarterly/<last day of the quarter>/`: changes
of tiers, short-term targets beside what was reached, and which tiers' share of the budget departs from their share of
value, so that the next quarter's resources can be changed; English and Chinese. Tiers are approved in
`tier_review_quarterly`.

| Task | What it does |
|---|---|
| write_review | writes the review |

**By hand**: trigger it, or `retention report quarterly --as-of 2024-06-30`. Param `as_of`: another day, of which a
release or a month's closing is on disk.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""

with DAG(
    dag_id="review_quarterly",
    description="Write the quarterly review of targets and of the change of resources",
    doc_md=DOC,
    schedule=CronTriggerTimetable("0 12 3 1,4,7,10 *", timezone=load_settings().timezone),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
    catchup=False,  # a missed quarter is written with its param
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["retention", "quarterly"],
    params={
        "as_of": Param(
            None, type=["null", "string"], format="date", description="Day; default: the last of the quarter before"
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
    Report(task_id="write_review", line="report quarterly", of_month_before=True)
