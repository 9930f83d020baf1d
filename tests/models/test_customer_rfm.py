"""customer_rfm equals an independent computation on random companies; its rules hold at their borders."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR, CompiledProject
from tests.models.expected_rfm import expected_rfm, quantile_scores
from tests.models.random_companies import Company, random_company

if TYPE_CHECKING:
    import duckdb

SEEDS_DIR = PROJECT_DIR / "seeds"
SEGMENTS = pd.read_csv(SEEDS_DIR / "rfm_segments.csv").query("profile == 'all'")
WHOLE = [
    "recency_days",
    "frequency_12m",
    "frequency_lifetime",
    "r_band",
    "f_band",
    "m_band",
    "r_score",
    "f_score",
    "m_score",
]
TEXT = ["rfm_cell", "rfm_segment", "reason"]
BANDS = [(name, band) for name, bands in [("r_band", 4), ("f_band", 4), ("m_band", 3)] for band in range(1, bands + 1)]
DAYS = ["first_purchase_on", "last_purchase_on"]


def with_parameters(changed: dict[str, str]) -> dict[str, pd.DataFrame]:
    """The seed profile_parameters with some values of profile `all` changed."""
    parameters = pd.read_csv(SEEDS_DIR / "profile_parameters.csv", dtype=str)
    of_all = parameters["profile"] == "all"
    for name, value in changed.items():
        parameters.loc[of_all & (parameters["parameter"] == name), "value"] = value
    return {"profile_parameters": parameters}


def build(project: CompiledProject, company: Company, *models: str) -> duckdb.DuckDBPyConnection:
    """The company's warehouse with its own parameters."""
    return project.build(company.raw, as_of=company.as_of, models=models, seeds=with_parameters(company.parameters))


def rows(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, dict[str, object]]:
    """The rows of a table by customer."""
    found = connection.sql(f"select * from {table}")
    records = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    assert len({row["customer_id"] for row in records}) == len(records)
    return {str(row["customer_id"]): row for row in records}


def as_published(expected: pd.DataFrame, as_of: date) -> dict[str, dict[str, object]]:
    """The independent result in the types of the published table."""

    def whole(value: float) -> int | None:
        return None if pd.isna(value) else int(value)

    published = {}
    for customer_id, row in expected.iterrows():
        published[str(customer_id)] = {
            "customer_id": customer_id,
            **{name: whole(row[name]) for name in WHOLE},
            **{name: None if pd.isna(row[name]) else row[name] for name in TEXT},
            **{name: None if pd.isna(row[name]) else row[name].date() for name in DAYS},
            "monetary_12m": Decimal(row["monetary_12m"]) / 100,
            "monetary_lifetime": Decimal(row["monetary_lifetime"]) / 100,
            "rfm_score": None if pd.isna(row["rfm_score"]) else pytest.approx(row["rfm_score"], abs=1e-9),
            "as_of_date": as_of,
        }
    return published


@pytest.mark.parametrize("seed", range(40))
def test_customer_rfm_equals_an_independent_computation(project: CompiledProject, seed: int) -> None:
    company = random_company(seed)
    connection = build(project, company, "customer_rfm")
    assert rows(connection, "marts.customer_rfm") == as_published(expected_rfm(company, SEGMENTS), company.as_of)


def test_the_random_companies_hold_the_cases_that_break_rfm() -> None:
    seen: set[str] = set()
    cases: dict[str, bool] = {}
    for company in map(random_company, range(40)):
        expected = expected_rfm(company, SEGMENTS)
        orders, end = company.raw["orders"], pd.Timestamp(company.as_of)
        buyers = expected.dropna(subset=["rfm_score"])
        days = orders["ordered_at"].dt.normalize()
        cases = {
            "no customer at all": expected.empty,
            "a customer without a purchase": expected["rfm_score"].isna().any(),
            "an order on the as-of day": (days == end).any(),
            "an order on the day after": (days == end + pd.Timedelta(days=1)).any(),
            "one purchase": (expected["frequency_lifetime"] == 1).any(),
            "several purchases on one day": orders.assign(day=days).duplicated(["customer_id", "day"]).any(),
            "fewer buyers than scores": 0 < len(buyers) < 5,
            "all buyers alike": len(buyers) > 1 and buyers["recency_days"].nunique() == 1,
            "a tie with a quantile": buyers["monetary_12m"].duplicated().any(),
            "an order below 0": (orders["amount"] < 0).any(),
            "a purchase of amount 0": ((expected["frequency_12m"] > 0) & (expected["monetary_12m"] == 0)).any(),
            "a version of the day after": (orders["updated_at"] > end).any(),
            **{f"band {band} of {name}": (expected[name] == band).any() for name, band in BANDS},
            **{f"segment {name}": (expected["rfm_segment"] == name).any() for name in SEGMENTS["segment"].unique()},
        }
        seen |= {case for case, holds in cases.items() if holds}
    assert cases.keys() - seen == set()


