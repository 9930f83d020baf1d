"""Fit the value models on the published release, every Monday at 08:15 in business time, before the daily run."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import WRITER_POOL, ValueModelFit, log_failure, tell_operators
from retention.settings import load_settings

DOC = """
### Value models, weekly

Fits BG/NBD, Gamma-Gamma and what they are compared with on the **published release** as it stands, sBG too where
contracts have ended, and lands the fits as loads. The daily run of 09:00 scores every customer by the newest fit that
converged.

| Task | What it does |
|---|---|
| fit | fits the models, tests them on the held-out days, lands what was found |

**When data are too few** the task succeeds, the fit stands as refused in `clv_model_runs`, and predictions are null
with the reason. **When a fit fails** the last good one stays in force and the task fails: its log ends with a line
`RUN FAILED` that names the fit; `retention value show FIT` says why.

**By hand**: trigger it, or `retention value fit`. On data that were fitted before it writes nothing, unless the param
`force` is set.
"""

with DAG(
    dag_id="value_model_fit",
    description="Fit the models that foretell purchases and value",
    doc_md=DOC,
    schedule=CronTriggerTimetable("15 8 * * 1", timezone=load_settings().timezone),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
    catchup=False,  # it fits what is published now: a missed week cannot be made up for
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["retention", "weekly"],
    params={"force": Param(False, type="boolean", description="Fit again what was fitted on the same data")},
    default_args={
        "owner": "retention",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=1),
        "on_failure_callback": [log_failure, tell_operators],
    },
):
    ValueModelFit(task_id="fit", pool=WRITER_POOL)
