"""The weekly report on frequent problems (C4, 高频问题分析报告), from the published release alone.

HOME/reports/problems/<Monday>/report-{en,zh}.{html,md,xlsx} and report.json
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from retention.errors import NotThereError
from retention.languages import LANGUAGES
from retention.publication.chosen_release import Reader, open_published
from retention.publication.workbooks import Sheet, write_workbook
from retention.reports.columns import Column, column
from retention.reports.figures import FORMS, number_told
from retention.reports.problem_sections import PROBLEMS, QUERIES
from retention.reports.styles import FIGURES
from retention.reports.wording import Wording
from retention.reports.writing import write_pages
from retention.runs import Home

TABLES = ("issue_hotspots", "service_metrics", "ticket_sla", "ticket_sla_policies", "dim_labels", "dim_dates")
YES = {"en": "yes", "zh": "是"}
SHOWN = 20  # rows of a table in Markdown; the workbook has all
WIDTH = 18
CODES = {
    "trend": "hotspot_trend", "verdict": "hotspot_verdict", "dimension": "dimension",
    "escalated_priority": "priority", "resolution_status": "sla_status", "first_response_status": "sla_status",
    "metric": "sla_metric", "status": "sla_status",
}  # fmt: skip
"""Code sets of the columns that hold codes."""
NAMES = {
    "category": "ticket_category", "main_region": "region", "main_channel": "contact_channel", "region": "region",
    "channel": "contact_channel", "severity": "severity", "ticket_type": "ticket_type",
}  # fmt: skip
"""Code sets of columns and dimensions whose values are the company's own: those that labels.csv names are shown so."""
GENERAL = "dimension_value"
"""Code set of all, unknown and what else stands for no value."""
HOTSPOT_REASON = re.compile(r"(\S+) tickets?, a usual week (\S+): score (\S+) (>=|<) (\S+)")
CLOCK_REASON = re.compile(r"(\w+): (\d+) of (\d+)( working)? minutes")
CLOCK_TOLD = {
    ("en", False): "{status}: {taken} of {allowed}",
    ("en", True): "{status}: {taken} of {allowed} of working time",
    ("zh", False): "{status}：已用 {taken}，时限 {allowed}",
    ("zh", True): "{status}：已用工作时间 {taken}，时限 {allowed}",
}
"""How a clock stands, by the language and whether it runs in working hours alone."""
DAY, HOUR = 24 * 60, 60
SPANS = {"en": (" d", " h", " min", " "), "zh": (" 天", " 小时", " 分钟", " ")}
"""Words of days, hours and minutes, and what parts them."""
TITLES = {
    "en": {
        "report": "Frequent problems, week of {week}",
        "as_of": "As of {as_of}. Tickets received in the week: {tickets}.",
        "problems": "Problems of the week",
        "service": "Service",
        "overdue": "Open and overdue",
        "soon_overdue": "Overdue soon",
        "hotspots": "Hotspots",
        "none": "None.",
        "more": "{count} more rows in the workbook.",
        "not_over": "The week is not over: it is told as far as it has gone.",
    },
    "zh": {
        "report": "高频问题分析报告 {week} 当周",
        "as_of": "数据截至 {as_of}。本周收到工单 {tickets} 件。",
        "problems": "本周问题",
        "service": "服务指标",
        "overdue": "已超时未解决",
        "soon_overdue": "即将超时",
        "hotspots": "热点问题",
        "none": "无。",
        "more": "其余 {count} 行见工作簿。",
        "not_over": "本周尚未结束，仅统计至数据截止日。",
    },
}