def test_quantile_scores_follow_numpys_type_seven_quantiles() -> None:
    rng = np.random.default_rng(7)
    for count in (1, 2, 3, 4, 5, 6, 19, 100):
        values = rng.integers(0, 6, size=count)
        cuts = np.quantile(values, [0.2, 0.4, 0.6, 0.8], method="linear").round(9)
        by_numpy = 1 + np.searchsorted(cuts, values, side="right")
        assert quantile_scores([Fraction(int(value)) for value in values], Fraction(0)) == by_numpy.tolist()


def test_an_offset_of_one_gives_the_cut_offs_of_the_r_package(project: CompiledProject) -> None:
    """Of customers who mostly bought once, the package scores the single purchase 1; the plain quantile scores it 4."""
    counts = {"A": 1, "B": 1, "C": 1, "D": 1, "E": 6}
    orders = pd.DataFrame({"customer_id": [name for name, count in counts.items() for _ in range(count)]})
    orders["order_id"] = orders.index.astype(str)
    orders = orders.assign(ordered_at=pd.Timestamp("2024-03-30"), amount=10.0)
    scores = {}
    for offset in ("0", "1"):
        company = Company(date(2024, 3, 31), {"orders": orders}, {"score_cut_offset": offset})
        found = rows(build(project, company, "customer_rfm"), "marts.customer_rfm")
        scores[offset] = [found[name]["f_score"] for name in counts]
    assert scores == {"0": [4, 4, 4, 4, 5], "1": [1, 1, 1, 1, 5]}


def test_a_customer_with_cancelled_orders_only_has_no_scores_and_says_so(project: CompiledProject) -> None:
    orders = pd.DataFrame(
        {
            "order_id": ["1", "2"],
            "customer_id": ["only_cancelled", "buyer"],
            "ordered_at": pd.Timestamp("2024-03-01"),
            "amount": 10.0,
            "status": ["cancelled", "completed"],
        }
    )
    found = rows(
        build(project, Company(date(2024, 3, 31), {"orders": orders}, {}), "customer_rfm"), "marts.customer_rfm"
    )
    assert found["only_cancelled"]["reason"] == "no_purchase"
    assert found["only_cancelled"]["rfm_score"] is None
    assert found["only_cancelled"]["frequency_12m"] == 0
    assert found["buyer"]["frequency_12m"] == 1


def test_the_day_after_the_as_of_day_is_not_seen(project: CompiledProject) -> None:
    orders = pd.DataFrame(
        {
            "order_id": ["on_the_day", "day_after"],
            "customer_id": ["a", "b"],
            "ordered_at": pd.to_datetime(["2024-03-31 23:59:59", "2024-04-01 00:00:00"]),
            "amount": 10.0,
        }
    )
    found = rows(
        build(project, Company(date(2024, 3, 31), {"orders": orders}, {}), "customer_rfm"), "marts.customer_rfm"
    )
    assert found.keys() == {"a"}
    assert found["a"]["recency_days"] == 0


def test_the_segment_table_has_one_first_match_for_each_of_its_125_cells() -> None:
    ranges = SEGMENTS[["r_min", "r_max", "f_min", "f_max", "m_min", "m_max"]].itertuples(index=False)
    covered = {
        (r, f, m)
        for row in ranges
        for r in range(row.r_min, row.r_max + 1)
        for f in range(row.f_min, row.f_max + 1)
        for m in range(row.m_min, row.m_max + 1)
    }
    assert len(covered) == 125
    assert SEGMENTS["segment_rank"].is_unique
