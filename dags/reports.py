"""The reports, each at its own rhythm: one DAG per row of RHYTHM, in business time."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param, chain
from airflow.timetables.trigger import CronTriggerTimetable

from retention.airflow_adapter import Report, Rhythm, log_failure, tell_operators
from retention.settings import load_settings

RHYTHM = (
    Rhythm(
        "churn_brief",
        "0 10 * * *",
        "daily",
        "Write the brief on why customers left",
        about="""
Reads the **published release** as it stands, an hour after the daily run began. Writes
`HOME/reports/churn-brief/<as-of>/` (流失原因分析简报): customers lost by behaviour, service record and survey
reasons, English and Chinese. Where the daily run is late, it is that of the release before: trigger it again.
""",
        tasks={"write_brief": ("report churn-brief", "writes the brief")},
    ),
    Rhythm(
        "execution_progress",
        "0 16 * * *",
        "daily",
        "Write the progress of planned contacts and what is overdue",
        about="""
Reads the **published release** as it stands. Writes `HOME/reports/execution/<as-of>/` (执行进度看板): contacts
planned and done by tier, channel and executor, and what is overdue, English and Chinese.
""",
        tasks={"write_progress": ("report execution", "writes the report")},
    ),
    Rhythm(
        "reports_weekly",
        "0 12 * * 1",
        "weekly",
        "Write the week's contacts and the targets that are missed",
        about="""
Reads the **published release** as it stands, three hours after Monday's daily run began: the tables of Sunday, so
that the week is whole. Writes `HOME/reports/touches/<as-of>/` (触达周报) and `HOME/reports/targets/<as-of>/`, English
and Chinese. The week's frequent problems are written by `problems_weekly`.
""",
        tasks={
            "write_touches": ("report touches", "writes what was planned and done in the week, and what came of it"),
            "write_targets": ("targets --write", "writes the targets that are missed, the greatest misses first"),
        },
    ),
    Rhythm(
        "health_report_monthly",
        "0 12 2 * *",
        "monthly",
        "Write the health of the programme in the month before",
        about="""
Reads the **closing of the month before**, which `month_end_close` has made two hours earlier; where there is none, a
release of its last day, and says so. Writes `HOME/reports/monthly/<last day of the month>/`: health of the programme
(留存健康度) with its weakest dimension, tiers, retention, churn and target gaps, English and Chinese.
""",
        tasks={"write_report": ("report monthly", "writes the report")},
        of_month_before=True,
    ),
    Rhythm(
        "review_quarterly",
        "0 12 3 1,4,7,10 *",
        "quarterly",
        "Write the quarterly review of targets and of the change of resources",
        about="""
Reads the **closing of the quarter's last month**; where there is none, a release of its last day, and says so. Writes
`HOME/reports/quarterly/<last day of the quarter>/`: changes of tiers, short-term targets beside what was reached, and
which tiers' share of the budget departs from their share of value, so that the next quarter's resources can be changed;
English and Chinese. Tiers are approved in `tier_review_quarterly`.
""",
        tasks={"write_review": ("report quarterly", "writes the review")},
        of_month_before=True,
    ),
    Rhythm(
        "review_half_yearly",
        "0 12 4 1,7 *",
        "half-yearly",
        "Write the half-yearly review of long-term targets, value and community",
        about="""
Reads the **closing of the half-year's last month**; where there is none, a release of its last day, and says so. Writes
`HOME/reports/half-year/<last day>/`: long-term targets, customer value and community, English and Chinese.
""",
        tasks={"write_review": ("report half-year", "writes the review")},
        of_month_before=True,
    ),
)

for one in RHYTHM:
    with DAG(
        dag_id=one.dag_id,
        description=one.description,
        doc_md=one.doc,
        schedule=CronTriggerTimetable(one.schedule, timezone=load_settings().timezone),
        start_date=datetime(1990, 1, 1, tzinfo=load_settings().zone),
        catchup=False,  # it describes what is published now: a missed one is written with its param
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["retention", one.tag],
        params={"as_of": Param(None, type=["null", "string"], format="date", description=one.default_day)},
        default_args={
            "owner": "retention",
            "retries": 2,
            "retry_delay": timedelta(minutes=5),
            "execution_timeout": timedelta(hours=1),
            "on_failure_callback": [log_failure, tell_operators],
        },
    ):
        chain(
            *(
                Report(task_id=task, line=line, of_month_before=one.of_month_before)
                for task, (line, _) in one.tasks.items()
            )
        )
