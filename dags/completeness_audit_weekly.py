"""Write the customers that lack key fields, a list per account owner, every Monday at 08:00 in business time."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import CompletenessAudit, log_failure, tell_operators
from retention.settings import load_settings

DOC = """
### Completeness of the key fields, weekly

Reads the **published release** as it stands, an hour before Monday's daily run: the tables of Saturday. Writes
`HOME/reports/completeness/<Monday of that week>/`: a workbook for each account owner with the customers that lack key
fields, most valuable first, and `report.md` with the completeness of every field. Run again, it writes them again.

| Task | What it does |
|---|---|
| write_lists | writes the work lists and the report |

**By hand**: trigger it, or `retention completeness --weekly`. Param `language`: `en` or `zh`.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""

with DAG(
    dag_id="completeness_audit_weekly",
    description="Write work lists of customers that lack key fields, and a report on completeness",
    doc_md=DOC,
    schedule=CronTriggerTimetable("0 8 * * 1", timezone=load_settings().timezone),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
    catchup=False,  # it describes what is published now: a missed week cannot be made up for
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["retention", "weekly"],
    params={"language": Param("en", type="string", enum=["en", "zh"], description="Language of lists and report")},
    default_args={
        "owner": "retention",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=1),
        "on_failure_callback": [log_failure, tell_operators],
    },
):
    CompletenessAudit(task_id="write_lists")
