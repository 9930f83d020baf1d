"""Profile rfm_package gives the segment table that the R package rfm documents; both conventions at their edges."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tests.models.random_companies import Company
from tests.models.test_customer_rfm import build, rows, with_parameters

if TYPE_CHECKING:
    from tests.models.compiled_project import CompiledProject

AS_OF = date(2006, 12, 31)
# The example of rfm_segment() in the documentation of version 0.3.0, in its order: the first that holds wins.
SEGMENTS = {
    "champions": ((5, 5), (5, 5), (5, 5)),
    "potential_loyalist": ((3, 5), (3, 5), (2, 5)),
    "loyal": ((2, 4), (2, 4), (2, 4)),
    "promising": ((3, 4), (1, 3), (3, 5)),
    "new": ((4, 5), (1, 3), (1, 5)),
    "cant_lose": ((1, 2), (3, 4), (4, 5)),
    "at_risk": ((1, 2), (2, 5), (4, 5)),
    "need_attention": ((1, 3), (3, 5), (3, 5)),
    "about_to_sleep": ((2, 3), (1, 3), (1, 4)),
    "lost": ((1, 1), (1, 5), (1, 5)),
}


def orders_like_the_documented(seed: int) -> pd.DataFrame:
    """4,906 orders of 995 customers over two years, each customer with one at least; whole amounts, as there."""
    rng = np.random.default_rng(seed)
    pull = rng.gamma(2.0, size=995)
    who = np.concatenate([np.arange(995), rng.choice(995, size=4906 - 995, p=pull / pull.sum())])
    left_on = rng.integers(30, 730, size=995)  # days after the first day until which a customer still buys
    day = (rng.random(who.size) * left_on[who]).astype(int)
    return pd.DataFrame(
        {
            "order_id": [f"O{number:04d}" for number in range(who.size)],
            "customer_id": [f"C{number:03d}" for number in who],
            "ordered_at": pd.Timestamp("2005-01-01") + pd.to_timedelta(day, unit="D"),
            "amount": rng.integers(1, 200, size=who.size).astype(float),
            "status": "completed",
        }
    )


def by_the_documented_method(orders: pd.DataFrame) -> dict[str, tuple[int, int, Decimal]]:
    """Customers, orders and revenue by segment: type-7 quantiles plus 1, half-open bins, first match."""
    by_customer = orders.groupby("customer_id")
    table = pd.DataFrame(
        {
            "days": (pd.Timestamp(AS_OF) - by_customer["ordered_at"].max()).dt.days,
            "orders": by_customer.size(),
            "revenue": by_customer["amount"].sum(),
        }
    )

    def bins(values: pd.Series) -> pd.Series:
        edges = values.quantile([0.2, 0.4, 0.6, 0.8], interpolation="linear") + 1
        return pd.Series(np.digitize(values, edges, right=False), index=values.index)

    scores = (5 - bins(table["days"]), 1 + bins(table["orders"]), 1 + bins(table["revenue"]))
    table["segment"] = "others"
    for name, ranges in reversed(SEGMENTS.items()):
        holds = np.logical_and.reduce([score.between(*both) for score, both in zip(scores, ranges, strict=True)])
        table.loc[holds, "segment"] = name
    return {
        str(name): (len(part), int(part["orders"].sum()), Decimal(int(part["revenue"].sum())))
        for name, part in table.groupby("segment")
    }


@pytest.mark.parametrize("seed", range(3))
def test_customers_orders_and_revenue_of_each_segment_are_those_of_the_documented_method(
    project: CompiledProject, seed: int
) -> None:
    orders = orders_like_the_documented(seed)
    connection = project.build({"orders": orders}, as_of=AS_OF, profile="rfm_package", models=["customer_rfm"])
    found = connection.sql(
        "select rfm_segment, count(*), cast(sum(frequency_lifetime) as integer), sum(monetary_lifetime) "
        "from marts.customer_rfm group by all"
    ).fetchall()
    expected = by_the_documented_method(orders)
    assert {name: tuple(figures) for name, *figures in found} == expected
    assert sum(customers for customers, _, _ in expected.values()) == 995
    assert expected.keys() >= SEGMENTS.keys() - {"promising"}


# Days since the purchase, number of purchases of 10 each, by customer: the scores R-F-M under the three settings of R4.
CONVENTIONS = {
    "quantile": {"score_convention": "quantile", "score_cut_offset": "0"},
    "package": {"score_convention": "quantile", "score_cut_offset": "1"},
    "ntile": {"score_convention": "ntile"},
}
EDGES: dict[str, tuple[dict[str, tuple[int, int]], dict[str, dict[str, str]]]] = {
    # Every cut-off is the one value there is: it is reached, and one more than it is not.
    "one_customer": (
        {"a": (10, 3)},
        {"quantile": {"a": "155"}, "package": {"a": "511"}, "ntile": {"a": "111"}},
    ),
    "all_values_equal": (
        {"a": (10, 1), "b": (10, 1), "c": (10, 1), "d": (10, 1), "e": (10, 1), "f": (10, 1)},
        {
            "quantile": dict.fromkeys("abcdef", "155"),
            "package": dict.fromkeys("abcdef", "511"),
            # Six customers in five groups: the first has two. Ties go by customer_id, on each measure.
            "ntile": {"a": "111", "b": "111", "c": "222", "d": "333", "e": "444", "f": "555"},
        },
    ),
    # Three customers: the 20/40/60/80 % quantiles of 1, 2, 3 purchases are 1.4, 1.8, 2.2, 2.6; of 5, 10, 20 days 7, 9,
    # 12, 16; of 10, 20, 30 in money 14, 18, 22, 26.
    "fewer_customers_than_bins": (
        {"a": (20, 1), "b": (10, 2), "c": (5, 3)},
        {
            "quantile": {"a": "111", "b": "333", "c": "555"},
            "package": {"a": "111", "b": "313", "c": "535"},
            "ntile": {"a": "111", "b": "222", "c": "333"},
        },
    ),
    # Four of five bought once: the quantiles of 1, 1, 1, 1, 6 purchases are 1, 1, 1, 2 (at 80 % 1 + 0.2 x 5); of their
    # money 10, 10, 10, 20. Days 1 to 5: 1.8, 2.6, 3.4, 4.2.
    "ties": (
        {"a": (1, 1), "b": (2, 1), "c": (3, 1), "d": (4, 1), "e": (5, 6)},
        {
            "quantile": {"a": "544", "b": "444", "c": "344", "d": "244", "e": "155"},
            "package": {"a": "511", "b": "511", "c": "411", "d": "311", "e": "255"},
            "ntile": {"a": "511", "b": "422", "c": "333", "d": "244", "e": "155"},
        },
    ),
}
"""Worked by hand."""


def company_of(customers: dict[str, tuple[int, int]], parameters: dict[str, str]) -> Company:
    """Customers whose purchases all fell on one day, each of amount 10."""
    lines = [(name, days) for name, (days, purchases) in customers.items() for _ in range(purchases)]
    orders = pd.DataFrame(lines, columns=["customer_id", "days"])
    orders["order_id"] = orders.index.astype(str)
    orders["ordered_at"] = pd.Timestamp(AS_OF) - pd.to_timedelta(orders["days"], unit="D")
    return Company(AS_OF, {"orders": orders.drop(columns="days").assign(amount=10.0)}, parameters)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("edge", EDGES)
def test_scores_at_the_edges_of_both_conventions(project: CompiledProject, edge: str, convention: str) -> None:
    customers, expected = EDGES[edge]
    found = rows(build(project, company_of(customers, CONVENTIONS[convention]), "customer_rfm"), "marts.customer_rfm")
    assert {name: row["rfm_cell"] for name, row in found.items()} == expected[convention]


def test_the_profile_is_the_packages_by_its_parameters_alone(project: CompiledProject) -> None:
    """The same company under profile `all` with the three parameters scores the same."""
    orders = orders_like_the_documented(7)
    ours = project.build({"orders": orders}, as_of=AS_OF, profile="rfm_package", models=["customer_rfm"])
    parameters = {"score_convention": "quantile", "score_cut_offset": "1", "score_window_months": "0"}
    by_hand = project.build({"orders": orders}, as_of=AS_OF, models=["customer_rfm"], seeds=with_parameters(parameters))
    query = "select customer_id, rfm_cell from marts.customer_rfm order by all"
    assert ours.sql(query).fetchall() == by_hand.sql(query).fetchall()
