"""What the DAG files declare, read by Airflow itself."""

import re
from typing import Any

import pytest
from tests.airflow.installation import PROJECT, Installation

from retention.airflow_server import POOL

pytestmark = pytest.mark.slow
WAITS = "wait_for_sources"
STEPS = ["land", "validate", "build", "audit", "publish", "report"]
READERS = ["notify", "write_report", "write_workbook"]
TOLD = ["log_failure", "tell_operators"]


@pytest.fixture(scope="module")
def described(installation: Installation) -> dict[str, Any]:
    answer: dict[str, Any] = installation.python("describe_dags.py")
    return answer


@pytest.fixture
def daily(described: dict[str, Any]) -> dict[str, Any]:
    dag: dict[str, Any] = described["dags"]["retention_daily"]
    return dag


def test_every_dag_file_imports_and_holds_the_dag_of_its_name_or_those_of_its_table(described: dict[str, Any]) -> None:
    assert described["errors"] == {}
    files = {path.stem for path in (PROJECT / "dags").glob("*.py")}
    assert {"retention_daily", "reports", "sources"} <= files
    # Without a sources.yml there is no DAG of a source; test_sources.py writes one.
    assert {name: dag["file"].removesuffix(".py") for name, dag in described["dags"].items()} == {
        name: name for name in files - {"sources", "reports"}
    } | dict.fromkeys(REPORTS, "reports")


def test_dag_files_import_within_two_seconds_and_nothing_heavy(described: dict[str, Any]) -> None:
    assert described["seconds"] < 2, f"importing the DAG files took {described['seconds']:.1f} s"
    assert described["heavy"] == []


def test_the_six_steps_follow_each_other_once_the_sources_have_arrived(daily: dict[str, Any]) -> None:
    downstream = {task["id"]: task["downstream"] for task in daily["tasks"]}
    assert set(downstream) == {WAITS, *STEPS, *READERS}
    assert [downstream[step] for step in [WAITS, *STEPS[:-1]]] == [[step] for step in STEPS]
    # Alerts are told as soon as the release stands, and do not wait for the workbook.
    assert downstream["report"] == ["notify", "write_report"]
    assert [downstream[task] for task in READERS] == [[], ["write_workbook"], []]


def test_every_step_waits_for_the_one_writer_is_retried_and_tells_of_failure(daily: dict[str, Any]) -> None:
    for task in daily["tasks"]:
        assert task["pool"] == (POOL[0] if task["id"] in STEPS else "default_pool")
        assert task["retries"] == 2
        assert task["retry_delay_seconds"] >= 60
        assert task["timeout_seconds"]
        assert task["failure_callbacks"] == TOLD


def test_the_dag_runs_at_nine_in_the_business_time_zone_for_the_day_before(daily: dict[str, Any]) -> None:
    assert daily["cron"] == "0 9 * * *"
    assert daily["timetable"]["timezone"] == "Asia/Shanghai"
    assert daily["timetable"]["run_offset"] == -1
    assert daily["timetable"]["key_format"] == "%Y-%m-%d"


def test_the_dag_catches_up_one_run_at_a_time_and_explains_itself(daily: dict[str, Any]) -> None:
    assert daily["catchup"] is True
    assert daily["max_active_runs"] == 1
    assert daily["tags"]
    assert daily["params"] == ["as_of", "known_by", "landing", "profile", "reports"]
    assert all(f"| {step} |" in daily["doc"] for step in (WAITS, *STEPS, *READERS))
    assert "backfill create" in daily["doc"]


def test_the_weekly_audit_reads_on_mondays_and_takes_no_writers_slot(described: dict[str, Any]) -> None:
    audit = described["dags"]["completeness_audit_weekly"]
    assert (audit["cron"], audit["timetable"]["timezone"]) == ("0 8 * * 1", "Asia/Shanghai")
    (task,) = audit["tasks"]
    assert task["pool"] != POOL[0]
    assert (task["retries"], task["failure_callbacks"]) == (2, TOLD)
    assert task["timeout_seconds"]
    assert audit["catchup"] is False


def test_contact_lists_are_written_after_the_daily_run_without_a_writers_slot(described: dict[str, Any]) -> None:
    lists = described["dags"]["engagement_daily"]
    assert (lists["cron"], lists["timetable"]["timezone"]) == ("30 9 * * *", "Asia/Shanghai")
    (task,) = lists["tasks"]
    assert (task["id"], task["failure_callbacks"], task["retries"]) == ("write_lists", TOLD, 2)
    assert task["pool"] != POOL[0]
    assert (lists["catchup"], lists["params"]) == (False, ["days", "language"])


