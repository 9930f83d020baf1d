"""Workbooks and CSV files for people: written row by row, so that a large one needs no memory.

A text stays a text: what begins with = is no formula, and what Excel cannot hold is left out.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from retention.errors import SettingsError

LANGUAGES = ("en", "zh")
SUFFIXES = (".csv", ".xlsx")
SHEET_NAME_LENGTH = 31  # Excel's limit
SHEET_ROWS = 1_048_575  # Excel's limit, the header aside
LIST_LENGTH = 255  # Excel's limit for the text of a list of choices
SPECIAL = ("=", "#")  # what openpyxl would take for a formula or an error
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Sheet:
    """A sheet as it is to be written; more rows than one holds go on in a further one.

    Attributes:
        widths: of the columns, in letters.
        hidden: places of columns that people need not see, from 0.
        choices: texts to choose from, by the place of the column.
        can_filter: whether the header offers filters.
    """

    name: str
    header: Sequence[str]
    widths: Sequence[int]
    rows: Iterable[Sequence[Any]]
    hidden: frozenset[int] = frozenset()
    choices: Mapping[int, Sequence[str]] = field(default_factory=dict)
    can_filter: bool = False


def check_file(path: Path, language: str) -> None:
    """Make sure that a list can be written to this file in this language, and that its folder is there.

    Raises:
        SettingsError: the language or the file's ending is not one that can be written.
    """
    if language not in LANGUAGES:
        raise SettingsError(f"There is no language '{language}'.", f"Use one of {', '.join(LANGUAGES)}.")
    if path.suffix.lower() not in SUFFIXES:
        raise SettingsError(f"{path.name} is neither CSV nor a workbook.", f"End it in {' or '.join(SUFFIXES)}.")
    path.parent.mkdir(parents=True, exist_ok=True)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file that Excel opens as UTF-8."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark tells Excel that it is UTF-8
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def write_workbook(path: Path, sheets: Iterable[Sheet]) -> None:
    """Write a workbook whose sheets have bold headers that stay in sight."""
    from openpyxl import Workbook  # noqa: PLC0415  # costs a quarter of a second that no other command needs

    book = Workbook(write_only=True)
    taken: list[str] = []
    for content in sheets:
        rows = iter(content.rows)
        part = list(islice(rows, 1))
        while True:
            sheet = _begin(book, content, taken)
            count = 0
            for row in chain(part, islice(rows, SHEET_ROWS - len(part))):
                sheet.append([_cell(sheet, value) for value in row])
                count += 1
            if content.can_filter:
                sheet.auto_filter.ref = f"A1:{_letter(len(content.header) - 1)}{count + 1}"
            part = list(islice(rows, 1))
            if not part:
                break
    book.save(path)


def _begin(book: Any, content: Sheet, taken: list[str]) -> Any:
    """A new sheet up to its header: widths and choices have to stand before the first row."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415  # as in write_workbook
    from openpyxl.styles import Font  # noqa: PLC0415  # as above

    sheet = book.create_sheet(_sheet_name(content.name, taken))
    sheet.freeze_panes = "A2"
    for place, width in enumerate(content.widths):
        column = sheet.column_dimensions[_letter(place)]
        column.width, column.hidden = width, place in content.hidden
    for place, texts in content.choices.items():
        sheet.data_validations.append(_choice(_letter(place), texts))
    header = [WriteOnlyCell(sheet, name) for name in content.header]
    for cell in header:
        cell.font = Font(bold=True)
    sheet.append(header)
    return sheet


def _choice(letter: str, texts: Sequence[str]) -> Any:
    """A list to choose from, for all rows of a column; another text is refused by Excel."""
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415  # as in write_workbook

    listed = ",".join(text.replace(",", " ").replace('"', "") for text in texts)[:LIST_LENGTH]
    choice = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=False, showErrorMessage=True)
    choice.add(f"{letter}2:{letter}{SHEET_ROWS + 1}")
    return choice


def _letter(place: int) -> str:
    from openpyxl.utils import get_column_letter  # noqa: PLC0415  # as in write_workbook

    return str(get_column_letter(place + 1))


def _cell(sheet: Any, value: Any) -> Any:
    """A value as a cell: a text is a text, never a formula."""
    if not isinstance(value, str):
        return value
    text = UNWRITABLE.sub("", value)
    if not text.startswith(SPECIAL):
        return text
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415  # as in write_workbook

    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell


def _sheet_name(name: str, taken: list[str]) -> str:
    """A name that Excel takes for a sheet, and that no other sheet has; capitals do not tell names apart there."""
    plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", name).strip("' ") or "_"
    number, found = 1, plain[:SHEET_NAME_LENGTH]
    while found.lower() in (one.lower() for one in taken):
        number += 1
        found = f"{plain[: SHEET_NAME_LENGTH - len(str(number)) - 1]}~{number}"
    taken.append(found)
    return found
