"""What the schedule knows of the sources, and which of them have not arrived."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from retention.errors import SettingsError
from retention.runs import Home
from retention.sources.arrivals import ScheduledSource, finished_at, missing_lines, read_schedules

ZONE = ZoneInfo("Asia/Shanghai")
DUE = datetime(2026, 3, 2, 6, tzinfo=ZONE)
CRM = ScheduledSource("crm", "0 6 * * *", ("orders", "customers"), None)


def write(home: Path, source: str, finished: dict[str, str]) -> Home:
    folder = home / "vault" / "extracts" / source
    folder.mkdir(parents=True)
    (folder / "finished.json").write_text(json.dumps(finished), encoding="utf-8")
    return Home(home)


def test_without_a_file_there_are_no_sources(tmp_path: Path) -> None:
    assert read_schedules(tmp_path / "sources.yml") == []


def test_name_hour_entities_and_connection_are_read_and_nothing_else_is_judged(tmp_path: Path) -> None:
    path = tmp_path / "sources.yml"
    path.write_text(
        """
        sources:
          - name: crm
            kind: sql
            secret: {connection: crm_db}
            schedule: "30 5 * * 1-5"
            entities: [{entity: customers, table: public.customer}, {entity: orders, unknown: key}]
          - {name: forms, kind: rest, secret: {env: FORMS_KEY}, entities: [{entity: tickets}]}
        """,
        encoding="utf-8",
    )
    assert read_schedules(path) == [
        ScheduledSource("crm", "30 5 * * 1-5", ("customers", "orders"), "crm_db"),
        ScheduledSource("forms", "0 6 * * *", ("tickets",), None),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sources: [", r"sources\.yml, line 1: no valid YAML"),
        ("- name: crm", r"must hold one key, 'sources', with a list"),
        ("sources: [{name: My CRM}]", "source 1: key name: must be of small letters"),
        ("sources: [crm]", "source 1: key name"),
    ],
)
def test_a_file_that_cannot_be_meant_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "sources.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        read_schedules(path)


def test_a_source_has_arrived_when_each_entity_was_extracted_since_it_was_due(tmp_path: Path) -> None:
    home = write(tmp_path, "crm", {"orders": "2026-03-01T22:00:00Z", "customers": "2026-03-01T22:00:01Z"})
    assert missing_lines(home, [CRM], lambda _: DUE) == []
    assert len(missing_lines(home, [CRM], lambda _: DUE + timedelta(seconds=1))) == 1


def test_what_is_missing_is_a_line_each_with_when_it_last_came(tmp_path: Path) -> None:
    home = write(tmp_path, "crm", {"orders": "2026-02-28T22:10:00Z"})
    assert missing_lines(home, [CRM], lambda _: DUE) == [
        "crm/orders: not extracted since it was due at 2026-03-02 06:00 (last 2026-03-01 06:10)",
        "crm/customers: not extracted since it was due at 2026-03-02 06:00 (never)",
    ]


def test_a_record_that_is_damaged_counts_as_never(tmp_path: Path) -> None:
    home = write(tmp_path, "crm", {})
    (tmp_path / "vault" / "extracts" / "crm" / "finished.json").write_text("{", encoding="utf-8")
    assert finished_at(home, "crm") == {}
