"""The candidate: a private DuckDB file in which one run builds, and which is thrown away unless it is published."""

import fcntl
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import duckdb

from retention.errors import BuildFailedError
from retention.landing import Contract, raw_relation_sql
from retention.runs import Home, Run
from retention.sql import file_literal, literal, quoted

# ioctl number of Linux's FICLONE: share the blocks of the copied file where the file system can (btrfs, xfs).
FICLONE = 0x40049409
LEDGER = {
    "load_id": "varchar",
    "load_seq": "bigint",
    "source": "varchar",
    "entity": "varchar",
    "uri": "varchar",
    "sha256": "varchar",
    "rows_in": "bigint",
    "rows_loaded": "bigint",
    "rows_duplicate": "bigint",
    "rows_quarantined": "bigint",
    "started_at": "timestamp",
    "finished_at": "timestamp",
    "status": "varchar",
}
CONFIG = {"storage_compatibility_version": "latest", "autoinstall_known_extensions": "false"}


def prepare_candidate(run: Run, contracts: Mapping[str, Contract], load_ids: Mapping[str, Sequence[str]]) -> Path:
    """Start the run's candidate as a copy of the last release's warehouse, with this run's raw data and parameters.

    A candidate that an earlier attempt left is removed with its write-ahead log, never opened: DuckDB would replay
    a stale log without a word.

    Args:
        load_ids: the loads of each entity that this run sees, pinned when it landed.

    Returns:
        Path of the candidate, closed.
    """
    candidate = run.candidate
    for stale in candidate.parent.glob(f"{candidate.name}*"):
        stale.unlink()
    candidate.parent.mkdir(parents=True, exist_ok=True)
    released = run.home.published / "warehouse.duckdb"
    if released.exists():
        copy_file(released, candidate)
        candidate.chmod(0o644)
    with duckdb.connect(str(candidate), config=CONFIG) as connection:
        write_raw_schema(connection, run, contracts, load_ids)
        write_ledger(connection, run.home)
    point_at(run)
    return candidate


def write_raw_schema(
    connection: duckdb.DuckDBPyConnection,
    run: Run,
    contracts: Mapping[str, Contract],
    load_ids: Mapping[str, Sequence[str]],
) -> None:
    """Lay the schema `raw`: a view per entity over its pinned loads, and the run's parameters as one row.

    Raises:
        BuildFailedError: the run has no as-of date yet, or a landed file is gone.
    """
    if run.as_of is None:
        raise BuildFailedError(f"Run {run.run_id} has no as-of date.", "Land orders first, or pass --as-of YYYY-MM-DD.")
    connection.execute("drop schema if exists raw cascade")
    connection.execute("create schema raw")
    for entity, contract in contracts.items():
        select = raw_relation_sql(run.home, contract, list(load_ids.get(entity, [])))
        try:
            connection.execute(f"create view raw.{quoted(entity)} as {select}")
        except duckdb.IOException as error:
            raise BuildFailedError(
                f"A landed file of '{entity}' is gone from {run.home.raw}.",
                "Restore the folder from a backup, or land the source files again.",
            ) from error
    connection.execute(
        f"create table raw.run_parameters as select {literal(run.run_id)} as run_id, "
        f"cast({literal(run.as_of)} as date) as as_of_date, {literal(run.profile)} as profile, "
        f"{literal(run.timezone)} as timezone, cast({literal(run.started_at)} as timestamp) as started_at"
    )


def write_ledger(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Lay the schema `ops`: the ledger of all loads and the rows they set aside, as the manifests have them."""
    manifests, set_aside = (
        file_literal(home.raw, f"*/load=*/{name}") for name in ("manifest.json", "quarantine.parquet")
    )
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in LEDGER.items())
    connection.execute("drop schema if exists ops cascade")
    connection.execute("create schema ops")
    connection.execute(
        f"create table ops.load_ledger as select * from read_json({manifests}, columns = {{{columns}}}, "
        "hive_partitioning = false) order by load_seq"
    )
    connection.execute(
        "create table ops.quarantine as select load_id, entity, line_no, reason, column_name, raw_row "
        f"from read_parquet({set_aside}, hive_partitioning = false) order by load_id, line_no"
    )


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, by sharing its blocks where the file system can."""
    with source.open("rb") as read, target.open("wb") as write, suppress(OSError):
        fcntl.ioctl(write, FICLONE, read.fileno())
        return
    shutil.copyfile(source, target)


def candidate_link(home: Home) -> Path:
    """The one path under which dbt opens whichever candidate is being built.

    dbt parses the whole project anew when a variable of its profile changes; a path that never changes saves that.
    """
    return home.work / ".candidate"


def point_at(run: Run) -> None:
    """Turn the candidate link to this run's folder."""
    link = candidate_link(run.home)
    beside = link.with_name(".candidate.new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(run.run_id)
    beside.replace(link)
