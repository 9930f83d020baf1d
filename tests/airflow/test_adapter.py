"""The rules that stand between Airflow and the command line: the as-of day, the run's name, what a failure means."""

import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import psutil
import pytest
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.timetables.base import DagRunInfo, TimeRestriction

from retention import airflow_adapter as adapter
from retention.airflow_adapter import commands, failures, reports, review, strategy, tasks
from retention.errors import SettingsError
from retention.runs import RUN_ID

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class FakeDagRun:
    """The part of a DAG run that the adapter reads."""

    run_id: str = "scheduled__2024-05-02T01:00:00+00:00__2024-05-01__aB3"
    dag_id: str = "retention_daily"
    run_type: str = "scheduled"
    partition_key: str | None = "2024-05-01"
    run_after: datetime = datetime(2024, 5, 2, 1, tzinfo=UTC)


@dataclass
class FakeTask:
    task_id: str = "land"
    try_number: int = 1


def context(params: dict[str, Any] | None = None, **dag_run: Any) -> dict[str, Any]:
    return {"dag_run": FakeDagRun(**dag_run), "params": params or {}, "ti": FakeTask()}


def timetable() -> adapter.DayPartitions:
    return adapter.DayPartitions(
        "0 9 * * *", timezone="Asia/Shanghai", run_offset=-1, key_format="%Y-%m-%d", run_immediately=timedelta(0)
    )


def test_the_as_of_day_is_the_partition() -> None:
    assert adapter.as_of_day(context()) == date(2024, 5, 1)


def test_without_a_partition_the_param_says_the_day() -> None:
    assert adapter.as_of_day(context({"as_of": "2023-01-31"}, partition_key=None)) == date(2023, 1, 31)


def test_without_both_it_is_the_local_day_before() -> None:
    # 17:00 UTC on the 1st is 01:00 on the 2nd in Shanghai, so the day before is the 1st.
    run_after = datetime(2024, 5, 1, 17, tzinfo=UTC)
    assert adapter.choose_as_of(None, None, run_after, SHANGHAI) == date(2024, 5, 1)


@pytest.mark.parametrize(
    ("partition", "requested", "line"),
    [
        ("2024-05-01", "2024-05-02", "The run's partition is 2024-05-01, yet its param as_of is 2024-05-02."),
        (None, "1 May", "'1 May' is not a day. Write it as YYYY-MM-DD."),
    ],
)
def test_a_day_that_cannot_be_meant_is_refused(partition: str | None, requested: str, line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        adapter.choose_as_of(partition, requested, datetime(2024, 5, 2, tzinfo=UTC), SHANGHAI)
    assert line in str(caught.value)


def test_a_run_has_one_folder_for_all_tasks_and_tries_and_another_for_another_dag_run() -> None:
    first, again = (adapter.pipeline_run_id(date(2024, 5, 1), context()) for _ in range(2))
    other = adapter.pipeline_run_id(date(2024, 5, 1), context(run_id="by hand: Anna's / retry?", run_type="manual"))
    assert first == again != other
    assert first.startswith("2024-05-01_scheduled_")
    assert all(RUN_ID.fullmatch(name) for name in (first, other))


def test_the_command_names_everything_it_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("RETENTION_HOME", str(tmp_path))
    monkeypatch.setenv("RETENTION_TARGET", "spark")
    adapter.load_settings.cache_clear()
    command = adapter.step_command("land", context({"profile": "cdnow", "landing": str(tmp_path / "in")}))
    adapter.load_settings.cache_clear()
    assert command[1:] == [
        "step",
        "land",
        f"--run-id={adapter.pipeline_run_id(date(2024, 5, 1), context())}",
        "--as-of=2024-05-01",
        "--profile=cdnow",
        "--target=spark",
        f"--home={tmp_path}",
        f"--landing={tmp_path / 'in'}",
        "--wait=600",
        "--only-forward",
    ]


def test_only_a_run_by_hand_may_turn_readers_back() -> None:
    turns_back = {
        kind: "--only-forward" not in adapter.step_command("publish", context(run_type=kind))
        for kind in ("scheduled", "backfill", "manual")
    }
    assert turns_back == {"scheduled": False, "backfill": False, "manual": True}


def test_a_step_does_not_inherit_airflows_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://airflow:secret@db/airflow")
    monkeypatch.setenv("RETENTION_PROFILE", "cdnow")
    inherited = adapter.step_environment()
    assert inherited["RETENTION_PROFILE"] == "cdnow"
    assert not any("secret" in value for value in inherited.values())


@pytest.mark.parametrize("exit_code", [2, 3, 4])
def test_what_a_retry_cannot_mend_is_final(exit_code: int) -> None:
    failure = adapter.step_failure("land", exit_code, ["reading", "orders.csv has no column amount. Add it.", ""])
    assert isinstance(failure, AirflowFailException)
    assert str(failure).endswith(
        "exit code 3: orders.csv has no column amount. Add it.".replace("3", str(exit_code), 1)
    )


@pytest.mark.parametrize("exit_code", [1, 5, 6, 7, 8, -15])
def test_everything_else_is_tried_again(exit_code: int) -> None:
    failure = adapter.step_failure("build", exit_code, [])
    assert isinstance(failure, AirflowException)
    assert not isinstance(failure, AirflowFailException)


def test_the_failure_line_names_run_task_day_error_and_remedy() -> None:
    line = adapter.failure_line(
        context() | {"exception": ValueError("orders.csv has no column amount.\nreturns.csv is empty.")}
    )
    assert line.startswith("RUN FAILED dag=retention_daily task=land as_of=2024-05-01 run=2024-05-01_scheduled_")
    assert "error=orders.csv has no column amount. · returns.csv is empty. remedy=" in line
    assert "\n" not in line


def test_the_failure_line_is_written_even_when_the_day_is_wrong() -> None:
    assert "as_of=unknown" in adapter.failure_line(context({"as_of": "May"}, partition_key=None))


def test_the_run_of_nine_o_clock_has_the_partition_of_the_day_before() -> None:
    now = pendulum.now("UTC")
    since_1990 = TimeRestriction(pendulum.datetime(1990, 1, 1), None, True)
    info = timetable().next_dagrun_info_v2(last_dagrun_info=None, restriction=since_1990)
    due = info.run_after.in_timezone("Asia/Shanghai")
    assert (due.hour, due.minute) == (9, 0)
    assert now < info.run_after <= now.add(days=1)
    assert info.partition_key == due.subtract(days=1).to_date_string()
    assert info.partition_date == due.subtract(days=1).start_of("day")


def test_a_backfill_has_both_of_its_days() -> None:
    bounds = (datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 3, tzinfo=UTC))
    infos = list(timetable().iter_partition_dagrun_infos(earliest=bounds[0], latest=bounds[1]))
    assert [info.partition_key for info in infos] == ["2024-05-01", "2024-05-02", "2024-05-03"]
    assert infos[0].run_after == pendulum.datetime(2024, 5, 2, 1)  # 09:00 in Shanghai on the day after


