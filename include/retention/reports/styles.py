"""How the workbook looks: formats of figures, and the colours that repeat what cells say."""

from typing import Any

from retention.publication.workbooks import DATE_FORMAT, HEADER_LOOK, INSTANT_FORMAT

INK, LINK = "#1C2530", "#1F4E9E"
FILLS = {
    "bad": {"bg_color": "#FBD9D9", "font_color": "#8B1414"},
    "warn": {"bg_color": "#FFE9B8", "font_color": "#6B4200"},
    "good": {"bg_color": "#D8F0DF", "font_color": "#155C30"},
}
FIGURES = {
    "percent": "0.0%", "growth": "+0.0%;-0.0%;0.0%", "points": "+0.0;-0.0;0.0", "change": "+#,##0;-#,##0;0",
    "score_change": "+0.0;-0.0;0.0", "money": "#,##0.00", "price": "#,##0.00", "count": "#,##0", "decimal": "#,##0.0",
    "ratio": "#,##0.00",
    "date": DATE_FORMAT, "month": "yyyy-mm", "instant": INSTANT_FORMAT,
}  # fmt: skip
"""Excel's formats by the kind of a column."""
POINTED = "pointed"
POINTS = {
    "en": '+0.0" pts";-0.0" pts";0.0" pts"',
    "zh": '+0.0" 个百分点";-0.0" 个百分点";0.0" 个百分点"',
}
"""Percentage points in a column of several units."""
BAR, LOW, MIDDLE, HIGH = "#9DBFE6", "#F6C6C0", "#FFF1C9", "#8FCBA0"
FONTS = {"en": "Calibri", "zh": "Microsoft YaHei"}


class Styles:
    """The formats of one workbook."""

    def __init__(self, book: Any, language: str) -> None:
        font = {"font_name": FONTS[language], "font_size": 10, "valign": "top"}
        self._book, self._font, self._signed = book, font, dict[tuple[str, str], Any]()
        self.figures = {kind: book.add_format({**font, "num_format": form}) for kind, form in FIGURES.items()}
        self.figures[POINTED] = book.add_format({**font, "num_format": POINTS[language]})
        text = {**font, "align": "left", "indent": 1}
        self.plain = book.add_format(text)
        self.long = book.add_format({**text, "text_wrap": True})
        head = {**font, **HEADER_LOOK, "text_wrap": True, "valign": "vcenter"}
        self.head = book.add_format({**head, "indent": 1})
        self.number_head = book.add_format({**head, "align": "right"})
        self.title = book.add_format({**font, "bold": True, "font_size": 16, "font_color": INK})
        self.heading = book.add_format({**font, "bold": True, "font_size": 12, "font_color": INK})
        self.notice = book.add_format({**font, "bold": True, **FILLS["warn"]})
        self.link = book.add_format({**font, "font_color": LINK, "underline": 1})
        self.moods = {mood: book.add_format(fill) for mood, fill in FILLS.items()}

    def of(self, kind: str, sign: str = "") -> Any:
        """The format of a figure; a sign before it is part of the format: the cell stays a number."""
        if not sign:
            return self.figures[kind]
        if (kind, sign) not in self._signed:
            form = f'"{sign}"{FIGURES[kind]}'
            self._signed[kind, sign] = self._book.add_format({**self._font, "num_format": form})
        return self._signed[kind, sign]
