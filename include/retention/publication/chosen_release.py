"""The one way to a release: which one, open for reading, its rows and the names of its codes.

Readers get the published release, or of another day one that is on disk, or a month's closing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from retention.errors import NotThereError
from retention.languages import check_language
from retention.publication.release import published_file, releases
from retention.runs import Home
from retention.warehouse.candidate import MARTS_FILE

FETCHED = 5_000  # rows held at a time
AGAIN = "Run the pipeline again, for an older day with --as-of: retention run."


@dataclass(frozen=True)
class Release:
    """A release on disk.

    Attributes:
        manifest: what the release says of itself.
        is_published: whether readers see it.
        closing: the month that it closes, as 2024-05; None: it is no closing.
    """

    manifest: Mapping[str, Any]
    folder: Path
    is_published: bool
    closing: str | None = None

    @property
    def release_id(self) -> str:
        """Its name."""
        return str(self.manifest.get("release_id", self.folder.name))

    @cached_property
    def as_of(self) -> date:
        """The day that it describes."""
        told = self.manifest.get("as_of_date")
        if told is None:  # written by hand, without a manifest
            with opened(self, "dim_dates") as reader:
                told = reader.rows("select max(as_of_date) as day from marts.dim_dates")[0]["day"]
        return date.fromisoformat(str(told))

    @property
    def known_by(self) -> str | None:
        """The day by which it knew, where it was made to look back."""
        told = self.manifest.get("known_by")
        return str(told) if told else None

    @property
    def is_synthetic(self) -> bool:
        """Whether a simulator made its data."""
        return bool(self.manifest.get("is_synthetic"))

    @property
    def file(self) -> Path:
        """The result tables, by the release's own path: DuckDB keeps one instance a path, and the pointer's path
        outlives releases.
        """
        return self.folder / MARTS_FILE

    @property
    def title(self) -> str:
        """How messages call it."""
        return "The published release" if self.is_published else f"Release {self.release_id}"


class Reader:
    """A release, open for reading."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, release: Release) -> None:
        self.connection, self.release = connection, release

    @cached_property
    def tables(self) -> frozenset[str]:
        """The result tables that it holds."""
        found = self.connection.execute("select table_name from information_schema.tables where table_schema = 'marts'")
        return frozenset(name for (name,) in found.fetchall())

    def need(self, *tables: str, called: str | None = None) -> None:
        """Make sure that tables are there.

        Args:
            called: what they are to a person; None: they are called by their names.

        Raises:
            NotThereError: the release is of an older program.
        """
        missing = sorted(set(tables) - self.tables)
        if missing:
            lacks = called or f"table {', '.join(missing)}"
            raise NotThereError(f"{self.release.title} has no {lacks}.", AGAIN)

    def rows(self, query: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[dict[str, Any]]:
        """The rows of a question as dictionaries."""
        given = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        found = self.connection.execute(query, given)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def stream(self, query: str, before: str = "") -> tuple[dict[str, str], Iterator[dict[str, Any]]]:
        """DuckDB's types of a question's columns, and its rows, which are fetched as they are read.

        Args:
            before: statements that the question needs, macros of its own.
        """
        # A cursor of its own: another question may come while the rows are still being read.
        cursor = self.connection.cursor()
        if before:
            cursor.execute(before)
        found = cursor.execute(query)
        types = {column[0]: str(column[1]) for column in found.description or ()}
        return types, _rows(found, list(types))

    def names(self, language: str, code_sets: Sequence[str] | None = None) -> dict[tuple[str, str], str]:
        """Names of codes in a language, by code set and code.

        Args:
            code_sets: these alone; None: all.

        Raises:
            SettingsError: there is no such language.
        """
        check_language(language)
        found = self.connection.execute(
            f"select code_set, code, name_{language} from marts.dim_labels "
            "where $sets is null or list_contains($sets, code_set) order by code_set, code",
            {"sets": None if code_sets is None else list(code_sets)},
        )
        return {(code_set, code): name for code_set, code, name in found.fetchall()}


def find_release(home: Home, as_of: date | None = None, *, closing_first: bool = False) -> Release:
    """The release that readers see; of another day the one that they see, the newest on disk, or the month's closing.

    Args:
        closing_first: of a day whose month was closed rather the closing, which stays as it is.

    Raises:
        NotThereError: nothing is published, or no release on disk describes the day.
    """
    if as_of is None:
        folder = published_file(home).parent
        return Release(_manifest(folder), folder, is_published=True)
    known = releases(home)
    of_day = [one for one in known if str(one["as_of_date"]) == str(as_of)]
    of_day.sort(key=lambda one: not one["is_published"])  # of the others the newest comes first already
    found = [Release(one, home.releases / one["release_id"], one["is_published"]) for one in of_day]
    month = f"{as_of:%Y-%m}"
    closing = Release(_manifest(home.closings / month), home.closings / month, is_published=False, closing=month)
    if str(closing.manifest.get("as_of_date")) == str(as_of):
        found.insert(0 if closing_first else len(found), closing)
    if found:
        return found[0]
    days = ", ".join(sorted({str(one["as_of_date"]) for one in known}))
    there = f"There are releases of {days}. " if days else ""
    raise NotThereError(
        f"No release on disk describes {as_of}.", f"{there}Make one: retention run --as-of {as_of} --only-forward."
    )


@contextmanager
def opened(release: Release, *tables: str, called: str | None = None) -> Iterator[Reader]:
    """Open a release for reading.

    Args:
        tables: it has to hold them.
        called: what they are to a person.

    Raises:
        NotThereError: the release is older than a table.
    """
    with duckdb.connect(str(release.file), read_only=True) as connection:
        reader = Reader(connection, release)
        reader.need(*tables, called=called)
        yield reader


@contextmanager
def open_published(home: Home, *tables: str, called: str | None = None) -> Iterator[Reader]:
    """Open the release that readers see, as `opened` does.

    Raises:
        NotThereError: nothing is published, or the release is older than a table.
    """
    with opened(find_release(home), *tables, called=called) as reader:
        yield reader


def _rows(found: duckdb.DuckDBPyConnection, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    while part := found.fetchmany(FETCHED):
        for row in part:
            yield dict(zip(names, row, strict=True))


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {"release_id": folder.name, **content}
