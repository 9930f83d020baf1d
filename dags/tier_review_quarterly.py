"""Ask a person whether tiers may change: the review of the quarter before, on the 3rd of each quarter at 11:00."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param, chain
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import WRITER_POOL, log_failure, tell_operators
from retention.airflow_adapter.review import TierReviewDecision, TierReviewOpening, TierReviewQuestion
from retention.settings import load_settings

DOC = """
### Quarterly tier review

Opens the review of the quarter before from the **published release**, and asks a person on Airflow's page (Required
Actions) whether the tiers may change. The question shows the moves from tier to tier with the spend at stake, and where
the list of all customers is. The answer is recorded with the name of who gave it; the next run applies it.

| Task | What it does |
|---|---|
| open_review | opens the review and writes its list; skipped where no scheme is reviewed or nothing would change |
| decide | waits for a person, 80 days at most |
| apply_decision | records the answer as a decision, and an approval as a change of strategy |

**Without an answer** nothing changes: the tiers in force stay, the tables show the changes as waiting, and the next
quarter's review begins from what is in force. Single customers: `retention review approve|reject`, before the answer.

**By hand**: trigger it with the param `quarter` (`YYYYQn`), or use `retention review`.

**When it fails** the task's log ends with a line `RUN FAILED` that names what to mend; then clear the task.
"""

with DAG(
    dag_id="tier_review_quarterly",
    description="Open the tier review of the quarter before, ask a person, record the answer",
    doc_md=DOC,
    schedule=CronTriggerTimetable("0 11 3 1,4,7,10 *", timezone=load_settings().timezone),
    start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
    catchup=False,  # reviews follow each other: a missed one is opened by hand, or taken in by the next
    max_active_runs=2,  # a question may still stand when the next quarter's is put
    is_paused_upon_creation=False,
    tags=["retention", "quarterly"],
    params={
        "quarter": Param(
            None, type=["null", "string"], pattern=r"^\d{4}Q[1-4]$", description="Quarter; default: the one before"
        ),
    },
    default_args={
        "owner": "retention",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=1),
        "on_failure_callback": [log_failure, tell_operators],
    },
):
    chain(
        TierReviewOpening(task_id="open_review", pool=WRITER_POOL),
        TierReviewQuestion(task_id="decide", retries=0),
        TierReviewDecision(task_id="apply_decision", pool=WRITER_POOL),
    )
