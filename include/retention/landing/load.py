"""One run of landing: every new file and extract is read and written aside; when none is refused, all are committed.

Extracts come before the files of the landing folder, so that a correction delivered by hand stands last.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from retention.errors import LoadRefusedError
from retention.landing import vault
from retention.landing.commit import Pending, sweep
from retention.landing.contracts import Contract
from retention.landing.deliveries import Delivery, Found, find_deliveries
from retention.landing.extracts import FILES, LOAD_ID_DIGITS, connected, extracts_folder, sealed_extracts
from retention.landing.ledger import Manifest, committed_loads, load_folder
from retention.landing.matching import NormalForms, algorithm, lay_normal_forms
from retention.landing.readers import Reading, read
from retention.landing.redelivery import find_duplicates
from retention.landing.staging import ROW_HASH, Source
from retention.landing.textfile import fingerprint
from retention.runs import Home
from retention.sql import file_literal, literal

NEEDED = "orders"  # the one entity that nothing can stand in for


@dataclass(frozen=True)
class LandingReport:
    """What landing did.

    Attributes:
        loads: manifests of the loads committed by this run.
        skipped: files whose content was loaded before: entity, uri, load_id.
        absent: entities with a contract and without any load.
    """

    loads: list[Manifest]
    skipped: list[dict[str, str]]
    absent: list[str]


@dataclass
class _Run:
    """What the reading of one file after the other shares."""

    home: Home
    connection: duckdb.DuckDBPyConnection
    scratch: Path
    zone: ZoneInfo
    progress: Callable[[str], None]
    committed: list[Manifest]
    default_region: str
    source: str | None = None  # stands in the ledger; None: what the delivery says
    pending: list[Pending] = field(default_factory=list)
    manifests: list[Manifest] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)

    def now(self) -> datetime:
        """The present instant in the business's time zone, without offset."""
        return datetime.now(self.zone).replace(tzinfo=None, microsecond=0)

    @property
    def next_seq(self) -> int:
        return max((int(manifest["load_seq"]) for manifest in self.committed + self.manifests), default=0) + 1

    def is_known(self, entity: str, load_id: str) -> bool:
        return any(
            manifest["entity"] == entity and manifest["load_id"] == load_id
            for manifest in self.committed + self.manifests
        )

    def may_be_known(self, delivery: Delivery) -> bool:
        """Whether a load of this entity came from a file of the same size."""
        size = delivery.path.stat().st_size
        return any(
            manifest["entity"] == delivery.contract.entity and manifest.get("bytes", size) == size
            for manifest in self.committed + self.manifests
        )

    def earlier_parts(self, entity: str) -> list[Path]:
        """Part files that the rows of a new file are compared with, those of this run included."""
        parts = [
            load_folder(self.home, entity, manifest["load_id"]) / "part.parquet"
            for manifest in self.committed
            if manifest["entity"] == entity and manifest.get("row_hash") == ROW_HASH
        ]
        return parts + [pending.part for pending in self.pending if pending.contract.entity == entity]


def land(
    home: Home,
    landing: Path,
    contracts: Mapping[str, Contract],
    *,
    timezone: str,
    progress: Callable[[str], None],
    default_region: str = "CN",
    threads: int | None = None,
    memory_limit: str | None = None,
) -> LandingReport:
    """Load every file of the landing folder and every extract that was not loaded before: all of them, or none.

    Args:
        timezone: the business's time zone; instants with an offset are converted to it.
        progress: is given one line per new file, and one for all that are known.
        default_region: whose telephone numbers are written without a calling code (two letters).
        threads: DuckDB's threads; None: one per core.
        memory_limit: DuckDB's limit, such as '8GB'; what does not fit goes to a private folder on disk.

    Raises:
        LoadRefusedError: files break their contracts; one line each, and nothing was loaded.
        NotThereError: there is no landing folder, and no source delivers either.
    """
    sweep(home)
    vault.sweep_scratch(home)
    found = _find(home, landing, contracts, progress)
    key = vault.hash_key(home)
    refused = list(found.refused)
    with _workshop(home, key, timezone, threads, memory_limit) as (connection, scratch):
        run = _Run(home, connection, scratch, ZoneInfo(timezone), progress, committed_loads(home), default_region)
        if NEEDED not in found.entities | {manifest["entity"] for manifest in run.committed}:
            refused.append(_no_orders(landing))
        for delivery in found.deliveries:
            try:
                _prepare(run, delivery)
            except LoadRefusedError as error:
                refused.append(error)
            except duckdb.Error as error:  # its text may quote a line of the file, so it goes no further
                problem = f"DuckDB stopped while it was read ({type(error).__name__})"
                refused.append(delivery.refuse(problem, "Check the free memory and disk, then run again."))
    if refused:
        for pending in run.pending:
            pending.discard()
        raise _together(refused)
    for pending in run.pending:
        pending.commit()
    for delivery in found.deliveries:
        if delivery.extract:
            delivery.extract.remove()
    _tell_known(run)
    _tell_other_hashes(run, contracts)
    present = {manifest["entity"] for manifest in run.committed + run.manifests}
    return LandingReport(run.manifests, run.skipped, [entity for entity in contracts if entity not in present])