def test_a_day_has_one_identity_however_its_run_came_about() -> None:
    table = timetable()
    (backfilled,) = table.iter_partition_dagrun_infos(
        earliest=datetime(2024, 5, 1, tzinfo=UTC), latest=datetime(2024, 5, 1, tzinfo=UTC)
    )
    assert backfilled.partition_date == table.resolve_partition_date("2024-05-01")
    assert backfilled.partition_date == table._get_partition_date(run_date=pendulum.datetime(2024, 5, 2, 1))


@dataclass
class Past:
    """A last run, so many days ago."""

    days: int
    restriction: TimeRestriction = field(default_factory=lambda: TimeRestriction(None, None, True))

    def next_run(self) -> DagRunInfo:
        due = pendulum.now("Asia/Shanghai").subtract(days=self.days).replace(hour=9, minute=0, second=0, microsecond=0)
        return timetable().next_dagrun_info_v2(
            last_dagrun_info=DagRunInfo(due, None, due.subtract(days=1).start_of("day"), "x"),
            restriction=self.restriction,
        )


def test_missed_days_are_caught_up_and_old_backfills_set_off_nothing() -> None:
    now = pendulum.now("UTC")
    assert Past(days=5).next_run().run_after < now.subtract(days=3)
    assert Past(days=400).next_run().run_after > now


def test_the_timetable_survives_the_database() -> None:
    table = timetable()
    assert adapter.DayPartitions.deserialize(table.serialize()).serialize() == table.serialize()


def test_stopping_a_task_ends_its_step_and_what_the_step_started(monkeypatch: pytest.MonkeyPatch) -> None:
    child = "import time; time.sleep(300)"
    step = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    monkeypatch.setattr(tasks, "step_command", lambda *_: [sys.executable, "-c", step])
    operator = adapter.RetentionStep(task_id="build")
    failures: list[BaseException] = []

    def execute() -> None:
        try:
            adapter.RetentionStep.execute.__wrapped__(operator, {})
        except AirflowException as error:
            failures.append(error)

    thread = threading.Thread(target=execute)
    thread.start()
    family: list[psutil.Process] = []
    while len(family) < 2:
        time.sleep(0.1)
        family = psutil.Process().children(recursive=True)
    operator.on_kill()
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert not any(commands.is_alive(process) for process in family)
    assert "exit code -15" in str(failures[0])


