"""Raw as readers see it: the manifests of committed loads, and the rows of an entity as one relation."""

import json
import shutil
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from retention.errors import NotThereError
from retention.landing.contracts import Contract
from retention.runs import Home
from retention.sql import file_literal, literal, quoted

Manifest = dict[str, Any]
REPEATED = "repeated.parquet"  # beside a load's part: its keys that come again, in it or from an earlier load


def load_folder(home: Home, entity: str, load_id: str) -> Path:
    """Where a load stands once it is committed."""
    return home.raw / entity / f"load={load_id}"


def committed_loads(home: Home) -> list[Manifest]:
    """Read the manifests of all committed loads, in the order in which they were loaded."""
    paths = home.raw.glob("*/load=*/manifest.json")
    manifests: list[Manifest] = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return sorted(manifests, key=lambda manifest: int(manifest["load_seq"]))


def loads_known_by(manifests: Sequence[Manifest], day: date | None) -> list[Manifest]:
    """The loads that had been taken in by the end of a day of the business's time zone.

    Args:
        manifests: what `committed_loads` gives.
        day: None for all of them.
    """
    if day is None:
        return list(manifests)
    return [one for one in manifests if datetime.fromisoformat(str(one["finished_at"])).date() <= day]


def part_files(home: Home, entity: str, load_ids: Sequence[str] | None = None) -> list[Path]:
    """List the part files of an entity's committed loads, in load order.

    Args:
        load_ids: only these loads; None: all.
    """
    wanted = None if load_ids is None else set(load_ids)
    return [
        load_folder(home, entity, manifest["load_id"]) / "part.parquet"
        for manifest in committed_loads(home)
        if manifest["entity"] == entity and (wanted is None or manifest["load_id"] in wanted)
    ]


def repeated_key_files(home: Home, entity: str, load_ids: Sequence[str]) -> list[Path] | None:
    """List the files in which these loads name each key that more than one of their rows has, others too.

    Returns:
        None where one of the loads does not tell, or was not compared with the others: landed by an older program.
    """
    wanted = [one for one in committed_loads(home) if one["entity"] == entity and one["load_id"] in set(load_ids)]
    files = [load_folder(home, entity, one["load_id"]) / REPEATED for one in wanted if one.get("keys_repeated")]
    is_told = all("keys_repeated" in one for one in wanted) and len({one.get("row_hash") for one in wanted}) <= 1
    return files if is_told and all(file.exists() for file in files) else None


def withdraw(home: Home, load_id: str) -> Path:
    """Take a wrong load out of raw, into `withdrawn/`: later runs do not see it, and its file can be landed again.

    Its personal columns stay in the vault. Releases that were built from it stay as they are.

    Returns:
        Where the load is now.

    Raises:
        NotThereError: there is no such load.
    """
    found = next((load for load in committed_loads(home) if load["load_id"] == load_id), None)
    if found is None:
        raise NotThereError(f"There is no load {load_id}.", "List the loads with: retention status.")
    target = home.path / "withdrawn" / str(found["entity"]) / f"load={load_id}"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    load_folder(home, found["entity"], load_id).rename(target)
    return target


def raw_relation_sql(home: Home, contract: Contract, load_ids: Sequence[str] | None = None) -> str:
    """A SELECT over all versions of an entity's rows, with the contract's columns and types.

    Part files are listed one by one, so a reader sees what was committed when the SQL was made. A column that an
    older part does not have reads as null; an entity without loads gives no rows.
    """
    files = part_files(home, contract.entity, load_ids)
    typed = [(quoted(name), kind) for name, kind in contract.raw_columns]
    empty = "select " + ", ".join(f"null::{kind} as {name}" for name, kind in typed) + " where false"
    if not files:
        return empty
    listed = ", ".join(file_literal(path) for path in files)
    columns = ", ".join(f"{name}::{kind} as {name}" for name, kind in typed)
    # The empty SELECT stands first so that columns which no part has are there as nulls.
    parts = f"select * from read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    relation = f"({empty} union all by name {parts})"
    return f"select {columns} from {relation}"


def event_range(home: Home, contract: Contract, load_ids: Sequence[str] | None = None) -> tuple[date, date] | None:
    """First and last day of an entity's events over all its rows, from the footers of the part files.

    Parquet keeps the exact bounds of every row group, so that no row is read; a part whose footer lacks them is read.

    Args:
        load_ids: only these loads; None: all.

    Returns:
        None when there is no row with a day, or the contract has no event column.
    """
    files, column = part_files(home, contract.entity, load_ids), contract.event_column
    if not files or column is None:
        return None
    listed = ", ".join(file_literal(path) for path in files)
    # One row per column and row group. A column of nulls alone has no bounds and needs none.
    bounds = duckdb.execute(f"""
        select
            min(cast(cast(stats_min_value as timestamp) as date)),
            max(cast(cast(stats_max_value as timestamp) as date)),
            coalesce(bool_or(
                stats_null_count is null
                or (stats_null_count < num_values and (stats_min_value is null or stats_max_value is null))
            ), false)
        from parquet_metadata([{listed}])
        where path_in_schema = {literal(column)}""").fetchall()
    [(first, last, is_unknown)] = bounds
    if is_unknown:
        rows = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
        [(first, last)] = duckdb.execute(
            f"select min(cast({quoted(column)} as date)), max(cast({quoted(column)} as date)) from {rows}"
        ).fetchall()
    return None if first is None or last is None else (first, last)
