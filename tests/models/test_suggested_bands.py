"""Suggested cut-offs part the customers as they promise, once the models read them back."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR, CompiledProject

from retention.profiles import Band, Suggestion, coverage, read_bands, suggest
from retention.sources.samples import write_sample

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 0.95
COLUMNS = {"recency": "r_band", "frequency": "f_band", "monetary": "m_band"}


@pytest.fixture(scope="module")
def groceries(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The orders of the Complete Journey: 2,469 households of a grocery, one year."""
    report = write_sample("completejourney", tmp_path_factory.mktemp("landing"), lambda _: None)
    columns = "order_id::varchar as order_id, customer_id::varchar as customer_id, ordered_at, amount, status"
    return duckdb.sql(f"select {columns} from '{report.files['orders']}'").df()


@pytest.fixture(scope="module")
def released(project: CompiledProject, groceries: pd.DataFrame) -> duckdb.DuckDBPyConnection:
    """The groceries, built under the profile for companies that sell to companies."""
    return project.build({"orders": groceries}, as_of=date(2018, 1, 1), models=["customer_rfm"])


def by_the_models(connection: duckdb.DuckDBPyConnection, measure: str) -> dict[int, float]:
    """The share of customers in each band, counted from the bands that the models gave."""
    query = f"select {COLUMNS[measure]} from marts.customer_rfm where last_purchase_on is not null"
    counted = Counter(band for (band,) in connection.sql(query).fetchall())
    return {band: count / counted.total() for band, count in counted.items()}


def with_rows(folder: Path, suggestions: list[Suggestion], bound_to: str) -> CompiledProject:
    """A copy of the project with a profile of its own, made of suggested rows."""
    copy = folder / "dbt_project"
    shutil.copytree(PROJECT_DIR, copy, ignore=shutil.ignore_patterns("target", "logs"))
    rows = {
        "profiles": [["suggested", "Bands from the data"]],
        "profile_parameters": [["suggested", "reporting_currency", "USD", "", "I2", "As the groceries"]],
        "rfm_bands": [row for one in suggestions for row in one.rows(bound_to)],
    }
    for seed, added in rows.items():
        with (copy / "seeds" / f"{seed}.csv").open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(added)
    return CompiledProject(folder / "compiled", copy)


def test_what_the_command_counts_is_what_the_models_gave(released: duckdb.DuckDBPyConnection) -> None:
    for one in coverage(released, read_bands(PROJECT_DIR.parent, "default_b2b")):
        shares = {band.number: share for band, share in zip(one.bands, one.shares, strict=True) if share}
        assert shares == pytest.approx(by_the_models(released, one.measure), abs=1e-12)


def test_a_profile_for_companies_is_unfit_for_a_grocery_and_the_groceries_own_is_fit(
    released: duckdb.DuckDBPyConnection,
) -> None:
    found = {
        profile: {one.measure: one.is_fit(LIMIT) for one in coverage(released, read_bands(PROJECT_DIR.parent, profile))}
        for profile in ("default_b2b", "retail")
    }
    assert not found["default_b2b"]["monetary"], "nobody spends 50,000 in a grocery"
    assert found["retail"] == {"recency": True, "frequency": True, "monetary": True}


