"""Cohorts and their averages against computations that share nothing with the models."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import pandas as pd
import pytest
from tests.models.lifecycle_companies import AS_OF
from tests.models.split_companies import split_company, splits
from tests.models.test_customer_rfm import with_parameters

from retention.sources.samples import write_sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.models.compiled_project import CompiledProject

MONTH_END = (AS_OF + pd.offsets.MonthEnd(0)).date()
MARTS = ["retention_cohorts", "retention_curves", "customer_tier_history", "fct_orders", "int_cohort_customers"]
BRACKETS = [(0, 0), (1, 30), (31, 60), (61, 90), (91, 180), (181, 365)]
LENGTHS = {"week": "W-SUN", "month": "M", "quarter": "Q"}
KEYS = ["period_type", "definition", "dimension", "dimension_value", "cohort_period", "period_number"]
MONEY = [
    "revenue",
    "cumulative_revenue",
    "cumulative_revenue_per_customer",
    "margin_amount",
    "cumulative_margin_amount",
    "cumulative_margin_per_customer",
]


class Purchase(NamedTuple):
    """A purchase as cohorts count it; margin is None where a cost is unknown."""

    customer: str
    on: pd.Timestamp
    revenue: float
    margin: float | None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "as_of", "has_gaps", "parameters"),
    [
        (1, AS_OF, True, {}),
        (2, MONTH_END, False, {"cohort_weeks": "5"}),
        (3, date(2023, 10, 1), True, {"cohort_split_months": "4"}),  # a Sunday, the first day of a quarter
    ],
)
def test_every_cohort_cell_is_what_a_count_of_customer_sets_gives(
    project: CompiledProject, seed: int, as_of: date, has_gaps: bool, parameters: dict[str, str]
) -> None:
    raw = split_company(seed, has_gaps=has_gaps)
    with project.build(raw, as_of=as_of, models=MARTS, seeds=with_parameters(parameters)) as warehouse:
        found = warehouse.sql("from marts.retention_cohorts").df()
        curves = warehouse.sql("from marts.retention_curves").df()
        orders = warehouse.sql("select * from marts.fct_orders where is_purchase").df()
        history = warehouse.sql("from marts.customer_tier_history where scheme = 'retention_abcd'").df()
    values = splits(raw, orders, history, as_of)
    weeks, months = int(parameters.get("cohort_weeks", 26)), int(parameters.get("cohort_split_months", 24))
    expected = pd.DataFrame(_cells(_purchases(orders), values, as_of, weeks, months)).set_index(KEYS).sort_index()
    found = found.astype(dict.fromkeys(MONEY, float)).set_index(KEYS).sort_index()
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_dtype=False, check_index_type=False)
    assert {value for one in values.values() for value in one.values()} >= {"unknown", "fair", "west", "cups", "K2"}
    assert found["margin_amount"].isna().any() == has_gaps
    assert (found["margin_missing_reason"].isna() == found["cumulative_margin_per_customer"].notna()).all()
    _assert_averages(found.reset_index(), curves)


@pytest.mark.slow
def test_rare_values_of_a_dimension_are_counted_together(project: CompiledProject) -> None:
    raw = split_company(4)
    raw["orders"]["region"] = [f"R{number % 9}" for number in range(len(raw["orders"]))]
    seeds = with_parameters({"cohort_split_values": "2"})
    with project.build(raw, as_of=AS_OF, models=MARTS, seeds=seeds) as warehouse:
        shown = warehouse.sql(
            "select dimension_value, sum(cohort_size)::int from marts.retention_cohorts where dimension = 'region'"
            " and definition = 'classic' and period_type = 'month' and period_number = 0 group by all"
        ).fetchall()
        known = warehouse.sql(
            "select region, count(*) from intermediate.int_cohort_customers group by all order by 2 desc, 1"
        ).fetchall()
    assert sorted(shown) == sorted([*known[:2], ("other", sum(customers for _, customers in known[2:]))])


@pytest.mark.slow
def test_cdnow_has_the_published_cohorts_and_month_one_actives(project: CompiledProject, tmp_path: Path) -> None:
    report = write_sample("cdnow", tmp_path, lambda _: None)
    columns = "order_id, customer_id, ordered_at, amount"
    raw = {"orders": duckdb.sql(f"select {columns} from '{report.files['orders']}'").df()}
    with project.build(raw, as_of=date(1998, 6, 30), profile="cdnow", models=["retention_curves"]) as warehouse:
        cells = warehouse.sql(
            "select cohort_size, retained_customers from marts.retention_cohorts where period_type = 'month'"
            " and dimension = 'all' and definition = 'classic' and period_number = 1 order by cohort_period"
        ).fetchall()
        (average,) = warehouse.sql(
            "select acquired_customers, retained_customers from marts.retention_curves where period_type = 'month'"
            " and dimension = 'all' and definition = 'classic' and period_number = 1"
        ).fetchall()
    assert cells == [(7846, 1157), (8476, 1312), (7248, 1032)]
    assert average == (23570, 3501)


def _purchases(orders: pd.DataFrame) -> list[Purchase]:
    return [
        Purchase(
            str(row.customer_id),
            pd.Timestamp(row.order_date),
            float(row.net_amount),
            None if pd.isna(row.margin_amount) else float(row.margin_amount),
        )
        for row in orders.itertuples()
    ]


def _cells(
    purchases: list[Purchase], values: dict[str, dict[str, str]], as_of: date, weeks: int, months: int
) -> Iterator[dict[str, object]]:
    """Cells by set arithmetic on who bought when."""
    today = pd.Timestamp(as_of)
    for period_type, frequency in LENGTHS.items():
        first: dict[str, pd.Timestamp] = {}
        for one in purchases:
            first[one.customer] = min(first.get(one.customer, one.on), one.on)
        cohorts: dict[pd.Period, set[str]] = {}
        for customer, day in first.items():
            cohorts.setdefault(day.to_period(frequency), set()).add(customer)
        for cohort, members in cohorts.items():
            if period_type == "week" and (today.to_period(frequency) - cohort).n >= weeks:
                continue
            groups = {("all", "all"): members}
            if cohort.start_time >= (today.to_period("M") - months + 1).start_time:
                for customer in members:
                    for dimension, value in values[customer].items():
                        groups.setdefault((dimension, value), set()).add(customer)
            for (dimension, value), customers in groups.items():
                theirs = [one for one in purchases if one.customer in customers]
                key = {"period_type": period_type, "dimension": dimension, "dimension_value": value}
                key |= {"cohort_period": cohort.start_time.normalize(), "cohort_size": len(customers)}
                yield from (key | cell for cell in _by_period(theirs, cohort, len(customers), today))
                yield from (key | cell for cell in _by_bracket(theirs, cohort, first, len(customers), today))


def _by_period(
    purchases: list[Purchase], cohort: pd.Period, size: int, today: pd.Timestamp
) -> Iterator[dict[str, object]]:
    length = cohort.freqstr
    periods = list(pd.period_range(cohort, today.to_period(length), freq=length))
    bought = [[one for one in purchases if one.on.to_period(length) == period] for period in periods]
    money = list(accumulate([_sums(some) for some in bought], _add))
    for number, period in enumerate(periods):
        later = [one for some in bought[number:] for one in some]
        for definition, active in (("classic", bought[number]), ("rolling", later)):
            kept = len({one.customer for one in active})
            yield {
                "definition": definition,
                "period_number": number,
                "is_mature": period.end_time.normalize() <= today,
                **_rates(kept, size, _sums(bought[number]), money[number]),
            }


def _by_bracket(
    purchases: list[Purchase], cohort: pd.Period, first: dict[str, pd.Timestamp], size: int, today: pd.Timestamp
) -> Iterator[dict[str, object]]:
    so_far: tuple[float, float | None] = (0.0, 0.0)
    for number, (from_days, until_days) in enumerate(BRACKETS):
        inside = [one for one in purchases if from_days <= (one.on - first[one.customer]).days <= until_days]
        so_far = _add(so_far, _sums(inside))
        if cohort.start_time + timedelta(days=from_days) <= today:
            yield {
                "definition": "bracket",
                "period_number": number,
                "is_mature": cohort.end_time.normalize() + timedelta(days=until_days) <= today,
                **_rates(len({one.customer for one in inside}), size, _sums(inside), so_far),
            }


def _sums(purchases: list[Purchase]) -> tuple[float, float | None]:
    margins = [one.margin for one in purchases]
    return sum(one.revenue for one in purchases), None if None in margins else sum(filter(None, margins))


def _add(left: tuple[float, float | None], right: tuple[float, float | None]) -> tuple[float, float | None]:
    return left[0] + right[0], None if left[1] is None or right[1] is None else left[1] + right[1]


def _rates(
    kept: int, size: int, own: tuple[float, float | None], so_far: tuple[float, float | None]
) -> dict[str, object]:
    return {
        "retained_customers": kept,
        "retention_rate": kept / size,
        "revenue": own[0],
        "cumulative_revenue": so_far[0],
        "cumulative_revenue_per_customer": _cents(so_far[0] / size),
        "margin_amount": float("nan") if own[1] is None else own[1],
        "cumulative_margin_per_customer": float("nan") if so_far[1] is None else _cents(so_far[1] / size),
    }


def _cents(amount: float) -> float:
    """Rounded as a DECIMAL is: halves away from zero."""
    return round(amount + (1e-9 if amount >= 0 else -1e-9), 2)


def _assert_averages(cells: pd.DataFrame, curves: pd.DataFrame) -> None:
    """retention_curves is the mean of the rates over ripe cohorts, weighed by size."""
    keys = ["definition", "period_type", "dimension", "dimension_value", "period_number"]
    ripe = cells[cells["is_mature"]]
    expected = {
        key: (len(some), (some["retention_rate"] * some["cohort_size"]).sum() / some["cohort_size"].sum())
        for key, some in ripe.groupby(keys)
    }
    found = {key: (row["cohorts"].item(), row["retention_rate"].item()) for key, row in curves.groupby(keys)}
    assert found.keys() == expected.keys()
    assert all(found[key] == pytest.approx(expected[key]) for key in expected)
    assert (curves["retention_rate"] == 0).any()
