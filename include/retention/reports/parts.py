"""What a report is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Section:
    """A table of a report.

    The words stand in the catalogues under its key. Columns are told by their names (columns.py); those beginning with
    an underscore are not shown: `_unit`, `_scheme` and `_missing_reason` say how others are read, and the first row's
    fill the places of the section's note.

    Attributes:
        shown: rows in a report, its query then without a limit of its own; 0: all.
        bars: columns of shares that get a bar.
        cards: its first rows also stand as figures at the head of the report.
        codes: code sets of columns that hold others here than elsewhere.
        hidden: columns that are left out.
    """

    key: str
    query: str
    shown: int = 0
    bars: tuple[str, ...] = ()
    cards: int = 0
    codes: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A sentence made from the data: its words stand in the catalogues under its key, or `<key>.<_case>`.

    Attributes:
        query: the rows that are worth telling, the most important first, their columns the places of the sentence;
            `_mood` bad, warn or good says how it is marked.
        most: how many rows are told.
    """

    key: str
    query: str
    most: int = 1


@dataclass(frozen=True)
class Report:
    """A report: its findings, of which at most five are told, then its tables.

    Attributes:
        is_of_period: whether it tells of months that are over, which their closing keeps as they were.
    """

    kind: str
    findings: tuple[Finding, ...]
    sections: tuple[Section, ...]
    is_of_period: bool = False
