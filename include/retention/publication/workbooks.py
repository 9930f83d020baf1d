"""Workbooks and CSV files for people: written row by row, so that a large one needs no memory.

A text stays a text: what begins with = is no formula, and what Excel cannot hold is left out.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import chain, islice
from math import isfinite
from pathlib import Path
from typing import Any

from retention.errors import SettingsError
from retention.languages import check_language

SUFFIXES = (".csv", ".xlsx")
SHEET_NAME_LENGTH = 31  # Excel's limit
SHEET_ROWS = 1_048_575  # Excel's limit, the header aside
CELL_LENGTH = 32_767  # Excel's limit
LIST_LENGTH = 255  # Excel's limit for the text of a list of choices
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
HEADER_LOOK = {"bold": True, "bg_color": "#E8EDF2", "bottom": 1}
DATE_FORMAT, INSTANT_FORMAT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"


@dataclass(frozen=True)
class Sheet:
    """A sheet as it is to be written; more rows than one holds go on in a further one.

    Attributes:
        widths: of the columns, in letters.
        hidden: places of columns that people need not see, from 0.
        choices: texts to choose from, by the place of the column.
        formats: Excel's formats of numbers, by the place of the column.
        can_filter: whether the header offers filters.
    """

    name: str
    header: Sequence[str]
    widths: Sequence[int]
    rows: Iterable[Sequence[Any]]
    hidden: frozenset[int] = frozenset()
    choices: Mapping[int, Sequence[str]] = field(default_factory=dict)
    formats: Mapping[int, str] = field(default_factory=dict)
    can_filter: bool = False


def check_file(path: Path, language: str) -> None:
    """Make sure that a list can be written to this file in this language, and that its folder is there.

    No folder is made: its name may be a slip.

    Raises:
        SettingsError: the language or the file's ending is not one that can be written, or its folder is not there.
    """
    check_language(language)
    if path.suffix.lower() not in SUFFIXES:
        raise SettingsError(f"{path.name} is neither CSV nor a workbook.", f"End it in {' or '.join(SUFFIXES)}.")
    check_folder(path)


def check_folder(path: Path) -> None:
    """Make sure that the folder of a file to write is there.

    Raises:
        SettingsError: it is not.
    """
    if not path.parent.is_dir():
        raise SettingsError(
            f"There is no folder {path.parent}.", f"Make it (mkdir -p {path.parent}), or write elsewhere."
        )


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file that Excel opens as UTF-8."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark tells Excel that it is UTF-8
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def writable(text: str) -> str:
    """What a cell can hold of a text."""
    return UNWRITABLE.sub("", text)[:CELL_LENGTH]


@contextmanager
def new_workbook(path: Path) -> Iterator[Any]:
    """An empty workbook of XlsxWriter; it is written beside its place and renamed there, so that nobody opens half."""
    import xlsxwriter  # noqa: PLC0415  # costs a tenth of a second that no other command needs

    beside = path.with_name(f".{path.name}.new")
    options = {
        "constant_memory": True, "strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False,
        "tmpdir": str(path.parent),  # rows wait on a disk that has room for them
    }  # fmt: skip
    try:
        with xlsxwriter.Workbook(str(beside), options) as book:
            yield book
        beside.replace(path)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()


def write_workbook(path: Path, sheets: Iterable[Sheet]) -> None:
    """Write a workbook whose sheets have headers that stay in sight."""
    with new_workbook(path) as book:
        writer, taken = _Writer(book), list[str]()
        for content in sheets:
            rows = iter(content.rows)
            part = list(islice(rows, 1))
            while True:
                page = book.add_worksheet(_sheet_name(content.name, taken))
                writer.fill(page, content, chain(part, islice(rows, SHEET_ROWS - len(part))))
                part = list(islice(rows, 1))
                if not part:
                    break


class _Writer:
    """Writes the sheets of one workbook."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._header = book.add_format(HEADER_LOOK)
        self._date = book.add_format({"num_format": DATE_FORMAT})
        self._instant = book.add_format({"num_format": INSTANT_FORMAT})

    def fill(self, page: Any, content: Sheet, rows: Iterable[Sequence[Any]]) -> None:
        """Write one sheet."""
        page.freeze_panes(1, 0)
        for place, width in enumerate(content.widths):
            page.set_column(place, place, width, None, {"hidden": place in content.hidden})
        for place, name in enumerate(content.header):
            page.write_string(0, place, writable(name), self._header)
        numbers = {place: self._book.add_format({"num_format": form}) for place, form in content.formats.items()}
        count = 0
        for count, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                self._write(page, count, place, value, numbers.get(place))
        for place, texts in content.choices.items():
            _offer(page, place, texts)
        if content.can_filter:
            page.autofilter(0, 0, count, len(content.header) - 1)

    def _write(self, page: Any, line: int, place: int, value: Any, number: Any) -> None:
        """A value as a cell: a text is a text, never a formula, and what is no number stays empty."""
        if value is None:
            return
        if isinstance(value, str):
            page.write_string(line, place, writable(value))
        elif isinstance(value, bool):
            page.write_boolean(line, place, value)
        elif isinstance(value, datetime):
            page.write_datetime(line, place, value.replace(tzinfo=None), self._instant)
        elif isinstance(value, date):
            page.write_datetime(line, place, datetime.combine(value, time()), self._date)
        elif isfinite(value):
            page.write_number(line, place, value, number)


def _offer(page: Any, place: int, texts: Sequence[str]) -> None:
    """A list to choose from, for all rows of a column; another text is refused by Excel."""
    listed = [text.replace(",", " ").replace('"', "") for text in texts]
    if len(",".join(listed)) <= LIST_LENGTH:
        choice = {"validate": "list", "source": listed, "ignore_blank": False}
        page.data_validation(1, place, SHEET_ROWS, place, choice)


def _sheet_name(name: str, taken: list[str]) -> str:
    """A name that Excel takes for a sheet, and that no other sheet has; capitals do not tell names apart there."""
    plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", name).strip("' ") or "_"
    number, found = 1, plain[:SHEET_NAME_LENGTH].strip("' ")
    while found.lower() in (one.lower() for one in taken):
        number += 1
        found = f"{plain[: SHEET_NAME_LENGTH - len(str(number)) - 1]}~{number}"
    taken.append(found)
    return found
