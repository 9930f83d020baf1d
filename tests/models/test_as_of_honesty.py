"""What is published for a day knows nothing of what came after it: every table of schema marts, found by listing."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tests.models.random_companies import Company
from tests.models.random_engagement import engaged_company
from tests.models.test_customer_rfm import build
from tests.models.value_fits import FitRow, landed_fits, spend_fit

if TYPE_CHECKING:
    import duckdb
    from tests.models.compiled_project import CompiledProject

WITHOUT_ROWS = {  # of entities that the random companies do not deliver, or written when the build has ended
    "contact_calendar",  # so few are due and consent; contact_exclusions has their contacts
    "customer_merges",
    "data_quality",
    "finance_reconciliation",
    "identity_review",
    "tier_review_list",
}
FITS = landed_fits(
    FitRow("A", data_until=date(2022, 1, 1)),
    FitRow("B", data_until=date(2024, 12, 31), parameters={"r": 1.0, "alpha": 9.0, "a": 0.5, "b": 3.0}),
    spend_fit("C", data_until=date(2022, 1, 1)),
)
KEY_AND_EVENT = {
    "customers": ("customer_id", "registered_at"),
    "orders": ("order_id", "ordered_at"),
    "returns": ("return_id", "returned_at"),
    "interactions": ("interaction_id", "occurred_at"),
    "tickets": ("ticket_id", "received_at"),
    "surveys": ("response_id", "responded_at"),
    "value_fits": ("fit_id", "data_until"),
    "campaigns": ("campaign_id", "starts_on"),
    "touch_plans": ("plan_id", "planned_on"),
    "touches": ("touch_id", "touched_at"),
}


def with_contacts(company: Company, seed: int) -> Company:
    """The company with consent of some customers, campaigns, plans of contacts, and the contacts made."""
    rng = np.random.default_rng(seed + 20_000)
    customers = company.raw["customers"]
    ids = sorted(set(customers["customer_id"]))

    def drawn(key: str, event: str, size: int) -> pd.DataFrame:
        days = pd.Timestamp(company.as_of) - pd.to_timedelta(rng.integers(-3, 500, size=size), unit="D")
        rows = pd.DataFrame({key: [f"{key}{number}" for number in range(size)], event: days.astype("datetime64[us]")})
        return rows.assign(_load_seq=1, _line_no=range(1, size + 1))

    campaigns, plans = drawn("campaign_id", "starts_on", 6), drawn("plan_id", "planned_on", 20)
    touches = drawn("touch_id", "touched_at", 8 * len(ids))
    return replace(
        company,
        raw=company.raw
        | {
            "customers": customers.assign(
                consent_marketing=customers["customer_id"].isin(ids[::2]), preferred_channel="phone"
            ),
            "campaigns": campaigns.assign(name="a campaign", goal="revenue"),
            "touch_plans": plans.assign(
                scheme="retention_abcd", tier="A", channel="phone", planned_count=3, executor="ann"
            ),
            "touches": touches.assign(
                customer_id=rng.choice(ids or ["C0"], size=len(touches)),
                channel=rng.choice(["phone", "sms"], size=len(touches)),
                campaign_id=rng.choice([*campaigns["campaign_id"], None], size=len(touches)),
                plan_id=rng.choice([*plans["plan_id"], None], size=len(touches)),
                variant=rng.choice(["a", "b", "holdout"], size=len(touches)),
            ),
        },
    )


def cut(company: Company) -> Company:
    """What could be delivered on the as-of day: nothing that happened or was written after it."""
    end = pd.Timestamp(company.as_of) + pd.Timedelta(days=1)
    raw = dict(company.raw)
    for entity, (_, event) in KEY_AND_EVENT.items():
        rows = raw[entity]
        written = rows.get("updated_at", pd.Series(pd.NaT, index=rows.index))
        raw[entity] = rows[~(written >= end) & ~(pd.to_datetime(rows[event]) >= end)]
    raw["order_items"] = raw["order_items"][raw["order_items"]["order_id"].isin(raw["orders"]["order_id"])]
    return Company(company.as_of, raw, company.parameters)


def with_a_future(company: Company, then: Company, seed: int) -> Company:
    """The same with all that came later: events, new versions, in another order.

    Left out is what is dated by the as-of day and was first written after it: that is late data, which belongs there
    (decision 3).
    """
    end = pd.Timestamp(company.as_of) + pd.Timedelta(days=1)
    raw = dict(company.raw)
    for entity, (key, event) in KEY_AND_EVENT.items():
        rows = raw[entity]
        is_late = ~rows[key].isin(then.raw[entity][key]) & ~(pd.to_datetime(rows[event]) >= end)
        raw[entity] = rows[~is_late].sample(frac=1, random_state=seed)
    raw["order_items"] = raw["order_items"][raw["order_items"]["order_id"].isin(raw["orders"]["order_id"])]
    return Company(company.as_of, raw, company.parameters)


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every published table."""
    tables = connection.sql(
        "select table_name from duckdb_tables() where database_name = 'retention' and schema_name = 'marts'"
    ).fetchall()
    return {table: connection.sql(f"from marts.{table} order by all").fetchall() for (table,) in tables}


@pytest.mark.slow
def test_every_table_is_the_same_with_a_future_and_without(project: CompiledProject) -> None:
    seen: set[str] = set()
    future = compared = 0
    for seed, days_ago in zip(range(12, 40), itertools.cycle([200, 45]), strict=False):
        drawn = with_contacts(engaged_company(seed), seed)
        company = Company(drawn.as_of - timedelta(days=days_ago), drawn.raw | FITS, drawn.parameters)
        then = cut(company)
        now = with_a_future(company, then, seed)
        if compared == 4 or any(then.raw[one].empty != now.raw[one].empty for one in KEY_AND_EVENT):
            continue  # completeness tells an entity without a row by then from one that was never delivered
        compared += 1
        future += len(now.raw["orders"]) - len(then.raw["orders"])
        with build(project, now) as with_future, build(project, then) as without:
            found, expected = contents(with_future), contents(without)
        assert found == expected, f"company {seed}"
        seen |= {table for table, rows in found.items() if rows}
    assert found.keys() - seen == WITHOUT_ROWS
    assert future > 20, "there should be orders after the as-of day"
