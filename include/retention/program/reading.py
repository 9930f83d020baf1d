"""Rows of the published release with the names of their codes."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from retention.errors import NotThereError, SettingsError
from retention.runs import Home

LANGUAGES = ("en", "zh")


def check_language(language: str) -> None:
    """Refuse a language that there are no names in.

    Raises:
        SettingsError: there is no such language.
    """
    if language not in LANGUAGES:
        raise SettingsError(f"There is no language '{language}'.", f"Use one of {', '.join(LANGUAGES)}.")


class Release:
    """The published file, open for reading.

    Args:
        home: where it is published.
        table: a table that it has to hold.

    Raises:
        NotThereError: nothing is published, or the release is older than the table.
    """

    def __init__(self, home: Home, table: str) -> None:
        file = home.published.resolve() / "retention.duckdb"
        if not file.exists():
            raise NotThereError(
                f"Nothing has been published in {home.path} yet.", "Run the pipeline first: retention run."
            )
        self._connection = duckdb.connect(str(file), read_only=True)
        held = "select count(*) from duckdb_tables() where schema_name = 'marts' and table_name = ?"
        if self._connection.execute(held, [table]).fetchall() != [(1,)]:
            self._connection.close()
            raise NotThereError(
                f"The published release has no table {table}.", "Run the pipeline again: retention run."
            )

    def __enter__(self) -> "Release":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Rows as dictionaries."""
        found = self._connection.execute(query, list(parameters))
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def names(self, code_sets: Sequence[str], language: str) -> Mapping[tuple[str, str], str]:
        """Names of codes by code set and code."""
        check_language(language)
        found = self.rows(
            f"select code_set, code, name_{language} as name from marts.dim_labels where list_contains(?, code_set)",
            [list(code_sets)],
        )
        return {(row["code_set"], row["code"]): row["name"] for row in found}
