"""What a suite looks at, by SQL: an entity as it was delivered, and the rows of the loads that are to be checked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from retention.landing.contracts import Contract
from retention.quality.declarations import LandedRules
from retention.quality.suites import FILLED, NEWEST, OLDEST, Suite, found_column


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


def delivered_batch(
    contract: Contract, suite: Suite, rules: LandedRules, as_of: date, present: Collection[str]
) -> Batch:
    """Everything that was delivered of an entity up to a day, all loads and all versions: are there rows, how fresh?

    Of the columns only the dates are read; the others are there by name.

    Args:
        present: columns that raw really has.
    """
    names = [f'null as "{name}"' for name in present if not name.startswith("_")]
    columns = ", ".join([*names, *_dates(contract, present)])
    query = f'select {columns} from raw."{contract.entity}" where {_seen(contract, as_of, present)}'
    parameters = {
        f"{contract.entity}_fresh_from": as_of - timedelta(days=contract.refresh_cycle_days),
        "history_from": months_before(as_of, rules.history_months) + timedelta(days=1),
        "as_of": as_of,
    }
    return Batch(suite, query, parameters, is_costly=False)


def rows_batch(contract: Contract, suite: Suite, as_of: date, present: Collection[str], *, news_only: bool) -> Batch:
    """The newest version of every key as of a day among the rows to be checked, as far as the suite asks for it.

    A newer version is newer by the source's own account, as the models see it. That the newest counts, and not every
    version that was ever delivered, lets a corrected delivery mend a failed check.

    Args:
        present: columns that raw really has.
        news_only: whether only the rows that no release has seen are checked (view `news.<entity>`), not all.
    """
    source = f'{"news" if news_only else "raw"}."{contract.entity}"'
    columns = [*_asked_columns(suite, present), *_references(contract, suite, present, source)]
    keys = ", ".join(f'"{name}"' for name in contract.key)
    seen = _seen(contract, as_of, present)
    # Most keys come once. Only the others are put in order; what is found by the hash is told apart by the key. A row
    # that the news hold twice (a new load's, dated after the release) is one of these.
    query = f"""
        with repeated as materialized (
            select hash({keys}) as key_hash from {source} group by key_hash having count(*) > 1
        ),
        newest as not materialized (
            select * from {source} as rows anti join repeated on hash({keys}) = key_hash
            union all
            select * from {source} as rows semi join repeated on hash({keys}) = key_hash
            qualify row_number() over (partition by {keys} order by {_newest_first(contract, as_of, present)}) = 1
        )
        select {", ".join(columns)} from newest where {seen}"""
    return Batch(suite, query, {"as_of": as_of}, is_costly=True)


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


def _asked_columns(suite: Suite, present: Collection[str]) -> list[str]:
    """The columns that the suite asks for; of those that need only be filled, a mark in place of the value."""
    values = {check.kwargs.get(name) for check in suite.checks for name in ("column", "column_A", "column_B")
              if check.expectation != FILLED}  # fmt: skip
    filled = {check.kwargs["column"] for check in suite.checks if check.expectation == FILLED} - values
    return [
        f'"{name}"' if name in values else f'case when "{name}" is not null then 1 end as "{name}"'
        for name in present
        if name in values | filled
    ]


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


def _references(contract: Contract, suite: Suite, present: Collection[str], source: str) -> list[str]:
    """For every reference of the suite a mark, if the row that it points to is there or no value asks for one."""
    asked = {check.kwargs.get("column") for check in suite.checks}
    selected = []
    for column in contract.columns:
        name = found_column(column.name)
        if name in asked and column.references is not None and column.name in present:
            parent, key = column.references
            # The parent may have a longer history than these rows: it is searched for them, not kept in memory whole.
            wanted = f'select "{column.name}" as wanted from {source}'
            known = f'raw."{parent}" semi join ({wanted}) as rows on "{key}" = wanted'
            there = f'newest."{column.name}" in (select "{key}" from {known})'
            selected.append(f'case when newest."{column.name}" is null or {there} then 1 end as "{name}"')
    return selected


def _newest_first(contract: Contract, as_of: date, present: Collection[str]) -> str:
    order = ["_load_seq desc", "_line_no desc"]
    if contract.version_column in present:
        version = f'"{contract.version_column}"'
        later = f"case when cast({version} as date) > date '{as_of}' then 1 else 0 end"
        order = [later, f"{version} desc nulls last", *order]
    return ", ".join(order)


def _seen(contract: Contract, as_of: date, present: Collection[str]) -> str:
    event = contract.event_column
    if event is None or event not in present:
        return "true"
    return f'("{event}" is null or "{event}" < date \'{as_of + timedelta(days=1)}\')'
