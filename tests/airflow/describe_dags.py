"""Print what the DAG files declare, as JSON; run by the tests in a process whose Airflow is a temporary one."""

import json
import sys
import time
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag

DAGS = Path(__file__).resolve().parents[2] / "dags"
THIRD_PARTY = ("dbt", "great_expectations", "duckdb", "pandas", "pyarrow", "requests", "retention.sources.declaration")

# What parsing any DAG at all imports, so that the time below is that of our files.
from airflow.sdk import DAG, BaseOperator, Param  # noqa: E402, F401  # what a DAG file imports
from airflow.timetables.trigger import CronPartitionTimetable  # noqa: E402, F401  # as above

started = time.process_time()
bag = DagBag(dag_folder=str(DAGS), collect_dags=True)
seconds = time.process_time() - started

described = {
    dag.dag_id: {
        "file": Path(dag.fileloc).name,
        "tasks": [
            {
                "id": task.task_id,
                "downstream": sorted(task.downstream_task_ids),
                "pool": task.pool,
                "retries": task.retries,
                "retry_delay_seconds": task.retry_delay.total_seconds(),
                "timeout_seconds": task.execution_timeout and task.execution_timeout.total_seconds(),
                "outlets": sorted(outlet.uri for outlet in task.outlets),
                "failure_callbacks": [call.__name__ for call in task.on_failure_callback or []],
            }
            for task in dag.topological_sort()
        ],
        "timetable": dag.timetable.serialize(),
        "cron": dag.timetable.serialize()["expression"],
        "tags": sorted(dag.tags),
        "doc": dag.doc_md or "",
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "params": sorted(dag.params),
    }
    for dag in bag.dags.values()
}
answer = {
    "dags": described,
    "errors": bag.import_errors,
    "seconds": seconds,
    "heavy": [name for name in THIRD_PARTY if name in sys.modules],
}
print(json.dumps(answer))  # noqa: T201  # the answer to the test
