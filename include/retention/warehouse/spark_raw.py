"""Raw for Spark: the same part files as on DuckDB, as views of the same names, columns and types.

Everything here is SQL text, made by the run and carried out in the process that holds the Spark session.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from retention.errors import BuildFailedError
from retention.landing import Contract
from retention.landing.ledger import part_files
from retention.runs import Run
from retention.sql import file_literal, quoted

FILES = "raw_files"
TYPES = {"varchar": "string", "timestamp": "timestamp_ntz", "integer": "int"}
GONE = "Restore the folder from a backup, or land the source files again."


def spark_type(duckdb_type: str) -> str:
    """A type of DuckDB as Spark names it; a timestamp of ours has no time zone."""
    plain = duckdb_type.lower()
    return TYPES.get(plain, plain)


def spark_name(name: str) -> str:
    """Quote an identifier for Spark."""
    return "`" + name.replace("`", "``") + "`"


def spark_text(value: object) -> str:
    """Quote a value as text for Spark, where a backslash is an escape."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def raw_statements(
    run: Run, contracts: Mapping[str, Contract], load_ids: Mapping[str, Sequence[str]], folder: Path
) -> list[str]:
    """SQL that lays schema `raw`: a view per entity over its pinned loads, and what the run itself knows.

    Args:
        folder: private folder for links to the part files; Spark reads whole folders, and a run sees pinned loads only.

    Raises:
        BuildFailedError: a landed file is gone.
    """
    shutil.rmtree(folder, ignore_errors=True)
    statements = ["create schema raw", f"create schema {FILES}"]
    for entity, contract in contracts.items():
        statements += _entity_statements(run, contract, load_ids.get(entity, []), folder / entity)
    with duckdb.connect(str(run.candidate), read_only=True) as connection:
        statements += [
            f"create table raw.{name} using parquet as {_rows(connection, name)}" for name in _tables(connection)
        ]
    return statements


def _entity_statements(run: Run, contract: Contract, load_ids: Sequence[str], folder: Path) -> list[str]:
    files = part_files(run.home, contract.entity, load_ids)
    for path in files:
        if not path.exists():
            raise BuildFailedError(f"A landed file of '{contract.entity}' is gone: {path}.", GONE)
    tables, selects = [], []
    for number, (columns, alike) in enumerate(_by_columns(files).items()):
        below = folder / str(number)
        below.mkdir(parents=True)
        for path in alike:
            (below / f"{path.parent.name.replace('=', '-')}.parquet").symlink_to(path)
        name = f"{FILES}.{spark_name(f'{contract.entity}_{number}')}"
        listed = ", ".join(f"{spark_name(column)} {spark_type(kind)}" for column, kind in columns)
        tables.append(f"create table {name} ({listed}) using parquet location {spark_text(below)}")
        selects.append(f"select {_typed(contract, [column for column, _ in columns])} from {name}")
    union = " union all ".join(selects) or f"select {_typed(contract, [])} where false"
    return [*tables, f"create view raw.{spark_name(contract.entity)} as {union}"]


def _typed(contract: Contract, present: Sequence[str]) -> str:
    """The contract's columns with its types; null where the files do not have the column."""
    return ", ".join(
        f"cast({spark_name(name) if name in present else 'null'} as {spark_type(kind)}) as {spark_name(name)}"
        for name, kind in contract.raw_columns
    )


def _by_columns(files: Sequence[Path]) -> dict[tuple[tuple[str, str], ...], list[Path]]:
    """Part files by their columns and types: those of an older contract can differ from those of today's."""
    if not files:
        return {}
    listed = ", ".join(file_literal(path) for path in files)
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select file_name, list((name, duckdb_type) order by column_id) from parquet_schema([{listed}]) "
            "where column_id > 0 group by file_name order by file_name"
        ).fetchall()
    alike: dict[tuple[tuple[str, str], ...], list[Path]] = {}
    for name, columns in rows:
        alike.setdefault(tuple(tuple(column) for column in columns), []).append(Path(name))
    return alike


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What the run itself knows: the tables of raw; entities are views."""
    found = connection.execute("select table_name from duckdb_tables() where schema_name = 'raw' order by table_name")
    return [name for (name,) in found.fetchall()]


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """The rows of a table of `raw` as a SELECT for Spark, whatever columns it has; meant for few rows."""
    columns = connection.execute(f"describe raw.{quoted(table)}").fetchall()
    texts = ", ".join(f"cast({quoted(name)} as varchar)" for name, *_ in columns)
    rows = connection.execute(f"select {texts} from raw.{quoted(table)}").fetchall()
    selects = [
        "select "
        + ", ".join(
            f"cast({'null' if value is None else spark_text(value)} as {spark_type(kind)}) as {spark_name(name)}"
            for (name, kind, *_), value in zip(columns, row, strict=True)
        )
        for row in rows or [(None,) * len(columns)]
    ]
    return " union all ".join(selects) + ("" if rows else " where false")
