"""Sources in Airflow: a DAG for each, its connection handed over unseen, and a daily run that waits for them."""

import dataclasses
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pendulum
import pytest
from airflow.sdk import Connection
from tests.airflow.installation import Installation
from tests.airflow.test_adapter import SHANGHAI, context

from retention import airflow_adapter as adapter
from retention.airflow_adapter import sensor
from retention.sources.arrivals import ScheduledSource

SOURCES = """
sources:
  - name: crm
    kind: sql
    secret: {connection: crm-db.main}
    schedule: "30 5 * * *"
    entities: [{entity: customers, table: public.customer}, {entity: orders, table: public.orders}]
  - name: forms
    kind: rest
    preset: jiandaoyun
    secret: {env: FORMS_KEY}
    schedule: "0 7 * * 1"
    entities: [{entity: tickets, entry_id: e}]
"""


@pytest.fixture(scope="module")
def described(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the DAG files declare when there is a `sources.yml`."""
    path = tmp_path_factory.mktemp("sources") / "sources.yml"
    path.write_text(SOURCES, encoding="utf-8")
    with_sources = installation.environment | {"RETENTION_SOURCES": str(path)}
    answer: dict[str, Any] = dataclasses.replace(installation, environment=with_sources).python("describe_dags.py")
    assert answer["errors"] == {}
    assert answer["seconds"] < 2
    assert answer["heavy"] == []
    return answer["dags"]


@pytest.mark.slow
def test_each_source_has_a_dag_at_its_hour_in_the_business_time_zone(described: dict[str, Any]) -> None:
    crons = {name: dag["cron"] for name, dag in described.items() if name.startswith("source_")}
    assert crons == {"source_crm": "30 5 * * *", "source_forms": "0 7 * * 1"}
    assert {described[name]["timetable"]["timezone"] for name in crons} == {"Asia/Shanghai"}
    assert {described[name]["catchup"] for name in crons} == {False}
    assert {described[name]["max_active_runs"] for name in crons} == {1}


@pytest.mark.slow
def test_an_extract_renews_an_asset_per_entity_and_holds_no_slot_of_the_writer(described: dict[str, Any]) -> None:
    [extract] = described["source_crm"]["tasks"]
    assert extract["id"] == "extract"
    assert extract["outlets"] == ["retention://source/crm/customers", "retention://source/crm/orders"]
    assert extract["pool"] == "default_pool"
    assert extract["retries"] == 3
    assert extract["failure_callbacks"] == ["log_source_failure", "tell_operators"]
    assert "retention extract crm" in described["source_crm"]["doc"]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A home with the two sources above."""
    (tmp_path / "sources.yml").write_text(SOURCES, encoding="utf-8")
    monkeypatch.setenv("RETENTION_HOME", str(tmp_path))
    monkeypatch.setenv("RETENTION_SOURCES", str(tmp_path / "sources.yml"))
    monkeypatch.setenv("RETENTION_TIMEZONE", "Asia/Shanghai")
    adapter.load_settings.cache_clear()
    yield tmp_path
    adapter.load_settings.cache_clear()


def finish(home: Path, source: str, **entities: str) -> None:
    folder = home / "vault" / "extracts" / source
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "finished.json").write_text(json.dumps(entities), encoding="utf-8")


def look(monkeypatch: pytest.MonkeyPatch, at: datetime, **dag_run: Any) -> bool:
    """One look of the task for the as-of day 2024-05-01 (its deadline: 09:30 on the 2nd, 01:30 UTC)."""
    monkeypatch.setattr(sensor, "utcnow", lambda: pendulum.instance(at))
    return adapter.WaitForSources(task_id="wait_for_sources").poke(context(**dag_run))


NINE, DEADLINE = datetime(2024, 5, 2, 1, 0, tzinfo=UTC), datetime(2024, 5, 2, 1, 30, tzinfo=UTC)


