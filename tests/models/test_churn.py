"""Churn, revenue movements and the customer base, against walks through the delivered rows with exact decimals."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.models.churn_company import FIRST_DAY, Company, Customer, cents, random_company, raw_tables
from tests.models.test_customer_rfm import with_parameters

if TYPE_CHECKING:
    import duckdb
    from tests.models.compiled_project import CompiledProject

TWO_YEARS_LATER = date(2025, 1, 31)
MARTS = ["churn_metrics", "revenue_movements", "customer_base_metrics"]
CASES = [  # as-of day, months of a revenue period
    (date(2024, 3, 31), 1),
    (date(2024, 3, 15), 1),
    (date(2024, 2, 29), 3),
    (date(2024, 5, 10), 6),
]
COUNTS = [
    "customers_at_start",
    "churned_customers",
    "reactivated_customers",
    "new_customers",
    "customers_at_end",
    "lapsed_customers_at_end",
]


def records(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, object]]:
    """The rows of a query."""
    found = connection.sql(query)
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def month_ends(as_of: date) -> list[date]:
    """The month-ends of a company's life up to the as-of day, the last day of its running month too."""
    last = pd.Timestamp(as_of) + pd.offsets.MonthEnd(0)
    return [day.date() for day in pd.date_range(FIRST_DAY, last, freq="ME")]


def month_before(month_end: date, months: int = 1) -> date:
    """The month-end some months before one."""
    return (pd.Timestamp(month_end) - pd.offsets.MonthEnd(months)).date()


def periods(month_end: date, months: int) -> tuple[tuple[date, date], tuple[date, date]]:
    """First and last day of the period before and of the one that ends with a month."""
    middle, start = month_before(month_end, months), month_before(month_end, 2 * months)
    return (start + timedelta(days=1), middle), (middle + timedelta(days=1), month_end)


def expected_movements(company: Company, as_of: date, months: int) -> dict[tuple[date, str], tuple[int, Decimal]]:
    """Customers and signed revenue by month-end and movement, from each customer's own revenues."""
    rows: dict[tuple[date, str], tuple[int, Decimal]] = {}
    for month_end in shown_movements(company, as_of, months):
        before, now = periods(month_end, months)
        for movement in ("new", "expansion", "reactivated", "contraction", "churned"):
            rows[month_end, movement] = (0, Decimal(0))
        for one in company.values():
            was, is_now = one.revenue(*before, as_of), one.revenue(*now, as_of)
            ever = one.revenue(FIRST_DAY, before[1], as_of)
            if was == is_now:
                continue
            if was == 0:
                movement = "reactivated" if ever else "new"
            elif is_now == 0:
                movement = "churned"
            else:
                movement = "expansion" if is_now > was else "contraction"
            customers, revenue = rows[month_end, movement]
            rows[month_end, movement] = (customers + 1, revenue + is_now - was)
    return rows


def shown_movements(company: Company, as_of: date, months: int) -> list[date]:
    """The last 12 month-ends that are over and whose period before begins in the data."""
    first = min(order.on for one in company.values() for order in one.orders).replace(day=1)
    over = [day for day in month_ends(as_of) if day <= as_of][-12:]
    return [day for day in over if periods(day, months)[0][0] >= first]


def in_dimensions(name: str, one: Customer, tiers: dict[str, str], as_of: date) -> dict[str, str]:
    """The value of each dimension that a customer counts in."""
    bought = [order for order in one.orders if order.is_purchase(as_of)]
    first = min(bought, key=lambda order: (order.on, order.order_id), default=None)
    by_order = first.channel if first else None
    return {
        "all": "all",
        "tier": tiers.get(name, "entered"),
        "region": one.region or "unknown",
        "channel": one.source_channel or by_order or "unknown",
        "industry": one.industry or "unknown",
    }


def expected_states(
    company: Company, opening: date, closing: date, tiers: dict[str, str], as_of: date
) -> dict[tuple[str, str], dict[str, int]]:
    """Who was and is active, by dimension, with what each of the two days knew."""
    counted: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for name, one in company.items():
        was, is_now = one.is_active(opening), one.is_active(closing)
        had_bought, has_bought = one.last_purchase(opening) is not None, one.last_purchase(closing) is not None
        if not (was or has_bought):
            continue
        found = (was, was and not is_now, is_now and not was and had_bought, is_now and not had_bought, is_now)
        for key in in_dimensions(name, one, tiers, as_of).items():
            for column, value in zip(COUNTS, (*found, has_bought and not is_now), strict=True):
                counted[key][column] += value
    return counted


