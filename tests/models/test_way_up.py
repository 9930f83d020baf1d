"""What an explanation promises holds: after the stated change the rules, judged anew by other code, give that tier."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR, CompiledProject
from tests.models.expected_metrics import expected_metrics
from tests.models.expected_rfm import DEFAULTS, Rule, expected_tier, rules_in_order
from tests.models.random_companies import Company, random_company
from tests.models.random_engagement import with_engagement
from tests.models.test_customer_rfm import SEGMENTS, build

from retention.explanation.reading import explain_in

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
        figures = {name: None if pd.isna(value) else value for name, value in customer.items()}
        figures |= {name: round(value, 6) for name, value in figures.items() if isinstance(value, float)}
        for name in ("monetary_12m", "monetary_lifetime"):
            figures[name] = Decimal(str(round(figures[name], 2)))
        figures["scored_frequency"] = figures.pop("frequency_scored")
        figures["scored_monetary"] = Decimal(int(figures.pop("monetary_scored"))) / 100
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
        if after["frequency_12m"]:
            after["avg_order_value_12m"] = after["monetary_12m"] / int(after["frequency_12m"])
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


def lively_company(seed: int) -> Company:
    """A random company with interactions, complaints and answers."""
    return with_engagement(random_company(seed), seed)


def judge_of(company: Company) -> tuple[Judge, dict[str, dict[str, Any]]]:
    """The judge, and every customer's figures today."""
    metrics = expected_metrics(company, SEGMENTS)
    judge = Judge(company, metrics[metrics["last_purchase_on"].notna()])
    return judge, {str(customer_id): judge.figures(dict(row)) for customer_id, row in metrics.astype(object).iterrows()}


@pytest.mark.parametrize("seed", COMPANIES)
def test_the_stated_change_leads_to_the_promised_tier_and_nothing_less_does(
    project: CompiledProject, seed: int
) -> None:
    company = lively_company(seed)
    connection = build(project, company, *READ)
    judge, customers = judge_of(company)
    for customer_id, figures in list(customers.items())[:12]:
        for told in explain_in(connection, customer_id, "en")["tiers"]:
            scheme, up = told["scheme"], told["up"]
            if up.get("reason") == "no_order_of_tiers":
                assert scheme in ("product_preference", "need_scenario")
                continue
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
                ranks = {tier: rank for tier, rank, *_ in reversed(IN_ORDER[scheme])}
                assert ranks[today["tier"]] < ranks[told["tier"]], (customer_id, scheme, up)


def _one_step_less(one: dict[str, Any]) -> Any:
    """The change, but for a day, an order, a cent or a score."""
    if one["metric"] == "recency_days":
        return one["needed"] + 1
    return one["needed"] - (Decimal("0.01") if one["metric"] in SUMS else 1)


def test_the_random_companies_show_every_kind_of_way(project: CompiledProject) -> None:
    """Else the property above might hold of nothing."""
    seen: set[str] = set()
    for seed in COMPANIES:
        connection = build(project, lively_company(seed), *READ)
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
