"""Cells of the workbook: numbers and days stay such, and a text is a text, never a formula."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from retention.publication.workbooks import writable
from retention.reports.columns import MEASURED, Column, unit_kind
from retention.reports.figures import REASONS, SIGNS, TARGETS, TEXTS, Figures
from retention.reports.styles import POINTED, Styles

NAMED = ("code", "codes", "tier", "flag")  # they have few values: each is named once

WRITTEN = {
    "percent": "{:+.1%}", "growth": "{:+.1%}", "points": "{:+,.1f}",
    POINTED: "{:+,.1f} 个百分点", "change": "{:+,.0f}",
    "score_change": "{:+,.1f}", "money": "{:+,.2f}", "price": "{:+,.2f}", "count": "{:+,.0f}", "decimal": "{:+,.1f}",
    "ratio": "{:+,.2f}",
}  # fmt: skip
DAYS = {"date": 10, "month": 7, "instant": 16}
"""How wide figures of a kind stand by the formats of styles.py. A number without room stands as ###."""


class CellWriter:
    """Writes the cells of one column."""

    def __init__(self, column: Column, figures: Figures, styles: Styles) -> None:
        self.column, self.figures, self.styles = column, figures, styles
        self._is_text = column.kind in (*TEXTS, "flag")
        self._is_plain = column.kind == "text" and not column.name.endswith(REASONS)
        self._named: dict[Any, str] = {}
        self._text_width = 0
        self._greatest: dict[tuple[str, str], float] = {}

    @property
    def width(self) -> int:
        """How wide the widest cell written so far stands."""
        return max([self._text_width, *(figure_width(*how, value) for how, value in self._greatest.items())])

    def write(self, page: Any, line: int, place: int, row: Mapping[str, Any]) -> None:
        """Write a row's cell; nothing where there is no value and no reason for that."""
        value = row[self.column.name]
        if value is None or self._is_text:
            text = self.text(row) if value is not None or self.column.name in MEASURED else ""
            if text:
                # A text is at most twice as wide as it is long: most need not be measured.
                if 2 * len(text) > self._text_width:
                    self._text_width = max(self._text_width, width(text))
                page.write_string(line, place, text, self.styles.plain)
            return
        kind, sign = self._form(row)
        style = self.styles.of(kind, sign)
        if isinstance(value, date):
            self._greatest[kind, sign] = 0
            moment = value if isinstance(value, datetime) else datetime.combine(value, time())
            page.write_datetime(line, place, moment, style)
        else:
            number = float(value)
            page.write_number(line, place, number, style)
            if abs(number) >= self._greatest.get((kind, sign), 0):
                self._greatest[kind, sign] = abs(number)

    def _form(self, row: Mapping[str, Any]) -> tuple[str, str]:
        """The kind of a figure and the sign before it.

        Where units stand below each other a figure tells its own, and a target its direction.
        """
        kind = self.column.kind
        if kind == "by_unit_gap":
            units = {"percent": POINTED, "count": "change", "money": "change"}
            return units.get(unit_kind(row), "score_change"), ""
        if kind != "by_unit":
            return kind, ""
        return unit_kind(row), SIGNS.get(str(row.get("_direction")), "") if self.column.name in TARGETS else ""

    def text(self, row: Mapping[str, Any]) -> str:
        """A row's cell as text, as wide as it will stand there."""
        value = row[self.column.name]
        if value is None or self.column.kind not in NAMED:
            plain = value if self._is_plain and value is not None else self.figures.told(self.column, row)
            return writable(plain)
        key = (row.get("scheme"), value)
        if key not in self._named:
            self._named[key] = writable(self.figures.told(self.column, row))
        return self._named[key]


def figure_width(kind: str, sign: str, greatest: float) -> int:
    """How wide a figure of a kind stands in its format: with a minus, and its unit in either language."""
    if kind in DAYS:
        return DAYS[kind]
    return width(WRITTEN[kind].format(greatest)) + len(sign)


def width(text: str) -> int:
    """How wide a text stands, in letters; a Chinese one is as wide as two Latin ones."""
    if text.isascii() and "\n" not in text:
        return len(text)
    lines = text.splitlines() or [""]
    return max(sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line) for line in lines)
