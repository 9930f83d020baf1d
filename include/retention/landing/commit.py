"""Writing a load and committing it: everything goes to folders no reader looks at, then one rename makes it raw.

The vault's part is renamed first. A run that dies in between leaves a vault part without a load, which the next
run sweeps; it never leaves a load without its vault part.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from retention.landing.contracts import Column, Contract
from retention.landing.ledger import REPEATED, Manifest, load_folder
from retention.landing.matching import NormalForms
from retention.landing.staging import WITHHELD, Source
from retention.landing.vault import hmac_sql, make_private, private_folder
from retention.runs import Home
from retention.sql import literal, quoted

# The dictionary limit spares the search for repeats in columns of IDs: a third of the time of writing (measured).
PARQUET = "format parquet, parquet_version v2, compression zstd, compression_level 1, dictionary_size_limit 1000"
BUCKET = 64  # records per step of the line-number table: few steps hold a rejected line
TEMPORARY = ".tmp-"


@dataclass(frozen=True)
class Pending:
    """A load that is written and not yet committed."""

    home: Home
    contract: Contract
    load_id: str
    load_seq: int

    @property
    def folder(self) -> Path:
        return self.home.raw / self.contract.entity / f"{TEMPORARY}{self.load_id}"

    @property
    def vault_folder(self) -> Path:
        return self.home.vault / self.contract.entity / f"{TEMPORARY}{self.load_id}"

    @property
    def part(self) -> Path:
        """The part file, where it stands until the commit."""
        return self.folder / "part.parquet"

    def write_repeated(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Write the keys of new rows that may come again, in this file or from an earlier load: those of `suspects`.

        Returns:
            How many there are; without any, no file is written.
        """
        keys = ", ".join(quoted(name) for name in self.contract.key)
        connection.execute(f"""
            create or replace table repeated as
            select distinct {keys} from staged
            where _fault is null and _key in (select _key from suspects)
                and rowid not in (select place from duplicates)""")
        (found,) = connection.execute("select count(*) from repeated").fetchone() or (0,)
        if found:
            _copy(connection, "from repeated", self.folder / REPEATED)
        return int(found)

    def write_rows(
        self, connection: duckdb.DuckDBPyConnection, source: Source, duplicates: int, forms: NormalForms
    ) -> None:
        """Write good rows, quarantine and the vault's part from `staged`, `rejected` and `duplicates`.

        Args:
            forms: what the hashes of personal values are made of.
        """
        self.discard()
        self.folder.mkdir(parents=True)
        line_no, join = _line_numbers(connection, source)
        good = "_fault is null" + (" and staged.rowid not in (select place from duplicates)" if duplicates else "")
        rows, hashed = (f"from staged {joins} where {good}" for joins in (join, f"{join} {forms.joins}"))
        bad = f"from (select *, rowid from staged where _fault is not null) as staged {join}"
        numbers = f"{self.load_seq}::bigint as _load_seq, {line_no} as _line_no"
        columns = ", ".join(f"{sql} as {quoted(name)}" for name, sql in _part_columns(self.contract, source, forms))
        marks = f"{literal(self.load_id)} as _load_id, {numbers}, _row_hash"
        _copy(connection, f"select {columns}, {marks} {hashed}", self.part)
        # A line that could not be split may hold anything: it is shown only where no column is kept back.
        withheld = bool(self.contract.personal or source.ignored)
        load = f"{literal(self.load_id)} as load_id, {literal(self.contract.entity)} as entity"
        _copy(
            connection,
            f"""select {load}, line_no, reason, column_name, raw_row from (
                select {line_no} as line_no, faults.reason, faults.column_name, _raw as raw_row
                {bad} join faults on faults.fault = staged._fault
                union all
                select line_no, reason, null, {literal(WITHHELD) if withheld else "raw"} from rejected_lines)
            order by line_no""",
            self.folder / "quarantine.parquet",
        )
        if withheld:
            self._write_vault(connection, source, rows, bad, numbers, line_no)

    def _write_vault(
        self, connection: duckdb.DuckDBPyConnection, source: Source, rows: str, bad: str, numbers: str, line_no: str
    ) -> None:
        """Write the personal columns by key, and the bad rows as they were delivered."""
        for folder in (self.home.vault, self.vault_folder.parent, self.vault_folder):
            private_folder(folder)
        if self.contract.personal:
            named = dict.fromkeys([*self.contract.key, *filter(None, [self.contract.version_column])])
            kept = [*map(self.contract.column, named), *self.contract.personal]
            columns = ", ".join(f"{_staged(column, source)} as {quoted(column.name)}" for column in kept)
            _copy(connection, f"select {columns}, {numbers} {rows}", self.vault_folder / "part.parquet")
        _copy(
            connection,
            f"""select {line_no} as line_no, {"_vault_raw" if self.contract.personal else "_raw"} as raw_row {bad}
            union all select line_no, raw from rejected_lines order by line_no""",
            self.vault_folder / "quarantine.parquet",
        )
        make_private(self.vault_folder)

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest and push the whole load to the disk."""
        path = self.folder / "manifest.json"
        path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        for folder in (self.folder, self.vault_folder):
            if folder.exists():
                for file in folder.iterdir():
                    _sync(file)
                _sync(folder)

    def commit(self) -> None:
        """Make the load part of raw."""
        if self.vault_folder.exists():
            place = self.vault_folder.with_name(f"load={self.load_id}")
            shutil.rmtree(place, ignore_errors=True)  # of a run that died before its own commit
            self.vault_folder.rename(place)
            _sync(place.parent)
        place = load_folder(self.home, self.contract.entity, self.load_id)
        self.folder.rename(place)
        _sync(place.parent)

    def discard(self) -> None:
        """Remove what was written."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.vault_folder, ignore_errors=True)


