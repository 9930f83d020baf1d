"""What is known of one profile: whom it was merged with and by what, what waits for review, and what was decided."""

from typing import Any

import duckdb

from retention.identity.decisions import Desk
from retention.warehouse.candidate import open_warehouse

MERGED = """
    select customer_id, golden_customer_id, matched_by, key_kinds, linked_ids, decided_by, decision_ids
    from marts.customer_merges
    where golden_customer_id = (select golden_customer_id from marts.customer_merges where customer_id = ?)
    order by is_golden desc, customer_id
"""
WAITING = """
    select review_reason, key_kind, customers, customer_ids
    from marts.identity_review
    where list_contains(string_split(customer_ids, ','), ?)
    order by all
"""


def show_customer(desk: Desk, customer_id: str) -> dict[str, Any]:
    """Gather what the published release and the decisions say of a profile.

    Returns:
        `customer_id`; `golden_customer_id`, None before the first release; `profiles` that are one customer (empty for
        one alone); `review`, cases of the release; `decisions` in force, those included that no release has seen.

    Raises:
        NotThereError: the customer was never landed.
    """
    desk.check_customers([customer_id])
    profiles: list[dict[str, Any]] = []
    review: list[dict[str, Any]] = []
    is_published = desk.home.published.exists()
    if is_published:
        with open_warehouse(desk.home.published, read_only=True) as connection:
            profiles, review = (_rows(connection, query, customer_id) for query in (MERGED, WAITING))
    golden = next((one["golden_customer_id"] for one in profiles), customer_id)
    named = {customer_id, *(one["customer_id"] for one in profiles)}
    return {
        "customer_id": customer_id,
        "golden_customer_id": golden if is_published else None,
        "profiles": profiles,
        "review": review,
        "decisions": desk.decisions(sorted(named)),
    }


def merged_into(connection: duckdb.DuckDBPyConnection, customer_id: str) -> str | None:
    """The customer whom a profile was merged into; None where it was not."""
    query = "select golden_customer_id from marts.customer_merges where customer_id = ? and not is_golden"
    found = connection.execute(query, [customer_id]).fetchone()
    return None if found is None else str(found[0])


def _rows(connection: duckdb.DuckDBPyConnection, query: str, customer_id: str) -> list[dict[str, Any]]:
    result = connection.execute(query, [customer_id])
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
