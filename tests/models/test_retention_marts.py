"""The retention marts against computations that share nothing with the models."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import median
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.models.lifecycle_companies import AS_OF, random_company

if TYPE_CHECKING:
    from tests.models.compiled_project import CompiledProject
    from tests.models.lifecycle_replay import Customer

SEEDS = range(10)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_every_repurchase_rate_is_what_a_walk_through_the_buyers_gives(project: CompiledProject, seed: int) -> None:
    raw, known = random_company(seed)
    with project.build(raw, as_of=AS_OF, models=["repurchase_metrics"]) as warehouse:
        found = warehouse.sql("from marts.repurchase_metrics").df()
    keys = ["cohort_period", "window_days"]
    expected = pd.DataFrame(_repurchases(known)).set_index(keys).sort_index()
    found = found.drop(columns="as_of_date").set_index(keys).sort_index()
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_dtype=False, check_index_type=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_tiers_retention_follows_from_the_run_as_of_its_start(project: CompiledProject, seed: int) -> None:
    raw, known = random_company(seed)
    with project.build(raw, as_of=AS_OF, models=["retention_by_tier"]) as warehouse:
        found = warehouse.sql("from marts.retention_by_tier").df()
    periods = found[["period_type", "period_start", "period_end"]].drop_duplicates()
    assert len(periods) > 10
    for period in periods.sample(3, random_state=seed).itertuples():
        start, end = period.period_start.date(), period.period_end.date()
        opening = start - timedelta(days=1)
        with project.build(raw, as_of=opening, models=["customer_tiers"]) as warehouse:
            tiers = warehouse.sql("select customer_id, scheme, tier from marts.customer_tiers").df()
        expected = _tier_counts(tiers, known, opening, start, end)
        ours = found[(found["period_type"] == period.period_type) & (found["period_start"] == period.period_start)]
        columns = ["customers_at_start", "retained_customers", "retention_rate", "repurchase_rate"]
        ours = ours.set_index(["scheme", "tier"]).sort_index()
        pd.testing.assert_frame_equal(ours[columns], expected[columns], check_dtype=False, check_index_type=False)
        assert (ours["customers_at_end"] == ours["retained_customers"]).all()


@pytest.mark.slow
def test_a_company_without_orders_has_no_cohorts_and_no_failure(project: CompiledProject) -> None:
    marts = ["retention_cohorts", "retention_curves", "repurchase_metrics", "retention_by_tier", "customer_lifecycle"]
    marts += ["survival_curves", "survival_summary", "dim_labels"]
    with project.build({}, as_of=AS_OF, models=marts) as warehouse:
        rows = {mart: warehouse.sql(f"from marts.{mart}").fetchall() for mart in marts}
    assert not any(rows[mart] for mart in marts if mart != "dim_labels")


def _repurchases(known: dict[str, Customer]) -> list[dict[str, object]]:
    """Cohort by cohort and window by window, from the raw orders."""
    gaps: dict[pd.Timestamp, list[int | None]] = {}
    for customer in known.values():
        bought_on = sorted({order.ordered_on for order in customer.orders if order.is_purchase_on(AS_OF)})
        if bought_on:
            cohort = pd.Timestamp(bought_on[0].replace(day=1))
            gaps.setdefault(cohort, []).append((bought_on[1] - bought_on[0]).days if len(bought_on) > 1 else None)
    rows: list[dict[str, object]] = []
    for cohort, days in gaps.items():
        for window in (30, 60, 90, 180, 365):
            came = [gap for gap in days if gap is not None and gap <= window]
            rows.append(
                {
                    "cohort_period": cohort,
                    "window_days": window,
                    "buyers": len(days),
                    "repeat_buyers": len(came),
                    "repurchase_rate": len(came) / len(days),
                    "median_days_to_second": float(median(came)) if came else None,
                    "is_mature": (cohort + pd.offsets.MonthEnd(0)).date() + timedelta(days=window) <= AS_OF,
                }
            )
    return rows


def _tier_counts(
    tiers: pd.DataFrame, known: dict[str, Customer], opening: date, start: date, end: date
) -> pd.DataFrame:
    """M1 from the raw orders, for tiers as a run on the opening day gave them."""
    rows = []
    for row in tiers.itertuples():
        customer = known[str(row.customer_id)]
        known_from = customer.known_from()
        if known_from is None or known_from > opening:
            continue  # in the master without a day of its own: only the as-of day knows such a customer
        bought_on = {order.ordered_on for order in customer.orders if order.is_purchase_on(end)}
        rows.append(
            {
                "scheme": row.scheme,
                "tier": row.tier,
                "had_bought": any(order.is_purchase_on(opening) for order in customer.orders),
                "is_retained": any((end - day).days < 90 for day in bought_on),
                "days": sum(start <= day <= end for day in bought_on),
            }
        )
    grouped = pd.DataFrame(rows).groupby(["scheme", "tier"])
    counts = pd.DataFrame(
        {
            "customers_at_start": grouped.size(),
            "retained_customers": grouped["is_retained"].sum(),
            "buyers": grouped["days"].agg(lambda days: (days >= 1).sum()),
            "repeat_buyers": grouped["days"].agg(lambda days: (days >= 2).sum()),
            "had_bought": grouped["had_bought"].any(),
        }
    ).query("had_bought")
    counts["retention_rate"] = counts["retained_customers"] / counts["customers_at_start"]
    counts["repurchase_rate"] = counts["repeat_buyers"] / counts["buyers"]
    return counts.sort_index()
