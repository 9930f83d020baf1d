"""A report as a page and as Markdown: one content, two templates."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from retention.publication.workbooks import UNWRITABLE
from retention.reports.columns import Column, column, columns_of
from retention.reports.figures import Figures
from retention.reports.parts import Finding, Report, Section
from retention.reports.release import Release, Table
from retention.reports.wording import Wording

MOST_FINDINGS = 5
FIGURE = re.compile(r"[≥≤]? ?[-+]?[\d,.]+(%| pts| 个百分点)?|\d{4}-\d{2}-\d{2}( \d{2}:\d{2})?")
"""Texts that stay in one line; others of some length may take several, so that a wide table fits the page."""
GRAVITY = ("bad", "warn", "good")
MOODS = {
    "bad": ("alarm", "critical", "red", "high", "missed", "overdue", "breached", "to_improve", "down", "churned"),
    "warn": ("warning", "behind", "yellow", "medium", "notice", "waiting", "plan_over"),
    "good": ("met", "green", "low", "excellent", "good", "on_track", "reached", "up", "approved"),
}
"""How codes of JUDGED columns are marked; the mark repeats what the cell says."""
JUDGED = ("status", "plan_status", "severity", "check_severity", "risk_band", "health_band", "grade",
          "direction_of_move", "review_status", "alert_status", "target_state", "abnormal_verdict")  # fmt: skip
OWN_MOODS = {"target_state": {"missed": "warn", "met": "good"}, "abnormal_verdict": {"abnormal": "bad"}}
"""Columns whose codes are marked otherwise: a target that is missed is grave only where it gets worse."""


@dataclass(frozen=True)
class Cell:
    """A cell as it is shown.

    Attributes:
        mood: bad, warn, good or empty.
        bar: how much of the cell its bar fills, 0 to 1; None: none.
        course: values of a small line, oldest first.
    """

    text: str
    mood: str = ""
    bar: float | None = None
    course: Sequence[float | None] = ()


@dataclass(frozen=True)
class ShownTable:
    """A section as both templates have it."""

    key: str
    title: str
    note: str
    heads: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[Cell]]
    more: str


@dataclass(frozen=True)
class Told:
    """A finding as both templates have it."""

    mood: str
    text: str


@dataclass(frozen=True)
class Card:
    """A headline figure."""

    name: str
    value: str
    target: str
    trend: str
    mood: str
    course: Sequence[float | None]


@dataclass(frozen=True)
class Content:
    """What a report says, in one language."""

    language: str
    title: str
    about: str
    facts: Sequence[str]
    notices: Sequence[str]
    findings: Sequence[Told]
    cards: Sequence[Card]
    tables: Sequence[ShownTable]
    wording: Wording


class Answers:
    """The answers to a report's questions: asked once, told in each language."""

    def __init__(self, report: Report, release: Release) -> None:
        self.report, self.release = report, release
        self.tables = {section.key: release.ask(section.query, section.shown) for section in report.sections}
        self.findings = [(finding, release.ask(finding.query)) for finding in report.findings]

    def content(self, language: str) -> Content:
        """What the report says in a language."""
        wording = Wording(language)
        figures = Figures(self.release, wording)
        told = [one for finding, table in self.findings for one in _told(finding, table, figures)]
        shown = [(one, self.tables[one.key]) for one in self.report.sections]
        return Content(
            language,
            wording.of("reports", self.report.kind, "title"),
            wording.of("reports", self.report.kind, "about").format(as_of=self.release.as_of),
            facts(self.release, wording),
            notices(self.release, wording),
            # The gravest first; of equal ones the order of the report holds.
            sorted(told, key=lambda one: GRAVITY.index(one.mood))[:MOST_FINDINGS],
            [card for section, table in shown for card in _cards(table.rows[: section.cards], figures)],
            [_shown(section, table, figures) for section, table in shown],
            wording,
        )


def facts(release: Release, wording: Wording) -> list[str]:
    """What the report is of: day, profile, currency, release."""
    told = [wording.word("as_of", as_of=release.as_of)]
    if release.manifest.get("profile"):
        told.append(wording.word("profile", profile=release.manifest["profile"]))
    if release.currency:
        told.append(wording.word("amounts", currency=release.currency))
    return [*told, _which(release, wording)]


def _which(release: Release, wording: Wording) -> str:
    """Which release it is: of a period that is over, whether it is the one that stays as it is."""
    name, month = release.found.release_id, release.found.closing
    if month is not None:
        return wording.word("closing", month=month, release=name)
    return wording.word("not_closed" if release.is_of_period else "release", release=name)