def test_the_weekly_audit_runs_the_command_that_a_person_types() -> None:
    command = adapter.CompletenessAudit(task_id="write_lists").command(context({"language": "zh"}))
    assert command[1:4] == ["completeness", "--weekly", "--language=zh"]
    assert command[4].startswith("--home=")


def test_the_weekly_report_runs_the_command_that_a_person_types() -> None:
    task = adapter.ProblemReport(task_id="write_report")
    assert task.command(context({}))[1:3] == ["tickets", "report"]
    assert not [part for part in task.command(context({"week": None})) if part.startswith("--week")]
    assert task.command(context({"week": "2024-06-05"}))[3] == "--week=2024-06-05"


def test_the_weekly_fit_runs_the_command_that_a_person_types() -> None:
    task = adapter.ValueModelFit(task_id="fit")
    assert task.command(context({}))[1:4] == ["value", "fit", f"--wait={adapter.LOCK_WAIT_SECONDS}"]
    assert "--force" in task.command(context({"force": True}))


def test_the_close_runs_the_command_for_the_month_before() -> None:
    # 17:00 UTC on the last day is 01:00 of the next month in Shanghai.
    assert adapter.month_before(datetime(2024, 4, 30, 17, tzinfo=UTC), SHANGHAI) == "2024-04"
    task = adapter.MonthEndClose(task_id="close")
    due = {"run_after": datetime(2024, 5, 2, 2, tzinfo=UTC), "partition_key": None}
    command = task.command(context({"profile": "cdnow", "known_then": True}, **due))
    assert command[1:4] == ["close", "--month=2024-04", "--profile=cdnow"]
    assert "--known-then" in command
    assert task.command(context({"month": "2023-12"}, **due))[2] == "--month=2023-12"


@pytest.mark.parametrize(
    ("due", "quarter"),
    [
        (datetime(2024, 10, 3, 3, tzinfo=UTC), "2024Q3"),
        (datetime(2024, 9, 30, 17, tzinfo=UTC), "2024Q3"),
        (datetime(2024, 9, 30, 15, tzinfo=UTC), "2024Q2"),
        (datetime(2025, 1, 3, tzinfo=UTC), "2024Q4"),
    ],
)
def test_the_reviewed_quarter_is_the_one_before_in_the_business_time_zone(due: datetime, quarter: str) -> None:
    assert adapter.quarter_before(due, SHANGHAI) == quarter


class Answered:
    """A task instance whose review was answered on the page."""

    def __init__(self, option: str, person: dict[str, str] | None) -> None:
        self.left = {
            "open_review": {"review": {"review_id": "2024Q3", "scheme": "value_sabc"}},
            "decide": {"chosen_options": [option], "responded_by_user": person},
        }

    def xcom_pull(self, task_ids: str) -> dict[str, Any]:
        return self.left[task_ids]


def test_an_answer_becomes_a_decision_in_the_name_of_who_gave_it() -> None:
    task = review.TierReviewDecision(task_id="apply_decision")
    for option, verb in (("Approve", "approve"), ("Reject", "reject")):
        command = task.command({"ti": Answered(option, {"id": "7", "name": "Li Na"})})
        assert command[1:6] == ["review", verb, "2024Q3", "--scheme=value_sabc", "--approver=Li Na"]
    with pytest.raises(SettingsError, match="names nobody"):
        task.command({"ti": Answered("Approve", None)})


def test_a_report_is_of_its_param_else_of_the_published_release_or_the_month_before() -> None:
    progress = adapter.Report(task_id="write_progress", line="report execution")
    assert progress.command(context())[1:3] == ["report", "execution"]
    assert not [part for part in progress.command(context({"as_of": None})) if part.startswith("--as-of")]
    assert "--as-of=2024-04-30" in progress.command(context({"as_of": "2024-04-30"}))
    monthly = adapter.Report(task_id="write_report", line="report monthly", of_month_before=True)
    due = {"run_after": datetime(2024, 5, 1, 17, tzinfo=UTC), "partition_key": None}  # 2 May in Shanghai
    assert "--as-of=2024-04-30" in monthly.command(context(**due))
    assert "--as-of=2024-03-31" in monthly.command(context({"as_of": "2024-03-31"}, **due))


