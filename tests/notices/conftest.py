"""A home with a published release of hand-made alerts, and a local service that takes messages."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.notices.receiver import Receiver, receiving

from retention.notices import Notices, notify
from retention.notices.telling import Done
from retention.runs import Home

Tell = Callable[..., Done]

COLUMNS = {
    "as_of_date": "date",
    "alert_id": "varchar",
    "rule_id": "varchar",
    "alert_type": "varchar",
    "subject_type": "varchar",
    "subject_id": "varchar",
    "occasion": "varchar",
    "severity": "varchar",
    "status": "varchar",
    "opened_on": "date",
    "closed_on": "date",
    "close_reason": "varchar",
    "news": "varchar",
    "new_on": "date",
    "metric": "varchar",
    "metric_value": "double",
    "threshold": "double",
    "unit": "varchar",
    "trend_7d": "double",
    "owner": "varchar",
    "recommended_action": "varchar",
    "reason": "varchar",
    "cause_dimension": "varchar",
    "cause_value": "varchar",
    "cause_share": "double",
    "second_cause_dimension": "varchar",
    "second_cause_value": "varchar",
    "second_cause_share": "double",
    "value_at_stake": "decimal(18, 2)",
    "is_in_digest": "boolean",
}
LABELS = (
    ("alert_severity", "critical", "critical", "严重"),
    ("alert_severity", "warning", "warning", "警告"),
    ("alert_type", "churn_warning", "churn warning", "流失预警"),
    ("alert_action", "call", "call the customer", "致电客户"),
    ("alert_cause", "complaint_category", "Complaints most about", "投诉主要涉及"),
    ("alert_cause", "answer_channel", "Negative answers most through", "负面评价主要来自"),
    ("alert_cause", "tier", "Tier", "客户等级"),
    ("ticket_category", "logistics", "Logistics", "物流"),
    ("contact_channel", "phone", "Phone", "电话"),
    ("board_metric", "csat_score", "Satisfaction", "客户满意度"),
    ("alert_close_reason", "recovered", "Recovered", "已恢复"),
    ("alert_close_reason", "churned", "Churned", "已流失"),
    ("alert_close_reason", "closed_by_person", "Closed by a person", "人工关闭"),
    ("sla_metric", "first_response", "First response", "首次响应"),
    ("sla_metric", "resolution", "Resolution", "解决"),
    ("contact", "birthday", "Birthday", "生日关怀"),
    ("contact", "retention_abcd_a", "Cadence of A", "A级周期触达"),
    ("alert_metric", "frequency_drop", "drop of purchases", "购买频次降幅"),
)


def alert(subject: str, opened_on: str, **more: Any) -> dict[str, Any]:
    """A row of alerts: rule W2 about a customer, open and worth telling; its ID follows from subject and day."""
    row = {
        "alert_id": f"{subject}@{opened_on}",
        "rule_id": "W2",
        "alert_type": "churn_warning",
        "subject_type": "customer",
        "subject_id": subject,
        "occasion": "",
        "severity": "warning",
        "status": "open",
        "opened_on": opened_on,
        "closed_on": None,
        "news": "opened",
        "new_on": opened_on,
        "metric": "frequency_drop",
        "metric_value": 0.4,
        "threshold": 0.3,
        "unit": "rate",
        "owner": "East team",
        "recommended_action": "call",
        "reason": "4 purchases before, 2 now",
        "value_at_stake": 1200,
        "is_in_digest": True,
    }
    return dict.fromkeys(COLUMNS) | row | more


def closed(subject: str, opened_on: str, closed_on: str, **more: Any) -> dict[str, Any]:
    ended = {"status": "closed", "closed_on": closed_on, "close_reason": "recovered"}
    return alert(subject, opened_on, **(ended | more))


class Releases:
    """A home in which days are published with alerts as they are given."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.number = 0

    def publish(self, as_of: str, *alerts: dict[str, Any], cap: int = 20, **manifest: Any) -> Path:
        self.number += 1
        folder = self.home.releases / f"r{self.number}"
        folder.mkdir(parents=True)
        with duckdb.connect(str(folder / "retention.duckdb")) as connection:
            connection.execute("create schema marts")
            columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
            connection.execute(f"create table marts.alerts ({columns})")
            rows = [[as_of if name == "as_of_date" else one[name] for name in COLUMNS] for one in alerts]
            if rows:
                connection.executemany(f"insert into marts.alerts values ({', '.join('?' * len(COLUMNS))})", rows)
            connection.execute("create table marts.dim_labels (code_set text, code text, name_en text, name_zh text)")
            connection.executemany("insert into marts.dim_labels values (?, ?, ?, ?)", LABELS)
        with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
            connection.execute("create schema intermediate")
            connection.execute(
                f"create table intermediate.int_profile as select 30 as alert_closed_days, {cap} as alert_owner_cap"
            )
        content = {"as_of_date": as_of, "started_at": f"{self.number:04d}", "known_by": None} | manifest
        (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
        self.home.published.unlink(missing_ok=True)
        self.home.published.symlink_to(Path("releases") / folder.name)
        return folder


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def published(home: Home) -> Releases:
    return Releases(home)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.fixture
def notices(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Notices:
    """East team has an address of its own and reads Chinese; all others are told by the default one."""
    monkeypatch.setenv("NOTICES_EAST", receiver.address("east"))
    monkeypatch.setenv("RETENTION_CONNECTION_CHAT", receiver.address("all"))
    return Notices.model_validate(
        {
            "wait": "0s",
            "age": "400d",
            "default": {"secret": {"connection": "chat"}},
            "owners": [{"owner": "East team", "secret": {"env": "NOTICES_EAST"}, "language": "zh"}],
        }
    )


@pytest.fixture
def tell(published: Releases, notices: Notices) -> Tell:
    def tell(**more: Any) -> Done:
        given = {"notices": notices, "today": day("2024-05-08")} | more
        return notify(published.home, given.pop("notices"), Path("notices.yml"), **given)

    return tell


def kinds(done: Done) -> list[tuple[str, str]]:
    """What was told, as kind and alert, in order."""
    return [(one.kind, one.alert_id) for sending in done.sendings for one in sending.alerts]
