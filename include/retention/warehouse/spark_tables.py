"""What Spark built, as tables of the candidate: names, columns, types and constraints as dbt makes them on DuckDB."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from retention.errors import BuildFailedError
from retention.runs import Run
from retention.sql import file_literal, quoted
from retention.warehouse.candidate import MARTS, open_warehouse

SCHEMA = "marts"
# Beside the result tables, what `retention explain` reads; the other steps in between are left with Spark.
EXPLAINED = {"seeds": None, "intermediate": {"int_customer_metrics_as_of", "int_score_cells", "int_score_cutoffs"}}


def take_over(run: Run, schemas: Mapping[str, Path], manifest_file: Path) -> None:
    """Fill the candidate from Spark's Parquet.

    Args:
        schemas: by schema the folder of its tables, each a folder of Parquet files.
        manifest_file: dbt's manifest of the build, which knows the contracts of the result tables.

    Raises:
        BuildFailedError: a table that the project defines was not built, or breaks its contract.
    """
    nodes = _built(json.loads(manifest_file.read_text(encoding="utf-8")))
    try:
        with open_warehouse(run.folder, read_only=False) as connection:
            for node in nodes:
                if node["schema"] == SCHEMA:
                    _fill(connection, node, schemas[SCHEMA] / node["name"])
                wanted = EXPLAINED.get(node["schema"], set())
                if wanted is None or node["name"] in wanted:
                    _copy(connection, node, schemas[node["schema"]] / node["name"])
    except duckdb.Error as error:
        raise BuildFailedError(
            f"A table of Spark's cannot be taken over: {str(error).splitlines()[0]}",
            f"Spark's log: {run.folder / 'logs' / 'spark.log'}.",
        ) from error


def _built(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Seeds and models, in alphabetical order."""
    found = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
    return sorted(found, key=lambda node: str(node["name"]))


def _fill(connection: duckdb.DuckDBPyConnection, node: dict[str, Any], folder: Path) -> None:
    """Make a result table by its contract, and fill it."""
    table = f"{MARTS}.{SCHEMA}.{quoted(node['name'])}"
    columns = node["columns"].values()
    kinds = ", ".join(f"{quoted(column['name'])} {column['data_type']}{_constraint(column)}" for column in columns)
    names = ", ".join(quoted(column["name"]) for column in columns)
    connection.execute(f"create table {table} ({kinds})")
    connection.execute(f"insert into {table} by name select {names} from {_rows(folder)}")


def _copy(connection: duckdb.DuckDBPyConnection, node: dict[str, Any], folder: Path) -> None:
    connection.execute(f"create schema if not exists {node['schema']}")
    connection.execute(f"create or replace table {node['schema']}.{quoted(node['name'])} as from {_rows(folder)}")


def _constraint(column: dict[str, Any]) -> str:
    return " not null" if any(one["type"] == "not_null" for one in column["constraints"]) else ""


def _rows(folder: Path) -> str:
    return f"read_parquet({file_literal(folder, '*.parquet')}, hive_partitioning = false)"
