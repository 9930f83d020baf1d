"""The alerts of the published release, with the names of their codes (W)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retention.alerts.telling import basis_of, subject_of
from retention.errors import NotThereError, SettingsError
from retention.languages import check_language
from retention.publication.chosen_release import Reader, open_published
from retention.publication.workbooks import Sheet, check_file, write_csv, write_workbook
from retention.runs import Home
from retention.sql import literal
from retention.warehouse.candidate import WAREHOUSE_FILE

SEVERITIES = ("critical", "warning", "notice")
STATUSES = ("opened", "open", "snoozed", "closed")
STANDING = STATUSES[:3]
SHORTEST_ID = 4
SHEET = {"en": "Alerts", "zh": "预警"}
# What people see in a file, by language: column, heading, width.
SHOWN = {
    "severity_name": ({"en": "Severity", "zh": "级别"}, 10),
    "status_name": ({"en": "Status", "zh": "状态"}, 10),
    "rule_name": ({"en": "Alert", "zh": "预警"}, 30),
    "subject_name": ({"en": "About", "zh": "对象类型"}, 12),
    "subject_told": ({"en": "Which", "zh": "对象"}, 18),
    "opened_on": ({"en": "Opened", "zh": "触发日期"}, 12),
    "last_seen_on": ({"en": "Last seen", "zh": "最近日期"}, 12),
    "closed_on": ({"en": "Closed", "zh": "关闭日期"}, 12),
    "metric_name": ({"en": "Metric", "zh": "指标"}, 26),
    "metric_value": ({"en": "Value", "zh": "数值"}, 12),
    "threshold": ({"en": "Threshold", "zh": "阈值"}, 12),
    "value_at_stake": ({"en": "Revenue of 12 months at stake", "zh": "涉及近12个月消费额"}, 18),
    "owner_name": ({"en": "Owner", "zh": "负责人"}, 20),
    "action_name": ({"en": "What to do", "zh": "建议动作"}, 24),
    "basis": ({"en": "Reason", "zh": "依据"}, 70),
    "rule_id": ({"en": "Rule", "zh": "规则"}, 22),
    "alert_id": ({"en": "Alert ID", "zh": "预警编号"}, 20),
}
NAMED = {
    "severity_name": ("alert_severity", "severity"),
    "status_name": ("alert_status", "status"),
    "rule_name": ("alert_rule", "rule_id"),
    "type_name": ("alert_type", "alert_type"),
    "subject_name": ("alert_subject", "subject_type"),
    "metric_name": ("alert_metric", "metric"),
    "action_name": ("alert_action", "recommended_action"),
    "close_reason_name": ("alert_close_reason", "close_reason"),
    "news_name": ("alert_news", "news"),
    "group_name": ("alert_group", "digest_group"),
}
"""Names beside codes: the column, the code set and the column of the code."""


@dataclass(frozen=True)
class Wanted:
    """Which alerts are asked for; an empty list asks for every one.

    Attributes:
        statuses: empty: those that stand.
    """

    owners: Sequence[str] = ()
    severities: Sequence[str] = ()
    rules: Sequence[str] = ()
    statuses: Sequence[str] = ()

    def condition(self) -> str:
        """The condition on a row of alerts.

        Raises:
            SettingsError: there is no such severity or status.
        """
        for given, known, what in ((self.severities, SEVERITIES, "severity"), (self.statuses, STATUSES, "status")):
            for one in given:
                if one not in known:
                    raise SettingsError(f"There is no {what} '{one}'.", f"Use one of {', '.join(known)}.")
        asked = {"severity": self.severities, "rule_id": self.rules, "owner": self.owners}
        parts = [f"alerts.status in ({_listed(self.statuses or STANDING)})"]
        parts += [f"alerts.{column} in ({_listed(values)})" for column, values in asked.items() if values]
        return " and ".join(parts)


@dataclass(frozen=True)
class Listed:
    """Alerts as they are shown, and how many there are."""

    rows: Sequence[dict[str, Any]]
    total: int


def list_alerts(home: Home, wanted: Wanted, language: str = "en", most: int = 0) -> Listed:
    """The alerts of the published release, the gravest first.

    Args:
        most: only so many; 0: all.

    Raises:
        NotThereError: nothing is published, the release is older than alerts, or no alert has that rule or owner.
        SettingsError: there is no such language, severity or status.
    """
    condition = wanted.condition()
    with opened(home) as release:
        _check_known(release, "rule_id", wanted.rules)
        _check_known(release, "owner", wanted.owners)
        rows = _alerts(release, condition, language, most)
        if not most or len(rows) <= most:
            return Listed(rows, len(rows))
        [total] = release.rows(f"select count(*) as alerts from marts.alerts where {condition}")
        return Listed(rows[:most], total["alerts"])


def export_alerts(home: Home, wanted: Wanted, path: Path, language: str = "en", most: int = 0) -> int:
    """Write the alerts for people, the gravest first; how many there are.

    Args:
        path: .xlsx or .csv.
        most: only so many; 0: all.

    Raises:
        SettingsError: the file's ending, the language, the severity or the status is not one that there is.
        NotThereError: as list_alerts.
    """
    check_file(path, language)
    rows = [[row[name] for name in SHOWN] for row in list_alerts(home, wanted, language, most).rows]
    header = [names[language] for names, _ in SHOWN.values()]
    if path.suffix.lower() == ".csv":
        write_csv(path, header, rows)
    else:
        widths = [width for _, width in SHOWN.values()]
        write_workbook(path, [Sheet(SHEET[language], header, widths, rows, can_filter=True)])
    return len(rows)


def show_alert(home: Home, alert: str, language: str = "en") -> dict[str, Any]:
    """One alert with the earlier openings of its rule on its subject, newest first.

    Args:
        alert: its ID, or the beginning of it.

    Raises:
        NotThereError: no alert has this ID, or several begin so.
    """
    with opened(home) as release:
        alert_id = full_id(release, alert)
        [found] = _alerts(release, f"alerts.alert_id = {literal(alert_id)}", language)
        same = " and ".join(f"{name} = {literal(found[name])}" for name in ("rule_id", "subject_id", "occasion"))
        found["openings"] = release.rows(
            "select alert_id, opened_on, closed_on, close_reason, coalesce(("
            f"select any_value(name_{language}) from marts.dim_labels "
            "where code_set = 'alert_close_reason' and code = spans.close_reason), close_reason) as close_reason_name, "
            f"times_reopened, reopened_from from spans where {same} order by opened_on desc",
        )
        return found


def list_backtest(home: Home, language: str = "en") -> list[dict[str, Any]]:
    """What each rule on customers was worth over the months that are over, the best lift first.

    Raises:
        NotThereError: nothing is published, or the release is older than alerts.
    """
    check_language(language)
    with opened(home) as release:
        return release.rows(
            f"""
            select tested.rule_id, coalesce(any_value(names.name_{language}), tested.rule_id) as rule_name,
                any_value(tested.threshold) as threshold, count(*) as months, sum(customers)::bigint as customers,
                sum(flagged)::bigint as flagged, sum(churned)::bigint as churned,
                sum(true_positives)::bigint as true_positives,
                sum(true_positives) / nullif(sum(flagged), 0) as precision,
                sum(true_positives) / nullif(sum(churned), 0) as recall,
                sum(churned) / nullif(sum(customers), 0) as base_rate,
                sum(true_positives) * sum(customers) / nullif(sum(flagged) * sum(churned), 0) as lift
            from marts.alert_backtest as tested
            left join marts.dim_labels as names on names.code_set = 'alert_rule' and names.code = tested.rule_id
            where tested.is_mature
            group by tested.rule_id
            order by lift desc nulls last, tested.rule_id
            """,
        )


@contextmanager
def opened(home: Home) -> Iterator[Reader]:
    """The published release, with the openings of all days as `spans`.

    Raises:
        NotThereError: nothing has been published, or the release is older than alerts.
    """
    with open_published(home, "alerts", "alert_backtest", called="alerts") as release:
        warehouse = release.release.folder / WAREHOUSE_FILE
        release.connection.execute(f"attach if not exists {literal(warehouse)} as warehouse (read_only)")
        release.connection.execute("create temp view spans as from warehouse.intermediate.int_alert_spans")
        release.connection.execute(f"create temp view comparisons as {_comparisons(release)}")
        yield release


def full_id(release: Reader, alert: str) -> str:
    """The ID of an alert of the release that begins so.

    Raises:
        NotThereError: none does, or several do.
    """
    begins = "select alert_id from marts.alerts where starts_with(alert_id, ?) order by alert_id limit 2"
    found = release.rows(begins, [alert.strip().lower()])
    if len(found) == 1 and len(alert.strip()) >= SHORTEST_ID:
        return str(found[0]["alert_id"])
    if not found:
        raise NotThereError(
            f"The published release has no alert '{alert}'.", "retention alerts list --json shows the IDs."
        )
    raise NotThereError(f"Several alerts may begin with '{alert}'.", "Give more digits of the ID.")


def _alerts(release: Reader, condition: str, language: str, most: int = 0) -> list[dict[str, Any]]:
    """Rows of alerts with the names of their codes: one more than so many, where there are more."""
    check_language(language)
    names = ", ".join(
        f"(select any_value(name_{language}) from marts.dim_labels where code_set = '{code_set}' "
        f"and code = alerts.{column}) as {name}"
        for name, (code_set, column) in NAMED.items()
    )
    known = release.names(language)
    order = f"list_position({list(SEVERITIES)}, severity), value_at_stake desc nulls last, opened_on desc, alert_id"
    found = release.rows(f"""
        with chosen as (
            from marts.alerts where {condition} order by {order} {f"limit {most + 1}" if most else ""}
        )
        select alerts.*, {names}, coalesce(owners.name_{language}, alerts.owner) as owner_name, comparisons.comparison
        from chosen as alerts
        left join comparisons on alerts.rule_id = comparisons.rule_id
        left join marts.dim_labels as owners
            on alerts.owner_type = 'role' and owners.code_set = 'owner_role' and owners.code = alerts.owner
        order by {order}
    """)
    return [{**row, "subject_told": subject_of(row, known), "basis": basis_of(row, known, language)} for row in found]


def _comparisons(release: Reader) -> str:
    """How each rule compares; a release of an older program does not say it."""
    kept = "select 1 from duckdb_columns() where database_name = 'warehouse' and table_name = 'int_alert_rules'"
    if release.rows(f"{kept} and column_name = 'comparison'"):
        return "select distinct rule_id, comparison from warehouse.intermediate.int_alert_rules"
    return "select null::varchar as rule_id, null::varchar as comparison where false"


def _check_known(release: Reader, column: str, given: Sequence[str]) -> None:
    known = [row["known"] for row in release.rows(f"select distinct {column} as known from marts.alerts order by 1")]
    for one in given:
        if one not in known:
            what = {"rule_id": "rule", "owner": "owner"}[column]
            raise NotThereError(
                f"No alert has the {what} '{one}'.", f"There are: {', '.join(filter(None, known)) or 'none'}."
            )


def _listed(values: Sequence[str]) -> str:
    return ", ".join(map(literal, values))