def test_the_days_report_is_of_the_runs_day_and_left_out_on_request() -> None:
    workbook = adapter.DailyReport(task_id="write_workbook", line="workbook")
    assert workbook.command(context())[1:2] == ["workbook"]
    assert "--as-of=2024-05-01" in workbook.command(context())
    with pytest.raises(AirflowSkipException, match="reports is off"):
        adapter.DailyReport.execute.__wrapped__(workbook, context({"reports": False}))


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """A notices.yml whose operators stand in a connection."""
    file = tmp_path / "notices.yml"
    file.write_text("operators: {secret: {connection: ops-chat}}\n", encoding="utf-8")
    monkeypatch.setenv("RETENTION_NOTICES", str(file))
    connection = Connection(conn_id="ops-chat", conn_type="generic", password="json://127.0.0.1/KEY")
    monkeypatch.setattr(reports.Connection, "get", lambda name: {"ops-chat": connection}[name])
    adapter.load_settings.cache_clear()
    yield file
    adapter.load_settings.cache_clear()


def test_alerts_are_told_of_the_runs_day_with_addresses_in_the_environment_alone(notices: Any) -> None:
    task = adapter.Notify(task_id="notify")
    command = task.command(context())
    assert command[1:5] == ["notify", "--as-of=2024-05-01", "--only-forward", f"--notices={notices}"]
    assert "json%3A%2F%2F127.0.0.1%2FKEY" in task.environment()["RETENTION_CONNECTION_OPS_CHAT"]
    assert "KEY" not in " ".join(command)


def test_operators_are_told_the_failure_line_and_nothing_of_it_hides_the_failure(
    notices: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    def process(command: list[str], **given: Any) -> Any:
        told.append(given["input"])
        assert command[1:3] == ["notices", "failure"]
        raise OSError("no such program")

    monkeypatch.setattr(failures.subprocess, "run", process)
    adapter.tell_operators(context() | {"exception": ValueError("no column amount")})
    adapter.tell_operators(context(dag_id="source_crm") | {"exception": ValueError("no answer")})
    assert told[0].startswith("RUN FAILED dag=retention_daily task=land as_of=2024-05-01")
    assert "What was loaded before stays" in told[1]
    assert "The operators were not told: no such program" in caplog.text
    notices.write_text("a: [", encoding="utf-8")
    adapter.tell_operators(context() | {"exception": ValueError("x")})
    assert "no valid YAML" in caplog.text


class AnsweredProposal:
    """A task instance whose proposal was answered on the page."""

    map_index = 2

    def __init__(self, option: str, comment: str | None = None, person: dict[str, str] | None = None) -> None:
        self.left = {
            "chosen_options": [option], "params_input": {"comment": comment}, "responded_by_user": person
        }  # fmt: skip

    def xcom_pull(self, task_ids: str, map_indexes: int) -> dict[str, Any]:
        assert (task_ids, map_indexes) == ("proposal.decide", 2)
        return self.left


def test_an_answer_to_a_proposal_is_recorded_with_its_comment_and_the_version_that_was_shown() -> None:
    proposal = {"change_id": "P1", "version": "aa11", "markdown": "# P1"}
    task = strategy.StrategyDecision(task_id="apply_decision", proposal=proposal)
    answered = AnsweredProposal("Reject", "too dear", {"id": "7", "name": "Li Na"})
    assert task.command({"ti": answered})[1:7] == [
        "strategy", "reject", "P1", "--by=Li Na", "--version=aa11", "--comment=too dear"
    ]  # fmt: skip
    approved = task.command({"ti": AnsweredProposal("Approve", None, {"id": "7"})})
    assert approved[1:6] == ["strategy", "approve", "P1", "--by=7", "--version=aa11"]
    assert not [part for part in approved if part.startswith("--comment")]
    with pytest.raises(SettingsError, match="names nobody"):
        task.command({"ti": AnsweredProposal("Approve")})
    with pytest.raises(AirflowSkipException, match="put off"):
        strategy.StrategyDecision.execute.__wrapped__(task, {"ti": AnsweredProposal("Later")})
    sheet = strategy.StrategySheet(task_id="write_sheet", proposal=proposal)
    with pytest.raises(AirflowSkipException, match="not approved"):
        strategy.StrategySheet.execute.__wrapped__(sheet, {"ti": answered})
    assert sheet.command({})[1:4] == ["strategy", "sheet", "P1"]


def test_who_may_answer_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_APPROVERS", "li.na, wang.wei")
    adapter.load_settings.cache_clear()
    asked = strategy.StrategyQuestion(task_id="decide", proposal={})
    adapter.load_settings.cache_clear()
    assert [user["id"] for user in asked.assigned_users] == ["li.na", "wang.wei"]
    assert asked.defaults == ["Later"]