def land_one(home: Home, delivery: Delivery, *, timezone: str, source: str) -> Manifest:
    """Load one file that the program itself has written, with the ledger's and the vault's discipline.

    Args:
        source: stands in the ledger in the place of `files`.

    Raises:
        LoadRefusedError: the file breaks its contract; nothing was loaded.
    """
    key = vault.hash_key(home)
    with _workshop(home, key, timezone, threads=1, memory_limit=None) as (connection, scratch):
        committed = committed_loads(home)
        run = _Run(home, connection, scratch, ZoneInfo(timezone), lambda _: None, committed, "CN", source)
        try:
            _prepare(run, delivery)
        except LoadRefusedError:
            for pending in run.pending:
                pending.discard()
            raise
    for pending in run.pending:
        pending.commit()
    return run.manifests[0]


def _find(home: Home, landing: Path, contracts: Mapping[str, Contract], progress: Callable[[str], None]) -> Found:
    """What there is to read: the extracts of sources, and the landing folder, which they can do without."""
    for gone in extracts_folder(home).glob("*/*/.gone-*"):
        shutil.rmtree(gone, ignore_errors=True)
    loads = committed_loads(home)
    extracts, lost = connected(loads, sealed_extracts(home))
    for extract in lost:
        progress(f"{extract.source}/{extract.entity}: left, since it follows a load that was withdrawn; extract again")
    deliveries = [
        Delivery(extract.file, contracts[extract.entity], extract.form, extract.columns, extract)
        for extract in extracts
        if extract.entity in contracts
    ]
    if not landing.is_dir() and (deliveries or lost or any(load["source"] != FILES for load in loads)):
        progress(f"no landing folder {landing}: only what sources deliver is loaded")
        found = Found((), (), frozenset())
    else:
        found = find_deliveries(landing, contracts)
    every = sorted([*deliveries, *found.deliveries], key=lambda one: one.contract.entity)
    return Found(tuple(every), found.refused, found.entities | {one.contract.entity for one in deliveries})


