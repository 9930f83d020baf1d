"""Published tables compared row for row and type for type, whichever tables there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention.sql import literal, quoted

if TYPE_CHECKING:
    import duckdb

# What says when or by which run a row came about, and so differs between two runs that are both right.
RUN_IDENTITY = {"data_quality": {"checked_at"}}  # the instant at which a check ran
SHOWN = 3


@dataclass(frozen=True)
class TableMatch:
    """How a table compares with the one that it should equal.

    Args:
        rows: how many rows it should have.
        differences: what differs, in words and rows; empty when nothing does.
    """

    rows: int
    differences: tuple[str, ...]


def tables_of(connection: duckdb.DuckDBPyConnection, place: str) -> list[str]:
    """Tables and views of `database.schema`, in alphabetical order."""
    return sorted(_columns(connection, place))


def compare_schemas(connection: duckdb.DuckDBPyConnection, found: str, expected: str) -> dict[str, TableMatch]:
    """Compare every table of one `database.schema` with the table of that name in another.

    A table that one of them lacks differs.
    """
    left, right = _columns(connection, found), _columns(connection, expected)
    return {
        table: _compare(connection, table, found, expected, left.get(table, {}), right.get(table, {}))
        for table in sorted(left | right)
    }


def _columns(connection: duckdb.DuckDBPyConnection, place: str) -> dict[str, dict[str, str]]:
    """Type by column, by table."""
    database, schema = place.split(".")
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        f"where database_name = {literal(database)} and schema_name = {literal(schema)} order by column_index"
    ).fetchall():
        tables.setdefault(table, {})[column] = kind
    return tables


def _compare(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    found: str,
    expected: str,
    left: dict[str, str],
    right: dict[str, str],
) -> TableMatch:
    if list(left.items()) != list(right.items()):
        return TableMatch(0, (f"columns {left} instead of {right}",))
    columns = ", ".join(quoted(column) for column in left if column not in RUN_IDENTITY.get(table, ()))
    rows = f"select {columns} from {found}.{quoted(table)}"
    wanted = f"select {columns} from {expected}.{quoted(table)}"
    (count,) = connection.execute(f"select count(*) from {expected}.{quoted(table)}").fetchone() or (0,)
    too_many = connection.execute(f"{rows} except all {wanted}").fetchall()
    missing = connection.execute(f"{wanted} except all {rows}").fetchall()
    shown = [
        f"{len(some)} {word}: {some[:SHOWN]}" for word, some in (("too many", too_many), ("missing", missing)) if some
    ]
    return TableMatch(count, tuple(shown))
