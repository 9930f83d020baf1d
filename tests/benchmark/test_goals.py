"""Goals are judged by records alone, at their own size, by ratios round by round."""

from typing import Any

from retention.benchmark.goals import GOALS, Outcome, judge, shown, shown_spread


def record(what: str, rows: int, is_provisional: bool = False, **pieces: list[dict[str, float]]) -> dict[str, Any]:
    return {"what": what, "rows": rows, "is_provisional": is_provisional, "pieces": pieces, "notes": {}}


def outcome(key: str, *records: dict[str, Any]) -> Outcome:
    return next(one for one in judge(records) if one.goal.key == key)


def pipeline(rows: int, full: list[float], floor: list[float]) -> dict[str, Any]:
    return record(
        "pipeline",
        rows,
        full_run=[{"wall_seconds": value, "own_seconds": value / 2} for value in full],
        floor=[{"seconds": value} for value in floor],
        increment=[{"wall_seconds": value / 5} for value in full],
    )


def test_without_records_nothing_is_said_to_be_met() -> None:
    assert {one.verdict for one in judge([])} == {"not measured"}
    assert len(judge([])) == len(GOALS) == 14


def test_the_median_of_the_pairs_decides() -> None:
    found = outcome("full", pipeline(10_000_000, [60, 70, 100], [10, 10, 10]))
    assert (found.verdict, found.spread.median if found.spread else None) == ("met", 7)
    assert shown_spread(found) == "7× (6×–10×)"
    assert outcome("full", pipeline(10_000_000, [60, 90, 100], [10, 10, 10])).verdict == "MISSED"


def test_a_bound_is_still_met_when_it_is_reached_exactly() -> None:
    assert outcome("full", pipeline(10_000_000, [80], [10])).verdict == "met"
    assert outcome("own", pipeline(10_000_000, [50], [10])).verdict == "met"
    assert outcome("own", pipeline(10_000_000, [50.2], [10])).verdict == "MISSED"


def test_at_another_size_a_goal_is_shown_and_not_judged() -> None:
    found = outcome("full", pipeline(100_000, [100], [1]))
    assert (found.verdict, found.rows) == ("not judged at this size", 100_000)


def test_the_goals_own_size_goes_before_any_other() -> None:
    found = outcome("full", pipeline(100_000, [100], [1]), pipeline(10_000_000, [10], [10]))
    assert (found.verdict, found.rows) == ("met", 10_000_000)


def test_the_increment_is_compared_with_the_same_round_on_a_million() -> None:
    large, small = pipeline(10_000_000, [100, 80], [1, 1]), pipeline(1_000_000, [50, 80], [1, 1])
    found = outcome("scaling", large, small)
    assert found.spread is not None
    assert (found.spread.least, found.spread.most, found.verdict) == (1, 2, "met")
    assert outcome("scaling", large).verdict == "not measured"


def test_peers_must_be_slower_by_the_bound() -> None:
    def peers(pandas: float) -> dict[str, Any]:
        return record("peers", 10_000_000, pandas_marts=[{"seconds": pandas}], product_marts=[{"seconds": 2}])

    assert outcome("pandas", peers(10)).verdict == "met"
    assert outcome("pandas", peers(9.9)).verdict == "MISSED"


def test_a_peer_that_failed_is_no_figure() -> None:
    failed = record("peers", 10_000_000, pandas_marts=[{"failed": 1}], product_marts=[{"seconds": 2}])
    assert outcome("pandas", failed).verdict == "not measured"


def test_a_hundred_million_orders_count_only_when_the_run_completed() -> None:
    assert outcome("large", pipeline(10_000_000, [1], [1])).verdict == "not measured"
    assert outcome("large", pipeline(100_000_000, [500], [80])).verdict == "met"
    assert outcome("large", record("pipeline", 100_000_000, load=[{"wall_seconds": 1}])).verdict == "MISSED"


def test_figures_of_a_busy_machine_are_marked() -> None:
    busy = record("dag_import", 0, is_provisional=True, dags=[{"seconds": 1}])
    assert outcome("dags", busy).is_provisional
    assert outcome("dags", busy).verdict == "met"


def test_figures_are_shown_to_three_digits() -> None:
    assert [shown(value, "s") for value in (0.1234, 2.0, 12.34, 1234.5)] == ["0.12 s", "2 s", "12.3 s", "1,234 s"]