def sweep(home: Home) -> None:
    """Remove the written loads that runs which died never committed.

    A vault part without a load stays: raw may only be away for a while, and personal data exist nowhere else. When its
    file is landed again, the commit replaces it.
    """
    for left in [*home.raw.glob(f"*/{TEMPORARY}*"), *home.vault.glob(f"*/{TEMPORARY}*")]:
        shutil.rmtree(left, ignore_errors=True)


def _part_columns(contract: Contract, source: Source, forms: NormalForms) -> list[tuple[str, str]]:
    """Name and SQL of each column that raw gets from `staged`: plain, hashed, derived."""
    columns = [(column.name, _staged(column, source)) for column in contract.plain]
    for column in contract.personal:
        if column.hash_column and column.normaliser:
            columns.append((column.hash_column, hmac_sql(forms.expressions.get(column.name, "null::varchar"))))
    for column in contract.personal:
        value = _staged(column, source)
        columns += [(name, f"{name.removeprefix('birth_')}({value})::integer") for name in column.derive]
    return columns


def _staged(column: Column, source: Source) -> str:
    """A column of `staged`, or the null that stands for one that the file does not have."""
    return f"staged.{quoted(column.name)}" if column.name in source.present else f"null::{column.duckdb_type}"


def _line_numbers(connection: duckdb.DuckDBPyConnection, source: Source) -> tuple[str, str]:
    """SQL of a staged row's line number, with the join it needs; fills `rejected_lines`.

    A row's place counts the records that could be split. Those that could not stand between them: the number of
    rejected records before each place is looked up in a table of steps.
    """
    connection.execute(f"""
        create or replace table rejected_lines as
        select ordinal + {source.first_line} as line_no, reason, raw,
            ordinal - row_number() over (order by ordinal) + 1 as good_before
        from rejected""")
    if source.has_place:
        return f"(staged._place + {source.first_line})", ""
    (any_rejected,) = connection.execute("select count(*) from rejected_lines").fetchone() or (0,)
    if not any_rejected:
        return f"(staged.rowid + {source.first_line})", ""
    connection.execute(f"""
        create or replace table steps as
        with counted as (
            select good_before // {BUCKET} as bucket, list(good_before) as inside, count(*) as number
            from rejected_lines group by bucket
        ),
        buckets as (select unnest(range((select count(*) // {BUCKET} + 1 from staged))) as bucket)
        select bucket, inside,
            (sum(coalesce(number, 0)) over (order by bucket) - coalesce(number, 0))::bigint as before
        from buckets left join counted using (bucket)""")
    inside = "case when inside is null then 0 else length(list_filter(inside, place -> place <= staged.rowid)) end"
    return (
        f"(staged.rowid + {source.first_line} + steps.before + {inside})",
        f"left join steps on staged.rowid // {BUCKET} = steps.bucket",
    )


def _copy(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    connection.execute(f"copy ({sql}) to {literal(str(path))} ({PARQUET})")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
