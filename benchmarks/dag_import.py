"""What all DAG files together add to Airflow's own import, in a process of its own; prints seconds as JSON.

    python benchmarks/dag_import.py DAGS_FOLDER

AIRFLOW_HOME must name a folder of its own: Airflow writes a configuration there when it is imported.
"""

import json
import sys
from time import monotonic

begun = monotonic()
from airflow.dag_processing.dagbag import DagBag  # noqa: E402  # the import is what is timed
from airflow.sdk import DAG, BaseOperator, Param  # noqa: E402, F401  # what any DAG file needs
from airflow.timetables.trigger import CronPartitionTimetable  # noqa: E402, F401  # as above

imported = monotonic()
bag = DagBag(dag_folder=sys.argv[1], collect_dags=True)
ended = monotonic()
if bag.import_errors or not bag.dags:
    sys.exit(f"no DAGs: {bag.import_errors}")
seconds = {"airflow_seconds": imported - begun, "seconds": ended - imported}
print(json.dumps({name: round(value, 3) for name, value in seconds.items()} | {"dags": len(bag.dags)}))
