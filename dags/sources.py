"""One DAG per source of `sources.yml`: extract what is new, at the source's own hour."""

from datetime import timedelta

from airflow.sdk import DAG
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import RetentionExtract, entity_asset, log_source_failure, tell_operators
from retention.settings import load_settings
from retention.sources.arrivals import read_schedules

DOC = """
### What is new in the source {name}

`retention extract {name}` asks the source for the rows since its stored cursor and leaves them, sealed, for the next
landing; `retention_daily` lands them. The cursor moves when the load is committed, so that a run which is missed or
fails loses nothing: the next one asks from the same place. An extract that was cut off goes on from its last page.

Each entity is an asset, `retention://source/{name}/<entity>`.

**When it fails** the task's log ends with a line `RUN FAILED`; what was loaded before stays. `retention source test
{name}` tells whether the source answers.
"""

for source in read_schedules(load_settings().sources_file):
    with DAG(
        dag_id=f"source_{source.name}",
        description=f"Extract what is new in {source.name}: {', '.join(source.entities)}",
        doc_md=DOC.format(name=source.name),
        schedule=CronTriggerTimetable(source.schedule, timezone=load_settings().timezone),
        catchup=False,  # an extract takes all since the last one, so a missed run is made up for by the next
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["retention", "source"],
        default_args={
            "owner": "retention",
            "retries": 3,
            "retry_delay": timedelta(minutes=5),
            "execution_timeout": timedelta(hours=6),
            "on_failure_callback": [log_source_failure, tell_operators],
        },
    ):
        RetentionExtract(
            task_id="extract",
            source=source.name,
            connection=source.connection,
            outlets=[entity_asset(source.name, entity) for entity in source.entities],
        )
