"""customer_value by the closed forms of the papers, and which fit is in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tests.models.random_companies import random_company
from tests.models.test_customer_rfm import build
from tests.models.value_fits import (
    CDNOW_PURCHASES,
    CDNOW_SPEND,
    FitRow,
    alive,
    landed_fits,
    purchases,
    spend_fit,
)

if TYPE_CHECKING:
    import duckdb
    from tests.models.compiled_project import CompiledProject

STATISTICS = """
    select customer_id, repeat_purchase_days as x, span_days / 7 as t_x, age_days / 7 as age, repeat_day_spend,
        purchases, revenue_amount
    from intermediate.int_value_statistics
"""
WEEKS_A_YEAR = 365 / 7


def frame(connection: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    """The answer by customer."""
    return connection.sql(query).df().set_index("customer_id").sort_index()


@pytest.mark.parametrize("seed", [29, 33])
def test_scores_equal_the_closed_forms(project: CompiledProject, seed: int) -> None:
    company = random_company(seed)
    fits = landed_fits(FitRow("P", data_until=date(2022, 1, 1)), spend_fit("S", data_until=date(2022, 1, 1)))
    company = replace(company, raw=company.raw | fits)
    with build(project, company, "customer_value", "int_customer_scores") as connection:
        known = frame(connection, STATISTICS)
        scores = frame(connection, "from intermediate.int_value_scores")
        valued = frame(connection, "from marts.customer_value")
        rfm = frame(
            connection,
            "select customer_id, purchase_days_lifetime, monetary_lifetime, first_purchase_on, last_purchase_on "
            "from intermediate.int_customer_scores where is_as_of",
        )
    assert len(known) > 3
    history = tuple(known[name].to_numpy(dtype=float) for name in ("x", "t_x", "age"))
    # The histories themselves, by another model.
    bought = rfm.loc[known.index]
    assert (known["x"] + 1 == bought["purchase_days_lifetime"]).all()
    assert (known["revenue_amount"] == bought["monetary_lifetime"]).all()

    p_alive = alive(CDNOW_PURCHASES, *history)
    np.testing.assert_allclose(scores["p_alive"], p_alive, rtol=1e-12)
    assert valued.loc[known.index, "is_p_alive_assumed"].tolist() == (known["x"] == 0).tolist()
    assert valued.loc[known.index, "p_alive"][known["x"] == 0].eq(1).all()
    for days in (30, 90, 365):
        expected = purchases(CDNOW_PURCHASES, days / 7, *history)
        np.testing.assert_allclose(scores[f"expected_purchases_{days}d"], expected, rtol=1e-8)
        np.testing.assert_allclose(valued.loc[known.index, f"expected_purchases_{days}d"], expected, atol=6e-7)

    spend = known["repeat_day_spend"].fillna(0).to_numpy(dtype=float)
    p, q, v = (CDNOW_SPEND[name] for name in ("p", "q", "v"))
    own = p * history[0] / (p * history[0] + q - 1)
    of_all = v * p / (q - 1)
    order_value = (1 - own) * of_all + own * spend
    np.testing.assert_allclose(scores["expected_spend"], order_value, rtol=1e-12)

    discounted, before = np.zeros(len(known)), np.zeros(len(known))
    for month in range(1, 13):
        until = purchases(CDNOW_PURCHASES, WEEKS_A_YEAR * month / 12, *history)
        discounted += (until - before) / 1.1 ** (month / 12)
        before = until
    clv = valued.loc[known.index, "clv_12m"].astype(float)
    np.testing.assert_allclose(clv, discounted * order_value, atol=0.0051)
    assert valued.loc[known.index, "is_order_value_assumed"].tolist() == (known["x"] == 0).tolist()

    assert set(valued.loc[~valued.index.isin(known.index), "missing_reason"]) <= {"never_bought"}
    assert valued.loc[known.index, "missing_reason"].isna().all()
    ranked = clv.rank(method="max") / len(clv)
    np.testing.assert_allclose(valued.loc[known.index, "clv_percentile"].astype(float), ranked, atol=6e-7)
    r, alpha = CDNOW_PURCHASES["r"], CDNOW_PURCHASES["alpha"]
    wait = np.ceil(7 * (alpha + history[2]) * (2 ** (1 / (r + history[0])) - 1))
    days = (pd.to_datetime(valued.loc[known.index, "predicted_next_order_on"]) - pd.Timestamp(company.as_of)).dt.days
    assert days.fillna(-1).tolist() == np.where((wait <= 730) & (p_alive >= 0.5), wait, -1).tolist()
    reasons = np.select([p_alive < 0.5, wait > 730], ["likely_left", "too_far"], "")
    assert valued.loc[known.index, "next_order_missing_reason"].fillna("").tolist() == reasons.tolist()


AS_OF = date(2024, 3, 31)
DAY = timedelta(days=1)
CASES = {
    "nothing was fitted": ((), (None, "not_fitted"), (None, "not_fitted")),
    "one fit of each": ((FitRow("A"), spend_fit("S")), ("A", None), ("S", None)),
    "a fit on data up to the day itself": ((FitRow("A", data_until=AS_OF),), ("A", None), (None, "not_fitted")),
    "a fit on data of the day after": (
        (FitRow("A", data_until=AS_OF + DAY),), (None, "not_fitted"), (None, "not_fitted"),
    ),
    "the newer data, however late the older was fitted": (
        (FitRow("A", data_until=AS_OF - DAY, fitted_at="2025-01-01"), FitRow("B", data_until=AS_OF)),
        ("B", None), (None, "not_fitted"),
    ),
    "fitted twice on the same data: the later": (
        (FitRow("A", fitted_at="2024-07-02"), FitRow("B")), ("A", None), (None, "not_fitted"),
    ),
    "a failed fit replaces nothing": (
        (FitRow("A"), FitRow("B", data_until=AS_OF, status="failed", parameters={})), ("A", None), (None, "not_fitted"),
    ),
    "a refusal replaces nothing": (
        (spend_fit("S"), spend_fit("T", data_until=AS_OF, status="refused", parameters={})),
        (None, "not_fitted"), ("S", None),
    ),
    "refused alone": (
        (FitRow("A", status="refused", parameters={}), spend_fit("S", status="failed", parameters={})),
        (None, "too_few_data"), (None, "fit_failed"),
    ),
    "failed since it was refused": (
        (FitRow("A", status="refused"), FitRow("B", data_until=AS_OF, status="failed")),
        (None, "fit_failed"), (None, "not_fitted"),
    ),
    "a fit of another profile": ((FitRow("A", profile="retail"),), (None, "not_fitted"), (None, "not_fitted")),
    "a comparison scores nobody": ((FitRow("A", model="pareto_nbd"),), (None, "not_fitted"), (None, "not_fitted")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_newest_fit_that_converged_is_in_force(project: CompiledProject, case: str) -> None:
    fits, purchase, spend = CASES[case]
    raw = landed_fits(*fits) if fits else {}
    with project.build(raw, as_of=AS_OF, models=("int_value_models", "clv_model_runs")) as connection:
        [found] = connection.sql(
            "select bg_nbd_fit_id, bg_nbd_missing_reason, gamma_gamma_fit_id, gamma_gamma_missing_reason "
            "from intermediate.int_value_models"
        ).fetchall()
        [parameters] = connection.sql(
            "select bg_nbd_r, bg_nbd_alpha, bg_nbd_a, bg_nbd_b, gamma_gamma_p, gamma_gamma_q, gamma_gamma_v "
            "from intermediate.int_value_models"
        ).fetchall()
        runs = connection.sql("select model_run_id, is_in_force from marts.clv_model_runs").fetchall()
    assert found == (*purchase, *spend)
    wanted = [*(CDNOW_PURCHASES.values() if purchase[0] else [None] * 4)]
    assert list(parameters) == [*wanted, *(CDNOW_SPEND.values() if spend[0] else [None] * 3)]
    assert {name for name, in_force in runs if in_force} == {purchase[0], spend[0]} - {None}
    assert {name for name, _ in runs} == {one.fit_id for one in fits if one.data_until <= AS_OF}


def company_of(lines: list[tuple[str, str | None]]) -> dict[str, pd.DataFrame]:
    """A customer with an order of 100 a month, each of one line; by order its product."""
    orders = pd.DataFrame(
        {
            "order_id": [name for name, _ in lines],
            "customer_id": "C1",
            "ordered_at": pd.date_range("2023-06-01 10:00", periods=len(lines), freq="MS"),
            "amount": 100.0,
            "status": "completed",
        }
    )
    items = pd.DataFrame(
        {
            "order_id": [name for name, _ in lines],
            "line_no": 1,
            "product_id": [product for _, product in lines],
            "quantity": 1,
            "line_amount": 100.0,
        }
    )
    products = pd.DataFrame({"product_id": ["P1"], "unit_cost": [30.0]})
    raw = {"orders": orders, "order_items": items, "products": products}
    return {name: rows.assign(_load_seq=1, _line_no=range(1, len(rows) + 1)) for name, rows in raw.items()}


def test_value_is_margin_where_the_costs_of_enough_revenue_are_known(project: CompiledProject) -> None:
    found = {}
    for without_cost in (1, 2):  # of 20 orders: 95 % of the revenue is enough, 90 % is not
        lines = [(f"O{n}", "P1" if n >= without_cost else "P9") for n in range(20)]
        raw = company_of(lines) | landed_fits(FitRow("A"), spend_fit("S"), largest=30)
        with project.build(raw, as_of=date(2025, 1, 31), models=("customer_value",)) as connection:
            [row] = connection.sql(
                "select clv_basis, clv_12m, expected_order_value, margin_lifetime, revenue_lifetime, avg_order_value "
                "from marts.customer_value"
            ).fetchall()
        assert row[3:] == (None, Decimal("2000.00"), Decimal("100.00"))
        found[row[0]] = float(row[1])
    assert found.keys() == {"margin", "revenue"}
    assert found["margin"] == pytest.approx(0.7 * found["revenue"], abs=0.01)


def test_more_purchases_than_the_fit_has_nodes_for_are_scored_by_its_last(project: CompiledProject) -> None:
    lines = [(f"O{n}", "P1") for n in range(20)]
    answers = []
    for largest in (10, 40):
        raw = company_of(lines) | landed_fits(FitRow("A"), largest=largest)
        with project.build(raw, as_of=date(2025, 1, 31), models=("customer_value",)) as connection:
            [row] = connection.sql(
                "select expected_purchases_365d, missing_reason from marts.customer_value"
            ).fetchall()
        answers.append(row)
    assert answers[0][1] == answers[1][1] == "not_fitted"  # of spend
    assert answers[0][0] == pytest.approx(answers[1][0], rel=0.2)


def test_a_backtest_stands_beside_its_fit_with_its_lift(project: CompiledProject) -> None:
    raw = landed_fits(FitRow("A"), FitRow("B", data_until=AS_OF + DAY))
    with project.build(raw, as_of=AS_OF, models=("value_backtest",)) as connection:
        found = connection.sql(
            "select model_run_id, group_name, calibrated_until, held_out_until, predicted, lift "
            "from marts.value_backtest order by group_name"
        ).fetchall()
    until = date(2023, 1, 1)
    assert found == [
        ("A", "all", until - timedelta(days=91), until, 0.5, 1.0),
        ("A", "repeat_purchases", until - timedelta(days=91), until, 0.3, 1.0),
    ]