def test_a_run_waits_until_its_sources_have_arrived(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    finish(home, "forms", tickets="2024-04-28T23:05:00Z")  # Monday 29 April 07:00 in Shanghai, and 5 minutes
    assert look(monkeypatch, NINE) is False
    finish(home, "crm", customers="2024-05-01T21:31:00Z", orders="2024-05-01T21:29:00Z")
    assert look(monkeypatch, NINE) is False, "orders ended before they were due at 05:30"
    finish(home, "crm", customers="2024-05-01T21:31:00Z", orders="2024-05-01T21:31:00Z")
    assert look(monkeypatch, NINE) is True


def test_at_the_deadline_it_goes_on_and_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finish(home, "crm", customers="2024-05-01T21:31:00Z")
    assert look(monkeypatch, DEADLINE) is True
    said = re.findall(r"SOURCE MISSING .*?\)", capsys.readouterr().out)
    assert said == [
        "SOURCE MISSING crm/orders: not extracted since it was due at 2024-05-02 05:30 (never)",
        "SOURCE MISSING forms/tickets: not extracted since it was due at 2024-04-29 07:00 (never)",
    ]


@pytest.mark.usefixtures("home")
def test_the_deadline_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_SOURCES_DEADLINE", "11:15")
    adapter.load_settings.cache_clear()
    assert adapter.sources_deadline(date(2024, 5, 1)) == datetime(2024, 5, 2, 11, 15, tzinfo=SHANGHAI)
    assert look(monkeypatch, DEADLINE) is False


@pytest.mark.usefixtures("home")
def test_a_run_by_hand_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(monkeypatch, NINE, run_type="manual") is True


def test_without_sources_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    (home / "sources.yml").unlink()
    assert look(monkeypatch, NINE) is True


def test_a_broken_file_of_sources_fails_at_once(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    (home / "sources.yml").write_text("sources: [", encoding="utf-8")
    with pytest.raises(adapter.AirflowFailException, match="no valid YAML"):
        look(monkeypatch, NINE)


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("0 6 * * *", datetime(2024, 5, 2, 6, tzinfo=SHANGHAI)),
        ("0 23 * * *", datetime(2024, 5, 1, 23, tzinfo=SHANGHAI)),
        ("*/30 * * * *", datetime(2024, 5, 2, 9, 30, tzinfo=SHANGHAI)),
        ("0 6 * * 1", datetime(2024, 4, 29, 6, tzinfo=SHANGHAI)),
        ("0 6 1 * *", datetime(2024, 5, 1, 6, tzinfo=SHANGHAI)),
    ],
)
def test_a_source_is_due_at_its_last_hour_before_the_deadline(schedule: str, due: datetime) -> None:
    source = ScheduledSource("crm", schedule, ("orders",), None)
    assert adapter.due_before(source, datetime(2024, 5, 2, 9, 30, tzinfo=SHANGHAI)) == due


def test_a_connection_is_handed_over_in_the_environment_alone(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    connection = Connection(conn_id="crm-db.main", conn_type="postgres", host="db", login="me", password="pa55")
    monkeypatch.setattr(adapter.Connection, "get", lambda name: {"crm-db.main": connection}[name])
    task = adapter.RetentionExtract(task_id="extract", source="crm", connection="crm-db.main")
    command = task.command(context())
    assert command[1:] == ["extract", "crm", f"--home={home}", f"--sources={home / 'sources.yml'}"]
    assert task.environment()["RETENTION_CONNECTION_CRM_DB_MAIN"] == "postgres://me:pa55@db"
    assert "pa55" not in " ".join(command)


@pytest.mark.usefixtures("home")
def test_an_extract_that_names_no_connection_asks_airflow_for_none() -> None:
    task = adapter.RetentionExtract(task_id="extract", source="forms", connection=None)
    assert not any(name.startswith(adapter.CONNECTION_VARIABLE) for name in task.environment())


def test_the_failure_line_of_an_extract_names_source_error_and_remedy(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        adapter.log_source_failure(context(dag_id="source_crm") | {"exception": ValueError("no answer")})
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("RUN FAILED dag=source_crm task=land")
    assert "error=no answer remedy=What was loaded before stays." in line