def test_frequent_problems_are_reported_on_mondays_without_a_writers_slot(described: dict[str, Any]) -> None:
    problems = described["dags"]["problems_weekly"]
    assert (problems["cron"], problems["timetable"]["timezone"]) == ("30 8 * * 1", "Asia/Shanghai")
    (task,) = problems["tasks"]
    assert (task["id"], task["failure_callbacks"], task["retries"]) == ("write_report", TOLD, 2)
    assert task["pool"] != POOL[0]
    assert (problems["catchup"], problems["params"]) == (False, ["week"])


def test_value_models_are_fitted_before_mondays_daily_run(described: dict[str, Any]) -> None:
    fitting = described["dags"]["value_model_fit"]
    assert (fitting["cron"], fitting["timetable"]["timezone"]) == ("15 8 * * 1", "Asia/Shanghai")
    (task,) = fitting["tasks"]
    assert (task["id"], task["pool"], task["failure_callbacks"]) == ("fit", POOL[0], TOLD)
    assert (task["retries"], fitting["catchup"], fitting["params"]) == (2, False, ["force"])


def test_a_month_is_closed_after_the_daily_run_of_the_second(described: dict[str, Any]) -> None:
    close = described["dags"]["month_end_close"]
    assert (close["cron"], close["timetable"]["timezone"]) == ("0 10 2 * *", "Asia/Shanghai")
    (task,) = close["tasks"]
    assert (task["id"], task["pool"], task["failure_callbacks"]) == ("close", POOL[0], TOLD)
    assert close["catchup"] is False


def test_a_tier_review_asks_a_person_between_two_commands(described: dict[str, Any]) -> None:
    asking = described["dags"]["tier_review_quarterly"]
    assert asking["cron"] == "0 11 3 1,4,7,10 *"
    tasks = {task["id"]: task for task in asking["tasks"]}
    assert [(name, task["downstream"]) for name, task in tasks.items()] == [
        ("open_review", ["decide"]), ("decide", ["apply_decision"]), ("apply_decision", [])
    ]  # fmt: skip
    assert {name: task["pool"] == POOL[0] for name, task in tasks.items()} == {
        "open_review": True, "decide": False, "apply_decision": True
    }  # fmt: skip
    assert tasks["decide"]["retries"] == 0, "asked twice"
    assert all(task["failure_callbacks"] == TOLD for task in tasks.values())


REPORTS = {
    "churn_brief": ("0 10 * * *", ["write_brief"]),
    "execution_progress": ("0 16 * * *", ["write_progress"]),
    "reports_weekly": ("0 12 * * 1", ["write_touches", "write_targets"]),
    "health_report_monthly": ("0 12 2 * *", ["write_report"]),
    "review_quarterly": ("0 12 3 1,4,7,10 *", ["write_review"]),
    "review_half_yearly": ("0 12 4 1,7 *", ["write_review"]),
}


def test_reports_have_their_hour_another_day_by_a_param_and_take_no_writers_slot(described: dict[str, Any]) -> None:
    for name, (cron, tasks) in REPORTS.items():
        dag = described["dags"][name]
        assert (dag["cron"], dag["timetable"]["timezone"]) == (cron, "Asia/Shanghai")
        assert [task["id"] for task in dag["tasks"]] == tasks
        assert (dag["catchup"], dag["max_active_runs"], dag["params"]) == (False, 1, ["as_of"])
        for task in dag["tasks"]:
            assert (task["pool"], task["retries"], task["failure_callbacks"]) == ("default_pool", 2, TOLD)
            assert task["timeout_seconds"]
            assert f"| {task['id']} |" in dag["doc"]


def test_changes_of_strategy_are_asked_about_at_eleven_one_by_one(described: dict[str, Any]) -> None:
    asking = described["dags"]["strategy_approval"]
    assert (asking["cron"], asking["timetable"]["timezone"], asking["catchup"]) == (
        "0 11 * * *",
        "Asia/Shanghai",
        False,
    )
    tasks = {task["id"]: task for task in asking["tasks"]}
    assert [(name, task["downstream"]) for name, task in tasks.items()] == [
        ("find_proposals", ["proposal.apply_decision", "proposal.decide", "proposal.write_sheet"]),
        ("proposal.decide", ["proposal.apply_decision"]),
        ("proposal.apply_decision", ["proposal.write_sheet"]),
        ("proposal.write_sheet", []),
    ]
    assert [name for name, task in tasks.items() if task["pool"] == POOL[0]] == ["proposal.apply_decision"]
    assert tasks["proposal.decide"]["retries"] == 0, "asked twice"
    assert all(task["failure_callbacks"] == TOLD for task in tasks.values())
    assert all(f"| {name} |" in asking["doc"] for name in tasks)


def test_the_readme_lists_every_dag_with_its_schedule(described: dict[str, Any]) -> None:
    readme = (PROJECT / "dags" / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", readme, flags=re.MULTILINE))
    assert listed == {name: dag["cron"] for name, dag in described["dags"].items()}
