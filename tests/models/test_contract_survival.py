"""Renewals of contracts and their survival, against rows worked by hand and a walk through the contracts."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tests.models.value_fits import FitRow, landed_fits

from retention.value import sbg

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    from tests.models.compiled_project import CompiledProject

AS_OF = date(2024, 3, 31)
GRACE, FORECAST = 30, 5  # contract_grace_days, contract_forecast_periods
WORKED = [
    ("renewed_at_once", "2022-01-01", "2022-12-31"),
    ("renewed_at_once", "2023-01-01", "2023-12-31"),
    ("on_the_last_day_of_grace", "2022-01-01", "2022-12-31"),
    ("on_the_last_day_of_grace", "2023-01-30", "2024-03-31"),
    ("a_day_too_late", "2022-01-01", "2022-12-31"),
    ("a_day_too_late", "2023-01-31", "2023-06-30"),
    ("decided_on_the_day", "2023-01-01", "2024-03-01"),
    ("decided_tomorrow", "2023-01-01", "2024-03-02"),
    ("renewed_but_not_decided", "2023-01-01", "2024-03-15"),
    ("renewed_but_not_decided", "2024-03-16", "2025-03-15"),
    ("another_beside_it", "2022-01-01", "2023-12-31"),
    ("another_beside_it", "2022-06-01", "2022-12-31"),
    ("renewed_early", "2022-01-01", "2022-12-31"),
    ("renewed_early", "2022-10-01", "2023-12-31"),
    ("begins_tomorrow", "2024-04-01", "2024-12-31"),
]
Contract = tuple[str, date, date]


def landed(contracts: Sequence[tuple[str, object, object]]) -> dict[str, pd.DataFrame]:
    """The contracts as landing delivers them."""
    rows = pd.DataFrame(contracts, columns=["customer_id", "starts_on", "ends_on"])
    for column in ("starts_on", "ends_on"):
        rows[column] = pd.to_datetime(rows[column]).dt.date
    numbers = range(len(rows))
    return {"contracts": rows.assign(contract_id=[f"V{number}" for number in numbers], _load_seq=1, _line_no=numbers)}


def published(connection: duckdb.DuckDBPyConnection, columns: str) -> list[tuple[object, ...]]:
    """Columns of contract_survival by period."""
    return connection.sql(f"select {columns} from marts.contract_survival order by period_number").fetchall()


def expected_counts(contracts: list[Contract], as_of: date) -> list[tuple[int, int]]:
    """Renewed and lost by period, customer by customer, of what the day knows."""
    renewed, lost = Counter[int](), Counter[int]()
    for customer in {one[0] for one in contracts}:
        begun = [(start, end) for name, start, end in contracts if name == customer and start <= as_of]
        terms: list[tuple[date, date]] = []
        for start, end in sorted(begun, key=lambda one: (one[0], -one[1].toordinal())):
            if not terms or end > terms[-1][1]:
                terms.append((start, end))
        for period, (_, end) in enumerate(terms, 1):
            last_day = end + timedelta(days=GRACE)
            if last_day > as_of:
                break
            if len(terms) > period and terms[period][0] <= last_day:
                renewed[period] += 1
            else:
                lost[period] += 1
                break
    return [(renewed[period], lost[period]) for period in range(1, max([*renewed, *lost], default=0) + 1)]


def random_contracts(seed: int, customers: int = 150) -> list[Contract]:
    """Customers who renew early, in time, within the grace, too late or never; some have two contracts at a time."""
    rng = np.random.default_rng(seed)
    contracts: list[Contract] = []
    for number in range(customers):
        start = date(2021, 1, 1) + timedelta(days=int(rng.integers(0, 1200)))
        while start < AS_OF + timedelta(days=200) and rng.random() < 0.85:
            end = start + timedelta(days=int(rng.choice([0, 29, 89, 89, 89])))
            contracts.append((f"C{number}", start, end))
            if rng.random() < 0.15:
                contracts.append((f"C{number}", start, end + timedelta(days=int(rng.integers(-20, 20)))))
            start = end + timedelta(days=int(rng.choice([-10, 1, 1, 1, 15, 29, 30, 31, 90])))
    return [(name, start, max(start, end)) for name, start, end in contracts]


@pytest.mark.slow
def test_renewals_are_those_worked_by_hand_and_a_fit_foretells_five_periods_more(project: CompiledProject) -> None:
    uniform = FitRow("U", model="sbg", parameters={"alpha": 1.0, "beta": 1.0})
    with project.build(landed(WORKED) | landed_fits(uniform), as_of=AS_OF, models=["contract_survival"]) as connection:
        rows = published(connection, "period_number, at_risk, renewed, lost, renewal_rate, survival, is_forecast")
        fitted = published(connection, "fitted_survival, model_run_id, missing_reason, as_of_date")
    assert rows == [
        (1, 6, 3, 3, 0.5, 0.5, False),
        (2, 2, 0, 2, 0.0, 0.0, False),
        *[(period, 0, 0, 0, None, None, True) for period in range(3, 8)],
    ]
    # Chances to leave of all sizes alike: 1 / (t + 1) stay for t periods.
    assert fitted == [(pytest.approx(1 / (t + 1), abs=1e-9), "U", None, AS_OF) for t in range(1, 8)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_renewals_of_random_companies_are_those_that_a_walk_counts(project: CompiledProject, seed: int) -> None:
    contracts = random_contracts(seed)
    model = {"alpha": 0.7 + seed, "beta": 3.8}
    raw = landed(contracts) | landed_fits(FitRow("S", model="sbg", parameters=model))
    for as_of in (AS_OF, AS_OF - timedelta(days=400)):
        with project.build(raw, as_of=as_of, models=["contract_survival"]) as connection:
            rows = connection.sql("from marts.contract_survival order by period_number").df()
        expected = pd.DataFrame(expected_counts(contracts, as_of), columns=["renewed", "lost"])
        seen = rows[~rows["is_forecast"]]
        assert seen[["renewed", "lost"]].to_numpy().tolist() == expected.to_numpy().tolist()
        assert len(expected) > 3
        share = (expected["renewed"] / (expected["renewed"] + expected["lost"])).cumprod()
        np.testing.assert_allclose(seen["survival"], share, atol=1e-9)
        assert rows["period_number"].tolist() == list(range(1, len(expected) + FORECAST + 1))
        np.testing.assert_allclose(rows["fitted_survival"], sbg.survival(model, rows["period_number"]), atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contracts", "fit", "reason"),
    [
        ([], FitRow("U", model="sbg", parameters={"alpha": 1.0, "beta": 1.0}), "no_contracts"),
        (WORKED[-1:], FitRow("U", model="sbg", parameters={"alpha": 1.0, "beta": 1.0}), "no_contracts"),
        (WORKED, FitRow("P"), "not_fitted"),
        (WORKED, FitRow("R", model="sbg", status="refused", parameters={}), "too_few_data"),
        (WORKED, FitRow("F", model="sbg", status="failed", parameters={}), "fit_failed"),
        (WORKED, FitRow("L", model="sbg", data_until=date(2024, 4, 1), parameters={"alpha": 1.0, "beta": 1.0}),
         "not_fitted"),
    ],
)  # fmt: skip
def test_what_is_not_fitted_is_null_with_the_reason(
    project: CompiledProject, contracts: list[tuple[str, object, object]], fit: FitRow, reason: str
) -> None:
    fits = {entity: rows for entity, rows in landed_fits(fit).items() if len(rows)}
    with project.build(landed(contracts) | fits, as_of=AS_OF, models=["contract_survival"]) as connection:
        rows = published(connection, "fitted_survival, model_run_id, missing_reason")
    assert rows == [(None, None, reason)] * (5 if reason == "no_contracts" else 7)
