"""Survival curves against published figures, against scipy, and against a walk through every customer's days."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy.stats import CensoredData, ecdf
from tests.models.lifecycle_companies import AS_OF
from tests.models.split_companies import split_company
from tests.models.test_customer_rfm import with_parameters

if TYPE_CHECKING:
    from tests.models.compiled_project import CompiledProject

DIMENSIONS = ["channel", "region", "acquisition_tier", "first_category", "first_campaign"]
WINDOW = 90  # active_window_days of profile `all`

# Weeks of remission under 6-MP (Freireich and others 1963, as in Gehan 1965): who fell ill again, who had not by then.
RELAPSED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
OBSERVED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
# Survival as textbooks print it; the 95 % log-log band by lifelines 0.30.3, KaplanMeierFitter().fit(weeks, relapsed).
PUBLISHED = {
    6: (0.857143, 0.619718, 0.951552),
    7: (0.806723, 0.563147, 0.922809),
    10: (0.752941, 0.503200, 0.889362),
    13: (0.690196, 0.431610, 0.849066),
    16: (0.627451, 0.367511, 0.804912),
    22: (0.537815, 0.267779, 0.746791),
    23: (0.448179, 0.188052, 0.680143),
}


def bought_on(days: dict[str, list[date]]) -> dict[str, pd.DataFrame]:
    """Raw orders of customers who bought on these days."""
    rows = [(customer, pd.Timestamp(day)) for customer, all_days in days.items() for day in all_days]
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_at"])
    numbers = range(len(orders))
    return {
        "orders": orders.assign(
            order_id=[f"O{number}" for number in numbers], amount=10, _load_seq=1, _line_no=list(numbers)
        )
    }


@pytest.mark.slow
def test_the_remissions_under_6_mp_have_the_published_curve(project: CompiledProject) -> None:
    start = AS_OF - timedelta(days=100)
    days = {f"relapsed_{n}": [start, start + timedelta(days=week)] for n, week in enumerate(RELAPSED)}
    days |= {f"observed_{n}": [AS_OF - timedelta(days=week)] for n, week in enumerate(OBSERVED)}
    with project.build(bought_on(days), as_of=AS_OF, models=["survival_curves", "survival_summary"]) as warehouse:
        rows = warehouse.sql(
            "select day, survival, ci_low, ci_high, events, at_risk from marts.survival_curves"
            " where curve = 'first_repurchase' and dimension = 'all' order by day"
        ).fetchall()
        (summary,) = warehouse.sql(
            "select customers, events, first_quartile_days, median_days, third_quartile_days, median_ci_low_days,"
            " median_ci_high_days, missing_reason from marts.survival_summary"
            " where curve = 'first_repurchase' and dimension = 'all'"
        ).fetchall()
    assert rows[0] == (0, 1.0, None, None, 0, 21)
    found = {day: (survival, low, high) for day, survival, low, high, events, _ in rows if events}
    assert found.keys() == PUBLISHED.keys()
    assert all(found[day] == pytest.approx(figures, abs=6e-7) for day, figures in PUBLISHED.items())
    assert summary == (21, 9, 13, 23, None, 13, None, None)


@pytest.mark.slow
def test_a_curve_that_ends_at_nought_has_no_band_there(project: CompiledProject) -> None:
    early = AS_OF - timedelta(days=9)
    days = {"came": [early, AS_OF - timedelta(days=4)], "came_later": [early, AS_OF]}
    days["bought_today"] = [AS_OF]
    with project.build(bought_on(days), as_of=AS_OF, models=["survival_curves", "survival_summary"]) as warehouse:
        rows = warehouse.sql(
            "select day, at_risk, events, censored, survival, ci_low is null from marts.survival_curves"
            " where curve = 'first_repurchase' and dimension = 'all' order by day"
        ).fetchall()
        summary = warehouse.sql(
            "select curve, median_days, median_ci_high_days, missing_reason from marts.survival_summary"
            " where dimension = 'all' order by curve"
        ).fetchall()
    assert rows == [(0, 3, 0, 1, 1.0, True), (5, 2, 1, 0, 0.5, False), (9, 1, 1, 0, 0.0, True)]
    assert summary == [("first_repurchase", 5, None, None), ("inactivity", None, None, "not_reached")]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The confidence interval is undefined")
@pytest.mark.parametrize(("seed", "band"), [(5, 0.95), (6, 0.8)])
def test_every_curve_is_what_scipy_gives_for_the_customers_own_days(
    project: CompiledProject, seed: int, band: float
) -> None:
    models = ["survival_curves", "survival_summary", "fct_orders", "int_cohort_customers"]
    quantile = {0.95: "1.959963984540054", 0.8: "1.2815515655446004"}[band]
    seeds = with_parameters({"survival_band_z": quantile, "survival_days": "250"})
    with project.build(split_company(seed, 60), as_of=AS_OF, models=models, seeds=seeds) as warehouse:
        found = warehouse.sql("from marts.survival_curves").df()
        summary = warehouse.sql("from marts.survival_summary").df().set_index(["curve", "dimension", "dimension_value"])
        values = warehouse.sql("from intermediate.int_cohort_customers").df().set_index("customer_id")
        orders = warehouse.sql("select * from marts.fct_orders where is_purchase").df()
    lives = _lives(orders).join(values[DIMENSIONS])
    lives["cohort_quarter"] = lives["first"].dt.to_period("Q").dt.start_time.dt.strftime("%Y-%m-%d")
    lives["all"] = "all"
    curves = found.groupby(["curve", "dimension", "dimension_value"])
    expected = {
        (curve, dimension, value)
        for curve in ("first_repurchase", "inactivity")
        for dimension in [*DIMENSIONS, "cohort_quarter", "all"]
        for value in lives[dimension].unique()
    }
    assert set(curves.groups) == expected == set(summary.index)
    for (curve, dimension, value), rows in curves:
        theirs = lives[lives[dimension] == value]
        _assert_curve(rows, theirs[f"{curve}_day"].to_numpy(), theirs[f"{curve}_ended"].to_numpy(dtype=bool), band)
        short = theirs[theirs[f"{curve}_day"] <= 250]
        assert rows["events"].sum() == short[f"{curve}_ended"].sum()
        assert rows["events"].sum() + rows["censored"].sum() == len(short)
        assert summary.loc[(curve, dimension, value), "customers"] == len(theirs)
    assert found["day"].max() <= 250 < lives["inactivity_day"].max()


@pytest.mark.slow
def test_a_repurchase_rate_is_one_less_survival_where_every_window_is_over(project: CompiledProject) -> None:
    models = ["survival_curves", "repurchase_metrics"]
    with project.build(split_company(7, 60), as_of=date(2024, 12, 31), models=models) as warehouse:
        rates = warehouse.sql(
            "select window_days, date_trunc('quarter', cohort_period)::date::varchar as cohort,"
            " sum(repeat_buyers) / sum(buyers) as rate, bool_and(is_mature) as is_mature"
            " from marts.repurchase_metrics where window_days <= 180 group by all"
        ).fetchall()
        curves = warehouse.sql(
            "select dimension_value, day, survival from marts.survival_curves"
            " where curve = 'first_repurchase' and dimension = 'cohort_quarter' order by day"
        ).fetchall()
    assert len(rates) >= 20
    for window, cohort, rate, is_mature in rates:
        survival = [share for value, day, share in curves if value == cohort and day <= window][-1]
        assert is_mature
        assert rate == pytest.approx(1 - survival, abs=1e-8)


def _lives(orders: pd.DataFrame) -> pd.DataFrame:
    """For each customer the day of either event since the first purchase, or how long it was observed without it."""
    rows = {}
    for customer, some in orders.groupby("customer_id"):
        days = sorted({pd.Timestamp(day).date() for day in some["order_date"]})
        first, end = days[0], (AS_OF - days[0]).days
        silent = next((n for n in range(end + 1) if not _is_active(days, first + timedelta(days=n))), None)
        second = next(((later - first).days for _, later in pairwise(days)), None)
        rows[customer] = {
            "first": pd.Timestamp(first),
            "first_repurchase_day": end if second is None else second,
            "first_repurchase_ended": second is not None,
            "inactivity_day": end if silent is None else silent,
            "inactivity_ended": silent is not None,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _is_active(days: list[date], today: date) -> bool:
    return any(0 <= (today - day).days < WINDOW for day in days)


def _assert_curve(rows: pd.DataFrame, days: np.ndarray, ended: np.ndarray, band: float) -> None:
    curve = ecdf(CensoredData.right_censored(days, ~ended)).sf
    limits = curve.confidence_interval(confidence_level=band, method="log-log")
    at = rows["day"].to_numpy()
    inside = (rows["survival"] > 0) & (rows["survival"] < 1)
    np.testing.assert_allclose(rows["survival"], curve.evaluate(at), atol=1e-8)
    np.testing.assert_allclose(rows["ci_low"][inside], limits.low.evaluate(at)[inside], atol=1e-8)
    np.testing.assert_allclose(rows["ci_high"][inside], limits.high.evaluate(at)[inside], atol=1e-8)
    assert rows.loc[~inside, ["ci_low", "ci_high"]].isna().all(axis=None)
    np.testing.assert_array_equal(rows["at_risk"], [(days >= day).sum() for day in at])
