"""The cost model finds the line that made its points, and never a cost below nothing."""

from typing import Any

import pytest

from retention.benchmark.capacity import MACHINES, Line, fit, holdings, within_memory

SIZES = (300_000, 1_000_000, 3_000_000, 10_000_000)


def test_a_line_is_found_again_without_residuals() -> None:
    line = fit({size: 12 + 4e-6 * size for size in SIZES})
    assert line is not None
    assert (line.start, line.slope) == pytest.approx((12, 4e-6))
    assert line.residuals == pytest.approx([0] * 4, abs=1e-9)
    assert line.sizes == SIZES


def test_residuals_show_what_a_line_does_not_explain() -> None:
    line = fit({1: 10, 2: 20, 3: 60})
    assert line is not None
    assert max(map(abs, line.residuals)) > 0.1


def test_neither_part_is_negative() -> None:
    steep = fit({size: 1e-6 * size - 0.2 for size in SIZES})
    falling = fit({1: 30, 2: 20, 3: 10})
    assert steep is not None
    assert falling is not None
    assert steep.start == 0
    assert falling.slope == 0


def test_two_sizes_fit_anything_and_so_nothing() -> None:
    assert fit({1: 1, 2: 2}) is None


def test_a_budget_holds_what_the_line_says() -> None:
    line = Line(10, 2, (), ())
    assert line.holds(30) == 10
    assert line.holds(9) == 0
    assert Line(10, 0, (), ()).holds(30) == float("inf")


def test_the_scarcest_of_a_machines_limits_is_named() -> None:
    held = holdings(Line(0, 1e-6, (), ()), Line(0, 1e-3, (), ()), Line(0, 1e3, (), ()))
    first = held[0]
    assert first.by_time == pytest.approx(MACHINES[0].window_minutes * 60e6)
    assert (first.least, first.limit) == (first.by_memory, "memory")


def test_sizes_that_spilled_do_not_speak_of_memory() -> None:
    def measured(rows: int, memory: float) -> dict[str, Any]:
        pieces = {"full_run": [{"peak_memory_mb": memory}]}
        return {"what": "pipeline", "rows": rows, "notes": {"memory_limit": "8GB"}, "pieces": pieces}

    assert within_memory([measured(1, 500), measured(2, 8500)]) == {1: 500}