def notices(release: Release, wording: Wording) -> list[str]:
    """What a reader must know of the data."""
    known_by = release.manifest.get("known_by")
    return [
        *([wording.word("synthetic")] if release.manifest.get("is_synthetic") else []),
        *([wording.word("known_by", known_by=known_by)] if known_by else []),
    ]


def as_page(content: Content) -> str:
    """The report as a page of its own: nothing is fetched, no script is needed."""
    return _environment().get_template("report.html.jinja").render(content=content, say=content.wording)


def as_markdown(content: Content) -> str:
    """The report as Markdown."""
    text = _environment().get_template("report.md.jinja").render(content=content, say=content.wording)
    return text.strip() + "\n"


def mood_of(name: Column, value: Any) -> str:
    """How a cell is marked."""
    if name.name == "is_departing":
        return "bad" if value else ""
    return moods_of(name.name).get(value, "")


def moods_of(column_name: str) -> Mapping[str, str]:
    """How the codes of a column are marked."""
    if column_name not in JUDGED:
        return {}
    return OWN_MOODS.get(column_name) or {code: mood for mood, codes in MOODS.items() for code in codes}


def _told(finding: Finding, table: Table, figures: Figures) -> Iterator[Told]:
    for row in table.rows[: finding.most]:
        values = _texts(table, row, figures)
        case = row.get("_case")
        yield Told(row["_mood"], figures.wording.finding(finding.key + (f".{case}" if case else ""), values))


def _texts(table: Table, row: Mapping[str, Any], figures: Figures) -> dict[str, str]:
    columns = (column(name, kind) for name, kind in table.types.items())
    return {one.name: figures.told(one, row) or "–" for one in columns if one.kind != "spark"}


def _shown(section: Section, table: Table, figures: Figures) -> ShownTable:
    wording = figures.wording
    columns = [one for one in columns_of(table.types, section.codes) if one.name not in section.hidden]
    highest = {name: max((abs(float(row[name] or 0)) for row in table.rows), default=0) for name in section.bars}
    note = wording.of("sections", section.key, "note")
    return ShownTable(
        section.key,
        wording.of("sections", section.key, "title"),
        note.format(**_texts(table, table.rows[0], figures)) if table.rows else "",
        [(wording.head(section.key, one.name), one.is_number) for one in columns],
        [[_cell(one, row, figures, highest) for one in columns] for row in table.rows],
        wording.word("more", count=table.total - len(table.rows)) if len(table.rows) < table.total else "",
    )


def _cell(one: Column, row: Mapping[str, Any], figures: Figures, highest: Mapping[str, float]) -> Cell:
    value = row[one.name]
    if one.kind == "spark":
        return Cell("", course=value or ())
    if value is None or one.name not in highest:
        return Cell(UNWRITABLE.sub("", figures.told(one, row)), mood_of(one, value))
    # A share is measured against the whole, a count against the greatest one of its column.
    whole = 1.0 if one.kind == "percent" else highest[one.name]
    return Cell(figures.told(one, row), bar=min(1.0, max(0.0, float(value)) / whole) if whole else 0.0)


def _cards(rows: Sequence[Mapping[str, Any]], figures: Figures) -> Iterator[Card]:
    """Headline figures from rows of the board."""
    wording = figures.wording
    for row in rows:
        told = {name: figures.told(column(name, ""), row) for name in ("board_metric", "current_value", "target_value")}
        moved = row["trend_7d"] is not None and abs(row["trend_7d"]) > 0
        trend = figures.told(column("trend_7d", ""), row)
        yield Card(
            told["board_metric"],
            told["current_value"] or "–",
            wording.word("target", target=told["target_value"]) if told["target_value"] else "",
            (wording.word("trend", trend=trend) if moved else wording.word("stay")) if trend else "",
            mood_of(column("abnormal_verdict", ""), row["abnormal_verdict"])
            or mood_of(column("target_state", ""), row["target_state"]).replace("good", ""),
            row["history"] or (),
        )


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("retention.reports"),
        autoescape=select_autoescape(("html.jinja",)),  # Markdown is no page
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["line"] = line
    made.filters["plain"] = plain
    made.tests["figure"] = FIGURE.fullmatch
    return made


def line(values: Sequence[float | None], width: int = 96, height: int = 24) -> list[list[tuple[float, float]]]:
    """The points of a small line; a value that is missing parts it."""
    known = [value for value in values if value is not None]
    if len(known) <= 1:
        return []
    low, span = min(known), max(known) - min(known)
    step = (width - 4) / max(1, len(values) - 1)
    parts: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            parts.append([])
        else:
            up = 0.5 if not span else (value - low) / span
            parts[-1].append((round(2 + place * step, 1), round(height - 3 - up * (height - 6), 1)))
    return [part for part in parts if part]


def plain(text: str) -> str:
    """Text in a cell of a table in Markdown."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
