"""Programme health against a second computation from the delivered rows, and a month worked by hand."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.models.compiled_project import PROJECT_DIR
from tests.models.program_company import AS_OF, FIRST, program_company
from tests.models.test_churn_reasons import Company, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from tests.models.compiled_project import CompiledProject

FEWEST, LEAST_ANSWERS, MONTHS_BEFORE, HELD_MONTHS = 20, 10, 12, 3  # of default_b2b
Row = dict[str, Any]
Figure = tuple[float | None, str | None]  # the value, or why there is none


@pytest.fixture(scope="module", params=[4])
def warehouse(project: CompiledProject, request: pytest.FixtureRequest) -> Iterator[Any]:
    raw = program_company(request.param)
    models = ["program_health", "program_health_summary"]
    with project.build(raw, as_of=AS_OF, models=models) as built:
        yield built


def seed_rows(name: str) -> list[Row]:
    with (PROJECT_DIR / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["profile"] in ("all", "default_b2b")]


def plus_months(day: date, months: int) -> date:
    """The first day of the month so many months later."""
    return (pd.Timestamp(day) + pd.DateOffset(months=months)).date()


def last_day(month: date) -> date:
    return plus_months(month, 1) - timedelta(days=1)


def months() -> list[date]:
    this = AS_OF.replace(day=1)
    return [
        month for back in range(MONTHS_BEFORE, -1, -1) if (month := plus_months(this, -back)) >= FIRST.replace(day=1)
    ]


def is_over(month: date) -> bool:
    return last_day(month) <= AS_OF


class Figures:
    """Every measure of a month."""

    def __init__(self, built: duckdb.DuckDBPyConnection) -> None:
        self.built = built
        self.company = Company(built)
        self.tiers: dict[tuple[str, date], dict[str, str]] = defaultdict(dict)
        for row in rows_of(built, "from marts.customer_tier_history"):
            self.tiers[row["scheme"], row["month_end"]][row["customer_id"]] = row["tier"]

    def of(self, month: date) -> dict[str, Figure]:
        return {
            "completeness": self.completeness(month),
            "tier_agreement": self.tier_agreement(month),
            "plan_completion": self.plan_completion(month),
            "resource_alignment": self.resource_alignment(month),
            "timely_rate": self.timely_rate(month),
            "nps_score": self.nps_score(month),
            "strategy_iterations": self.strategy_iterations(month),
            "core_metrics_improving": self.core_metrics_improving(month),
        }

    def completeness(self, month: date) -> Figure:
        present = asked = 0
        rows = [
            row
            for row in rows_of(self.built, "from marts.completeness")
            if min(row["week_start"] + timedelta(days=6), AS_OF).replace(day=1) == month
        ]
        for row in rows:
            asked += row["rows"] or 0
            present += (row["rows"] or 0) - (row["missing"] or 0)
        return (present / asked, None) if asked else (None, "no_data" if rows else "not_kept")

    def tier_agreement(self, month: date) -> Figure:
        if not is_over(month):
            return None, "month_not_over"
        held_on = plus_months(month, 1 - HELD_MONTHS) - timedelta(days=1)
        held = self.tiers["retention_abcd", held_on]
        if not held:
            return None, "history_too_short"
        ranges = {
            row["tier"]: (float(row["low"] or 0), float(row["high"] or "inf"))
            for row in seed_rows("tier_expectations")
            if row["scheme"] == "retention_abcd"
        }
        judged = {customer: ranges[tier] for customer, tier in held.items() if tier in ranges}
        agreeing = sum(
            low <= len(self.company.purchases(customer, held_on, last_day(month))) <= high
            for customer, (low, high) in judged.items()
        )
        return (None, "too_few") if len(judged) < FEWEST else (agreeing / len(judged), None)

    def plan_completion(self, month: date) -> Figure:
        plans = {
            row["plan_id"]: row["planned_count"]
            for row in rows_of(self.built, "from raw.touch_plans")
            if row["planned_on"].replace(day=1) == month and row["planned_on"] <= AS_OF
        }
        made = Counter(
            row["plan_id"]
            for row in rows_of(self.built, "from raw.touches where coalesce(variant, '') != 'holdout'")
            if row["touched_at"].date() <= AS_OF
        )
        planned = sum(plans.values())
        return (sum(made[plan] for plan in plans) / planned, None) if planned else (None, "no_data")

    def resource_alignment(self, month: date) -> Figure:
        budgets = {
            row["tier"]: float(row["budget"])
            for row in sorted(seed_rows("resource_budgets"), key=lambda row: bool(row["quarter_start"]))
            if row["quarter_start"] in ("", str(month.replace(month=(month.month - 1) // 3 * 3 + 1)))
        }
        day = AS_OF
        if min(last_day(month), AS_OF) != day:  # spend is kept of the as-of day alone
            return None, "not_kept"
        rows = rows_of(self.built, "from marts.customer_tiers where scheme = 'retention_abcd'")
        tiers = {row["customer_id"]: row["tier"] for row in rows}
        year_ago = (pd.Timestamp(day) - pd.DateOffset(months=12)).date()
        worth: Counter[str] = Counter()
        for customer, tier in tiers.items():
            for order in self.company.orders[customer]:
                if year_ago < order["ordered_at"].date() <= day and self.company.is_purchase(order, day):
                    worth[tier] += float(order["amount"] - self.company.returned(order, day))
        whole, value = sum(budgets.values()), sum(worth.values())
        if not value:
            return None, "no_data"
        return sum(min(budgets.get(tier, 0) / whole, worth[tier] / value) for tier in {*budgets, *worth}), None

    def timely_rate(self, month: date) -> Figure:
        tickets = [
            row for row in rows_of(self.built, "from marts.ticket_sla") if row["received_on"].replace(day=1) == month
        ]
        met, breached = (sum(bool(row[name]) for row in tickets) for name in ("is_met", "is_breached"))
        if not tickets:
            return None, "no_data"
        if not met + breached:
            return None, "nothing_due"
        return (None, "too_few") if met + breached < FEWEST else (met / (met + breached), None)

    def nps_score(self, month: date) -> Figure:
        scores = [
            row["score"]
            for row in rows_of(self.built, "from raw.surveys where survey_type = 'nps'")
            if row["responded_at"].date().replace(day=1) == month and row["responded_at"].date() <= AS_OF
        ]
        if len(scores) < FEWEST:
            return None, "no_data" if not scores else "too_few" if len(scores) >= LEAST_ANSWERS else "too_few_responses"
        return 100 * (sum(one >= 9 for one in scores) - sum(one <= 6 for one in scores)) / len(scores), None

    def strategy_iterations(self, month: date) -> Figure:
        if not is_over(month):
            return None, "month_not_over"
        changes = [row for row in rows_of(self.built, "from raw.strategy_changes") if row["changed_on"] <= AS_OF]
        if not any(row["changed_on"] <= last_day(month) for row in changes):
            return None, "no_data"
        steps = {
            (row["scheme"], row["changed_on"])
            for row in changes
            if row["approved_at"] is not None and row["approved_at"].date().replace(day=1) == month
        }
        return len(steps), None

    def core_metrics_improving(self, month: date) -> Figure:
        if not is_over(month):
            return None, "month_not_over"
        better = []
        for core in seed_rows("program_core_metrics"):
            found = {
                row["period_start"]: row["actual"]
                for row in rows_of(
                    self.built,
                    f"from marts.metric_values where metric = '{core['metric']}' and scheme = '{core['scheme']}' "
                    f"and tier = '{core['tier']}' and period_type = 'month' and is_mature and actual is not null "
                    f"and coalesce(denominator, {FEWEST}) >= {FEWEST}",
                )
            }
            if month in found and plus_months(month, -1) in found:
                change = round(found[month], 6) - round(found[plus_months(month, -1)], 6)
                better.append((change if core["direction"] == "at_least" else -change) > 0)
        return (sum(better) / len(better), None) if better else (None, "no_earlier_period")


def marks_of(measure: Row, value: float | None) -> float | None:
    if value is None:
        return None
    way = (value - float(measure["zero_mark"])) / (float(measure["full_mark"]) - float(measure["zero_mark"]))
    return 100 * min(1.0, max(0.0, way))


def mean(values: list[tuple[float, float]]) -> float | None:
    """Mean of pairs of weight and value."""
    return sum(weight * value for weight, value in values) / sum(weight for weight, _ in values) if values else None


@pytest.mark.slow
def test_every_month_is_scored_as_a_second_computation_does(warehouse: Any) -> None:
    figures = Figures(warehouse)
    health = {(row["month"], row["dimension"]): row for row in rows_of(warehouse, "from marts.program_health")}
    summary = {row["month"]: row for row in rows_of(warehouse, "from marts.program_health_summary")}
    dimensions, measures = seed_rows("program_dimensions"), seed_rows("program_measures")
    assert health.keys() == {(month, row["dimension"]) for month in months() for row in dimensions}
    assert summary.keys() == set(months())
    reasons: Counter[str] = Counter()
    points: dict[date, dict[str, float]] = {}
    for month in months():
        found = figures.of(month)
        reasons.update(why for _, why in found.values() if why)
        scores: dict[str, float | None] = {}
        marks = {row["measure"]: marks_of(row, found[row["measure"]][0]) for row in measures}
        for dimension in dimensions:
            own = [row["measure"] for row in measures if row["dimension"] == dimension["dimension"]]
            row = health[month, dimension["dimension"]]
            told = json.loads(row["measures"])
            assert list(told) == own
            for name in own:
                value, why = found[name]
                expected = (
                    (None, None, why)
                    if value is None
                    else (pytest.approx(value, abs=2e-6), pytest.approx(marks[name], abs=1e-3), None)
                )
                assert (told[name]["value"], told[name]["marks"], told[name]["missing_reason"]) == expected, (
                    month,
                    name,
                )
            assert row["missing_measures"] == (",".join(one for one in own if marks[one] is None) or None)
            assert row["is_complete"] == is_over(month)
            scores[dimension["dimension"]] = mean([(1, mark) for one in own if (mark := marks[one]) is not None])
            score = scores[dimension["dimension"]]
            assert row["score"] == (None if score is None else pytest.approx(score, abs=1e-7))
        weights = {row["dimension"]: float(row["weight"]) for row in dimensions}
        known = sum(weight for name, weight in weights.items() if scores[name] is not None)
        for name, weight in weights.items():
            effective = 0 if scores[name] is None else weight / known
            assert health[month, name]["effective_weight"] == pytest.approx(effective, abs=1e-7)
        check_summary(summary[month], {name: (weights[name], score) for name, score in scores.items()})
        points[month] = {
            row["measure"]: weights[row["dimension"]]
            / known
            * mark
            / sum(marks[one["measure"]] is not None for one in measures if one["dimension"] == row["dimension"])
            for row in measures
            if (mark := marks[row["measure"]]) is not None
        }
    check_changes(summary, points)
    assert {"not_kept", "month_not_over", "no_data"} <= reasons.keys()


def check_summary(row: Row, scores: dict[str, tuple[float, float | None]]) -> None:
    known = {name: (weight, score) for name, (weight, score) in scores.items() if score is not None}
    score = mean(list(known.values()))
    assert score is not None
    assert row["score"] == pytest.approx(score, abs=1e-7)
    assert row["grade"] == ("excellent" if score >= 80 else "good" if score >= 60 else "to_improve")
    assert row["weakest_dimension"] == min(known, key=lambda name: round(known[name][1], 9))
    assert row["missing_dimensions"] == (",".join(name for name in scores if name not in known) or None)


def check_changes(summary: dict[date, Row], points: dict[date, dict[str, float]]) -> None:
    """What moved a score, where the same measures are known at both ends."""
    compared = 0
    for before, month in pairwise(points):
        row = summary[month]
        if points[before].keys() != points[month].keys():
            assert (row["score_change"], row["change_missing_reason"]) == (None, "other_measures")
            continue
        moves = {name: points[month][name] - points[before][name] for name in points[month]}
        assert row["score_change"] == pytest.approx(sum(moves.values()), abs=1e-6)
        way = 1 if row["score_change"] > 0 else -1
        most = max(moves, key=lambda name: way * round(moves[name], 6))
        assert (row["moved_by"], row["moved_by_points"]) == (most, pytest.approx(moves[most], abs=1e-5))
        compared += 1
    assert summary[min(points)]["change_missing_reason"] == "no_earlier_period"
    assert compared > 3
