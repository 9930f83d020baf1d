"""Run `dag.test()` of the real DAG for the as-of day in argv and print the tasks' states as JSON."""

import json
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag

bag = DagBag(dag_folder=str(Path(__file__).resolve().parents[2] / "dags"))
run = bag.dags["retention_daily"].test(logical_date=None, run_conf={"as_of": sys.argv[1]})
states = {task.task_id: str(task.state) for task in run.get_task_instances()}
print()  # noqa: T201  # the answer stands on a line of its own
print(json.dumps({"state": str(run.state), "tasks": states}))  # noqa: T201  # the answer to the test
