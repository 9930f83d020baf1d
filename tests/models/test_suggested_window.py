"""The suggested churn window, from rhythms that are known and against a walk through every silence."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import duckdb
import numpy as np
import pandas as pd
import pytest

from retention.profiles import ChurnWindow, churn_window

AS_OF = date(2024, 12, 31)


def company(bought: list[list[int]]) -> duckdb.DuckDBPyConnection:
    """A release with customers who bought so many days before the as-of day."""
    orders = pd.DataFrame(
        [(f"C{name}", AS_OF - timedelta(days=days)) for name, each in enumerate(bought) for days in each],
        columns=["customer_id", "order_date"],
    )
    connection = duckdb.connect()
    connection.execute("create schema marts")
    connection.register("orders", orders)
    connection.execute(
        "create table marts.fct_orders as select customer_id, order_date::date as order_date, true as is_purchase, "
        f"date '{AS_OF}' as as_of_date from orders"
    )
    return connection


def shares(window: ChurnWindow) -> dict[int, float | None]:
    """Share of the silent that returned, by the length of silence."""
    return {one.days: one.returned_share for one in window.silences}


def test_a_window_is_the_first_after_which_few_come_back() -> None:
    """Of 100 customers who bought 800 days ago, 60 came back after 40 days, 20 after 100, 5 after 200; 15 never did."""
    back = [40] * 60 + [100] * 20 + [200] * 5 + [None] * 15
    first = [[800] if days is None else [800, 800 - days] for days in back]
    # Who came back has been silent since: 100 more silences, all of 600 days or more.
    window = churn_window(company(first), 90, 0.30, 10)
    found = shares(window)
    assert found[30] == pytest.approx(80 / 185, abs=1e-12)
    assert found[60] == pytest.approx(20 / 125, abs=1e-12)
    assert found[120] == pytest.approx(5 / 105, abs=1e-12)
    assert found[240] == 0
    assert found[730] is None, "of 90 days more than 730 nothing is known"
    assert window.suggested_days == 45
    assert churn_window(company(first), 90, 0.30, 1_000).suggested_days is None


def test_a_yearly_rhythm_is_no_churn_after_a_quarter() -> None:
    """Nobody comes back within 275 days, and 199 do after a year; 50 bought once and never again."""
    yearly = [[days, days + 365, days + 730] for days in range(1, 200)]
    window = churn_window(company([*yearly, *([1_000] for _ in range(50))]), 90, 0.15, 10)
    assert [shares(window)[days] for days in (60, 240, 365)] == [0, 0, 0]
    assert window.suggested_days == 365
    assert churn_window(company(yearly), 90, 0.15, 10).suggested_days is None


def test_who_always_comes_back_and_who_never_bought_give_no_window() -> None:
    steady = churn_window(company([list(range(0, 700, 7)) for _ in range(50)]), 90, 0.15, 10)
    assert steady.suggested_days is None
    nobody = churn_window(company([[]]), 90, 0.15, 10)
    assert (nobody.silences, nobody.suggested_days) == ([], None)


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_those_of_a_walk_through_every_day_of_silence(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bought = [sorted(rng.integers(0, 500, size=rng.integers(1, 9)).tolist()) for _ in range(60)]
    spells = []
    for each in bought:
        days = sorted(set(each))
        spells += [(later - day, True) for day, later in pairwise(days)] + [(days[0], False)]

    def back_within(days: int, more: int) -> float:
        """One less the chance to stay silent on each of the days that follow."""
        silent = 1.0
        for day in range(days + 1, days + more + 1):
            at_risk = sum(lasted >= day for lasted, _ in spells)
            silent *= 1 - sum(lasted == day and ended for lasted, ended in spells) / at_risk
        return 1 - silent

    found = {days: share for days, share in shares(churn_window(company(bought), 30, 0.1, 5)).items() if share}
    assert len(found) > 5
    for days, share in found.items():
        assert share == pytest.approx(back_within(days, 30), abs=1e-9)
