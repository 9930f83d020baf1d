"""Ask a person about open changes of strategy, every day at 11:00 in business time."""

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG, chain, task_group
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import WRITER_POOL, log_failure, tell_operators
from retention.airflow_adapter.strategy import (
    GROUP,
    OpenProposals,
    StrategyDecision,
    StrategyQuestion,
    StrategySheet,
)
from retention.settings import load_settings

DOC = """
### Approval of changes of strategy (策略调整审批)

Lists the changes of strategy that nobody has decided on (delivered as `strategy_changes` without an approver, or by
`retention strategy propose`) and asks a person about each on Airflow's page (Required Actions): *Approve*, *Reject* or
*Later*, with a comment. The answer is recorded with the name of who gave it, and stands in `ops.audit_log` after the
next run.

| Task | What it does |
|---|---|
| find_proposals | lists what is open; skipped where nothing is |
| proposal.decide | one per proposal: waits for a person, until shortly before the next day's run |
| proposal.apply_decision | records the answer; skipped where it was put off |
| proposal.write_sheet | after an approval: writes the signed sheet into `HOME/reports/strategy/` |

**Without an answer** it is put off: the next day asks again. A proposal that was changed after it was shown is not
decided on: the task fails and says so, and the next day asks about what it is now.

**By hand**: trigger it, or use `retention strategy`. Who may answer: `RETENTION_APPROVERS`.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""

with DAG(
    dag_id="strategy_approval",
    description="Ask a person about open changes of strategy, record the answers",
    doc_md=DOC,
    schedule=CronTriggerTimetable("0 11 * * *", timezone=load_settings().timezone),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
    catchup=False,  # every run asks about all that is open
    max_active_runs=2,  # a run that is triggered by hand does not wait for the questions of the morning
    is_paused_upon_creation=False,
    tags=["retention", "daily"],
    default_args={
        "owner": "retention",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=1),
        "on_failure_callback": [log_failure, tell_operators],
    },
):

    @task_group(group_id=GROUP)
    def ask_about(proposal: Any) -> None:
        """One proposal, from the question to what follows the answer."""
        chain(
            StrategyQuestion(task_id="decide", proposal=proposal, retries=0),
            StrategyDecision(task_id="apply_decision", proposal=proposal, pool=WRITER_POOL),
            StrategySheet(task_id="write_sheet", proposal=proposal),
        )

    ask_about.expand(proposal=OpenProposals(task_id="find_proposals").output)