def expected_retention(
    company: Company, month_end: date, months: int, tiers: dict[str, str], as_of: date
) -> dict[tuple[str, str], tuple[Decimal, Decimal, Decimal]]:
    """Revenue before, the lower of both periods and the later period's, of customers with revenue before."""
    before, now = periods(month_end, months)
    summed: dict[tuple[str, str], tuple[Decimal, Decimal, Decimal]] = {}
    for name, one in company.items():
        was, is_now = one.revenue(*before, as_of), one.revenue(*now, as_of)
        if was > 0:
            for key in in_dimensions(name, one, tiers, as_of).items():
                a, b, c = summed.get(key, (Decimal(0),) * 3)
                summed[key] = (a + was, b + min(was, is_now), c + is_now)
    return summed


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_movements_add_up_to_the_cent_and_are_those_of_each_customer(project: CompiledProject, seed: int) -> None:
    as_of, months = CASES[seed % len(CASES)]
    company = random_company(seed, as_of)
    seeds = with_parameters({"movement_period_months": str(months)})
    with project.build(raw_tables(company), as_of=as_of, models=["revenue_movements"], seeds=seeds) as warehouse:
        rows = records(warehouse, "from marts.revenue_movements")
        orders = warehouse.sql("select order_date, net_amount from marts.fct_orders where is_purchase").fetchall()
    found = {(row["month_end"], row["movement"]): (row["customers"], row["revenue"]) for row in rows}
    assert len(rows) == len(found)
    assert found == expected_movements(company, as_of, months)
    assert sum(customers for customers, _ in found.values()) > 20
    for row in rows:
        before, now = periods(row["month_end"], months)
        of_orders = [sum(net for day, net in orders if span[0] <= day <= span[1]) for span in (before, now)]
        assert [row["start_revenue"], row["end_revenue"]] == of_orders
    by_month = {row["month_end"]: (row["start_revenue"], row["end_revenue"]) for row in rows}
    for month_end, (start, end) in by_month.items():
        assert start + sum(row["revenue"] for row in rows if row["month_end"] == month_end) == end
    if months == 1:
        assert all(by_month[first][1] == by_month[second][0] for first, second in pairwise(sorted(by_month)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8, 12))
def test_churn_counts_are_those_of_runs_as_of_both_ends(project: CompiledProject, seed: int) -> None:
    as_of, months = CASES[seed % len(CASES)]
    company = random_company(seed, as_of)
    raw = raw_tables(company)
    seeds = with_parameters({"movement_period_months": str(months)})
    with project.build(raw, as_of=as_of, models=["churn_metrics"], seeds=seeds) as warehouse:
        rows = records(warehouse, "from marts.churn_metrics")
        fresh = {row["month_end"] for row in rows if not row["is_mature"]}
    ends = sorted({row["month_end"] for row in rows})
    whole = [day for day in month_ends(as_of) if day <= as_of][-12:]
    assert ends == sorted({*whole, month_ends(as_of)[-1]})
    assert fresh == {day for day in ends if day > as_of}
    totals = {row["month_end"]: row for row in rows if row["dimension"] == "all"}
    assert all(sum(row[name] for row in totals.values()) > 0 for name in COUNTS)
    busiest = max(ends, key=lambda day: min(totals[day][name] for name in COUNTS[1:4]))
    for month_end in {busiest, ends[-1]}:
        opening, closing = month_before(month_end), min(month_end, as_of)
        found = {(row["dimension"], row["dimension_value"]): row for row in rows if row["month_end"] == month_end}
        tiers = tiers_on(project, raw, company, opening)
        states = expected_states(company, opening, closing, tiers, as_of)
        later = tiers_on(project, raw, company, month_before(month_end, months))
        sums = expected_retention(company, month_end, months, later, as_of)
        is_shown = month_end in shown_movements(company, as_of, months)
        assert found.keys() == states.keys() | (sums.keys() if is_shown else set())
        for key, row in found.items():
            assert {name: row[name] for name in COUNTS} == states.get(key, dict.fromkeys(COUNTS, 0)), key
            check_retention(row, sums.get(key) if is_shown else None, is_shown=is_shown)


def check_retention(row: dict[str, object], sums: tuple[Decimal, Decimal, Decimal] | None, *, is_shown: bool) -> None:
    """GRR and NRR with their sums, or the reason why there are none."""
    columns = ["revenue_before", "gross_retained_revenue", "net_retained_revenue"]
    amounts = tuple(row[name] for name in columns)
    rates = (row["gross_revenue_retention"], row["net_revenue_retention"])
    if sums is None:
        why = "no_revenue_before" if is_shown else "history_too_short" if row["is_mature"] else "month_not_over"
        assert (rates, row["revenue_missing_reason"]) == ((None, None), why)
        assert amounts == ((0, 0, 0) if is_shown else (None,) * 3)
    else:
        assert (amounts, row["revenue_missing_reason"]) == (sums, None)
        assert rates == pytest.approx((float(sums[1] / sums[0]), float(sums[2] / sums[0])))


