"""Cells of the workbook: numbers and days stay such, and a text is a text, never a formula."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from retention.publication.workbooks import writable
from retention.reports.columns import MEASURED, Column, unit_kind
from retention.reports.figures import REASONS, SIGNS, TARGETS, TEXTS, Figures
from retention.reports.styles import Styles

NAMED = ("code", "codes", "tier", "flag")  # they have few values: each is named once


class CellWriter:
    """Writes the cells of one column."""

    def __init__(self, column: Column, figures: Figures, styles: Styles) -> None:
        self.column, self.figures, self.styles = column, figures, styles
        self._is_text = column.kind in (*TEXTS, "flag")
        self._is_plain = column.kind == "text" and not column.name.endswith(REASONS)
        self._named: dict[Any, str] = {}

    def write(self, page: Any, line: int, place: int, row: Mapping[str, Any]) -> None:
        """Write a row's cell; nothing where there is no value and no reason for that."""
        value = row[self.column.name]
        if value is None or self._is_text:
            text = self.text(row) if value is not None or self.column.name in MEASURED else ""
            if text:
                page.write_string(line, place, text, self.styles.plain)
            return
        style = self._style(row)
        if isinstance(value, date):
            moment = value if isinstance(value, datetime) else datetime.combine(value, time())
            page.write_datetime(line, place, moment, style)
        else:
            page.write_number(line, place, float(value), style)

    def _style(self, row: Mapping[str, Any]) -> Any:
        """The format of a figure; where units stand below each other it tells its own, and a target its direction."""
        kind = self.column.kind
        if kind == "by_unit_gap":
            kind = {"percent": "points", "count": "change", "money": "change"}.get(unit_kind(row), "score_change")
            return self.styles.pointed if kind == "points" else self.styles.figures[kind]
        if kind != "by_unit":
            return self.styles.figures[kind]
        sign = SIGNS.get(str(row.get("_direction")), "") if self.column.name in TARGETS else ""
        return self.styles.signed(unit_kind(row), sign)

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


def width(text: str) -> int:
    """How wide a text stands, in letters; a Chinese one is as wide as two Latin ones."""
    lines = text.splitlines() or [""]
    return max(sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line) for line in lines)
