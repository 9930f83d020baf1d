"""What the contracts ask of completeness, as a relation: `raw.completeness_thresholds`, which the models read (I6).

The contracts stay the only place where a threshold is set; a changed one counts from the next run.
"""

from collections.abc import Mapping

from retention.landing import Contract
from retention.landing.contracts import Column
from retention.sql import literal

TABLE = "completeness_thresholds"
COLUMNS = {
    "entity": "varchar",
    "column_name": "varchar",
    "threshold": "decimal(9,6)",
    "raw_column": "varchar",
    "is_instant": "boolean",
    "key_columns": "varchar",
    "event_column": "varchar",
    "version_column": "varchar",
    "is_event": "boolean",
}


def thresholds_sql(contracts: Mapping[str, Contract]) -> str:
    """A SELECT of one row per entity and column of which a contract asks a share of filled values.

    Its columns: `threshold` (0 to 1); `raw_column`, the column of raw by which a value's presence is told, for a
    personal value its hash or what was derived from it, null where raw keeps nothing of it; `is_instant`, whether that
    is a day or an instant, which can lie after the as-of day; of the entity, `key_columns` (separated by commas),
    `event_column`, `version_column`, and `is_event`, whether each of its rows has a day.
    """
    rows = [
        f"({', '.join(_values(contract, column))})"
        for contract in contracts.values()
        for column in contract.columns
        if column.completeness is not None
    ]
    typed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in COLUMNS.items())
    nothing = f"({', '.join('null' for _ in COLUMNS)})"
    listed = ", ".join(rows or [nothing])
    empty = "" if rows else " where false"
    return f"select {typed} from (values {listed}) as t({', '.join(COLUMNS)}){empty}"


def _values(contract: Contract, column: Column) -> list[str]:
    raw = raw_column(column)
    event = contract.event_column
    return [
        literal(contract.entity),
        literal(column.name),
        f"{column.completeness:.6f}",
        literal(raw),
        _flag(raw == column.name and column.duckdb_type in ("DATE", "TIMESTAMP")),
        literal(",".join(contract.key)),
        literal(event),
        literal(contract.version_column),
        _flag(event is not None and contract.column(event).required),
    ]


def raw_column(column: Column) -> str | None:
    """The column of raw that is null exactly where the value is missing; None: raw has none."""
    if not column.is_personal:
        return column.name
    return column.hash_column or next(iter(column.derive), None)


def _flag(value: bool) -> str:
    return "true" if value else "false"
