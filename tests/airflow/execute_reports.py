"""Run the reports of the day in argv by `dag.test()`, those of the daily DAG alone of its tasks; print states as JSON.

The other tasks of the daily DAG are marked as done: its home holds a release already.
"""

import json
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag

bag = DagBag(dag_folder=str(Path(__file__).resolve().parents[2] / "dags"))
states = {}
for name, done in (("retention_daily", "(?!write_).*"), ("health_report_monthly", None)):
    run = bag.dags[name].test(logical_date=None, run_conf={"as_of": sys.argv[1]}, mark_success_pattern=done)
    states |= {f"{name}.{task.task_id}": str(task.state) for task in run.get_task_instances()}
print()  # noqa: T201  # the answer stands on a line of its own
print(json.dumps(states))  # noqa: T201  # the answer to the test
