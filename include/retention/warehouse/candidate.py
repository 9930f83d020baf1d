"""The candidate: two private DuckDB files in which one run builds, thrown away unless they are published.

`warehouse.duckdb` holds raw views, staging, intermediate tables, seeds and the ledger; `retention.duckdb`, attached to
it under the name `retention`, holds the result tables and nothing else, so that publishing is no copying.
"""

import fcntl
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path

import duckdb

from retention.errors import BuildFailedError
from retention.landing import Contract, committed_loads, raw_relation_sql
from retention.runs import Home, Run
from retention.sql import file_literal, literal, quoted
from retention.warehouse.audit_log import write_audit_log
from retention.warehouse.completeness import TABLE as THRESHOLDS
from retention.warehouse.completeness import thresholds_sql
from retention.warehouse.increment import Base

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


MARTS = "retention"
WAREHOUSE_FILE = "warehouse.duckdb"
MARTS_FILE = "retention.duckdb"


@contextmanager
def open_warehouse(folder: Path, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse of a release or of a run's folder, its result tables as schema `marts`.

    By the folder's own path and not through the pointer: DuckDB keeps one instance a path, and the pointer's path
    outlives releases.
    """
    place = folder.resolve()
    with duckdb.connect(str(place / WAREHOUSE_FILE), read_only=read_only, config=CONFIG) as connection:
        mode = "read_only" if read_only else "storage_version 'latest'"
        connection.execute(f"attach {literal(place / MARTS_FILE)} as {MARTS} ({mode})")
        if not read_only:
            connection.execute(f"create schema if not exists {MARTS}.marts")
        connection.execute(f"set search_path = 'warehouse.main,{MARTS}.marts'")
        yield connection


def prepare_candidate(
    run: Run, contracts: Mapping[str, Contract], load_ids: Mapping[str, Sequence[str]], base: Base | None = None
) -> Path:
    """Start the run's candidate, empty or as a copy of a release, with this run's raw data and parameters.

    A candidate that an earlier attempt left is removed with its write-ahead log, never opened: DuckDB would replay
    a stale log without a word.

    Args:
        load_ids: the loads of each entity that this run sees, pinned when it landed.
        base: the release to go on from; None: build everything anew.

    Returns:
        Path of the candidate, closed.
    """
    candidate = run.candidate
    candidate.parent.mkdir(parents=True, exist_ok=True)
    for file in (candidate, run.candidate_marts):
        for stale in file.parent.glob(f"{file.name}*"):
            stale.unlink()
        if base is not None:
            copy_file(base.folder / file.name, file)
            file.chmod(0o644)
    with duckdb.connect(str(candidate), config=CONFIG) as connection:
        write_raw_schema(connection, run, contracts, load_ids, base)
        write_ledger(connection, run.home, run.known_by)
        write_audit_log(connection, contracts)
    point_at(run)
    return candidate


def write_raw_schema(
    connection: duckdb.DuckDBPyConnection,
    run: Run,
    contracts: Mapping[str, Contract],
    load_ids: Mapping[str, Sequence[str]],
    base: Base | None = None,
) -> None:
    """Lay the schema `raw`: a view per entity over its pinned loads, and what the run knows as tables.

    These are its parameters as one row, and what the contracts ask of completeness.

    Args:
        base: the release that the models go on from; its newest load and its day tell them what is new.

    Raises:
        BuildFailedError: the run has no as-of date yet, or a landed file is gone.
    """
    if run.as_of is None:
        raise BuildFailedError(f"Run {run.run_id} has no as-of date.", "Land orders first, or pass --as-of YYYY-MM-DD.")
    connection.execute("drop schema if exists raw cascade")
    connection.execute("create schema raw")
    connection.execute("drop schema if exists news cascade")
    connection.execute("create schema news")
    for entity, contract in contracts.items():
        pinned = list(load_ids.get(entity, []))
        try:
            connection.execute(f"create view raw.{quoted(entity)} as {raw_relation_sql(run.home, contract, pinned)}")
            connection.execute(f"create view news.{quoted(entity)} as {_news_sql(run.home, contract, pinned, base)}")
        except duckdb.IOException as error:
            raise BuildFailedError(
                f"A landed file of '{entity}' is gone from {run.home.raw}.",
                "Restore the folder from a backup, or land the source files again.",
            ) from error
    connection.execute(
        f"create table raw.run_parameters as select {literal(run.run_id)} as run_id, "
        f"cast({literal(run.as_of)} as date) as as_of_date, {literal(run.profile)} as profile, "
        f"{literal(run.timezone)} as timezone, cast({literal(run.started_at)} as timestamp) as started_at, "
        f"cast({literal(base and base.since_load_seq)} as bigint) as since_load_seq, "
        f"cast({literal(base and base.since_as_of)} as date) as since_as_of"
    )
    connection.execute(f"create table raw.{THRESHOLDS} as {thresholds_sql(contracts)}")


def _news_sql(home: Home, contract: Contract, pinned: Sequence[str], base: Base | None) -> str:
    """A SELECT over the rows of an entity that the base has not seen; without a base none.

    New are the rows of later loads, and those of which a day or instant lies after the base's day. A row can be there
    more than once. The bounds stand in the text as literals, so that files without such rows are told by their
    statistics and not read.
    """
    if base is None:
        return raw_relation_sql(home, contract, [])
    later = [load["load_id"] for load in committed_loads(home) if load["load_seq"] > base.since_load_seq]
    new, old = ([load for load in pinned if (load in later) is wanted] for wanted in (True, False))
    seen = raw_relation_sql(home, contract, old)
    dated = [quoted(name) for name, kind in contract.raw_columns if kind in ("DATE", "TIMESTAMP")]
    tomorrow = literal(base.since_as_of + timedelta(days=1))
    parts = [f"(select * from ({seen}) where {column} >= date {tomorrow})" for column in dated]
    return " union all ".join([f"({raw_relation_sql(home, contract, new)})", *parts])


def write_ledger(connection: duckdb.DuckDBPyConnection, home: Home, known_by: date | None = None) -> None:
    """Lay the schema `ops`: the ledger of all loads and the rows they set aside, as the manifests have them.

    Args:
        known_by: only the loads taken in up to the end of this day.
    """
    manifests, set_aside = (
        file_literal(home.raw, f"*/load=*/{name}") for name in ("manifest.json", "quarantine.parquet")
    )
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in LEDGER.items())
    connection.execute("drop schema if exists ops cascade")
    connection.execute("create schema ops")
    connection.execute(
        f"create table ops.load_ledger as select * from read_json({manifests}, columns = {{{columns}}}, "
        f"hive_partitioning = false) where {_is_known('finished_at', known_by)} order by load_seq"
    )
    connection.execute(
        "create table ops.quarantine as select load_id, entity, line_no, reason, column_name, raw_row "
        f"from read_parquet({set_aside}, hive_partitioning = false) "
        "where load_id in (select load_id from ops.load_ledger) order by load_id, line_no"
    )


def _is_known(finished_at: str, known_by: date | None) -> str:
    return "true" if known_by is None else f"cast({finished_at} as date) <= date {literal(known_by)}"


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
