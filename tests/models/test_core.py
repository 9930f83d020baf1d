"""The shared facts and dimensions: orders by the rules, and a past day that stays as it was."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.models.expected_rfm import orders_seen, purchases_by
from tests.models.random_companies import Company, random_company
from tests.models.test_customer_rfm import build

if TYPE_CHECKING:
    import duckdb
    from tests.models.compiled_project import CompiledProject

PUBLISHED = ["marts.fct_orders", "marts.dim_customers", "marts.customer_rfm", "marts.customer_tiers"]
KEYS = {"customers": "customer_id", "orders": "order_id", "returns": "return_id"}
MODELS = [table.removeprefix("marts.") for table in PUBLISHED]


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the tables, in an order of its own."""
    return {table: connection.sql(f"from {table} order by all").fetchall() for table in PUBLISHED}


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_fct_orders_equals_an_independent_computation(project: CompiledProject, seed: int) -> None:
    company = random_company(seed)
    orders = orders_seen(company)
    purchases = purchases_by(company, orders, pd.Timestamp(company.as_of)).sort_values(["ordered_at", "order_id"])
    numbers = (purchases.groupby("customer_id").cumcount() + 1).set_axis(purchases["order_id"])
    nets = purchases.set_index("order_id")["net"]
    expected = {
        str(order.order_id): (order.customer_id, Decimal(order.cents) / 100, order.order_id in numbers.index)
        for order in orders.itertuples()
    }
    found = build(project, company, "fct_orders").sql(
        "select order_id, customer_id, gross_amount, is_purchase, order_number, net_amount from marts.fct_orders"
    )
    rows = found.fetchall()
    assert {row[0]: row[1:4] for row in rows} == expected
    bought = {row[0]: (row[4], row[5]) for row in rows if row[3]}
    assert bought == {order: (number, Decimal(int(nets[order])) / 100) for order, number in numbers.items()}
    assert all(row[4] is None for row in rows if not row[3])


def known_by(company: Company) -> Company:
    """What the source could deliver on the as-of day, of the keys that it knew then; and the same delivered later."""
    end = pd.Timestamp(company.as_of) + pd.Timedelta(days=1)
    raw = {}
    for entity, event in (("customers", "registered_at"), ("orders", "ordered_at"), ("returns", "returned_at")):
        rows = company.raw[entity]
        written = rows.get("updated_at", pd.Series(pd.NaT, index=rows.index))
        raw[entity] = rows[~(written >= end) & ~(rows[event] >= end)]
    return Company(company.as_of, raw, company.parameters)


@pytest.mark.parametrize("seed", range(10, 30))
def test_a_past_day_is_the_same_when_computed_later(project: CompiledProject, seed: int) -> None:
    """Later orders, returns and versions change nothing, in whatever order rows were delivered."""
    company = random_company(seed)
    then = known_by(company)
    keys = {entity: set(then.raw[entity][key]) for entity, key in KEYS.items()}
    later = {
        entity: rows[rows[KEYS[entity]].isin(keys[entity])].sample(frac=1, random_state=seed)
        for entity, rows in company.raw.items()
    }
    now = Company(company.as_of, later, company.parameters)
    assert contents(build(project, now, *MODELS)) == contents(build(project, then, *MODELS))


def test_every_table_is_built_for_a_company_without_rows(project: CompiledProject) -> None:
    connection = project.build({}, as_of=date(2024, 2, 29))
    assert contents(connection) == {table: [] for table in PUBLISHED}


def test_dates_begin_with_the_first_orders_month_and_end_on_the_as_of_day(project: CompiledProject) -> None:
    orders = pd.DataFrame(
        {
            "order_id": ["1", "2"],
            "customer_id": "a",
            "ordered_at": pd.to_datetime(["2023-12-15", "2024-02-01"]),
            "amount": 1.0,
        }
    )
    connection = project.build({"orders": orders}, as_of=date(2024, 2, 29), models=["dim_dates"])
    found = connection.sql(
        "select min(date_day), max(date_day), count(*), count(*) filter (is_month_end) from marts.dim_dates"
    ).fetchone()
    assert found == (date(2023, 12, 1), date(2024, 2, 29), 31 + 31 + 29, 3)
    weekday = connection.sql("select iso_weekday from marts.dim_dates where date_day = date '2024-02-25'").fetchone()
    assert weekday == (7,)
