"""A month of programme health worked by hand, and the borders of the grades."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.models.test_churn_reasons import rows_of

if TYPE_CHECKING:
    import duckdb
    from tests.models.compiled_project import CompiledProject

AS_OF = date(2024, 4, 10)
FEBRUARY, MARCH = date(2024, 2, 1), date(2024, 3, 1)
# All measures: full marks are 0.90, 0.95, 1.00, 0.90, 0.90, 40, 2 and 1.
WORKED = {
    "completeness": 0.81,
    "tier_agreement": 0.95,
    "plan_completion": 0.96,
    "resource_alignment": 0.72,
    "timely_rate": 0.99,
    "nps_score": None,
    "strategy_iterations": 1.0,
    "core_metrics_improving": 0.25,
}


MANY = 100_000_000  # of which a share is counted, so that it can be written to eight decimals
CORE = (
    "churn_rate,all,all",
    "retention_rate,retention_abcd,A",
    "repurchase_rate,retention_abcd,B",
    "cross_sell_share,all,all",
)
"""Four core metrics that all fall: a fall is better for churn alone, one of four."""
COLUMNS = {
    "int_program_months": "month_start date, month_end date, closing_on date, is_complete boolean, tier_held_on date",
    "int_tier_agreement": "month_start date, is_held boolean, is_expected boolean, agreeing_customers integer, "
    "judged_customers integer",
    "int_resource_alignment": "month_start date, is_budgeted boolean, is_kept boolean, aligned_share double",
    "completeness": 'week_start date, "rows" bigint, missing bigint',
    "touch_execution": "touch_date date, is_planned boolean, actual_count integer, planned_count integer",
    "service_metrics": "week_start date, period_type varchar, dimension varchar, met integer, breached integer",
    "satisfaction_metrics": "period_start date, period_type varchar, survey_type varchar, dimension varchar, "
    "score double, positive_responses integer, negative_responses integer, responses integer, missing_reason varchar",
    "stg_strategy_changes": "change_id varchar, scheme varchar, changed_on date, approved_at timestamp",
    "metric_values": "metric varchar, scheme varchar, tier varchar, period_type varchar, period_start date, "
    "actual double, denominator integer, is_mature boolean",
}
"""What programme health reads of each table."""
Figures = Mapping[str, float | None]


def rows_for(month: date, figures: Figures) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Tables and their rows, in which a month has these figures."""
    end = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    share = {name: round(MANY * figure) for name, figure in figures.items() if figure is not None}
    yield "int_program_months", (month, end, end, True, None)
    agreeing = share.get("tier_agreement")
    yield "int_tier_agreement", (month, True, True, agreeing or 0, 0 if agreeing is None else MANY)
    aligned = figures["resource_alignment"]
    yield "int_resource_alignment", (month, aligned is not None, True, aligned)
    if "completeness" in share:
        yield "completeness", (month.replace(day=5), MANY, MANY - share["completeness"])
    if "plan_completion" in share:
        yield "touch_execution", (month, True, share["plan_completion"], MANY)
    if "timely_rate" in share:
        yield "service_metrics", (month, "month", "all", share["timely_rate"], MANY - share["timely_rate"])
    nps = figures["nps_score"]
    answers = (19, None) if nps is None else (20, nps)
    yield "satisfaction_metrics", (month, "month", "nps", "all", answers[1], 0, 0, answers[0], None)
    for number in range(int(figures["strategy_iterations"] or 0)):
        day = month + timedelta(days=number)
        yield "stg_strategy_changes", (f"{month}-{number}", "value_sabc", day, datetime.combine(day, time()))
    if figures["core_metrics_improving"] is not None:
        for metric in CORE:
            before = (month - timedelta(days=1)).replace(day=1)
            yield "metric_values", (*metric.split(","), "month", month, 1 - month.month / 100, 20, True)
            yield "metric_values", (*metric.split(","), "month", before, 1 - before.month / 100, 20, True)


class Programme:
    """The tables of programme health, made from figures that a test writes down."""

    def __init__(self, project: CompiledProject, built: duckdb.DuckDBPyConnection) -> None:
        self._nodes = project.profile("default_b2b").nodes
        self._built = built
        for name, columns in COLUMNS.items():
            node = self._nodes[name]
            built.execute(f"drop {'view' if node.is_view else 'table'} {node.relation}")
            built.execute(f"create table {node.relation} ({columns})")

    def score(self, *months: tuple[date, Figures]) -> dict[date, dict[str, Any]]:
        """Summary by month; the rows of program_health stand beside."""
        for name in COLUMNS:
            self._built.execute(f"delete from {self._nodes[name].relation}")
        filled = dict.fromkeys(row for month, figures in months for row in rows_for(month, figures))
        for name, row in filled:
            self._built.execute(f"insert into {self._nodes[name].relation} values ({', '.join('?' * len(row))})", row)
        for name in ("program_health_measures", "program_health", "program_health_summary"):
            self._built.execute(f"delete from {self._nodes[name].relation}")
            self._built.execute(f"insert into {self._nodes[name].relation} by name {self._nodes[name].sql}")
        return {row["month"]: row for row in rows_of(self._built, "from marts.program_health_summary")}

    def dimensions(self, month: date) -> dict[str, dict[str, Any]]:
        rows = rows_of(self._built, f"from marts.program_health where month = '{month}' order by dimension_rank")
        return {row["dimension"]: row for row in rows}


@pytest.fixture(scope="module")
def programme(project: CompiledProject) -> Iterator[Programme]:
    models = ["program_health", "program_health_summary"]
    with project.build({}, as_of=AS_OF, models=models) as built:
        yield Programme(project, built)