def tiers_on(project: CompiledProject, raw: dict[str, pd.DataFrame], company: Company, day: date) -> dict[str, str]:
    """The primary scheme's tiers as a run as of a day gives them; of customers with a day by which they are known."""
    with project.build(raw, as_of=day, models=["customer_tiers"]) as warehouse:
        tiers = dict(
            warehouse.sql("select customer_id, tier from marts.customer_tiers where is_primary_scheme").fetchall()
        )
    known = {
        name
        for name, one in company.items()
        if (one.registered_on and one.registered_on <= day) or any(order.on <= day for order in one.orders)
    }
    return {name: tier for name, tier in tiers.items() if name in known}


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "as_of"), [(13, CASES[1][0]), (14, CASES[2][0]), (15, TWO_YEARS_LATER)])
def test_the_customer_base_is_what_a_walk_through_the_purchases_gives(
    project: CompiledProject, seed: int, as_of: date
) -> None:
    company = random_company(seed, as_of)
    with project.build(raw_tables(company), as_of=as_of, models=["customer_base_metrics"]) as warehouse:
        rows = {row["month_end"]: row for row in records(warehouse, "from marts.customer_base_metrics")}
        margins = dict(warehouse.sql("select order_id, margin_amount from marts.fct_orders").fetchall())
    assert list(rows) != []
    is_long = as_of == TWO_YEARS_LATER
    assert sum(row["lifetime_revenue_growth_rate"] is not None for row in rows.values()) >= 2 * is_long
    before: dict[str, object] | None = None
    first = min(order.on for one in company.values() for order in one.orders if order.on <= as_of)
    for month_end, row in sorted(rows.items()):
        expected_growth = growth_of_a_year(company, month_end, as_of, first)
        told = (row["lifetime_revenue_growth_rate"], row["growth_missing_reason"])
        assert told == (pytest.approx(expected_growth[0], abs=1e-6), expected_growth[1]), month_end
        expected = base_of_month(company, month_end, as_of, margins)
        assert {name: row[name] for name in expected} == pytest.approx(expected), month_end
        growth = None
        if before and row["is_mature"] and before["revenue"] and row["purchases"]:
            growth = float(row["revenue"] / row["purchases"] / (before["revenue"] / before["purchases"])) - 1
        assert row["avg_order_value_growth_rate"] == (None if growth is None else pytest.approx(growth, abs=1e-6))
        before = row


def worth_of_a_year(company: Company, month_end: date, as_of: date) -> float:
    """What a customer who bought in the twelve months up to a month's end spent in them; 0 when nobody did."""
    since = (pd.Timestamp(month_end) + pd.Timedelta(days=1) - pd.DateOffset(months=12)).date()
    spent = [
        sum(bought)
        for one in company.values()
        if (bought := [order.net(as_of) for order in one.orders
                       if since <= order.on <= month_end and order.is_purchase(as_of)])
    ]  # fmt: skip
    return float(sum(spent) / len(spent)) if spent else 0.0


def growth_of_a_year(company: Company, month_end: date, as_of: date, first: date) -> tuple[float | None, str | None]:
    """A year against the year before, both within the whole months that are known; or the reason why not."""
    if month_end > as_of:
        return None, "month_not_over"
    whole_months = (month_end.year - first.year) * 12 + month_end.month - first.month
    if whole_months < 24:
        return None, "too_little_history"
    year_ago = (pd.Timestamp(month_end) + pd.Timedelta(days=1) - pd.DateOffset(months=12) - pd.Timedelta(days=1)).date()
    now, then = worth_of_a_year(company, month_end, as_of), worth_of_a_year(company, year_ago, as_of)
    return (now / then - 1, None) if now and then else (None, "no_purchases")


def base_of_month(
    company: Company, month_end: date, as_of: date, margins: dict[str, Decimal | None]
) -> dict[str, object]:
    """The figures of one month, from the customers' purchases."""
    first = month_end.replace(day=1)
    bought = {
        name: [order for order in one.orders if first <= order.on <= month_end and order.is_purchase(as_of)]
        for name, one in company.items()
    }
    bought = {name: orders for name, orders in bought.items() if orders}
    orders = [order for found in bought.values() for order in found]
    spent = sorted((sum(order.net(as_of) for order in found) for found in bought.values()), reverse=True)
    category = {"tea": "drinks", "pot": "ware", "cup": "ware"}
    kinds = [{category.get(one) for order in found for one in order.products} - {None} for found in bought.values()]
    known = [margins[order.order_id] for order in orders if margins[order.order_id] is not None]
    past = [sum(order.net(as_of) for order in one.orders if order.on <= month_end and order.is_purchase(as_of))
            for one in company.values()
            if any(order.on <= month_end and order.is_purchase(as_of) for order in one.orders)]  # fmt: skip
    revenue, customers = sum(spent, Decimal(0)), len(bought)
    why = "no_purchases" if not orders else "no_unit_costs" if not known else "unit_costs_incomplete"
    is_known = bool(orders) and len(known) == len(orders)
    return {
        "customers": customers,
        "purchases": len(orders),
        "revenue": revenue,
        "avg_order_value": cents(revenue / len(orders)) if orders else None,
        "revenue_per_customer": cents(revenue / customers) if orders else None,
        "margin_per_customer": cents(sum(known) / customers) if is_known else None,
        "margin_known_share": len(known) / len(orders) if orders else None,
        "margin_missing_reason": None if is_known else why,
        "category_customers": sum(1 for one in kinds if one),
        "cross_sell_customers": sum(1 for one in kinds if len(one) > 1),
        "top_customers_revenue_share": (float(sum(spent[: -(-customers // 10)]) / revenue) if revenue else None),
        "lifetime_revenue_per_customer": cents(sum(past) / len(past)) if past else None,
        "is_mature": month_end <= as_of,
    }
