"""The alerts of a release, as notices need them, with the names of their codes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from retention.languages import LANGUAGES
from retention.publication.chosen_release import Release, opened

SEVERITIES = ("critical", "warning", "notice")
ALERTS = """
    select
        alert_id, rule_id, alert_type, subject_type, subject_id, occasion, severity, status, opened_on, closed_on,
        close_reason, news, new_on, metric, metric_value, threshold, unit, trend_7d, owner, recommended_action, reason,
        cause_dimension, cause_value, cause_share, second_cause_dimension, second_cause_value, second_cause_share,
        value_at_stake, coalesce(is_in_digest, false) as is_in_digest
    from marts.alerts
    order by opened_on, alert_id
"""
DUE = re.compile(r"\(due (\d{4}-\d\d-\d\d), ")
LABELS = "select code_set, code, name_en, name_zh from marts.dim_labels"

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
    trend_7d: float | None = None
    cause_dimension: str | None = None
    cause_value: str | None = None
    cause_share: float | None = None
    second_cause_dimension: str | None = None
    second_cause_value: str | None = None
    second_cause_share: float | None = None
    close_reason: str | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is about: two alerts of one rule on one occasion of a subject are the same one at two times."""
        return self.rule_id, self.subject_type, self.subject_id, self.occasion

    @property
    def causes(self) -> list[tuple[str, str, float]]:
        """Dimension, value and share of what was found as the cause."""
        found = ((self.cause_dimension, self.cause_value, self.cause_share),
                 (self.second_cause_dimension, self.second_cause_value, self.second_cause_share))  # fmt: skip
        return [(dimension, str(value), float(share or 0)) for dimension, value, share in found if dimension]

    @property
    def due_on(self) -> str:
        """The day on which the ticket or contact was due, as the reason has it; empty for an alert of another kind."""
        found = DUE.search(self.reason or "")
        return found[1] if found else ""

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
    with opened(release, "alerts", "dim_labels", called="alerts") as reader:
        found = [Alert(**row) for row in reader.rows(ALERTS)]
        names = {(code_set, code): (en, zh) for code_set, code, en, zh in reader.connection.execute(LABELS).fetchall()}
    return found, names


def name_of(names: Names, language: str, code: str | None, *code_sets: str) -> str:
    """The name of a code in a language, by the first set that has it; else the code."""
    found = next((names[one, str(code)] for one in code_sets if (one, str(code)) in names), None)
    return found[LANGUAGES.index(language)] if found else str(code or "")
