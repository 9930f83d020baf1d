"""The typed read: one pass over a source's text into a table of typed values, each bad row with its reason.

The table `staged` holds every record that has the right shape, in the file's order (its rowid is the place):
typed columns as far as the file has them, `_fault` (number of the reason in `faults`, null when good), `_raw` (a bad
row as delivered; `_vault_raw` with its personal values), `_key` (64-bit hash of the key), `_row_hash`. Rows that are
no records at all stand in `rejected`.
"""

from dataclasses import dataclass

import duckdb

from retention.landing.contracts import Column, Contract
from retention.landing.vault import hmac_sql
from retention.sql import literal, quoted

ROW_HASH = "duckdb-hash-1"  # the algorithm of _row_hash; rows hashed by another are never taken for duplicates
WITHHELD = "withheld"
TRUE = ("true", "t", "yes", "y", "1", "是")
FALSE = ("false", "f", "no", "n", "0", "否")
EARLIEST, LATEST = "1900-01-01", "2199-12-31 23:59:59.999999"
OFFSET = r"(Z|z|UTC|[+-]\d\d(:?\d\d)?)$"
OFFSET_FROM = 17  # an instant with an offset is at least as long as '2017-01-01T11:53Z'


@dataclass(frozen=True)
class Source:
    """A delivery as text, ready to be typed.

    Attributes:
        sql: a relation whose columns are named by the contract, all VARCHAR, in the file's order.
        present: contract columns that the file has.
        ignored: names of its other columns; their values are not read.
        first_line: line number of the first record.
        encoding: of a text file.
        has_place: the relation has the place of each record, from 0, as `_place`.
        has_empty: a value may be the empty text; CSV has null for it.
        has_serial_dates: dates may come as Excel's day numbers.
    """

    sql: str
    present: tuple[str, ...]
    ignored: tuple[str, ...]
    first_line: int
    encoding: str | None = None
    has_place: bool = False
    has_empty: bool = True
    has_serial_dates: bool = False


def stage(connection: duckdb.DuckDBPyConnection, contract: Contract, source: Source) -> None:
    """Read the source into `staged`, and the reasons into `faults`."""
    present = [column for column in contract.columns if column.name in source.present]
    faults = _faults(present)
    listed = ", ".join(f"({at}, {literal(reason)}, {literal(name)})" for at, (_, reason, name) in enumerate(faults))
    connection.execute(f"create or replace table faults as from (values {listed}) as t(fault, reason, column_name)")
    place = ["_place"] if source.has_place else []
    tidy = [f"{_tidy(quoted(column.name), source)} as {quoted(column.name)}" for column in present]
    typed = [f"{_typed(column, source)} as {_value(column)}" for column in present]
    texts = [quoted(column.name) for column in present]
    ranged = [_in_range(column) for column in present]  # a step of its own: within one, the cast would run twice
    branches = " ".join(f"when {test} then {at}" for at, (test, _, _) in enumerate(faults))
    values = [f"{_value(column)} as {quoted(column.name)}" for column in present]
    raw = [f"case when _fault is not null then {_raw(present, withhold=True)} end as _raw"]
    if contract.personal:
        raw.append(f"case when _fault is not null then {_raw(present, withhold=False)} end as _vault_raw")
    key = ", ".join(_value(contract.column(name)) for name in contract.key)
    connection.execute(f"""
        create or replace table staged as
        with tidy as (select {", ".join(tidy + place)} from {source.sql}),
        typed as (select *, {", ".join(typed)} from tidy),
        ranged as (select {", ".join(texts + place + ranged)} from typed),
        judged as (select *, (case {branches} end)::utinyint as _fault from ranged)
        select {", ".join(values + place + raw)}, _fault, hash({key}) as _key, {_row_hash(present)} as _row_hash
        from judged""")


def _value(column: Column) -> str:
    return quoted(f"{column.name}=")  # no header can collide with it


def _tidy(name: str, source: Source) -> str:
    """Blanks around a value are no part of it, and an empty value is none."""
    trimmed = f"case when prefix({name}, ' ') or suffix({name}, ' ') then nullif(trim({name}), '') else {name} end"
    return f"nullif({trimmed}, '')" if source.has_empty else trimmed


