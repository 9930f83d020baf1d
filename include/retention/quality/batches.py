"""What a suite looks at: the rows of a landed entity as they stand on the as-of day, by SQL."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from retention.landing.contracts import Contract
from retention.quality.declarations import LandedRules
from retention.quality.suites import NEWEST, OLDEST, Suite, found_column


@dataclass(frozen=True)
class Batch:
    """A suite with its rows and the values of its parameters.

    Attributes:
        query: SQL of the rows.
        is_costly: whether the query sorts or joins, and is better run once than for every figure.
    """

    suite: Suite
    query: str
    parameters: dict[str, Any]
    is_costly: bool


def landed_batch(contract: Contract, suite: Suite, rules: LandedRules, as_of: date, present: Collection[str]) -> Batch:
    """The newest version of every key as of a day, with the columns that the suite asks for.

    A newer version is newer by the source's own account, as the models see it. That the newest counts, and not every
    version that was ever delivered, lets a corrected delivery mend a failed check.

    Args:
        present: columns that raw really has.
    """
    columns = [*_plain_columns(suite, present), *_dates(contract, present), *_references(contract, suite, present)]
    newest, seen = _newest(contract, as_of, present), _seen(contract, as_of, present)
    query = f"select {', '.join(columns)} from ({newest}) as newest where {seen}"
    parameters = {
        f"{contract.entity}_fresh_from": as_of - timedelta(days=contract.refresh_cycle_days),
        "history_from": months_before(as_of, rules.history_months) + timedelta(days=1),
        "as_of": as_of,
    }
    return Batch(suite, query, parameters, is_costly=True)


def published_batch(suite: Suite, as_of: date) -> Batch:
    """A whole published table."""
    # A query and not a table: without a dialect, Great Expectations looks for a table's columns without its schema.
    return Batch(suite, f'select * from marts."{suite.entity}"', {"as_of": as_of}, is_costly=False)


def months_before(day: date, months: int) -> date:
    """The same day some months earlier, or that month's last day where it has no such day."""
    index = day.year * 12 + day.month - 1 - months
    year, month = index // 12, index % 12 + 1
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    last_day = (first_of_next - timedelta(days=1)).day
    return date(year, month, min(day.day, last_day))


def _plain_columns(suite: Suite, present: Collection[str]) -> list[str]:
    """The columns of which values are asked; of all others only the name, so that they are not copied."""
    asked = {check.kwargs.get(name) for check in suite.checks for name in ("column", "column_A", "column_B")}
    return [f'"{name}"' if name in asked else f'null as "{name}"' for name in present if not name.startswith("_")]


def _dates(contract: Contract, present: Collection[str]) -> list[str]:
    """The day that tells how fresh a row is, and how old.

    Master data is fresh when the source touched it lately, not only when a customer was new.
    """
    event = contract.event_column
    if event is None or event not in present:
        return []
    newest = f'cast("{event}" as date)'
    if contract.version_column in present and not contract.column(event).required:
        newest = f'greatest({newest}, cast("{contract.version_column}" as date))'
    return [f'{newest} as "{NEWEST}"', f'cast("{event}" as date) as "{OLDEST}"']


def _references(contract: Contract, suite: Suite, present: Collection[str]) -> list[str]:
    """For every reference of the suite the value, if the row that it points to is there; '' for no value."""
    asked = {check.kwargs.get("column") for check in suite.checks}
    selected = []
    for column in contract.columns:
        name = found_column(column.name)
        if name in asked and column.references is not None and column.name in present:
            parent, key = column.references
            there = f'newest."{column.name}" in (select "{key}" from raw."{parent}")'
            selected.append(f'case when newest."{column.name}" is null or {there} then 1 end as "{name}"')
    return selected


def _newest(contract: Contract, as_of: date, present: Collection[str]) -> str:
    keys = ", ".join(f'"{name}"' for name in contract.key)
    order = ["_load_seq desc", "_line_no desc"]
    if contract.version_column in present:
        version = f'"{contract.version_column}"'
        later = f"case when cast({version} as date) > date '{as_of}' then 1 else 0 end"
        order = [later, f"{version} desc nulls last", *order]
    return (
        f'select * from raw."{contract.entity}" '
        f"qualify row_number() over (partition by {keys} order by {', '.join(order)}) = 1"
    )


def _seen(contract: Contract, as_of: date, present: Collection[str]) -> str:
    event = contract.event_column
    if event is None or event not in present:
        return "true"
    return f'"{event}" is null or cast("{event}" as date) <= date \'{as_of}\''
