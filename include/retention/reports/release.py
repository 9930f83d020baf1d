"""The release that a report tells of, and questions to it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from retention.errors import NotThereError
from retention.languages import LANGUAGES
from retention.publication.release import published_file, releases
from retention.runs import Home
from retention.sql import literal

TABLE = re.compile(r"\bmarts\.(\w+)")
MACROS = """
    create temp macro as_of() as date {as_of};
    create temp macro month_now() as cast(date_trunc('month', date {as_of}) as date);
    create temp macro week_now() as cast(date_trunc('week', date {week}) as date);
    create temp macro primary_scheme() as {scheme};
"""
TABLES = "select table_name from duckdb_tables() where schema_name = 'marts'"
COMPANY = {
    "customer_tiers": "select min(scheme) as found from marts.customer_tiers where is_primary_scheme",
    "fct_orders": "select min(currency) as found from marts.fct_orders",
}
FETCHED = 5_000  # rows held at a time


@dataclass(frozen=True)
class Table:
    """The answer to a question.

    Attributes:
        types: DuckDB's, by column, in the order of the columns.
    """

    types: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]


class Release:
    """An open release.

    Attributes:
        manifest: what the release says of itself.
        as_of: the day that it describes.
        currency: in which it tells amounts; None without an order.
        labels: names of codes by language, set and code.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], week: date | None) -> None:
        self._connection, self.manifest, self._macros = connection, manifest, ""
        self._tables = {row["table_name"] for row in self._all(TABLES)}
        self.need("dim_dates", "dim_labels")
        told = manifest.get("as_of_date") or self._all("select max(as_of_date) as day from marts.dim_dates")[0]["day"]
        self.as_of = date.fromisoformat(str(told))
        known = {name: self._all(query)[0]["found"] for name, query in COMPANY.items() if name in self._tables}
        self.primary_scheme, self.currency = known.get("customer_tiers"), known.get("fct_orders")
        self._macros = MACROS.format(
            as_of=literal(self.as_of), week=literal(week or self.as_of), scheme=literal(self.primary_scheme)
        )
        self.labels = {
            (language, row["code_set"], row["code"]): row[f"name_{language}"]
            for row in self._all("from marts.dim_labels order by code_set, code")
            for language in LANGUAGES
        }

    def need(self, *tables: str) -> None:
        """Make sure that tables are there.

        Raises:
            NotThereError: the release is of an older program.
        """
        missing = sorted(set(tables) - self._tables)
        if missing:
            raise NotThereError(
                f"Release {self.manifest['release_id']} has no table {', '.join(missing)}.",
                "Run the pipeline again, for an older day with --as-of: retention run.",
            )

    def ask(self, query: str) -> Table:
        """All rows of a question."""
        types, rows = self.stream(query)
        return Table(types, list(rows))

    def stream(self, query: str) -> tuple[Mapping[str, str], Iterator[dict[str, Any]]]:
        """The columns of a question, and its rows, which are fetched as they are read."""
        self.need(*TABLE.findall(query))
        # A cursor of its own: another question may come while the rows are still being read. Macros are a cursor's own.
        cursor = self._connection.cursor()
        cursor.execute(self._macros)
        found = cursor.execute(query)
        types = {column[0]: str(column[1]) for column in found.description or ()}
        return types, _rows(found, list(types))

    def _all(self, query: str) -> list[dict[str, Any]]:
        found = self._connection.execute(query)
        return list(_rows(found, [column[0] for column in found.description or ()]))


def _rows(found: duckdb.DuckDBPyConnection, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    while part := found.fetchmany(FETCHED):
        for row in part:
            yield dict(zip(names, row, strict=True))


@contextmanager
def open_release(home: Home, as_of: date | None = None, week: date | None = None) -> Iterator[Release]:
    """Open the published release, or of another day the one that readers see or saw, or its month's closing.

    Args:
        week: a day of the week that is told; None: that of the as-of day.

    Raises:
        NotThereError: nothing is published, or no release on disk describes the day.
    """
    manifest, file = _found(home, as_of)
    with duckdb.connect(str(file), read_only=True) as connection:
        yield Release(connection, manifest, week)


def _found(home: Home, as_of: date | None) -> tuple[Mapping[str, Any], Path]:
    if as_of is None:
        return _manifest(published_file(home).parent), published_file(home)
    kept = releases(home)
    of_day = [home.releases / one["release_id"] for one in kept if str(one["as_of_date"]) == str(as_of)]
    # The one that readers see comes first, then the newest, then the month's closing.
    of_day.sort(key=lambda folder: folder.name != home.published.resolve().name)
    for folder in (*of_day, home.closings / f"{as_of:%Y-%m}"):
        manifest = _manifest(folder)
        if str(manifest.get("as_of_date")) == str(as_of):
            return manifest, folder / "retention.duckdb"
    days = sorted({str(one["as_of_date"]) for one in kept})
    there = f"There are releases of {', '.join(days)}. " if days else ""
    raise NotThereError(
        f"No release on disk describes {as_of}.", f"{there}Make one: retention run --as-of {as_of} --only-forward."
    )


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {"release_id": folder.name, **content}
