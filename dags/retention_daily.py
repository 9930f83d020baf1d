"""Publish the retention tables of yesterday, every day at 09:00 in the business's time zone."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param, chain

from retention.airflow_adapter import (
    WRITER_POOL,
    DailyReport,
    DayPartitions,
    Notify,
    RetentionStep,
    WaitForSources,
    log_failure,
    tell_operators,
)
from retention.settings import load_settings

DOC = """
### Retention tables of one day

**Partition** = the as-of day. The run of 09:00 on the 2nd has the partition of the 1st, the last whole day: tables
describe that day and nothing after it is seen. Days missed within the last 31 are caught up, one at a time, oldest
first.

| Task | What it does |
|---|---|
| wait_for_sources | waits until each source has been extracted, or until 09:30; then says which are missing |
| land | reads new landing files and extracts by their contracts into raw |
| validate | checks the landed data |
| build | builds the candidate warehouse with dbt |
| audit | checks the candidate; a critical failure ends the run |
| publish | releases the candidate by swapping one link |
| report | prints and stores the summary |
| notify | tells the alerts that are new to their owners, each once; of a day that readers do not see, nothing |
| write_report | writes the daily report (客户留存日报) with the board and the warning list |
| write_workbook | writes the workbook |

**A day by hand**: trigger with a partition key or the param `as_of` (`YYYY-MM-DD`). **Many days**:
`airflow backfill create --dag-id retention_daily --from-date 2024-05-01 --to-date 2024-05-03 --max-active-runs 1`.

**When it fails** the published tables stay as they were. The task's log ends with a line `RUN FAILED` that names what
to mend; then clear that task. Wrong settings, a refused load and a failed check are not retried, all else is, twice.
"""

with DAG(
    dag_id="retention_daily",
    description="Land, check, build and publish the retention tables of one day",
    doc_md=DOC,
    schedule=DayPartitions(
        "0 9 * * *",
        timezone=load_settings().timezone,
        run_offset=-1,
        key_format="%Y-%m-%d",
        run_immediately=timedelta(0),  # a new installation begins with the next 09:00, not with the one just past
    ),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),  # catch-up wants one; the timetable bounds it
    catchup=True,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["retention", "daily", "publishes"],
    params={
        "as_of": Param(None, type=["null", "string"], format="date", description="Day; default: the partition"),
        "known_by": Param(
            None, type=["null", "string"], format="date", description="See only what was known by then; default: all"
        ),
        "profile": Param(None, type=["null", "string"], description="Named set of rules; default: the setting"),
        "landing": Param(None, type=["null", "string"], description="Landing folder; default: the setting"),
        "reports": Param(
            load_settings().daily_reports, type="boolean", description="Write the report and the workbook"
        ),
    },
    default_args={
        "owner": "retention",
        "pool": WRITER_POOL,
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=2),
        "on_failure_callback": [log_failure, tell_operators],
    },
):
    report = RetentionStep(task_id="report")
    chain(
        WaitForSources(task_id="wait_for_sources", pool="default_pool", retry_delay=timedelta(minutes=1)),
        RetentionStep(task_id="land"),
        RetentionStep(task_id="validate"),
        RetentionStep(task_id="build"),
        RetentionStep(task_id="audit"),
        RetentionStep(task_id="publish"),
        report,
        Notify(task_id="notify", pool="default_pool"),
    )
    # Beside the alerts, which do not wait for them: neither needs a slot of the writer.
    chain(
        report,
        DailyReport(task_id="write_report", line="report daily", pool="default_pool"),
        DailyReport(task_id="write_workbook", line="workbook", pool="default_pool"),
    )
