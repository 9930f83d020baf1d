"""Run `dag.test()` of the daily DAG for one as-of day after the other, as in argv; print each run's state as JSON."""

import json
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag

bag = DagBag(dag_folder=str(Path(__file__).resolve().parents[2] / "dags"))
states = []
for day in sys.argv[1:]:
    run = bag.dags["retention_daily"].test(logical_date=None, run_conf={"as_of": day})
    tasks = {task.task_id: str(task.state) for task in run.get_task_instances()}
    states.append({"day": day, "state": str(run.state), "failed": [name for name in tasks if tasks[name] == "failed"]})
    print(f"{day}: {run.state}", flush=True)  # noqa: T201  # the progress of a long quarter
print(json.dumps(states))  # noqa: T201  # the answer to the test