def _typed(column: Column, source: Source) -> str:
    text = quoted(column.name)
    kind = column.duckdb_type
    if kind == "VARCHAR":
        return f"lower({text})" if column.allowed else text
    if kind == "TIMESTAMP":
        return _instant(text, source)
    if kind == "DATE":
        return _month(text, source) if column.granularity == "month" else f"{_instant(text, source)}::date"
    if kind == "BOOLEAN":
        known = [f"when lower({text}) in ({', '.join(map(literal, words))}) then {value}"
                 for words, value in ((TRUE, "true"), (FALSE, "false"))]  # fmt: skip
        return f"case {' '.join(known)} end"
    if kind in ("BIGINT", "INTEGER"):  # '3' and '3.0', which spreadsheets make of it, never a rounded '3.7'
        number = f"try_cast({text} as decimal(18,3))"
        return f"case when {number} % 1 = 0 then try_cast({number} as {kind}) end"
    number = f"try_cast({text} as {kind})"  # decimals beyond the scale are rounded half away from zero
    return f"case when isfinite({number}) then {number} end" if kind == "DOUBLE" else number  # 'nan' measures nothing


def _instant(text: str, source: Source) -> str:
    """An instant in the session's time zone, which is the business's. One with an offset is converted to it."""
    plain = f"try_cast({text} as timestamp)"
    spelt_out = rf"regexp_replace(replace({text}, ' +', '+'), '([T ]\d\d:\d\d)(Z|z|\+|-)', '\1:00\2')"
    moved = f"try_cast({spelt_out} as timestamptz)::timestamp"
    # The usual spelling is told apart first: the search for an offset costs as much as the cast itself.
    may_move = f"length({text}) >= {OFFSET_FROM} and {text} not like '____-__-__ __:__:__'"
    cases = f"when {may_move} and regexp_matches({text}, {literal(OFFSET)}) then {moved}"
    if source.has_serial_dates:
        micros = f"round(try_cast({text} as double) * 86400000)::bigint * 1000"
        serial = f"timestamp '1899-12-30' + to_microseconds({micros})"
        cases = rf"when regexp_full_match({text}, '\d{{1,6}}(\.\d+)?') then {serial} {cases}"
    return f"(case {cases} else {plain} end)"


def _month(text: str, source: Source) -> str:
    """The first day of a month given as YYYY-MM or as any day of it."""
    spelt_out = f"try_cast({text} || '-01' as timestamp)"
    day = f"case when regexp_full_match({text}, '\\d{{4}}-\\d{{2}}') then {spelt_out} else {_instant(text, source)} end"
    return f"date_trunc('month', {day})::date"


def _in_range(column: Column) -> str:
    """A date far off is a slip of the keyboard or a stand-in for none ('0001-01-01', 'infinity')."""
    value = _value(column)
    if column.duckdb_type not in ("TIMESTAMP", "DATE"):
        return value
    return f"case when {value} between timestamp '{EARLIEST}' and timestamp '{LATEST}' then {value} end as {value}"


def _faults(present: list[Column]) -> list[tuple[str, str, str]]:
    """The tests of a row in the order in which they count: SQL, reason, column."""
    faults = []
    for column in present:
        text, value = quoted(column.name), _value(column)
        if column.required:
            faults.append((f"{text} is null", "missing key" if column.key_position else "missing value", column.name))
        if column.duckdb_type != "VARCHAR":
            faults.append((f"{value} is null and {text} is not null", "unparsable", column.name))
        if column.allowed:
            words = ", ".join(map(literal, column.allowed))
            faults.append((f"{value} not in ({words})", "unknown value", column.name))
    return faults


def _raw(columns: list[Column], *, withhold: bool) -> str:
    fields = []
    for column in columns:
        text = quoted(column.name)
        shown = f"if({text} is null, null, {literal(WITHHELD)})" if withhold and column.is_personal else text
        fields.append(f"{literal(column.name)}, {shown}")
    return f"json_object({', '.join(fields)})::varchar"


def _row_hash(present: list[Column]) -> str:
    """Hash of all delivered values; personal ones enter through one keyed hash of their text."""
    parts = [_value(column) for column in present if not column.is_personal]
    personal = [f"{literal(column.name + '=')} || {quoted(column.name)}" for column in present if column.is_personal]
    if personal:
        parts.append(hmac_sql(f"concat_ws(chr(31), {', '.join(personal)})"))
    return f"(hash({', '.join(parts)}) >> 1)::bigint"
