"""What a sample is: files inside an installed package, and one query for each landing entity made from them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class EntityQuery:
    """One landing entity of a sample.

    Attributes:
        select: columns as the entity's contract names them. It ends in ORDER BY over a unique key, so that
            the same input always gives the same bytes.
        suffix: kind of the file, one that landing reads: `csv`, `csv.gz` or `parquet`.
    """

    select: str
    suffix: str


@dataclass(frozen=True)
class Sample:
    """A data set to try the pipeline on.

    Attributes:
        name: what the command line calls it.
        package: import name of the package that carries the files. It is located, never imported.
        inputs: table name → file inside the package.
        open_input: reads one of these files.
        entities: landing entity → its query over the input tables.
        caveats: what a reader must know before trusting a figure; counts are computed from the data.
    """

    name: str
    package: str
    inputs: Mapping[str, str]
    open_input: Callable[[duckdb.DuckDBPyConnection, Path], duckdb.DuckDBPyRelation]
    entities: Mapping[str, EntityQuery]
    caveats: Callable[[duckdb.DuckDBPyConnection], tuple[str, ...]]


def open_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    """Read a Parquet file as it stands."""
    return connection.from_parquet(str(path))


def counts(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    """The whole numbers in the one row that `query` returns."""
    [row] = connection.sql(query).fetchall()
    return tuple(int(value) for value in row)
