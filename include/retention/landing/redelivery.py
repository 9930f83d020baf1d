"""Which of the staged rows were delivered before: set-based, over the keys that arrive and no others.

A row is a duplicate when its content equals
- the row of the same key delivered just before it, in this file or in an earlier load, or
- any earlier row of that key, when the row carries a version (`updated_at`): a version is delivered once.
Without a version, A then B then A again are three states of the key, and all are loaded.

Earlier rows are looked through once a run, not once a file: from an entity's second new file on, the hashes of all
earlier keys stand in the table `seen`, each with the number of its part, and only parts that share a key are read.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from retention.landing.contracts import Contract
from retention.sql import file_literal, quoted


def find_duplicates(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    present: Sequence[str],
    earlier: Sequence[Path],
    *,
    is_one_of_many: bool = False,
) -> int:
    """Fill `duplicates(place)` with the rowids of staged rows that bring nothing new.

    Args:
        present: contract columns that `staged` has.
        earlier: part files of the entity's loads before this one; those of a run keep their order from file to file.
        is_one_of_many: whether a file of this entity was landed just before by the same connection.

    Returns:
        How many there are.
    """
    connection.execute("create or replace table duplicates (place bigint)")
    connection.execute("""
        create or replace table suspects as
        select _key from staged where _fault is null group by _key having count(*) > 1""")
    keys = ", ".join(quoted(name) for name in contract.key)
    version = (
        quoted(contract.version_column)
        if contract.version_column and contract.version_column in present
        else "null::timestamp"
    )
    near = _parts_with_shared_keys(connection, contract, earlier) if is_one_of_many else earlier
    connection.execute(f"""
        create or replace table known as
        select {keys}, _row_hash, _load_seq, _line_no from {_relation(contract, near)}
        where hash({keys}) in (select _key from staged where _fault is null)""")
    connection.execute(f"insert into suspects select distinct hash({keys}) from known")
    (suspects,) = connection.execute("select count(*) from suspects").fetchone() or (0,)
    if not suspects:
        return 0
    connection.execute(f"""
        insert into duplicates
        with arriving as (
            select rowid as place, {keys}, {version} as version, _row_hash,
                lag(_row_hash) over (partition by {keys} order by rowid) as before,
                row_number() over (partition by {keys} order by rowid) as delivery,
                row_number() over (partition by {keys}, _row_hash order by rowid) as same_delivery
            from staged
            where _fault is null and _key in (select _key from suspects)
        ),
        latest as (
            select {keys}, _row_hash as latest_hash from known
            qualify row_number() over (partition by {keys} order by _load_seq desc, _line_no desc) = 1
        ),
        contents as (select distinct {keys}, _row_hash, true as was_known from known)
        select place
        from arriving
        left join latest using ({keys})
        left join contents using ({keys}, _row_hash)
        where _row_hash = if(delivery = 1, latest_hash, before)
            or (version is not null and (was_known or same_delivery > 1))""")
    (found,) = connection.execute("select count(*) from duplicates").fetchone() or (0,)
    return int(found)


def _parts_with_shared_keys(
    connection: duckdb.DuckDBPyConnection, contract: Contract, earlier: Sequence[Path]
) -> list[Path]:
    """Of the earlier parts those that hold a key of `staged`, or another key of the same hash."""
    table, keys = quoted(f"seen_{contract.entity}"), ", ".join(quoted(name) for name in contract.key)
    connection.execute(f"create table if not exists {table} (key_hash ubigint, part integer)")
    (read,) = connection.execute(f"select coalesce(max(part) + 1, 0) from {table}").fetchone() or (0,)
    for number, part in enumerate(earlier[read:], start=read):
        connection.execute(f"insert into {table} select hash({keys}), {number:d} from {_relation(contract, [part])}")
    shared = connection.execute(f"""
        select distinct part from {table}
        where key_hash in (select _key from staged where _fault is null) order by part""").fetchall()
    return [earlier[number] for (number,) in shared]


def _relation(contract: Contract, earlier: Sequence[Path]) -> str:
    if not earlier:
        columns = ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in contract.raw_columns)
        return f"(select {columns} where false)"
    files = ", ".join(file_literal(path) for path in earlier)
    return f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)"
