"""Grouping, and what is no history."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.errors import RetentionError
from retention.value.statistics import PurchaseStatistics, SpendStatistics


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(2, 4)), min_size=1, max_size=40))
def test_groups_are_the_distinct_customers_with_their_number(customers: list[tuple[int, int, int]]) -> None:
    rows = [(x, t_x if x else 0, age) for x, t_x, age in customers]
    made = PurchaseStatistics.of_customers(*(np.array(part, dtype=np.float64) for part in zip(*rows, strict=True)))
    found = {row[:3]: row[3] for row in zip(made.frequency, made.recency, made.age, made.weight, strict=True)}
    assert found == {row: rows.count(row) for row in rows}
    assert (made.customers, made.repeaters) == (len(rows), sum(x > 0 for x, _, _ in rows))


@pytest.mark.parametrize(
    "columns",
    [([1.0], [5.0], [4.0]), ([0.0], [1.0], [4.0]), ([-1.0], [0.0], [4.0]), ([1.0], [float("nan")], [4.0])],
)
def test_figures_that_no_customer_has_are_an_error(columns: tuple[list[float], ...]) -> None:
    with pytest.raises(RetentionError):
        PurchaseStatistics.of_customers(*columns)


def test_spend_of_nothing_or_of_one_purchase_is_an_error() -> None:
    for x, spend in ((1.0, 0.0), (0.0, 5.0)):
        with pytest.raises(RetentionError):
            SpendStatistics.of_customers([x], [spend])
    with pytest.raises(RetentionError, match="one length"):
        SpendStatistics(np.ones(2), np.ones(2), np.ones(1))