@contextmanager
def _workshop(
    home: Home, key: bytes, timezone: str, threads: int | None, memory_limit: str | None
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A database in memory for the reading, with a private folder for what does not fit. Nothing is downloaded.

    No statement of this package binds a parameter: DuckDB's client imports pandas at the first one, which takes
    a second (measured). Text enters SQL through `literal` and `quoted` alone.
    """
    scratch = vault.scratch_folder(home)
    limits = {"threads": threads, "memory_limit": memory_limit}
    options: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,  # a table name never means a variable of this program
        "temp_directory": str(scratch),
        **{name: value for name, value in limits.items() if value is not None},
    }
    try:
        with duckdb.connect(config=options) as connection:
            connection.execute(f"set timezone = {literal(timezone)}")
            connection.execute("set enable_progress_bar = false")
            vault.set_key(connection, key)
            yield connection, scratch
    finally:
        vault.sweep_scratch(home)


def _prepare(run: _Run, delivery: Delivery) -> None:
    """Read one file and write its load aside."""
    started, entity, uri = run.now(), delivery.contract.entity, delivery.uri
    if delivery.extract and run.is_known(entity, delivery.extract.load_id):
        return  # committed by a run that died before it took the extract away
    with ThreadPoolExecutor(max_workers=1) as side:
        hashing = side.submit(fingerprint, delivery.path)
        # Content of a size that no load had is new: it is read while it is hashed, on another core.
        if (
            not delivery.extract
            and run.may_be_known(delivery)
            and run.is_known(entity, hashing.result()[:LOAD_ID_DIGITS])
        ):
            run.skipped.append({"entity": entity, "uri": uri, "load_id": hashing.result()[:LOAD_ID_DIGITS]})
            return
        source = read(Reading(run.connection, delivery, run.scratch))
        sha256 = hashing.result()
    load_id = delivery.extract.load_id if delivery.extract else sha256[:LOAD_ID_DIGITS]
    if delivery.extract and delivery.extract.sha256 != sha256:
        raise delivery.refuse("the extract is damaged: it is not what was written", "Check the disk.")
    rows, bad = _tally(run.connection)
    if delivery.extract and not rows:
        run.progress(f"{delivery.label}: no rows")
        return
    _judge(run.connection, delivery, rows, bad)
    duplicates = find_duplicates(
        run.connection,
        delivery.contract,
        source.present,
        run.earlier_parts(entity),
        is_one_of_many=any(pending.contract.entity == entity for pending in run.pending),
    )
    pending = Pending(run.home, delivery.contract, load_id, run.next_seq)
    run.pending.append(pending)
    forms = lay_normal_forms(run.connection, delivery.contract, source, run.default_region)
    pending.write_rows(run.connection, source, duplicates, forms)
    repeated = pending.write_repeated(run.connection)
    loaded = _written(run.connection, pending)
    if rows != loaded + duplicates + bad:
        raise delivery.refuse(
            f"{rows} rows came in and {loaded} + {duplicates} + {bad} are accounted for",
            "This is a defect of the program; please report it with the file's shape.",
        )
    manifest = _manifest(run, delivery, source) | _matching(run, delivery, forms) | {
        "load_id": load_id, "load_seq": pending.load_seq, "uri": uri, "sha256": sha256, "rows_in": rows,
        "rows_loaded": loaded, "rows_duplicate": duplicates, "rows_quarantined": bad, "keys_repeated": repeated,
        "started_at": started.isoformat(), "finished_at": run.now().isoformat(),
    }  # fmt: skip
    pending.write_manifest(manifest)
    run.manifests.append(manifest)
    run.progress(f"{delivery.label}: {rows:,} rows in, {loaded:,} new, {duplicates:,} duplicate, {bad:,} quarantined")


def _matching(run: _Run, delivery: Delivery, forms: NormalForms) -> Manifest:
    """What the manifest says of the hashes, where the entity has such; told to the user where values are unusable."""
    if not any(column.normaliser for column in delivery.contract.personal):
        return {}
    for name, number in forms.unusable.items():
        run.progress(f"{delivery.label}: {number:,} values of '{name}' can be nobody's, and match nobody")
    return {"matching": algorithm(run.default_region), "unusable": dict(forms.unusable)}


def _tell_known(run: _Run) -> None:
    """One line for all files that are known: most nights most of them are."""
    if run.skipped:
        run.progress(f"{len(run.skipped)} file{'' if len(run.skipped) == 1 else 's'} already loaded")


def _tell_other_hashes(run: _Run, contracts: Mapping[str, Contract]) -> None:
    """Say which loads hold hashes that those of today do not match."""
    hashed = [name for name, contract in contracts.items() if any(column.normaliser for column in contract.personal)]
    others = [
        str(load["load_id"])
        for load in run.committed
        if load["entity"] in hashed and load.get("matching") != algorithm(run.default_region)
    ]
    if others:
        run.progress(
            f"warning: {len(others)} load(s) of {', '.join(hashed)} hold keys made by another algorithm or region, "
            f"which match only each other ({', '.join(others)}); to match them, "
            "withdraw them (retention withdraw LOAD) and land their files again"
        )


def _manifest(run: _Run, delivery: Delivery, source: Source) -> Manifest:
    contract = delivery.contract
    return {
        "source": run.source or delivery.source,
        "entity": contract.entity,
        "bytes": delivery.path.stat().st_size,
        "encoding": source.encoding,
        "status": "loaded",
        "contract_version": contract.version,
        "row_hash": ROW_HASH,
        "columns_absent": [column.name for column in contract.columns if column.name not in source.present],
        "columns_ignored": list(source.ignored),
        **(delivery.extract.facts if delivery.extract else {}),
    }


def _tally(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Count the records of the file, and the bad ones among them."""
    counts = connection.execute("""
        select (select count(*) from staged), (select count(_fault) from staged), (select count(*) from rejected)
    """).fetchone()
    staged, faulty, rejected = counts or (0, 0, 0)
    return staged + rejected, faulty + rejected


def _judge(connection: duckdb.DuckDBPyConnection, delivery: Delivery, rows: int, bad: int) -> None:
    """Refuse a file without rows, or with more bad rows than the contract lets pass."""
    if not rows:
        raise delivery.refuse("the file has no rows", "Deliver it again with its rows, or remove it.")
    limit = delivery.contract.max_bad_share
    if bad <= limit * rows:
        return
    reason, column, number = connection.execute("""
        select reason, column_name, count(*) as number from (
            select faults.reason, faults.column_name from staged join faults on faults.fault = staged._fault
            union all select reason, null from rejected)
        group by all order by number desc, reason, column_name limit 1""").fetchone() or ("", None, 0)
    most = f"column '{column}': {reason}" if column else reason
    raise delivery.refuse(
        f"{bad:,} of {rows:,} rows are bad, more than the {limit:.0%} that the contract allows "
        f"(most of all {most}, {number:,} rows)",
        "Correct the file and deliver it again; nothing of it was loaded.",
    )


def _written(connection: duckdb.DuckDBPyConnection, pending: Pending) -> int:
    """Count the rows of the part file that was written."""
    row = connection.execute(f"select num_rows from parquet_file_metadata({file_literal(pending.part)})").fetchone()
    return int(row[0]) if row else 0


def _no_orders(landing: Path) -> LoadRefusedError:
    return LoadRefusedError(
        f"orders/: no orders file in {landing}.",
        "Put at least one there: orders are the one entity that every table needs.",
    )


def _together(errors: list[LoadRefusedError]) -> LoadRefusedError:
    """One error with one line per refused file."""
    *first, last = errors
    lines = "".join(f"{error}\n" for error in first)
    return LoadRefusedError(lines + last.problem, last.remedy)