def test_suggested_rows_read_back_by_the_models_give_the_predicted_shares(
    groceries: pd.DataFrame, released: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    bands = read_bands(PROJECT_DIR.parent, "default_b2b")
    suggestions = [
        found
        for measure in COLUMNS
        if (found := suggest(released, measure, [one.number for one in bands if one.measure == measure], LIMIT))
    ]
    assert [one.measure for one in suggestions] == list(COLUMNS)
    again = with_rows(tmp_path, suggestions, "suggested").build(
        {"orders": groceries}, as_of=date(2018, 1, 1), profile="suggested", models=["customer_rfm"]
    )
    for one in suggestions:
        predicted = {band.number: share for band, share in zip(one.bands, one.shares, strict=True) if share}
        assert by_the_models(again, one.measure) == pytest.approx(predicted, abs=1e-12)
        assert max(one.shares) <= LIMIT
        assert one.is_within_limit
        assert_strictly_monotone(one)


def assert_strictly_monotone(one: Suggestion) -> None:
    """From the highest band down days grow, counts and amounts fall; the last band takes the rest."""
    bounds = [band.bound for band in one.bands]
    assert bounds[-1] is None
    ordered = sorted(set(bounds[:-1]), reverse=one.measure != "recency")  # type: ignore[type-var]  # none is None
    assert bounds[:-1] == ordered
    numbers = [band.number for band in one.bands]
    assert numbers == sorted(numbers, reverse=True)


def company(figures: dict[str, list[float]]) -> duckdb.DuckDBPyConnection:
    """A release with the figures of some customers, all of whom have bought."""
    frame = pd.DataFrame(figures).reindex(columns=["recency_days", "frequency_12m", "monetary_12m"], fill_value=1)
    connection = duckdb.connect()
    connection.execute("create schema marts")
    connection.register("frame", frame)
    connection.execute(
        "create table marts.customer_rfm as select recency_days::integer as recency_days, "
        "frequency_12m::integer as frequency_12m, monetary_12m::decimal(18, 2) as monetary_12m, "
        "date '2024-01-01' as last_purchase_on, date '2024-03-31' as as_of_date from frame"
    )
    return connection


@pytest.mark.parametrize("seed", range(30))
def test_no_suggested_band_is_fuller_than_the_limit_where_any_bounds_part_the_customers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(5, 3_000))
    alike = rng.random(count) < rng.choice([0.0, 0.5, 0.9, 0.97, 1.0])
    figures = {
        "recency_days": np.where(alike, 9, rng.integers(0, 900, count)),
        "frequency_12m": np.where(alike, rng.integers(0, 3), rng.geometric(0.1, count)),
        "monetary_12m": np.round(np.where(alike, 20, rng.lognormal(rng.uniform(0, 12), 1.5, count)), 2),
    }
    connection = company({name: values.tolist() for name, values in figures.items()})
    for measure, values in zip(COLUMNS, figures.values(), strict=True):
        numbers = [3, 2, 1] if measure == "monetary" else [4, 3, 2, 1]
        found = suggest(connection, measure, numbers, LIMIT)
        assert found is not None
        assert sum(found.shares) == pytest.approx(1)
        assert_strictly_monotone(found)
        [again] = [one for one in coverage(connection, found.bands) if one.measure == measure]
        assert again.shares == pytest.approx(found.shares, abs=1e-12)
        commonest = Counter(values.tolist()).most_common(1)[0][1] / count
        if commonest <= LIMIT:
            assert max(found.shares) <= LIMIT, (measure, found)
        assert found.is_within_limit == (max(found.shares) <= LIMIT)


def test_bounds_are_the_numbers_that_people_would_choose() -> None:
    days = list(range(1, 401))
    found = suggest(company({"recency_days": days}), "recency", [4, 3, 2, 1], LIMIT)
    assert found is not None
    assert [band.bound for band in found.bands] == [90, 180, 365, None]
    money = suggest(company({"monetary_12m": [day * 10.37 for day in days]}), "monetary", [3, 2, 1], LIMIT)
    assert money is not None
    assert [row[3:] for row in money.rows("mine")] == [
        ["2000", "currency", "R3", "2000 and more in the window"],
        ["1000", "currency", "R3", "1000 up to 2000 in the window"],
        ["", "", "R3", "Below 1000 in the window"],
    ]


def test_who_all_bought_alike_cannot_be_parted_and_nobody_is_no_suggestion() -> None:
    alike = suggest(company({"monetary_12m": [20.0] * 50}), "monetary", [3, 2, 1], LIMIT)
    assert alike is not None
    assert not alike.is_within_limit
    assert suggest(company({"monetary_12m": []}), "monetary", [3, 2, 1], LIMIT) is None


def test_bounds_in_months_reach_as_far_as_the_models_say() -> None:
    """31 March minus one month is 29 February: a purchase on 1 March is within it, one on 29 February is not."""
    connection = company({"recency_days": [30, 31]})
    connection.execute("update marts.customer_rfm set last_purchase_on = as_of_date - recency_days::integer")
    bands = [Band("recency", 2, Decimal(1), "months"), Band("recency", 1, None, None)]
    assert coverage(connection, bands)[0].shares == [0.5, 0.5]
    assert coverage(connection, [replace(bands[0], bound=Decimal(2)), bands[1]])[0].shares == [1.0, 0.0]
