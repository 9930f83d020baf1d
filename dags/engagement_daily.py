"""Write the contacts that are due and overdue, a list per owner, every day at 09:30 in business time."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import ContactLists, log_failure, tell_operators
from retention.settings import load_settings

DOC = """
### Contact lists, daily

Reads the **published release** as it stands, half an hour after the daily run began: the calendar of the day before.
Writes `HOME/reports/contacts/<as-of>/`: a workbook and a CSV file for each owner with the contacts of the next days and
those that are overdue, with their texts. Run again, it writes them again. Where the daily run is late, the lists are
those of the release before: trigger it again once the release is there.

| Task | What it does |
|---|---|
| write_lists | writes the lists |

**By hand**: trigger it, or `retention contacts export`. Params `language`: `en` or `zh`; `days`: days ahead.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""

with DAG(
    dag_id="engagement_daily",
    description="Write each owner's contacts that are due and overdue, with their texts",
    doc_md=DOC,
    schedule=CronTriggerTimetable("30 9 * * *", timezone=load_settings().timezone),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
    catchup=False,  # it lists what is published now: a missed day's contacts are in today's lists as overdue
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["retention", "daily"],
    params={
        "language": Param("en", type="string", enum=["en", "zh"], description="Language of texts and headers"),
        "days": Param(7, type=["null", "integer"], minimum=0, description="Days ahead; empty for the whole calendar"),
    },
    default_args={
        "owner": "retention",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=1),
        "on_failure_callback": [log_failure, tell_operators],
    },
):
    ContactLists(task_id="write_lists")
