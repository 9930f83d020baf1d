"""Month-end history, moves between tiers and the crosswalk, against the rules' words and against runs of past days."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR, CompiledProject
from tests.models.expected_rfm import newest
from tests.models.random_companies import Company
from tests.models.random_engagement import engaged_company
from tests.models.test_customer_rfm import build
from tests.models.test_customer_tiers import SCHEMES, month_ends, tiers_on

if TYPE_CHECKING:
    from datetime import date

    import duckdb

SPANS = list(pd.read_csv(PROJECT_DIR / "seeds" / "migration_spans.csv").query("profile == 'all'")["span_months"])
HISTORY = "select customer_id, scheme, month_end, tier, tier_rank from marts.customer_tier_history"
SEEDS = range(1, 40, 5)

Tiers = dict[tuple[str, str], tuple[str, int, str]]


def with_history(company: Company, months: int) -> Company:
    """The company with another length of history."""
    return Company(company.as_of, company.raw, {**company.parameters, "history_months": str(months)})


@cache
def expected_months(seed: int) -> dict[date, Tiers]:
    """Tier, rank and rule by customer and scheme, at each month-end of the history of a company."""
    company = engaged_company(seed)
    return {day: tiers_on(company, day) for day in month_ends(company)}


def months_apart(start: date, end: date) -> int:
    """Months from one month-end to another."""
    return (end.year - start.year) * 12 + end.month - start.month


@pytest.mark.parametrize("seed", SEEDS)
def test_every_month_end_holds_the_tiers_of_that_day(project: CompiledProject, seed: int) -> None:
    company = engaged_company(seed)
    found = build(project, company, "customer_tier_history").sql(HISTORY).fetchall()
    expected = {
        (customer_id, scheme, day): (tier, rank)
        for day, tiers in expected_months(seed).items()
        for (customer_id, scheme), (tier, rank, _) in tiers.items()
    }
    assert {row[:3]: row[3:] for row in found} == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_move_is_what_a_walk_through_the_customers_gives(project: CompiledProject, seed: int) -> None:
    company = engaged_company(seed)
    months = expected_months(seed)
    expected: Counter[tuple[object, ...]] = Counter()
    for start in months:
        for end in months:
            if months_apart(start, end) in SPANS:
                for key, (tier, _, _) in months[end].items():
                    before = months[start][key][0] if key in months[start] else "entered"
                    expected[key[1], start, end, months_apart(start, end), before, tier] += 1
    found = (
        build(project, company, "tier_migration")
        .sql(
            "select scheme, from_month_end, to_month_end, span_months, from_tier, to_tier, customers, as_of_date"
            " from marts.tier_migration"
        )
        .fetchall()
    )
    assert {row[:6]: row[6] for row in found} == expected
    assert len(found) == len(expected)
    assert {row[7] for row in found} <= {company.as_of}


@pytest.mark.parametrize("seed", SEEDS)
def test_moves_add_up_to_the_tiers_at_both_ends(project: CompiledProject, seed: int) -> None:
    connection = build(project, engaged_company(seed), "customer_tier_history", "tier_migration")
    sizes = dict(
        _keyed(connection, "select scheme, month_end, tier, count(*) from marts.customer_tier_history group by all")
    )
    for tier, month in (("from_tier", "from_month_end"), ("to_tier", "to_month_end")):
        sums = _keyed(
            connection,
            f"select scheme, {month}, {tier}, span_months, sum(customers)::bigint from marts.tier_migration"
            f" where {tier} != 'entered' group by all",
        )
        for (scheme, day, code, _), customers in sums:
            assert customers == sizes[scheme, day, code]


def _keyed(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[tuple[object, ...], int]]:
    """Rows, the last column apart."""
    return [(row[:-1], row[-1]) for row in connection.sql(query).fetchall()]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_crosswalk_counts_every_customer_once_for_each_pair_of_schemes(project: CompiledProject, seed: int) -> None:
    company = engaged_company(seed)
    tiers = pd.Series({key: tier for key, (tier, _, _) in tiers_on(company, company.as_of).items()}, dtype=object)
    expected: dict[tuple[object, ...], int] = {}
    if len(tiers):
        wide = tiers.unstack()
        for one in SCHEMES:
            for other in SCHEMES:
                if one != other:
                    counts = pd.crosstab(wide[one], wide[other]).stack()
                    expected |= {(one, a, other, b): int(count) for (a, b), count in counts.items() if count}
    found = build(project, company, "tier_crosswalk").sql("from marts.tier_crosswalk").df()
    keys = ["scheme_a", "tier_a", "scheme_b", "tier_b"]
    assert dict(zip(found[keys].itertuples(index=False, name=None), found["customers"], strict=True)) == expected
    shares = found.groupby(["scheme_a", "tier_a", "scheme_b"])["share_of_tier_a"].sum()
    assert shares.tolist() == pytest.approx([1] * len(shares))
    customers = {key[0] for key in tiers.index}
    assert set(found.groupby(["scheme_a", "scheme_b"])["customers"].sum()) <= {len(customers)}


@pytest.mark.parametrize("seed", [8, 13, 29])
def test_a_past_month_is_as_a_run_of_that_day_shows_it(project: CompiledProject, seed: int) -> None:
    """With the data known now. A customer without any day is known on the as-of day alone, so in no month before."""
    company = engaged_company(seed)
    history = build(project, company, "customer_tier_history")
    past = [day for day in month_ends(company) if day < company.as_of]
    for day in past[:: max(1, len(past) // 5)]:
        then = build(project, _as_of(company, day), "customer_tiers", "int_known_customers")
        expected = then.sql(
            "select customer_id, scheme, tier, tier_rank from marts.customer_tiers where customer_id in ("
            "select customer_id from intermediate.int_known_customers where known_from is not null) order by all"
        ).fetchall()
        query = f"select customer_id, scheme, tier, tier_rank from ({HISTORY}) where month_end = ? order by all"
        assert history.execute(query, [day]).fetchall() == expected


def _as_of(company: Company, day: date) -> Company:
    """A run of a past day that knows what the as-of day knows: its version of every row, and a customer's attributes.

    A customer who bought before it was registered has its label then already, as the history has; of one who is
    registered after the as-of day neither knows any.
    """
    customers, orders = (
        newest(company.raw[entity], key, company.as_of).assign(updated_at=pd.NaT)
        for entity, key in (("customers", "customer_id"), ("orders", "order_id"))
    )
    customers = customers[~(customers["registered_at"] >= pd.Timestamp(company.as_of) + pd.Timedelta(days=1))]
    is_known = customers["registered_at"] < pd.Timestamp(day) + pd.Timedelta(days=1)
    customers = customers.assign(registered_at=customers["registered_at"].where(is_known))
    return Company(day, {**company.raw, "customers": customers, "orders": orders}, company.parameters)


@pytest.mark.parametrize(("months", "kept"), [(1, 1), (7, 7), (0, None)])
def test_the_profile_says_how_many_months_are_kept(project: CompiledProject, months: int, kept: int | None) -> None:
    company = with_history(engaged_company(29), months)
    found = build(project, company, "customer_tier_history").sql(
        "select distinct month_end from marts.customer_tier_history order by 1"
    )
    days = [day for (day,) in found.fetchall()]
    all_days = month_ends(company, 0)
    assert len(all_days) > 20
    assert days == (all_days[-kept:] if kept else all_days)
