"""The search for the way up, on made-up schemes: what it promises is kept, and what it denies cannot be had."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from retention.explanation.figures import Change, Scale
from retention.explanation.movement import way_up
from retention.explanation.orders import orders_today
from retention.explanation.rules import Condition, Group, first_match

# Made-up schemes, so that every metric and operator is asked for; figures of four measures and of service.
BOUNDS = {"recency": [(3, 30), (2, 120), (1, None)], "frequency": [(3, 6), (2, 2), (1, None)]}
BOUNDS["monetary"] = [(3, 900), (2, 300), (1, None)]
CUTS = {
    "recency": [5.0, 20.5, 60.0, 150.2],
    "frequency": [1.0, 2.4, 4.0, 7.6],
    "monetary": [50.05, 200.0, 400.004, 800.0],
}
SCORED = {"recency": "recency_days", "frequency": "frequency_12m", "monetary": "monetary_12m"}
CELLS = {
    cell: (round(100 * (sum(cell) - 3) / 12, 6), "best" if min(cell) >= 4 else "rest")
    for cell in product(range(1, 6), repeat=3)
}
SCALE = Scale(
    {
        measure: [(band, None if bound is None else Decimal(bound)) for band, bound in rows]
        for measure, rows in BOUNDS.items()
    },
    CUTS,
    CELLS,
    SCORED,
)
ASKED: dict[str, tuple[list[str], list[str]]] = {
    "recency_days": (["<=", "<"], ["10", "45", "100"]),
    "frequency_12m": ([">=", ">", "="], ["1", "3", "8"]),
    "monetary_lifetime": ([">=", ">"], ["100", "750.5", "2000"]),
    "avg_order_value_12m": ([">=", ">", "<"], ["50", "120.25"]),
    "r_band": ([">=", "="], ["2", "3"]),
    "f_band": ([">=", "!="], ["1", "2", "3"]),
    "m_band": ([">=", ">"], ["1", "2"]),
    "f_score": ([">=", "="], ["2", "4", "5"]),
    "rfm_score": ([">=", ">", "<="], ["50", "66.6", "80"]),
    "rfm_segment": (["=", "!="], ["best"]),
    "satisfaction_score": ([">=", ">"], ["0.5", "0.8"]),
    "complaints_12m:logistics": (["<=", "<"], ["0", "1", "2"]),
    "interactions_90d": ([">=", ">", "<"], ["1", "4"]),
    "strategic_label": (["="], ["strategic", "high_potential"]),
    "need_tags": (["contains"], ["price"]),
}


def random_scheme(rng: np.random.Generator) -> list[Group]:
    """Two to four tiers of one to three groups of one to three conditions, and a catch-all."""
    groups = []
    tiers = int(rng.integers(2, 5))
    for rank in range(1, tiers + 1):
        for number in range(1, int(rng.integers(2, 5))):
            metrics = rng.choice(list(ASKED), size=int(rng.integers(1, 4)), replace=False)
            conditions = tuple(Condition(str(name), *map(str, map(rng.choice, ASKED[name]))) for name in metrics)
            groups.append(Group(f"X{rank}", rank, number, f"tier_{rank}", conditions))
    return [*groups, Group("X.rest", tiers + 1, 1, "rest", (Condition("always", None, None),))]


def random_figures(rng: np.random.Generator) -> dict[str, Any]:
    """A customer; one in six never bought, and some figures of service are missing."""
    count = int(rng.integers(0, 10)) if rng.random() < 5 / 6 else 0
    money = Decimal(int(rng.integers(0, 150_000))) / 100 if count else Decimal(0)
    figures: dict[str, Any] = {
        "recency_days": int(rng.integers(0, 250)) if count else None,
        "frequency_12m": count,
        "monetary_12m": money,
        "frequency_lifetime": count + 2 * bool(count),
        "monetary_lifetime": money * 2,
        "satisfaction_score": None if rng.random() < 0.3 else round(float(rng.random()), 4),
        "complaints_12m:logistics": int(rng.integers(0, 4)),
        "interactions_90d": int(rng.integers(0, 6)),
        "strategic_label": rng.choice(["strategic", "other", None]),
        "need_tags": rng.choice(["Price, delivery", None]),
    }
    return rederived(figures | dict.fromkeys(("r_band", "f_band", "m_band")))


def rederived(figures: dict[str, Any]) -> dict[str, Any]:
    """Bands, scores and averages by a second implementation."""
    count = figures["frequency_12m"]
    figures["avg_order_value_12m"] = figures["monetary_12m"] / count if count else None
    names = ("r", "f", "m")
    if figures["recency_days"] is None:
        return figures | {f"{n}_score": None for n in names} | {"rfm_score": None, "rfm_segment": None}
    for letter, (measure, column) in zip(names, SCORED.items(), strict=True):
        value = figures[column]
        reached = [
            b for b, bound in BOUNDS[measure] if bound is None or (value <= bound if letter == "r" else value >= bound)
        ]
        figures[f"{letter}_band"] = max(reached)
        place = int(np.searchsorted(CUTS[measure], float(value), side="right"))
        figures[f"{letter}_score"] = 5 - place if letter == "r" else 1 + place
    scores = [figures[f"{n}_score"] for n in names]
    figures["rfm_score"] = round(100 * (sum(scores) - 3) / 12, 6)
    figures["rfm_segment"] = "best" if min(scores) >= 4 else "rest"
    return figures


def told_figures(figures: dict[str, Any], change: Change) -> dict[str, Any]:
    """The figures after a change, by a second implementation."""
    after = figures | dict(change.others)
    if change.recency_days is not None:
        after["recency_days"] = change.recency_days
    for name in ("frequency_12m", "frequency_lifetime"):
        after[name] += change.orders
    for name in ("monetary_12m", "monetary_lifetime"):
        after[name] += change.amount
    return rederived(after)


def judged(groups: list[Group], figures: dict[str, Any]) -> str:
    """The tier by a second evaluator, which writes the rules as Python."""

    def text(one: Condition) -> str:
        if one.metric == "always":
            return "True"
        value = f"figures[{one.metric!r}]"
        if one.operator == "contains":
            return f"{value} is not None and {one.threshold!r} in {value}.lower()"
        sign = {"=": "=="}.get(str(one.operator), one.operator)
        bound = (
            repr(one.threshold) if one.metric in ("rfm_segment", "strategic_label") else f"Fraction('{one.threshold}')"
        )
        shown = value if bound.startswith("'") else f"Fraction(str({value}))"
        return f"{value} is not None and {shown} {sign} {bound}"

    for group in groups:
        if all(eval(text(one), {"figures": figures, "Fraction": Fraction}) for one in group.conditions):  # noqa: S307  # ours
            return group.tier
    raise AssertionError


def test_every_promise_of_a_thousand_random_schemes_is_kept() -> None:
    rng = np.random.default_rng(11)
    found = none = told = 0
    for _ in range(1_000):
        groups, figures = random_scheme(rng), random_figures(rng)
        current = first_match(groups, figures)
        assert current is not None
        assert current.tier == judged(groups, figures)
        way = way_up(groups, figures, SCALE, current)
        if way is None:
            none += 1
            continue
        found += 1
        assert way.group.rank < current.rank
        assert judged(groups, told_figures(figures, way.change)) == way.tier
        today = orders_today(way, groups, figures, SCALE)
        if today:
            made, tier = today
            told += 1
            assert (made.recency_days, made.orders > 0) == (0, True)
            assert tier == judged(groups, told_figures(figures, made))
            assert tier < current.tier.replace("rest", "tier_9")
    assert found > 300
    assert told > 100
    assert none > 100


def test_an_order_made_today_is_one_more_to_bring_to_the_average() -> None:
    """One order of 80 is to be 100 on average: 20 more spent on it, or another one of 120."""
    groups = [
        Group("X1", 1, 1, "high", (Condition("avg_order_value_12m", ">=", "100"),)),
        Group("X2", 2, 1, "rest", (Condition("always", None, None),)),
    ]
    bought = {"recency_days": 9, "frequency_12m": 1, "monetary_12m": Decimal(80)}
    figures = rederived(bought | {"frequency_lifetime": 1, "monetary_lifetime": Decimal(80)})
    way = way_up(groups, figures, SCALE, groups[1])
    assert way is not None
    assert way.change == Change(amount=Decimal(20))
    today = orders_today(way, groups, figures, SCALE)
    assert today == (Change(recency_days=0, orders=1, amount=Decimal(120)), "high")


def test_where_no_way_is_found_no_orders_lead_up() -> None:
    """Orders of all sizes and recencies are tried on customers who were told that nothing helps.

    Smaller orders are no advice, so that schemes that ask for them are left out.
    """
    rng = np.random.default_rng(12)
    tried = 0
    while tried < 25:
        groups, figures = random_scheme(rng), random_figures(rng)
        current = first_match(groups, figures)
        asks_for_less = {(one.metric, one.operator) for group in groups for one in group.conditions}
        if ("avg_order_value_12m", "<") in asks_for_less:
            continue
        if current is None or current.rank == 1 or way_up(groups, figures, SCALE, current) is not None:
            continue
        tried += 1
        days = [None, *range(figures["recency_days"] or 0)][::7] or [None]
        for recency, orders, cents in product([*days, 0], range(0, 9, 2), (0, 5_001, 20_000, 90_000, 300_000)):
            first = figures["recency_days"] is None
            if first and (recency != 0 or orders == 0):
                continue
            after = told_figures(figures, Change(recency, orders, Decimal(cents) / 100))
            assert int(judged(groups, after).replace("rest", "tier_9")[-1]) >= current.rank, (groups, figures, after)


NEVER_BOUGHT = {"recency_days": None, "frequency_12m": 0, "monetary_12m": Decimal(0), "r_band": None, "f_band": None}
CASES: dict[str, tuple[str, list[str], dict[str, Any], dict[str, Any]]] = {
    "8,000 more is spent": (
        "monetary_12m >= 50000",
        [],
        {"recency_days": 3, "frequency_12m": 4, "monetary_12m": Decimal(42_000)},
        {"amount": Decimal(8_000)},
    ),
    "more than five orders are six": ("frequency_12m > 5", [], {"recency_days": 3, "frequency_12m": 4}, {"orders": 2}),
    "below 30 days is 29": ("recency_days < 30", [], {"recency_days": 44}, {"recency_days": 29}),
    "who never bought buys today": ("r_band >= 2", [], NEVER_BOUGHT, {"recency_days": 0, "orders": 1}),
    "a label is decided": (
        "strategic_label = strategic",
        [],
        {"strategic_label": None},
        {"others": {"strategic_label": "strategic"}},
    ),
    "nobody is asked to spend less": ("monetary_12m < 10", [], {"recency_days": 3, "monetary_12m": Decimal(20)}, {}),
    "nobody is asked to be less content": ("satisfaction_score <= 0.5", [], {"satisfaction_score": 0.9}, {}),
    "nobody can complain where no tickets were delivered": ("complaints_12m <= 1", [], {"complaints_12m": None}, {}),
    "nobody can be in touch where no interactions were delivered": (
        "days_since_last_interaction <= 30",
        [],
        {"days_since_last_interaction": None, "interactions_90d": None},
        {},
    ),
    "who was never in touch can be": (
        "days_since_last_interaction <= 30",
        [],
        {"days_since_last_interaction": None, "interactions_90d": 0},
        {"others": {"days_since_last_interaction": 30}},
    ),
    "fewest unmet conditions win over the smaller gap": (
        "interactions_90d >= 40",
        ["complaints_12m <= 0", "satisfaction_score >= 0.81"],
        {"interactions_90d": 2, "complaints_12m": 1, "satisfaction_score": 0.8},
        {"others": {"interactions_90d": 40}},
    ),
}


def _condition(text: str) -> Condition:
    return Condition(*text.split(" "))


@pytest.mark.parametrize("case", CASES)
def test_one_condition_by_hand(case: str) -> None:
    condition, alternative, figures, expected = CASES[case]
    groups = [Group("X1", 1, 1, "better", (_condition(condition),))]
    groups += [Group("X1", 1, 2, "better", tuple(map(_condition, alternative)))] if alternative else []
    rest = Group("X2", 2, 1, "rest", (Condition("always", None, None),))
    way = way_up(
        [*groups, rest], {"recency_days": 60, "frequency_12m": 1, "monetary_12m": Decimal(5)} | figures, SCALE, rest
    )
    assert (None if way is None else way.change) == (Change(**expected) if expected else None)


def test_behaviour_alone_is_told_where_it_leads_up_beside_a_decision() -> None:
    groups = [
        Group("X1", 1, 1, "better", (_condition("strategic_label = strategic"),)),
        Group("X1", 1, 2, "better", (_condition("frequency_12m >= 3"), _condition("monetary_12m >= 100"))),
        Group("X2", 2, 1, "rest", (Condition("always", None, None),)),
    ]
    figures = {"recency_days": 9, "frequency_12m": 1, "monetary_12m": Decimal(5), "strategic_label": None}
    decided, alone = (way_up(groups, figures, SCALE, groups[2], with_decisions=both) for both in (True, False))
    assert decided is not None
    assert decided.is_decided
    assert alone is not None
    assert alone.change == Change(orders=2, amount=Decimal(95))
