"""What an explanation promises holds: after the stated change the rules, judged anew by other code, give that tier."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR, CompiledProject
from tests.models.expected_rfm import DEFAULTS, Rule, expected_rfm, expected_tier, rules_in_order
from tests.models.random_companies import Company, random_company
from tests.models.test_customer_rfm import SEGMENTS, build

from retention.explanation.figures import Change, Scale
from retention.explanation.movement import tier_after, way_up
from retention.explanation.reading import explain_in
from retention.explanation.rules import Condition, Group, first_match

SEEDS = PROJECT_DIR / "seeds"
RULES = pd.read_csv(SEEDS / "tier_rules.csv", dtype={"value": str}).query("profile == 'all'")
IN_ORDER: dict[str, list[Rule]] = {
    str(scheme): rules_in_order(rows) for scheme, rows in RULES.groupby("scheme", sort=False)
}
COUNTS = ("frequency_12m", "frequency_lifetime", "scored_frequency")
SUMS = ("monetary_12m", "monetary_lifetime", "scored_monetary")


@dataclass(frozen=True)
class Judge:
    """Judges one customer of a company anew, by the words of the rules and with exact fractions."""

    company: Company
    buyers: pd.DataFrame

    @property
    def parameters(self) -> dict[str, str]:
        return {**DEFAULTS, **self.company.parameters}

    def figures(self, customer: Any) -> dict[str, Any]:
        """A customer's figures today; amounts in the currency, no longer in cents."""
        row = customer._asdict()
        figures = {name: None if pd.isna(value) else value for name, value in row.items()}
        for name in ("monetary_12m", "monetary_lifetime", "monetary_scored"):
            figures[name] = Decimal(int(figures[name])) / 100
        figures["scored_frequency"], figures["scored_monetary"] = (
            figures.pop("frequency_scored"),
            figures.pop("monetary_scored"),
        )
        return figures

    def after(self, figures: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
        """The figures after stated changes: an order more is one more in every window."""
        after = {**figures, **{name: value for name, value in changes.items() if name not in COUNTS + SUMS}}
        orders = {int(changes[name] - (figures[name] or 0)) for name in COUNTS if name in changes} or {0}
        amounts = {Decimal(changes[name]) - (figures[name] or 0) for name in SUMS if name in changes} or {Decimal(0)}
        assert len(orders) == len(amounts) == 1, "figures that orders move together are moved by the same orders"
        after |= {name: (figures[name] or 0) + max(orders) for name in COUNTS}
        after |= {name: (figures[name] or 0) + max(amounts) for name in SUMS}
        return self.scored(after, {name for name in changes if name.endswith("_score")})

    def scored(self, after: dict[str, Any], set_scores: set[str]) -> dict[str, Any]:
        """Bands, scores, weighted score and segment that follow from figures; scores by equal counts are kept."""
        if after["recency_days"] is None:
            return after
        day = pd.Timestamp(self.company.as_of)
        bought = day - pd.Timedelta(days=int(after["recency_days"]))
        after["r_band"] = 1 + sum(bought > day - pd.DateOffset(months=months) for months in (3, 6, 12))
        after["f_band"] = 1 + sum(after["frequency_12m"] >= bound for bound in (1, 2, 5))
        after["m_band"] = 1 + sum(after["monetary_12m"] >= bound for bound in (50_000, 100_000))
        if self.parameters["score_convention"] == "quantile" and len(self.buyers):
            after["r_score"] = 6 - self.score(after["recency_days"], "recency_days")
            after["f_score"] = self.score(after["scored_frequency"], "frequency_scored")
            after["m_score"] = self.score(Fraction(after["scored_monetary"]) * 100, "monetary_scored", cents=True)
        scores = [after["r_score"], after["f_score"], after["m_score"]]
        if any(score is None for score in scores):
            assert not set_scores
            return after
        weights = [Fraction(self.parameters[f"{name}_weight"]) for name in ("recency", "frequency", "monetary")]
        whole = sum(w * (int(s) - 1) for w, s in zip(weights, scores, strict=True)) / (4 * sum(weights))
        after["rfm_score"] = float(round(100 * whole, 6))
        after["rfm_segment"] = next(
            row.segment
            for row in SEGMENTS.sort_values("segment_rank").itertuples()
            if row.r_min <= scores[0] <= row.r_max
            and row.f_min <= scores[1] <= row.f_max
            and row.m_min <= scores[2] <= row.m_max
        )
        return after

    def score(self, value: Any, column: str, *, cents: bool = False) -> int:
        """1 plus the quantiles of all buyers that a value reaches, type 7."""
        ordered = sorted(Fraction(int(each)) for each in self.buyers[column])
        offset = Fraction(self.parameters["score_cut_offset"]) * (100 if cents else 1)
        reached = 0
        for step in range(1, 5):
            position = Fraction(step * (len(ordered) - 1), 5)
            upper = ordered[min(int(position) + 1, len(ordered) - 1)]
            cut = ordered[int(position)] + (position - int(position)) * (upper - ordered[int(position)]) + offset
            reached += Fraction(value) >= cut
        return 1 + reached

    def tier(self, scheme: str, figures: dict[str, Any]) -> str:
        """The tier under a scheme."""
        return expected_tier(pd.Series(figures, dtype=object), IN_ORDER[scheme])[0]


# Seeds of companies, each with parameters of its own: both conventions, several windows and weights.
COMPANIES = (6, 7, 8, 9, 11, 13, 17, 18, 20, 22, 36, 39)
READ = (
    "customer_merges",
    "customer_rfm",
    "customer_lifecycle",
    "customer_tiers",
    "dim_labels",
    "int_customer_metrics",
)


def judge_of(company: Company) -> tuple[Judge, dict[str, dict[str, Any]]]:
    """The judge, and every customer's figures today."""
    rfm = expected_rfm(company, SEGMENTS)
    judge = Judge(company, rfm[rfm["last_purchase_on"].notna()])
    return judge, {str(row.Index): judge.figures(row) for row in rfm.itertuples()}


@pytest.mark.parametrize("seed", COMPANIES)
def test_the_stated_change_leads_to_the_promised_tier_and_nothing_less_does(
    project: CompiledProject, seed: int
) -> None:
    company = random_company(seed)
    connection = build(project, company, *READ)
    judge, customers = judge_of(company)
    for customer_id, figures in list(customers.items())[:12]:
        for told in explain_in(connection, customer_id, "en")["tiers"]:
            scheme, up = told["scheme"], told["up"]
            assert judge.tier(scheme, figures) == told["tier"]
            if up["to_tier"] is None:
                unknown = set() if len(judge.buyers) else {"figures_missing"}
                assert up["reason"] in {"best_tier", "out_of_reach"} | unknown
                continue
            changes = {one["metric"]: one["needed"] for one in up["changes"]}
            assert judge.tier(scheme, judge.after(figures, changes)) == up["to_tier"], (customer_id, scheme, up)
            for one in up["changes"]:
                if figures["recency_days"] is not None and not one["is_decision"]:
                    less = changes | {one["metric"]: _one_step_less(one)}
                    less = {name: value for name, value in less.items() if value != figures[name]}
                    assert judge.tier(scheme, judge.after(figures, less)) != up["to_tier"], (customer_id, scheme, up)
            today = up["with_orders_today"]
            if today:
                made = {"recency_days": 0, "frequency_12m": figures["frequency_12m"] + today["orders"]}
                made["monetary_12m"] = figures["monetary_12m"] + today["amount"]
                assert judge.tier(scheme, judge.after(figures, made)) == today["tier"], (customer_id, scheme, up)


def _one_step_less(one: dict[str, Any]) -> Any:
    """The change, but for a day, an order, a cent or a score."""
    if one["metric"] == "recency_days":
        return one["needed"] + 1
    return one["needed"] - (Decimal("0.01") if one["metric"] in SUMS else 1)


def test_the_random_companies_show_every_kind_of_way(project: CompiledProject) -> None:
    """Else the property above might hold of nothing."""
    seen: set[str] = set()
    for seed in COMPANIES:
        connection = build(project, random_company(seed), *READ)
        for (customer_id,) in connection.sql("select customer_id from marts.customer_rfm limit 12").fetchall():
            for told in explain_in(connection, customer_id, "en")["tiers"]:
                up = told["up"]
                seen |= {one["metric"] for one in up.get("changes", [])} | {up.get("reason") or up["to_tier"]}
                seen |= {"several changes"} if len(up.get("changes", [])) > 1 else set()
                seen |= (
                    {"more today"}
                    if up.get("with_orders_today") and up["with_orders_today"]["tier"] != up["to_tier"]
                    else set()
                )
    wanted = {"recency_days", "frequency_12m", "monetary_12m", "frequency_lifetime", "monetary_lifetime", "r_score"}
    wanted |= {"f_score", "m_score", "scored_monetary", "strategic_label", "best_tier", "out_of_reach"}
    assert seen >= wanted | {"A", "B", "C", "D", "S", "several changes", "more today"}, wanted - seen


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
    found = none = 0
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
        if way.change.is_by_orders:
            today = way.change.as_orders_today()
            assert tier_after(groups, figures, SCALE, today) == judged(groups, told_figures(figures, today))
    assert found > 300
    assert none > 100


def test_where_no_way_is_found_no_orders_lead_up() -> None:
    """Orders of all sizes and recencies are tried on customers who were told that nothing helps.

    Smaller orders are no advice, so that schemes that ask for them are left out.
    """
    rng = np.random.default_rng(12)
    tried = 0
    while tried < 60:
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