def test_a_month_with_one_missing_measure_is_scored_as_worked_by_hand(programme: Programme) -> None:
    """NPS had too few answers, so that the experience rests on the timely rate alone.

    Data capability: 100 * 0.81 / 0.90 = 90 and 100 * 0.95 / 0.95 = 100, mean 95.
    Execution: 100 * 0.96 / 1.00 = 96 and 100 * 0.72 / 0.90 = 80, mean 88.
    Customer experience: 0.99 is above 0.90, so 100; NPS is left out, mean 100.
    Dynamic optimisation: 1 of 2 changes is 50, 0.25 of the core metrics 25, mean 37.5.
    Score: 0.25 * 95 + 0.30 * 88 + 0.25 * 100 + 0.20 * 37.5 = 23.75 + 26.4 + 25 + 7.5 = 82.65.
    In February plan completion was 0.66: 66 and 80, mean 73, so 0.30 * 15 = 4.5 points less.
    """
    rows = programme.score((FEBRUARY, WORKED | {"plan_completion": 0.66}), (MARCH, WORKED))
    dimensions = programme.dimensions(MARCH)
    assert {name: row["score"] for name, row in dimensions.items()} == {
        "data_capability": 95,
        "execution": 88,
        "customer_experience": 100,
        "dynamic_optimisation": 37.5,
    }
    assert dimensions["customer_experience"]["missing_measures"] == "nps_score"
    assert [row["effective_weight"] for row in dimensions.values()] == [0.25, 0.3, 0.25, 0.2]
    told = json.loads(dimensions["customer_experience"]["measures"])
    assert (told["nps_score"]["marks"], told["nps_score"]["missing_reason"]) == (None, "too_few")
    assert told["timely_rate"] == {
        "value": 0.99,
        "numerator": 99_000_000,
        "denominator": MANY,
        "zero_mark": 0,
        "full_mark": 0.9,
        "weight": 1,
        "marks": 100,
        "missing_reason": None,
    }
    march = rows[MARCH]
    assert (march["score"], march["grade"]) == (82.65, "excellent")
    assert (march["weakest_dimension"], march["weakest_measure"]) == ("dynamic_optimisation", "core_metrics_improving")
    assert march["advice"] == "turn_core_metrics"
    assert (march["missing_measures"], march["missing_dimensions"]) == ("nps_score", None)
    assert march["known_share"] == 0.875  # half of 0.25 is missing
    assert (march["previous_score"], march["score_change"]) == (78.15, 4.5)
    assert (march["moved_by"], march["moved_by_points"]) == ("plan_completion", 4.5)
    assert rows[FEBRUARY]["grade"] == "good"


def test_a_dimension_without_data_shares_its_weight_out(programme: Programme) -> None:
    """Without experience the score is (23.75 + 26.4 + 7.5) / 0.75 = 76.8667, and no change is told."""
    rows = programme.score((FEBRUARY, WORKED), (MARCH, WORKED | {"timely_rate": None}))
    march, dimensions = rows[MARCH], programme.dimensions(MARCH)
    assert march["score"] == pytest.approx(57.65 / 0.75, abs=1e-8)
    assert march["missing_dimensions"] == "customer_experience"
    assert march["missing_measures"] == "timely_rate,nps_score"
    assert (march["score_change"], march["change_missing_reason"]) == (None, "other_measures")
    assert dimensions["customer_experience"]["score"] is None
    assert dimensions["customer_experience"]["effective_weight"] == 0
    assert dimensions["execution"]["effective_weight"] == 0.4


def test_a_month_without_any_data_has_no_score_and_says_so(programme: Programme) -> None:
    march = programme.score((MARCH, dict.fromkeys(WORKED)))[MARCH]
    assert (march["score"], march["grade"], march["advice"], march["missing_reason"]) == (None, None, None, "no_data")
    assert (march["reason"], march["known_share"]) == ("H: no measure has data", 0)


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        (100, "excellent"),
        (80, "excellent"),
        (79.99, "good"),
        (79.999999, "good"),
        (60, "good"),
        (59.99, "to_improve"),
        (0, "to_improve"),
    ],
)
def test_a_grade_begins_at_its_border_and_no_score_is_rounded(programme: Programme, score: float, grade: str) -> None:
    """With plan completion alone the score is its marks: 79.999999, shown as 80.00, is good."""
    march = programme.score((MARCH, dict.fromkeys(WORKED) | {"plan_completion": score / 100}))[MARCH]
    assert (march["score"], march["grade"]) == (pytest.approx(score, abs=1e-8), grade)
    assert march["advice"] == ("keep_going" if score == 100 else "carry_out_plans")


def test_of_equal_dimensions_the_first_of_the_seed_is_the_weakest(programme: Programme) -> None:
    even = {"completeness": 0.45, "plan_completion": 0.5, "timely_rate": 0.45, "strategy_iterations": 1.0}
    march = programme.score((MARCH, dict.fromkeys(WORKED) | even))[MARCH]
    assert (march["score"], march["weakest_dimension"]) == (50, "data_capability")


def test_a_score_below_0_or_beyond_full_marks_stays_within_0_and_100(programme: Programme) -> None:
    beyond = {"nps_score": -30.0, "timely_rate": 0.45, "plan_completion": 1.4}
    programme.score((MARCH, dict.fromkeys(WORKED) | beyond))
    dimensions = programme.dimensions(MARCH)
    assert (dimensions["customer_experience"]["score"], dimensions["execution"]["score"]) == (25, 100)