@dataclass(frozen=True)
class Problems:
    """What the report of a week tells.

    Attributes:
        week: its Monday.
        as_of: the day that the release describes.
        tables: columns and rows by the names of QUERIES.
        kinds: what the columns of each hold (columns.py), in their order.
        labels: names of codes by language, set and code.
    """

    week: date
    as_of: date
    tables: Mapping[str, tuple[Sequence[str], Sequence[tuple[Any, ...]]]]
    kinds: Mapping[str, Sequence[str]]
    labels: Mapping[tuple[str, str, str], str]

    def shown(self, table: str, language: str, limit: int | None = None) -> list[list[Any]]:
        """The rows of a table, the first of them where a limit is given, with the names of their codes."""
        columns, rows = self.tables[table]
        return [self._named(dict(zip(columns, row, strict=True)), language) for row in rows[:limit]]

    def heads(self, table: str, language: str) -> list[str]:
        """The header of a table."""
        wording = Wording(language)
        return [wording.head(table, column) for column in self.tables[table][0]]

    def formats(self, table: str) -> dict[int, str]:
        """Excel's formats of a table's numbers, by their places."""
        kinds = enumerate(self.kinds[table])
        return {place: FIGURES[kind] for place, kind in kinds if kind in FORMS}

    def tickets(self) -> int:
        """Tickets received in the week."""
        columns, rows = self.tables["problems"]
        return sum(row[list(columns).index("tickets")] for row in rows)

    def _named(self, row: Mapping[str, Any], language: str) -> list[Any]:
        sets = CODES | NAMES | {"dimension_value": NAMES.get(row.get("dimension", ""), GENERAL)}
        return [
            self._cell(value, sets.get(column, "reason" if column == "reason" else ""), language)
            for column, value in row.items()
        ]

    def _cell(self, value: Any, code_set: str, language: str) -> Any:
        if isinstance(value, bool):
            return YES[language] if value else ""
        if code_set == "reason" and value is not None:
            return self._reason(value, language)
        general = self.labels.get((language, GENERAL, value), value) if code_set else value
        return self.labels.get((language, code_set, value), general)

    def _reason(self, reason: str, language: str) -> str:
        """Why it stands there, in the reader's language; what has no words there is shown as it is."""
        hotspot, clock = HOTSPOT_REASON.fullmatch(reason), CLOCK_REASON.fullmatch(reason)
        if language == "zh" and hotspot:
            tickets, usual, score, sign, bound = hotspot.groups()
            return f"工单 {tickets} 件，常规周 {usual} 件：异常分 {score} {'≥' if sign == '>=' else '<'} {bound}"
        if clock:
            told = CLOCK_TOLD[language, bool(clock[4])]
            spans = (span_of(int(minutes), language, is_working=bool(clock[4])) for minutes in clock.group(2, 3))
            taken, allowed = spans
            status = self.labels.get((language, "sla_status", clock[1]), clock[1])
            return told.format(status=status, taken=taken, allowed=allowed)
        known = ((language, one, reason) for one in ("hotspot_verdict", "sla_status"))
        return next((self.labels[one] for one in known if one in self.labels), reason)


def read_problems(home: Home, week: date | None = None) -> Problems:
    """Read a week from the published release.

    Args:
        week: any day of it; None: the week of the as-of day.

    Raises:
        NotThereError: nothing is published, the release is of an older program, or it does not know the week.
    """
    with open_published(home, *TABLES, called="service levels") as release:
        as_of = release.release.as_of
        first = release.rows("select min(week_start) as week from marts.service_metrics where period_type = 'week'")[0][
            "week"
        ]
        monday = _monday(week or as_of)
        earliest = min(first or _monday(as_of), _monday(as_of))
        if not earliest <= monday <= _monday(as_of):
            raise NotThereError(
                f"The published release knows no tickets of the week of {monday}.",
                f"Choose a week from {earliest} to {_monday(as_of)}.",
            )
        found = {name: _table(release, sql, monday) for name, sql in QUERIES.items()}
        labels = {(language, *code): name for language in LANGUAGES for code, name in release.names(language).items()}
    tables = {name: ([one.name for one in columns], rows) for name, (columns, rows) in found.items()}
    kinds = {name: [one.kind for one in columns] for name, (columns, _) in found.items()}
    return Problems(monday, as_of, tables, kinds, labels)


