"""The shifted beta-geometric from contracts through landing and SQL, against the paper's figures."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR
from tests.models.test_customer_rfm import with_parameters
from tests.value.test_fit_release import Shop

from retention.landing import load_contracts
from retention.runs import Home
from retention.value.store import FitStore

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    from tests.models.compiled_project import CompiledProject

# Fader, Hardie: How to Project Customer Retention (2007), table 1: the high end, of 1,000 customers those left.
LEFT = [1000, 869, 743, 653, 593, 551, 517, 491]
FORECAST = [0.460, 0.436, 0.414, 0.395, 0.378]
FIRST, YEAR = date(2010, 1, 1), timedelta(days=365)
END = FIRST + 7 * YEAR + timedelta(days=100)


class ContractShop(Shop):
    """A company with contracts and without orders."""

    def released(self, as_of: date, *models: str) -> duckdb.DuckDBPyConnection:
        """The release of a day, built with all fits that have been landed."""
        raw = {entity: self._landed(entity) for entity in ("value_fits", "value_fit_parameters")}
        seeds = with_parameters(self.changes)
        raw["contracts"] = contracts()
        return self.project.build(raw, as_of=as_of, profile="cdnow", models=models, seeds=seeds)


def contracts() -> pd.DataFrame:
    """Contracts of a year each, one behind the other, for as long as a customer stayed."""
    rows = [
        (f"C{customer}", FIRST + year * YEAR, FIRST + (year + 1) * YEAR - timedelta(days=1))
        for year, left in enumerate(LEFT)
        for customer in range(left)
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "starts_on", "ends_on"])
    return frame.assign(contract_id=[f"V{i}" for i in range(len(rows))], _load_seq=1, _line_no=range(len(rows)))


@pytest.fixture
def shop(project: CompiledProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ContractShop:
    store = FitStore(Home(tmp_path), load_contracts(PROJECT_DIR.parent), "Asia/Shanghai")
    return ContractShop(project, pd.DataFrame(), store, {"value_comparison_model": "none"}, monkeypatch)


def test_seven_years_of_contracts_forecast_the_five_of_fader_and_hardie(shop: ContractShop) -> None:
    by_model = {one.row["model"]: one for one in shop.fit(END)}
    assert {model: one.status for model, one in by_model.items()} == {
        "bg_nbd": "refused",
        "gamma_gamma": "refused",
        "sbg": "converged",
    }
    with shop.released(END, "contract_survival", "clv_model_runs") as connection:
        rows = connection.sql("from marts.contract_survival order by period_number").df()
        [run] = connection.sql(
            "select model_run_id, n_customers, n_repeaters, holdout_days from marts.clv_model_runs where is_in_force"
        ).fetchall()
    assert run == (by_model["sbg"].fit_id, 1000, 869, None)
    assert (rows["survival"].head(7) * 1000).round().tolist() == LEFT[1:]
    assert rows["fitted_survival"].tail(5).round(3).tolist() == FORECAST
    assert rows["is_forecast"].tolist() == [False] * 7 + [True] * 5
    assert not any(one.is_new for one in shop.fit(END)), "the same data"
    assert "alpha 0.6681, beta 3.806" in shop.command("fit", "--force").output
    shown = shop.command("show").output
    assert "1,000 customers" in shown
    assert "held out" not in shown


@pytest.mark.parametrize(
    ("changes", "as_of", "told"),
    [
        (
            {"contract_min_customers": "1001"},
            END,
            "1,000 customers with a decided first renewal, fewer than 1,001 (contract_min_customers)",
        ),
        ({}, FIRST + YEAR + timedelta(days=29), "renewals of 1 period, fewer than 2"),
    ],
)
def test_too_few_renewals_are_refused(shop: ContractShop, changes: dict[str, str], as_of: date, told: str) -> None:
    shop.changes = shop.changes | changes
    [refused] = [one for one in shop.fit(as_of) if one.row["model"] == "sbg"]
    assert (refused.status, refused.row["reason"]) == ("refused", f"Too few data: {told}.")
    with shop.released(as_of, "contract_survival") as connection:
        found = connection.sql("select count(fitted_survival), any_value(missing_reason) from marts.contract_survival")
        assert found.fetchall() == [(0, "too_few_data")]


def test_a_company_whose_contracts_have_not_ended_is_asked_for_no_such_fit(shop: ContractShop) -> None:
    assert {one.row["model"] for one in shop.fit(FIRST + YEAR)} == {"bg_nbd", "gamma_gamma"}
