"""The alerts of a release, as notices need them, with the names of their codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from retention.errors import NotThereError
from retention.publication.chosen_release import Release
from retention.publication.workbooks import LANGUAGES

SEVERITIES = ("critical", "warning", "notice")
ALERTS = """
    select
        alert_id, rule_id, alert_type, subject_type, subject_id, occasion, severity, status, opened_on, closed_on,
        news, new_on, metric, metric_value, threshold, unit, owner, recommended_action, reason, value_at_stake,
        coalesce(is_in_digest, false) as is_in_digest
    from marts.alerts
    order by opened_on, alert_id
"""
LABELS = "select code_set, code, name_en, name_zh from marts.dim_labels"
TABLES = "select count(*) from duckdb_tables() where schema_name = 'marts' and table_name in ('alerts', 'dim_labels')"

Names = Mapping[tuple[str, str], tuple[str, str]]
"""English and Chinese names of codes, by set and code."""


@dataclass(frozen=True)
class Alert:
    """A row of `marts.alerts`."""

    alert_id: str
    rule_id: str
    alert_type: str
    subject_type: str
    subject_id: str
    occasion: str
    severity: str
    status: str
    opened_on: date
    closed_on: date | None
    news: str | None
    new_on: date | None
    metric: str | None
    metric_value: float | Decimal | None
    threshold: float | Decimal | None
    unit: str | None
    owner: str | None
    recommended_action: str | None
    reason: str | None
    value_at_stake: Decimal | None
    is_in_digest: bool

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is about: two alerts of one rule on one occasion of a subject are the same one at two times."""
        return self.rule_id, self.subject_type, self.subject_id, self.occasion

    @property
    def is_closed(self) -> bool:
        return self.status == "closed"

    @property
    def is_live(self) -> bool:
        """Whether it is open and nobody has put it off."""
        return self.status in ("opened", "open")

    @property
    def rank(self) -> tuple[Any, ...]:
        """Its place in a digest: the severest first, then those with most at stake."""
        severity = SEVERITIES.index(self.severity) if self.severity in SEVERITIES else len(SEVERITIES)
        return severity, -(self.value_at_stake or 0), self.opened_on, self.alert_id


def read_alerts(release: Release) -> tuple[list[Alert], Names]:
    """The alerts of a release and the names of codes.

    Raises:
        NotThereError: the release has no alerts.
    """
    with duckdb.connect(str(release.file), read_only=True) as connection:
        if connection.execute(TABLES).fetchall() != [(2,)]:
            raise NotThereError(f"Release {release.release_id} has no alerts.", "Run the pipeline: retention run.")
        result = connection.execute(ALERTS)
        columns = [column[0] for column in result.description or ()]
        found = [Alert(**dict(zip(columns, row, strict=True))) for row in result.fetchall()]
        names = {(code_set, code): (en, zh) for code_set, code, en, zh in connection.execute(LABELS).fetchall()}
    return found, names


def name_of(names: Names, language: str, code: str | None, *code_sets: str) -> str:
    """The name of a code in a language, by the first set that has it; else the code."""
    found = next((names[one, str(code)] for one in code_sets if (one, str(code)) in names), None)
    return found[LANGUAGES.index(language)] if found else str(code or "")