def write_problems(home: Home, week: date | None = None) -> Path:
    """Write the report of a week in both languages; what an earlier run wrote of it is replaced.

    Returns:
        Its folder, `HOME/reports/problems/<Monday>/`.
    """
    problems = read_problems(home, week)
    folder = home.reports / "problems" / str(problems.week)
    folder.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        write_workbook(folder / f"report-{language}.xlsx", _sheets(problems, language))
        (folder / f"report-{language}.md").write_text(_markdown(problems, language), encoding="utf-8")
    write_pages(home, PROBLEMS, folder, problems.week)
    text = json.dumps(as_json(problems), indent=2, ensure_ascii=False, default=str)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    return folder


def as_json(problems: Problems) -> dict[str, Any]:
    """The report for programs, with the codes as the tables have them."""
    return {
        "week_start": str(problems.week),
        "as_of_date": str(problems.as_of),
        **{
            name: [dict(zip(columns, row, strict=True)) for row in rows]
            for name, (columns, rows) in problems.tables.items()
        },
    }


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def span_of(minutes: int, language: str, *, is_working: bool = False) -> str:
    """A span of time as people say it. A working day has no fixed length: working time is told in hours."""
    days, rest = (0, minutes) if is_working else divmod(minutes, DAY)
    hours, left = divmod(rest, HOUR)
    *words, space = SPANS[language]
    # Beside days minutes say nothing.
    parts = [days, hours, 0 if days else left]
    told = [f"{number:,}{word}" for number, word in zip(parts, words, strict=True) if number]
    return space.join(told) or f"0{words[2]}"


def _table(release: Reader, sql: str, monday: date) -> tuple[Sequence[Column], Sequence[tuple[Any, ...]]]:
    found = release.connection.execute(sql, {"week": monday} if "$week" in sql else {})
    return [column(name, str(kind)) for name, kind, *_ in found.description or []], found.fetchall()


def _sheets(problems: Problems, language: str) -> Iterator[Sheet]:
    for table in QUERIES:
        heads = problems.heads(table, language)
        yield Sheet(
            TITLES[language][table],
            heads,
            [WIDTH] * len(heads),
            problems.shown(table, language),
            formats=problems.formats(table),
            can_filter=True,
        )


def _markdown(problems: Problems, language: str) -> str:
    titles = TITLES[language]
    parts = [
        "# " + titles["report"].format(week=problems.week),
        titles["as_of"].format(as_of=problems.as_of, tickets=problems.tickets()),
    ]
    if problems.as_of < problems.week + timedelta(days=6):
        parts.append(titles["not_over"])
    columns = list(problems.tables["problems"][0])
    hot = [row for row in problems.shown("problems", language) if row[columns.index("hotspot_rank")] is not None]
    hot.sort(key=lambda row: row[columns.index("hotspot_rank")])
    named = [
        f"{nth}. {row[columns.index('category')]}: {row[columns.index('reason')]}" for nth, row in enumerate(hot, 1)
    ]
    parts += [f"## {titles['hotspots']}", "\n".join(named) or titles["none"]]
    for table in QUERIES:
        rows = problems.shown(table, language, SHOWN)
        parts += [
            f"## {titles[table]}",
            _grid(problems.heads(table, language), rows, problems.kinds[table]) if rows else titles["none"],
        ]
        more = len(problems.tables[table][1]) - SHOWN
        if more > 0:
            parts.append(titles["more"].format(count=more))
    return "\n\n".join(parts) + "\n"


def _grid(header: Sequence[str], rows: Sequence[Sequence[Any]], kinds: Sequence[str]) -> str:
    told = [[_figure(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows]
    lines = [header, ["---"] * len(header), *told]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _figure(value: Any, kind: str) -> Any:
    if value is None or (kind not in FORMS and not isinstance(value, date)):
        return value
    return number_told(kind, value)


def _cell(value: Any) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")
