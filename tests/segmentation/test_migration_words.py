"""How a matrix of moves names what is no tier."""

from datetime import date

from retention.migration_command import _named
from retention.tier_moves import Moves


def test_customers_not_known_before_have_a_name_of_the_language_alone() -> None:
    labels = {"entered": "新进入", "A": "高价值"}
    moves = Moves("s", date(2024, 1, 31), date(2024, 2, 29), {}, ["A"], labels)
    assert [_named(moves, tier, "zh") for tier in ("entered", "A")] == ["新进入", "A 高价值"]
