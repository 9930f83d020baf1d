"""How rows reach the landing folder: each waits until its day, then goes into that day's or month's file.

A table `waiting_<entity>` has the entity's columns, `_at` (a number that orders its rows, unique) and `_delivered` (a
day). Columns whose names begin with '_' reach no file.
"""

from pathlib import Path

import duckdb

from retention.publication.provenance import SYNTHETIC
from retention.simulation.company import Span
from retention.sql import literal

PREFIX = SYNTHETIC  # of every file's name: whoever sees the file or its load knows what it is


def wait(connection: duckdb.DuckDBPyConnection, entity: str, sql: str) -> None:
    """Put rows among those that wait."""
    connection.execute(f"create table if not exists waiting_{entity} as from ({sql}) limit 0")
    connection.execute(f"insert into waiting_{entity} by name {sql}")


def deliver(connection: duckdb.DuckDBPyConnection, span: Span, folder: Path) -> dict[str, int]:
    """Write what is due by the span's last day, one file an entity; where nothing is due, there is no file.

    Returns:
        Rows by entity.
    """
    tables = connection.execute(
        "select table_name from duckdb_tables() where starts_with(table_name, 'waiting_') order by table_name"
    ).fetchall()
    rows = {}
    for (table,) in tables:
        entity = table.removeprefix("waiting_")
        due = f"from {table} where _delivered <= {span.last}"
        columns = ", ".join(
            name for name, *_ in connection.execute(f"describe {table}").fetchall() if not name.startswith("_")
        )
        rows[entity] = _write(
            connection, f"select {columns} {due} order by _at", folder / entity / f"{PREFIX}{span.label}.parquet"
        )
        if rows[entity]:
            _forget(connection, table, rows[entity], span.last)
    return {entity: count for entity, count in rows.items() if count}


def _write(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> int:
    """Write rows beside the place of their file and rename it there, so that landing never reads half of it."""
    (due,) = connection.execute(f"select count(*) from ({sql})").fetchall()[0]
    if due:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        connection.execute(f"copy ({sql}) to {literal(beside)} (format parquet, compression zstd)")
        beside.replace(path)
    return int(due)


def _forget(connection: duckdb.DuckDBPyConnection, table: str, delivered: int, last: int) -> None:
    """Let go of what was delivered: whichever is less, those rows or all others, is touched."""
    (known,) = connection.execute(f"select count(*) from {table}").fetchall()[0]
    if known > 2 * delivered:
        connection.execute(f"delete from {table} where _delivered <= {last}")
    else:
        connection.execute(f"create or replace table {table} as from {table} where _delivered > {last}")
