"""Close the month before: publish its last day once more and keep it, on the 2nd at 10:00 in business time."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import WRITER_POOL, MonthEndClose, log_failure, tell_operators
from retention.settings import load_settings

DOC = """
### Month-end close

Runs the pipeline **as of the last day of the month before**, an hour after the daily run of the 2nd, and keeps the
release in `HOME/closings/<YYYY-MM>/`: it is never pruned. Readers who see a later day stay there. A month that is
closed already is left as it is.

| Task | What it does |
|---|---|
| close | runs the whole pipeline for the month's last day and keeps the release |

**By hand**: trigger it with the param `month` (`YYYY-MM`), or `retention close --month 2024-05`. Param `known_then`:
with what was known on the 2nd, and not with what is known now. A missed month is closed by hand.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""

with DAG(
    dag_id="month_end_close",
    description="Publish the last day of the month before and keep the release",
    doc_md=DOC,
    schedule=CronTriggerTimetable("0 10 2 * *", timezone=load_settings().timezone),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
    catchup=False,  # else a new installation would close every month since then
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["retention", "monthly", "publishes"],
    params={
        "month": Param(
            None, type=["null", "string"], pattern=r"^\d{4}-\d{2}$", description="Month; default: the one before"
        ),
        "known_then": Param(False, type="boolean", description="With what was known on the 2nd of the next month"),
        "profile": Param(None, type=["null", "string"], description="Named set of rules; default: the setting"),
    },
    default_args={
        "owner": "retention",
        "pool": WRITER_POOL,
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=4),
        "on_failure_callback": [log_failure, tell_operators],
    },
):
    MonthEndClose(task_id="close")
