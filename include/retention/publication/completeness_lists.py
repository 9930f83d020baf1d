"""The customers that lack key fields, as lists for the people who can ask for them (I6).

Only the published release is read: the lists are of what readers see, and no run is in the way.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from retention.errors import NotThereError
from retention.languages import LANGUAGES
from retention.publication.chosen_release import open_published
from retention.publication.workbooks import Sheet, check_file, write_csv, write_workbook
from retention.runs import Home

SEPARATOR = {"en": ", ", "zh": "、"}
NOBODY = {"en": "(no owner)", "zh": "（无负责人）"}
COLUMNS = {
    "customer_id": {"en": "Customer ID", "zh": "客户编号"},
    "account_owner": {"en": "Account owner", "zh": "客户负责人"},
    "region": {"en": "Region", "zh": "区域"},
    "missing_columns": {"en": "Missing fields", "zh": "缺失字段"},
    "missing_count": {"en": "Fields missing", "zh": "缺失字段数"},
    "value_at_stake": {"en": "Spend in the last 12 months", "zh": "近12个月消费额"},
}
WIDTHS = (20, 20, 14, 48, 14, 24)
WORKLIST = f"""
    select {", ".join(COLUMNS)}
    from marts.completeness_worklist
    {{where}}
    order by account_owner nulls last, value_at_stake desc, missing_count desc, customer_id
"""
FIGURES = """
    select entity, "column", "rows", missing, round(completeness_rate, 4), threshold, is_met, missing_reason
    from marts.completeness
    where week_start = (select max(week_start) from marts.completeness)
    order by entity, "column"
"""
SETS = ("customer_field", "completeness_reason")
OWNERS = """
    select account_owner, count(*), sum(missing_count)::bigint, sum(value_at_stake)
    from marts.completeness_worklist
    group by account_owner
    order by account_owner nulls last
