"""The one workbook of a release (表1 to 表7 and 客户信息总表), in each language.

Rows go to the file as they are read from the release, so that half a million customers need no memory.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain, islice
from pathlib import Path
from typing import Any

from retention.languages import LANGUAGES
from retention.publication.workbooks import SHEET_ROWS, new_workbook
from retention.reports.cells import CellWriter, width
from retention.reports.columns import Column, columns_of
from retention.reports.figures import Figures
from retention.reports.release import Release, open_release
from retention.reports.rendering import facts, moods_of, notices
from retention.reports.sheets import AVERAGES, COHORTS, SHEETS, Sheet
from retention.reports.styles import BAR, FIGURES, HIGH, LOW, MIDDLE, Styles
from retention.reports.wording import Wording
from retention.runs import Home

KIND = "workbook"
HEAD = 1  # the row of the header; above it the title, and the way back
ROWS_AHEAD = 200  # read before a sheet begins; the tiers that are drawn are among them
WIDEST, LONG, ABOUT = 60, 36, 92
TWO_LINES = 30
TOLD_ROWS = 100_000
A3, A4 = 8, 9  # Excel's numbers of the paper
ON_A_PAGE = 20  # columns that are still read when they are printed on it


@dataclass(frozen=True)
class Entry:
    """A line of the contents."""

    sheet: str
    about: str
    rule: str
    rows: int


def write_report_workbook(
    home: Home, as_of: date | None = None, say: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Write the workbook of a release in both languages. The same release gives the same bytes.

    Args:
        as_of: of this day's release; None: of the published one.
        say: is told each sheet as it is done.

    Returns:
        The files, `HOME/reports/workbook/<as-of>/retention-<as-of>-<language>.xlsx`.

    Raises:
        NotThereError: there is no such release, or it is of an older program.
    """
    with open_release(home, as_of) as release:
        folder = home.reports / KIND / str(release.as_of)
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"retention-{release.as_of}-{language}.xlsx" for language in LANGUAGES]
        for language, path in zip(LANGUAGES, paths, strict=True):
            _write(release, language, path, say)
    return paths


def _write(release: Release, language: str, path: Path, say: Callable[[str], None]) -> None:
    with new_workbook(path) as book:
        _Book(book, release, language, say).write()


