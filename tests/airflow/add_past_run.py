"""Record that the schedule's last run was the one of the as-of day in argv, as if Airflow had been down since."""

import json
import sys

import pendulum
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType

day = pendulum.parse(sys.argv[1], tz="Asia/Shanghai")
with create_session() as session:
    session.add(
        DagRun(
            dag_id="retention_daily",
            run_id=f"scheduled__{sys.argv[1]}",
            run_type=DagRunType.SCHEDULED,
            triggered_by=DagRunTriggeredByType.TIMETABLE,
            run_after=day.add(days=1, hours=9),
            partition_key=sys.argv[1],
            partition_date=day,
            start_date=pendulum.now("UTC"),
            state=DagRunState.SUCCESS,
        )
    )
print(json.dumps("added"))  # noqa: T201  # the answer to the test