"""


@dataclass(frozen=True)
class Worklist:
    """Rows of the work list in the order of owners, most valuable customers first.

    Attributes:
        as_of: the day that the release describes.
        rows: values in the order of COLUMNS.
        labels: names of fields and reasons by language, set and code.
    """

    as_of: date
    rows: Sequence[tuple[Any, ...]]
    labels: Mapping[tuple[str, str, str], str]

    def label(self, language: str, code_set: str, code: str | None) -> str | None:
        """The name of a code for people; the code where there is none."""
        return None if code is None else self.labels.get((language, code_set, code), code)

    def by_owner(self) -> dict[str | None, list[tuple[Any, ...]]]:
        """The rows of each owner; None for customers whom nobody looks after."""
        found: dict[str | None, list[tuple[Any, ...]]] = {}
        for row in self.rows:
            found.setdefault(row[1], []).append(row)
        return found


def read_worklist(home: Home, owner: str | None = None) -> Worklist:
    """Read the published work list.

    Args:
        owner: only the customers of this account owner; None: all.

    Raises:
        NotThereError: nothing has been published, the release is of an older program, or the owner has nothing to do.
    """
    with open_published(home, "completeness", "completeness_worklist", called="work list") as release:
        connection, as_of = release.connection, release.release.as_of
        labels = {
            (language, *code): name for language in LANGUAGES for code, name in release.names(language, SETS).items()
        }
        where = "" if owner is None else "where account_owner = $owner"
        given = {} if owner is None else {"owner": owner}
        rows = connection.execute(WORKLIST.format(where=where), given).fetchall()
        if owner is not None and not rows:
            known = [name for (name, *_) in connection.execute(OWNERS).fetchall() if name is not None]
            listed = f" Owners with work: {', '.join(known[:10])}." if known else ""
            raise NotThereError(f"No customer of '{owner}' lacks a key field.{listed}", "Leave --owner out for all.")
    return Worklist(as_of, rows, labels)


def write_worklist(worklist: Worklist, path: Path, language: str = "en") -> Path:
    """Write a work list as a CSV file, or as a workbook with a sheet for each owner.

    Raises:
        SettingsError: the language or the file's ending is not one that can be written.
    """
    check_file(path, language)
    if path.suffix.lower() == ".csv":
        write_csv(path, _header(language), (_shown(worklist, row, language) for row in worklist.rows))
    else:
        write_workbook(path, _sheets(worklist, language))
    return path


def write_week(home: Home, language: str = "en") -> Path:
    """Write the week's folder: a workbook for each owner, and a report on the completeness of every field.

    Returns:
        `HOME/reports/completeness/<Monday of the as-of day's week>/`, with `report.md` and `report.json`. What an
        earlier audit of the week wrote is replaced.
    """
    worklist = read_worklist(home)
    with open_published(home) as release:
        figures = release.connection.execute(FIGURES).fetchall()
        owners = release.connection.execute(OWNERS).fetchall()
    monday = worklist.as_of - timedelta(days=worklist.as_of.weekday())
    folder = home.reports / "completeness" / str(monday)
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("worklist-*.xlsx"):
        stale.unlink()
    files: dict[str | None, str] = {}
    for owner, rows in worklist.by_owner().items():
        path = folder / f"worklist-{_file_name(owner, list(files.values()))}.xlsx"
        files[owner] = write_worklist(replace(worklist, rows=rows), path, language).name
    names = ("entity", "column", "rows", "missing", "completeness_rate", "threshold", "is_met", "missing_reason")
    report: dict[str, Any] = {
        "as_of_date": str(worklist.as_of),
        "week_start": str(monday),
        "fields": [dict(zip(names, row, strict=True)) for row in figures],
        "owners": [
            {"owner": owner, "customers": customers, "fields_missing": missing, "value_at_stake": value,
             "file": files.get(owner)}
            for owner, customers, missing, value in owners
        ],
    }  # fmt: skip
    text = json.dumps(report, indent=2, ensure_ascii=False, default=str)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    for field in report["fields"]:
        field["missing_reason"] = worklist.label(language, "completeness_reason", field["missing_reason"])
    (folder / "report.md").write_text(_markdown(report, language), encoding="utf-8")
    return folder


def _shown(worklist: Worklist, row: tuple[Any, ...], language: str) -> list[Any]:
    """A row as people read it: the fields by their names in the language."""
    values = list(row)
    at = list(COLUMNS).index("missing_columns")
    names = (str(worklist.label(language, "customer_field", code)) for code in values[at].split(", "))
    values[at] = SEPARATOR[language].join(names)
    return values


def _header(language: str) -> list[str]:
    return [names[language] for names in COLUMNS.values()]


def _sheets(worklist: Worklist, language: str) -> Iterator[Sheet]:
    """A sheet for each owner; one of no rows where nobody has work."""
    for owner, rows in (worklist.by_owner() or {None: []}).items():
        name = NOBODY[language] if owner is None else owner
        shown = (_shown(worklist, row, language) for row in rows)
        yield Sheet(name, _header(language), WIDTHS, shown)


def _file_name(owner: str | None, taken: list[str]) -> str:
    plain = "no-owner" if owner is None else re.sub(r"[^\w.-]+", "_", owner).strip("._")[:80] or "_"
    number, found = 1, plain
    while f"worklist-{found}.xlsx".lower() in (one.lower() for one in taken):
        number += 1
        found = f"{plain}~{number}"
    return found


TEXTS = {
    "en": ("Completeness, week of", "Fields", "Below the threshold", "Work lists", "No customer lacks a key field."),
    "zh": ("数据完整率 周报", "字段", "未达标", "工作清单", "没有客户缺失关键字段。"),
}
FIELD_HEADER = {
    "en": ("Entity", "Column", "Rows", "Missing", "Rate", "Threshold", "Met", "Reason"),
    "zh": ("数据表", "字段", "行数", "缺失", "完整率", "阈值", "达标", "原因"),
}
OWNER_HEADER = {
    "en": ("Owner", "Customers", "Fields missing", "Value at stake", "File"),
    "zh": ("负责人", "客户数", "缺失字段数", "近12个月消费额", "文件"),
}


def _markdown(report: dict[str, Any], language: str) -> str:
    title, fields, below, lists, none = TEXTS[language]
    unmet = [one for one in report["fields"] if one["is_met"] is False]
    names = ", ".join(f"{one['entity']}.{one['column']}" for one in unmet) or "-"
    owners = [[one["owner"] or NOBODY[language], *list(one.values())[1:]] for one in report["owners"]]
    parts = [
        f"# {title} {report['week_start']} ({report['as_of_date']})",
        f"{below}: {names}",
        f"## {fields}",
        _table(FIELD_HEADER[language], [list(one.values()) for one in report["fields"]]),
        f"## {lists}",
        _table(OWNER_HEADER[language], owners) if owners else none,
    ]
    return "\n\n".join(parts) + "\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(_markdown_cell, line)) + " |" for line in lines)


def _markdown_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return "" if value is None else str(value).replace("|", "\\|")