class _Book:
    """A workbook that is being written."""

    def __init__(self, book: Any, release: Release, language: str, say: Callable[[str], None]) -> None:
        self.book, self.release, self.say = book, release, say
        self.wording = Wording(language)
        self.figures = Figures(release, self.wording)
        self.styles = Styles(book, language)
        self.entries: list[Entry] = []

    def write(self) -> None:
        """Write every sheet; the contents stand first and are filled last, when all rows are counted."""
        # A fixed instant, for the same release to give the same bytes.
        written_on = datetime.combine(self.release.as_of, time())
        title = self.wording.word("workbook")
        self.book.set_properties({"title": f"{title} {self.release.as_of}", "created": written_on})
        contents = self.book.add_worksheet(self.wording.word("contents"))
        for sheet in SHEETS:
            self._write_sheet(sheet)
        self._write_cohorts()
        self._write_contents(contents)

    def _write_sheet(self, sheet: Sheet) -> None:
        types, rows = self.release.stream(sheet.query)
        columns = columns_of(types)
        name = self.wording.of("sheets", sheet.key, "name")
        number, written = 1, 0
        part = list(islice(rows, ROWS_AHEAD))
        while True:
            called = name if number == 1 else self.wording.word("continued", name=name, number=number)
            room = SHEET_ROWS - HEAD - len(part)
            count = self._fill(sheet, called, columns, part, islice(rows, room))
            written += count
            part = list(islice(rows, ROWS_AHEAD))
            if not part:
                break
            number += 1
        self.entries.append(Entry(name, self.wording.of("sheets", sheet.key, "about"), sheet.rule, written))
        self.say(f"{name}: {written:,}")

    def _fill(
        self,
        sheet: Sheet,
        name: str,
        columns: list[Column],
        first: list[dict[str, Any]],
        rest: Iterator[dict[str, Any]],
    ) -> int:
        """Write one sheet of rows; how many there are."""
        heads = [(self.wording.head(sheet.key, one.name), one.kind in FIGURES or one.is_number) for one in columns]
        page = self._begin(name, sheet.key, heads, sheet.fixed)
        writers = [CellWriter(one, self.figures, self.styles) for one in columns]
        count = 0
        for count, row in enumerate(chain(first, rest), 1):
            for place, writer in enumerate(writers):
                writer.write(page, HEAD + count, place, row)
            if count % TOLD_ROWS == 0:
                self.say(f"{name}: {count:,} …")
        last = HEAD + max(count, 1)
        page.autofilter(HEAD, 0, last, len(columns) - 1)
        for place, (one, writer) in enumerate(zip(columns, writers, strict=True)):
            # A header has two lines.
            wide = min(WIDEST, max(width(heads[place][0]) // 2 + 2, writer.width) + 3)
            page.set_column(place, place, wide, self.styles.long if wide > LONG else None)
            self._colour(page, one, place, last, sheet)
        if sheet.chart:
            self._draw_tiers(page, name, columns, [row for row in first if row["_is_primary"]])
        return count

    def _begin(self, name: str, key: str, heads: list[tuple[str, bool]], fixed: int) -> Any:
        """A new sheet with its title, the way back and its header; a header says whether numbers stand below."""
        page = self.book.add_worksheet(name)
        page.write_url(0, 0, f"internal:'{self.wording.word('contents')}'!A1", self.styles.link,
                       self.wording.word("back"))  # fmt: skip
        page.write_string(0, min(1, fixed), self.wording.of("sheets", key, "title"), self.styles.heading)
        page.set_row(HEAD, 32)
        for place, (head, is_number) in enumerate(heads):
            page.write_string(HEAD, place, head, self.styles.number_head if is_number else self.styles.head)
        page.freeze_panes(HEAD + 1, fixed)
        page.set_landscape()
        page.set_paper(A3)
        if len(heads) <= ON_A_PAGE:
            page.fit_to_pages(1, 0)
        page.repeat_rows(HEAD)
        return page

    def _colour(self, page: Any, one: Column, place: int, last: int, sheet: Sheet) -> None:
        """Colours that repeat what cells say."""
        area = (HEAD + 1, place, last, place)
        if one.name in sheet.bars:
            bar = {"type": "data_bar", "bar_color": BAR, "bar_solid": True, "min_type": "num", "min_value": 0,
                   "max_type": "num", "max_value": 1}  # fmt: skip
            page.conditional_format(*area, bar)
        if one.name == "gap_points":
            for criteria, mood in (("<", "bad"), (">=", "good")):
                number = f"=AND(ISNUMBER({{0}}),{{0}}{criteria}0)".format(_cell(HEAD + 1, place))
                page.conditional_format(
                    *area, {"type": "formula", "criteria": number, "format": self.styles.moods[mood]}
                )
        for text, mood in self._marked(one).items():
            rule = {"type": "cell", "criteria": "==", "value": f'"{text}"', "format": self.styles.moods[mood]}
            page.conditional_format(*area, rule)

    def _marked(self, one: Column) -> Mapping[str, str]:
        """Texts of a column that are coloured, with their moods."""
        if one.name in ("is_departing", "is_overdue"):
            return {self.wording.word("holds"): "bad"}
        moods = moods_of("status" if one.name == "resolution_status" else one.name)
        # A name with a quotation mark would end the text of the rule.
        names = {code: self.figures.name(one.code_set, code).replace('"', "") for code in moods}
        return {names[code]: mood for code, mood in moods.items() if names[code] != code}

    def _draw_tiers(self, page: Any, name: str, columns: list[Column], rows: list[dict[str, Any]]) -> None:
        """客户价值等级分布图: the shares of customers and of revenue by tier."""
        if not rows:
            return
        places = {one.name: place for place, one in enumerate(columns)}
        first, last = HEAD + 1, HEAD + len(rows)
        chart = self.book.add_chart({"type": "column"})
        for column, word, colour in (
            ("customer_share", "chart_share", "#7A8CA3"), ("revenue_share", "chart_revenue", "#2B6CB0"),
        ):  # fmt: skip
            chart.add_series({
                "name": self.wording.word(word),
                "categories": [name, first, places["tier"], last, places["tier"]],
                "values": [name, first, places[column], last, places[column]],
                "fill": {"color": colour},
                "data_labels": {"value": True, "num_format": "0%"},
            })  # fmt: skip
        chart.set_title({"name": self.wording.word("chart_title"), "name_font": {"size": 12}})
        chart.set_y_axis({"num_format": "0%", "min": 0, "major_gridlines": {"visible": True}})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 640, "height": 360})
        page.insert_chart(HEAD + 1, len(columns) + 1, chart)

    def _write_cohorts(self) -> None:
        """The heat map of monthly cohorts: a row per month of the first purchase, a column per month since."""
        rows = self.release.ask(COHORTS).rows
        averages = {row["period_number"]: row["retention_rate"] for row in self.release.ask(AVERAGES).rows}
        highest = max((row["period_number"] for row in rows), default=0)
        name = self.wording.of("sheets", "cohorts", "name")
        heads = [(self.wording.word(word), True) for word in ("cohort", "cohort_size")]
        heads += [(self.wording.word("month_number", number=number), True) for number in range(highest + 1)]
        page = self._begin(name, "cohorts", heads, 2)
        cohorts: dict[date, dict[int, Any]] = {}
        sizes = {row["cohort_period"]: row["cohort_size"] for row in rows}
        for row in rows:
            cohorts.setdefault(row["cohort_period"], {})[row["period_number"]] = row["retention_rate"]
        for line, (month, rates) in enumerate(cohorts.items(), HEAD + 1):
            page.write_datetime(line, 0, datetime.combine(month, time()), self.styles.figures["month"])
            page.write_number(line, 1, sizes[month], self.styles.figures["count"])
            self._write_rates(page, line, rates)
        end = HEAD + len(cohorts)
        page.write_string(end + 1, 0, self.wording.word("average"), self.styles.head)
        self._write_rates(page, end + 1, averages)
        page.set_column(0, 1, 14)
        page.set_column(2, highest + 2, 8)
        if cohorts and highest:
            # Month 0 is 100 % by definition and would flatten the colours of the others.
            scale = {"type": "3_color_scale", "min_color": LOW, "mid_color": MIDDLE, "max_color": HIGH}
            page.conditional_format(HEAD + 1, 3, end + 1, highest + 2, scale)
        about = self.wording.of("sheets", "cohorts", "about")
        self.entries.append(Entry(name, about, "M2", len(cohorts)))
        self.say(f"{name}: {len(cohorts):,}")

    def _write_rates(self, page: Any, line: int, rates: Mapping[int, Any]) -> None:
        for number, rate in sorted(rates.items()):
            if rate is not None:
                page.write_number(line, 2 + number, rate, self.styles.figures["percent"])

    def _write_contents(self, page: Any) -> None:
        styles, wording = self.styles, self.wording
        page.hide_gridlines(2)
        page.set_paper(A4)
        page.set_column(0, 0, 30)
        page.set_column(1, 1, ABOUT, styles.long)
        page.set_column(2, 3, 12)
        page.set_row(0, 28)
        page.write_string(0, 0, wording.word("workbook"), styles.title)
        line = 1
        for fact in facts(self.release, wording):
            page.write_string(line, 0, fact, styles.plain)
            line += 1
        for notice in notices(self.release, wording):
            page.write_string(line, 0, notice, styles.notice)
            line += 1
        line += 1
        for place, word in enumerate(("sheet", "about", "rule", "rows")):
            head = styles.number_head if word == "rows" else styles.head
            page.write_string(line, place, wording.word(word), head)
        for entry in self.entries:
            line += 1
            page.write_url(line, 0, f"internal:'{entry.sheet}'!A1", styles.link, entry.sheet)
            page.write_string(line, 1, entry.about, styles.long)
            page.write_string(line, 2, entry.rule, styles.plain)
            page.write_number(line, 3, entry.rows, styles.figures["count"])
            page.set_row(line, TWO_LINES if width(entry.about) > ABOUT else None)
        page.write_string(line + 2, 0, wording.word("legend"), styles.plain)
        page.fit_to_pages(1, 0)
        page.set_landscape()
        page.activate()


def _cell(row: int, column: int) -> str:
    """The name of a cell whose row moves with the rule's area."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"${letters}{row + 1}"
