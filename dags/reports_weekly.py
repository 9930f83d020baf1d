"""Write the week's contacts and missed targets, every Monday at 12:00 in business time."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param, chain
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import Report, log_failure, tell_operators
from retention.settings import load_settings

DOC = """
### The week's contacts and targets

Reads the **published release** as it stands, three hours after Monday's daily run began: the tables of Sunday, so
that the week is whole. Writes `HOME/reports/touches/<as-of>/` (触达周报) and `HOME/reports/targets/<as-of>/`, English
and Chinese. Run again, it writes the same. The week's frequent problems are written by `problems_weekly`.

| Task | What it does |
|---|---|
| write_touches | writes what was planned and done in the week, and what came of it |
| write_targets | writes the targets that are missed, the greatest misses first |

**By hand**: trigger it, or `retention report touches` and `retention targets --write`. Param `as_of`: another day, of
which a release or a month's closing is on disk.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""

with DAG(
    dag_id="reports_weekly",
    description="Write the week's contacts and the targets that are missed",
    doc_md=DOC,
    schedule=CronTriggerTimetable("0 12 * * 1", timezone=load_settings().timezone),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
    catchup=False,  # it describes what is published now: a missed one is written with its param
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["retention", "weekly"],
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
    chain(
        Report(task_id="write_touches", line="report touches"), Report(task_id="write_targets", line="targets --write")
    )
