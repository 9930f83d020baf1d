"""The alerts of the published release, with the names of their codes (W)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from retention.errors import NotThereError, SettingsError
from retention.publication.release import published_file
from retention.publication.workbooks import LANGUAGES, Sheet, check_file, write_csv, write_workbook
from retention.runs import Home
from retention.sql import literal

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
    "subject_id": ({"en": "Which", "zh": "对象"}, 18),
    "opened_on": ({"en": "Opened", "zh": "触发日期"}, 12),
    "last_seen_on": ({"en": "Last seen", "zh": "最近日期"}, 12),
    "closed_on": ({"en": "Closed", "zh": "关闭日期"}, 12),
    "metric_name": ({"en": "Metric", "zh": "指标"}, 26),
    "metric_value": ({"en": "Value", "zh": "数值"}, 12),
    "threshold": ({"en": "Threshold", "zh": "阈值"}, 12),
    "value_at_stake": ({"en": "Revenue of 12 months at stake", "zh": "涉及近12个月消费额"}, 18),
    "owner_name": ({"en": "Owner", "zh": "负责人"}, 20),
    "action_name": ({"en": "What to do", "zh": "建议动作"}, 24),
    "reason": ({"en": "Reason", "zh": "依据"}, 70),
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


def list_alerts(home: Home, wanted: Wanted, language: str = "en") -> list[dict[str, Any]]:
    """The alerts of the published release, the gravest first.

    Raises:
        NotThereError: nothing is published, the release is older than alerts, or no alert has that rule or owner.
        SettingsError: there is no such language, severity or status.
    """
    condition = wanted.condition()
    with opened(home) as connection:
        _check_known(connection, "rule_id", wanted.rules)
        _check_known(connection, "owner", wanted.owners)
        return _alerts(connection, condition, language)


def export_alerts(home: Home, wanted: Wanted, path: Path, language: str = "en") -> int:
    """Write the alerts for people, the gravest first; how many there are.

    Args:
        path: .xlsx or .csv.

    Raises:
        SettingsError: the file's ending, the language, the severity or the status is not one that there is.
        NotThereError: as list_alerts.
    """
    check_file(path, language)
    rows = [[row[name] for name in SHOWN] for row in list_alerts(home, wanted, language)]
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
    with opened(home) as connection:
        alert_id = full_id(connection, alert)
        [found] = _alerts(connection, f"alerts.alert_id = {literal(alert_id)}", language)
        same = " and ".join(f"{name} = {literal(found[name])}" for name in ("rule_id", "subject_id", "occasion"))
        found["openings"] = _rows(
            connection,
            "select alert_id, opened_on, closed_on, close_reason, times_reopened, reopened_from "
            f"from spans where {same} order by opened_on desc",
        )
        return found


def list_backtest(home: Home, language: str = "en") -> list[dict[str, Any]]:
    """What each rule on customers was worth over the months that are over, the best lift first.

    Raises:
        NotThereError: nothing is published, or the release is older than alerts.
    """
    _check_language(language)
    with opened(home) as connection:
        return _rows(
            connection,
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
def opened(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published release, with the openings of all days as `spans`.

    Raises:
        NotThereError: nothing has been published, or the release is older than alerts.
    """
    file = published_file(home)
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(file)} as published (read_only); use published.marts")
        connection.execute(f"attach {literal(file.with_name('warehouse.duckdb'))} as warehouse (read_only)")
        found = connection.execute(
            "select count(*) from duckdb_tables() where table_name in ('alerts', 'alert_backtest', 'int_alert_spans')"
        ).fetchall()
        if found != [(3,)]:
            raise NotThereError("The published release has no alerts.", "Run the pipeline again: retention run.")
        connection.execute("create view memory.main.spans as from warehouse.intermediate.int_alert_spans")
        connection.execute("set search_path = 'published.marts,memory.main'")
        yield connection


def full_id(connection: duckdb.DuckDBPyConnection, alert: str) -> str:
    """The ID of an alert of the release that begins so.

    Raises:
        NotThereError: none does, or several do.
    """
    found = connection.execute(
        "select alert_id from marts.alerts where starts_with(alert_id, ?) order by alert_id", [alert.strip().lower()]
    ).fetchall()
    if len(found) == 1 and len(alert.strip()) >= SHORTEST_ID:
        return str(found[0][0])
    if not found:
        raise NotThereError(
            f"The published release has no alert '{alert}'.", "retention alerts list --json shows the IDs."
        )
    raise NotThereError(f"{len(found)} alerts begin with '{alert}'.", "Give more digits of the ID.")


def _alerts(connection: duckdb.DuckDBPyConnection, condition: str, language: str) -> list[dict[str, Any]]:
    _check_language(language)
    names = ", ".join(
        f"(select any_value(name_{language}) from marts.dim_labels where code_set = '{code_set}' "
        f"and code = alerts.{column}) as {name}"
        for name, (code_set, column) in NAMED.items()
    )
    return _rows(
        connection,
        f"""
        select alerts.*, {names}, coalesce(owners.name_{language}, alerts.owner) as owner_name
        from marts.alerts
        left join marts.dim_labels as owners
            on alerts.owner_type = 'role' and owners.code_set = 'owner_role' and owners.code = alerts.owner
        where {condition}
        order by list_position({list(SEVERITIES)}, severity), value_at_stake desc nulls last, opened_on desc, alert_id
        """,
    )


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = connection.execute(query)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _check_known(connection: duckdb.DuckDBPyConnection, column: str, given: Sequence[str]) -> None:
    known = [one for (one,) in connection.execute(f"select distinct {column} from marts.alerts order by 1").fetchall()]
    for one in given:
        if one not in known:
            what = {"rule_id": "rule", "owner": "owner"}[column]
            raise NotThereError(f"No alert has the {what} '{one}'.", f"There are: {', '.join(known) or 'none'}.")


def _check_language(language: str) -> None:
    if language not in LANGUAGES:
        raise SettingsError(f"There is no language '{language}'.", f"Use one of {', '.join(LANGUAGES)}.")


def _listed(values: Sequence[str]) -> str:
    return ", ".join(map(literal, values))
