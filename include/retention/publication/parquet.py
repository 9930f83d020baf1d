"""Parquet beside the readers' file, where the engine that built the tables writes Parquet: a folder for each table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from retention.errors import PublicationError
from retention.publication.sealing import sha256_of
from retention.runs import Run
from retention.sql import file_literal, literal, quoted
from retention.warehouse.candidate import CONFIG

FOLDER = "marts"
WRITTEN_BY_AUDIT = "data_quality"


def release_parquet(run: Run, staged: Path, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Put the Parquet of every result table into a release that is being written; nothing where the run has none.

    The files are linked and not copied. The results of the checks, which come after the build, are written anew.

    Args:
        tables: the readers' file as it was read, by table with its `rows`.

    Returns:
        By table its `rows` and its `files`, each with place in the release, `bytes` and `sha256`.

    Raises:
        PublicationError: a table's Parquet is missing or does not have the rows of the table that was audited.
    """
    if not run.marts_parquet.exists():
        return {}
    found = {}
    for table, facts in tables.items():
        folder = staged / FOLDER / table
        folder.mkdir(parents=True)
        if table == WRITTEN_BY_AUDIT:
            _write(run.candidate_marts, table, folder / "part-00000.parquet")
        else:
            for number, part in enumerate(sorted((run.marts_parquet / table).glob("*.parquet"))):
                (folder / f"part-{number:05}.parquet").hardlink_to(part)
        rows = _rows(folder)
        if rows != facts["rows"]:
            raise PublicationError(
                f"The Parquet of {table} has {rows} rows, the table that was audited {facts['rows']}.",
                "Nothing was published. Build again: retention run.",
            )
        files = sorted(folder.iterdir())
        found[table] = {
            "rows": rows,
            "files": [
                {"path": str(file.relative_to(staged)), "bytes": file.stat().st_size, "sha256": sha256_of(file)}
                for file in files
            ],
        }
    return found


def changed_parquet(release: Path, manifest: Mapping[str, Any]) -> Path | None:
    """The first Parquet file of a release that is not as it was published, None when all are."""
    for table in manifest.get("parquet", {}).values():
        for entry in table["files"]:
            file = release / str(entry["path"])
            if not file.exists() or sha256_of(file) != entry["sha256"]:
                return file
    return None


def _write(marts: Path, table: str, target: Path) -> None:
    with duckdb.connect(str(marts), read_only=True, config=CONFIG) as connection:
        connection.execute(f"copy (from marts.{quoted(table)}) to {literal(target)} (format parquet, compression zstd)")


def _rows(folder: Path) -> int:
    if not any(folder.iterdir()):
        return 0
    pattern = file_literal(folder, "*.parquet")
    with duckdb.connect() as connection:
        row = connection.execute(f"select sum(num_rows) from parquet_file_metadata({pattern})").fetchall()[0]
    return int(row[0] or 0)
