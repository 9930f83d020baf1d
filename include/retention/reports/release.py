"""The release that a report tells of, and questions to it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from retention.languages import LANGUAGES
from retention.publication.chosen_release import Reader, find_release, opened
from retention.runs import Home
from retention.sql import literal
from retention.warehouse.candidate import WAREHOUSE_FILE

TABLE = re.compile(r"\bmarts\.(\w+)")
MACROS = """
    create temp macro as_of() as date {as_of};
    create temp macro month_now() as cast(date_trunc('month', date {as_of}) as date);
    create temp macro week_now() as cast(date_trunc('week', date {week}) as date);
    create temp macro primary_scheme() as {scheme};
    create temp macro min_count() as {min_count};
"""
COMPANY = {
    "customer_tiers": "select min(scheme) as found from marts.customer_tiers where is_primary_scheme",
    "fct_orders": "select min(currency) as found from marts.fct_orders",
}


@dataclass(frozen=True)
class Table:
    """The answer to a question.

    Attributes:
        types: DuckDB's, by column, in the order of the columns.
        rows: all of them, or so many as were asked for.
        total: how many there are.
    """

    types: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    total: int


class Release:
    """An open release.

    Attributes:
        found: which release it is.
        manifest: what the release says of itself.
        as_of: the day that it describes.
        currency: in which it tells amounts; None without an order.
        labels: names of codes by language, set and code.
        is_of_period: whether a period that is over is told of, which a month's closing keeps as it was.
    """

    def __init__(self, reader: Reader, week: date | None = None, *, is_of_period: bool = False) -> None:
        self._reader = reader
        self.need("dim_dates", "dim_labels")
        self.found = reader.release
        self.manifest, self.as_of, self.is_of_period = self.found.manifest, self.found.as_of, is_of_period
        known = {name: reader.rows(query)[0]["found"] for name, query in COMPANY.items() if name in reader.tables}
        self.primary_scheme, self.currency = known.get("customer_tiers"), known.get("fct_orders")
        self._macros = MACROS.format(
            as_of=literal(self.as_of),
            week=literal(week or self.as_of),
            scheme=literal(self.primary_scheme),
            min_count=min_count(self.found.folder),
        )
        self.labels = {
            (language, *code): name for language in LANGUAGES for code, name in reader.names(language).items()
        }

    def need(self, *tables: str) -> None:
        """Make sure that tables are there.

        Raises:
            NotThereError: the release is of an older program.
        """
        self._reader.need(*tables)

    def ask(self, query: str, most: int = 0) -> Table:
        """The rows of a question.

        Args:
            most: only so many rows, and how many there are, by a query that ends without a limit; 0: all.
        """
        types, found = self.stream(f"{query}\nlimit {most + 1}" if most else query)
        rows = list(found)
        if not most or len(rows) <= most:
            return Table(types, rows, len(rows))
        [total] = self.stream(f"select count(*) as rows_there from ({query})")[1]
        return Table(types, rows[:most], total["rows_there"])

    def stream(self, query: str) -> tuple[Mapping[str, str], Iterator[dict[str, Any]]]:
        """The columns of a question, and its rows, which are fetched as they are read."""
        self.need(*TABLE.findall(query))
        # Macros are a cursor's own.
        return self._reader.stream(query, before=self._macros)


def min_count(folder: Path) -> int:
    """Of how many a rate must be to be held against others: the parameter by which the release was built.

    Returns:
        1 where the folder holds the result tables alone, or the release is older than the parameter.
    """
    if not (folder / WAREHOUSE_FILE).exists():
        return 1
    with duckdb.connect(str(folder / WAREHOUSE_FILE), read_only=True) as warehouse:
        known = "select 1 from duckdb_columns() where table_name = 'int_profile' and column_name = 'target_min_count'"
        if not warehouse.execute(known).fetchone():
            return 1
        [(found,)] = warehouse.execute("select target_min_count from intermediate.int_profile").fetchall()
        return int(found)


@contextmanager
def open_release(
    home: Home, as_of: date | None = None, week: date | None = None, *, is_of_period: bool = False
) -> Iterator[Release]:
    """Open the published release, or of another day the one that readers see or saw, or its month's closing.

    Args:
        week: a day of the week that is told; None: that of the as-of day.
        is_of_period: a period that is over is told of: of a day the closing comes first.

    Raises:
        NotThereError: nothing is published, or no release on disk describes the day.
    """
    with opened(find_release(home, as_of, closing_first=is_of_period)) as reader:
        yield Release(reader, week, is_of_period=is_of_period)
