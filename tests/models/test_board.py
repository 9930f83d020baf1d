"""The board of every day against a walk through the facts, its contributions, and causes planted to be found."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import sqrt
from typing import TYPE_CHECKING, Any

import pytest
from tests.models.board_companies import AS_OF, day_before, planted_company, random_facts
from tests.models.board_warehouse import BoardWarehouse, records
from tests.models.expected_board import METRICS, SUMS, Company, Counted, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.models.compiled_project import CompiledProject

FEWEST_ANSWERS = 10
WINDOWS = {
    "churn_rate_daily": 1,
    "retention_rate": 90,
    "repurchase_rate": 90,
    "negative_feedback_rate": 7,
    "complaints_7d": 7,
}
STANDING = ("active_customers", "cadence_kept_rate")
OF_ANSWERS = ("negative_feedback_rate", "nps_score", "csat_score")
PLANTED = 7  # companies of seven causes each
WALKED = [0, 1, 6, 7, 8, 30, 85, 92]  # days back that are walked; the others follow by the same sums


@pytest.fixture(scope="module")
def warehouse(project: CompiledProject) -> Iterator[BoardWarehouse]:
    """A warehouse for one company after another."""
    made = BoardWarehouse(project)
    yield made
    made.close()


@pytest.fixture(scope="module", params=[1, 2])
def measured(warehouse: BoardWarehouse, request: pytest.FixtureRequest) -> Any:
    """Company, history and contributions of a random company."""
    facts = random_facts(request.param)
    connection = warehouse.put(facts)
    history = records(connection, "from marts.kpi_history")
    contributions = records(connection, "from marts.kpi_contributions")
    return Company(facts), {(row["metric"], row["metric_date"]): row for row in history}, contributions


@pytest.mark.slow
def test_every_metric_of_a_day_is_what_a_walk_counts(measured: Any) -> None:
    company, history, _ = measured
    assert len(history) == len(METRICS) * 93
    for metric in METRICS:
        for back in WALKED:
            row, counted = history[metric, day_before(back)], list(company.counted(metric, day_before(back)))
            expected = value_of(metric, counted)
            if metric in OF_ANSWERS and len(counted) < FEWEST_ANSWERS:
                expected = None
            assert row["value"] == (None if expected is None else pytest.approx(expected, abs=1e-9)), (metric, back)
            assert (row["missing_reason"] is None) == (expected is not None)
            before = history.get((metric, day_before(back + 7)), {}).get("value")
            if before is not None and expected is not None:
                scale = 100 if row["unit"] == "rate" else 1
                assert row["trend_7d"] == pytest.approx(scale * (row["value"] - before), abs=1e-4)
    assert {row["is_abnormal"] for row in history.values()} == {True, False, None}


def split_up(counted: list[Counted], dimension: str) -> dict[str, list[Counted]]:
    """What was counted, by the values of a dimension."""
    found = defaultdict(list)
    for one in counted:
        if one.split[dimension] is not None and (one.numerator or one.denominator):
            found[str(one.split[dimension])].append(one)
    return found


def pooled(metric: str, before: dict[str, list[Counted]], now: dict[str, list[Counted]]) -> dict[str, str]:
    """By value of a dimension the name that it is shown under: groups of few answers together."""
    names = {name: name for name in before.keys() | now.keys()}
    if metric not in OF_ANSWERS:
        return names
    sizes = sorted((min(len(before.get(name, [])), len(now.get(name, []))), name) for name in names)
    together = 0
    for size, name in sizes:
        if size >= FEWEST_ANSWERS and (together == 0 or together >= FEWEST_ANSWERS):
            break
        names[name], together = "other", together + size
    return names


def renamed(groups: dict[str, list[Counted]], names: dict[str, str]) -> dict[str, list[Counted]]:
    """Groups under the names that they are shown under."""
    found = defaultdict(list)
    for name, counted in groups.items():
        found[names[name]] += counted
    return found


def spread(counted: list[Counted], mean: float) -> float:
    """Squares of what is counted about a mean."""
    squares = sum(one.squared - 2 * mean * one.numerator + mean**2 * one.denominator for one in counted)
    return max(squares, 0.0)


def departure(
    metric: str, group: tuple[list[Counted], list[Counted]], whole: tuple[list[Counted], list[Counted]]
) -> float:
    """Standard errors by which a group moved apart from the rest, by the words of decision 69."""
    is_sum = metric in SUMS
    unshared = 1.0 if metric in STANDING else min(1.0, 7 / WINDOWS.get(metric, 30))
    moved, variance = 0.0, 0.0
    for sign, own, everything in zip((-1, 1), group, whole, strict=True):
        numerator, denominator = sum(one.numerator for one in everything), sum(one.denominator for one in everything)
        size, mean = (numerator, 0.0) if is_sum else (denominator, numerator / denominator)
        part = sum(one.numerator for one in own) if is_sum else sum(one.denominator for one in own)
        share = part / size
        moved += sign * (share if is_sum else sum(one.numerator - mean * one.denominator for one in own) / size)
        own_spread, all_spread = spread(own, mean), spread(everything, mean)
        chance = (1 - share) ** 2 * own_spread + share**2 * max(all_spread - own_spread, 0.0)
        one_event = (all_spread / size) ** 2 if is_sum else all_spread / size
        variance += (unshared * chance + one_event) / size**2
    return moved / sqrt(variance) if variance else 0.0


@pytest.mark.slow
def test_contributions_are_those_of_a_walk_and_add_up_to_the_change(measured: Any) -> None:
    company, history, rows = measured
    found = {(row["metric"], row["dimension"], row["dimension_value"]): row for row in rows}
    expected = 0
    for metric in METRICS:
        now, before = history[metric, AS_OF]["value"], history[metric, day_before(7)]["value"]
        if now is None or before is None:
            assert not [key for key in found if key[0] == metric]
            continue
        whole = tuple(list(company.counted(metric, day)) for day in (day_before(7), AS_OF))
        scale = 100 if metric not in (*SUMS, "average_order_value") else 1
        change = (now - before) * (1 if metric == "nps_score" else scale)
        for dimension in ("tier", "region", "channel", "category"):
            groups = tuple(split_up(one, dimension) for one in whole)
            names = pooled(metric, *groups)
            shown = tuple(renamed(one, names) for one in groups)
            total = 0.0
            for name in set(names.values()):
                group = (shown[0].get(name, []), shown[1].get(name, []))
                row = found[metric, dimension, name]
                total += row["contribution"]
                assert row["contribution"] == pytest.approx(contribution(metric, group, whole, scale), abs=1e-5)
                assert (row["departure_score"] or 0) == pytest.approx(departure(metric, group, whole), abs=2e-4)
                for moment, counted in zip(("before", "now"), group, strict=True):
                    value = row[f"value_{moment}"]
                    assert value == pytest.approx(value_of(metric, counted)) if value is not None else True
                expected += 1
            if names:
                assert total == pytest.approx(change, abs=1e-4), (metric, dimension)
    assert len(found) == expected
    assert any(name == "other" for _, _, name in found)


def contribution(
    metric: str, group: tuple[list[Counted], list[Counted]], whole: tuple[list[Counted], list[Counted]], scale: float
) -> float:
    """What a group adds to the change: its share times its distance from the former total, now less before."""
    if metric in SUMS:
        return sum(one.numerator for one in group[1]) - sum(one.numerator for one in group[0])
    mean = sum(one.numerator for one in whole[0]) / sum(one.denominator for one in whole[0])
    parts = [
        sum(one.numerator - mean * one.denominator for one in own) / sum(one.denominator for one in everything)
        for own, everything in zip(group, whole, strict=True)
    ]
    return scale * (parts[1] - parts[0])


@pytest.mark.slow
def test_a_planted_cause_is_named_first_in_nine_of_ten_companies(warehouse: BoardWarehouse) -> None:
    """49 causes, each among the 14 values of four dimensions; a company has seven, in metrics of their own."""
    outcomes = Counter[str]()
    wrong = []
    for seed in range(PLANTED):
        facts, plants = planted_company(seed)
        board = {row["metric"]: row for row in records(warehouse.put(facts), "from marts.kpi_board")}
        for plant in plants:
            row = board[plant.metric]
            is_found = (row["reason_dimension"], row["reason_value"]) == (plant.dimension, plant.value)
            outcomes["found" if is_found else "not named" if row["reason"] is None else "another named"] += 1
            if is_found:
                assert row["reason"].startswith(f"{plant.dimension} {plant.value}: ")
            else:
                wrong.append((seed, plant, row["reason"], row["no_reason"]))
    assert outcomes.total() == 7 * PLANTED
    assert outcomes["found"] >= 0.9 * outcomes.total(), (outcomes, wrong)


@pytest.mark.slow
def test_without_a_cause_hardly_any_reason_is_named(warehouse: BoardWarehouse) -> None:
    """What changes by chance alone is called spread out."""
    named = judged = 0
    for seed in (100, 101):
        facts, plants = planted_company(seed, has_causes=False)
        board = {row["metric"]: row for row in records(warehouse.put(facts), "from marts.kpi_board")}
        rows = [board[plant.metric] for plant in plants]
        judged += sum(row["trend_7d"] is not None for row in rows)
        named += sum(row["reason"] is not None for row in rows)
    assert judged == 14
    assert named <= 1
