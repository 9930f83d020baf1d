"""The page says what the records say, and nothing else."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from retention.benchmark.page import CHART, PAGE, chart, page, write_page
from retention.benchmark.records import Record, read_records
from retention.errors import SettingsError
from retention.settings import PROJECT_DIR

RESULTS = PROJECT_DIR / "benchmarks" / "results"


def run(seconds: float, **models: float) -> dict[str, Any]:
    """Figures of a run."""
    return {
        "wall_seconds": seconds, "cpu_seconds": seconds * 2, "peak_memory_mb": seconds * 10, "others_share": 0.0,
        "own_seconds": seconds * 0.3, "model_span_seconds": seconds * 0.7, "steps": {"land": 1.0, "build": seconds},
        "models": models, "raw_bytes": seconds * 1e6, "warehouse_bytes": seconds * 4e6, "release_bytes": seconds * 5e6,
    }  # fmt: skip


def records(folder: Path) -> list[dict[str, Any]]:
    """Records of four sizes, the largest of which misses goals."""
    for rows, seconds in ((300_000, 20), (1_000_000, 30), (3_000_000, 50), (10_000_000, 120)):
        made = Record("pipeline", rows, notes={"memory_limit": "8GB"})
        made.add("full_run", run(seconds, quick_model=1.0, slow_model=seconds / 2))
        made.add("increment", run(seconds / 2, quick_model=0.5))
        made.add("load", {"wall_seconds": seconds / 3, "cpu_seconds": 1.0, "peak_memory_mb": 100.0})
        made.add("floor", {"seconds": 8.0, "wall_seconds": 8.1, "cpu_seconds": 9.0, "peak_memory_mb": 300.0})
        made.save(folder, ["bench"])
    history = Record("history", 400_000, notes={"memory_limit": "4GB", "customers": 20_000})
    history.add("floor", {"seconds": 1.0, "phases": {"aggregate": 0.5}, "wall_seconds": 1.1, "cpu_seconds": 1.0})
    made_history = {"seconds": 6.0, "phases": {"int_tier_history": 4.0, "customer_tier_history": 2.0}}
    shape = {"history_rows": 960_000, "months": 24, "schemes": 2, "customers": 21_000, "history_bytes": 17e6}
    history.add("history", made_history | shape | {"wall_seconds": 9.0, "cpu_seconds": 7.0, "peak_memory_mb": 370.0})
    history.save(folder, ["bench", "--history"])
    peers = Record("peers", 10_000_000)
    product = {"seconds": 2.0, "wall_seconds": 2.5, "cpu_seconds": 3.0, "peak_memory_mb": 50.0}
    peers.add("product_marts", product | {"phases": {"fct_orders": 1.5, "customer_rfm": 0.1}})
    peers.add("pandas_marts", product | {"seconds": 14.0, "versions": {"pandas": "3.1.1"}})
    peers.add("polars_marts", {"failed": "out of | memory"})
    peers.save(folder, ["bench", "--out", "here", "--work=there", "--repeats", "2"])
    return read_records(folder)


def test_the_page_in_the_repository_is_the_one_that_its_records_make() -> None:
    kept = read_records(RESULTS)
    assert (PROJECT_DIR / PAGE).read_text(encoding="utf-8") == page(kept)
    assert (PROJECT_DIR / CHART).read_text(encoding="utf-8") == chart(kept)


def test_a_missed_goal_is_shown_as_missed_with_what_took_the_time(tmp_path: Path) -> None:
    text = page(records(tmp_path))
    assert "| Full run on landed data, against DuckDB's floor into a file | ≤ 8× | 15× | 10,000,000 | MISSED |" in text
    assert (
        "120 s in all, 84 s of dbt's models, 36 s of our own; most by `slow_model` (60 s), `quick_model` (1 s)" in text
    )
    assert "RFM and cohorts: pandas' time against ours | ≥ 5× | 7× | 10,000,000 | met |" in text


def test_every_model_of_a_run_shows_by_itself(tmp_path: Path) -> None:
    text = page(records(tmp_path))
    assert "| `slow_model` | 60 | – |" in text
    assert "| `quick_model` | 1 | 0.5 |" in text


def test_the_history_stands_beside_the_floors_aggregate(tmp_path: Path) -> None:
    text = page(records(tmp_path))
    assert "## Month-end history under a memory limit of 4GB" in text
    assert "| 21,000 | 20,000 | 24 | 2 | 960,000 | 6.0 | 0.50 | 12× | 7.0 | 370 | 17 |" in text
    assert "| `int_tier_history` | 4.0 |\n| `customer_tier_history` | 2.0 |" in text


def test_a_slow_calendar_is_told_beside_the_scan_with_its_largest_steps(tmp_path: Path) -> None:
    made = Record("calendar", 10_000_000)
    phases = {"int_contact_slots": 20.0, "int_contacts": 12.0}
    made.add("calendar", {"seconds": 40.0, "scan_seconds": 0.05, "phases": phases, "others_share": 0.0})
    made.save(tmp_path, ["bench"])
    text = page(read_records(tmp_path))
    assert "against one scan of the customer table | ≤ 400× | 800× | 10,000,000 | MISSED |" in text
    assert "40 s beside a scan of 0.05 s, most by `int_contact_slots` (20 s), `int_contacts` (12 s)." in text


def test_a_history_that_did_not_fit_is_a_missed_goal_with_its_reason(tmp_path: Path) -> None:
    made = Record(
        "history", 16_000_000, notes={"memory_limit": "4GB", "customers": 800_000, "failed": "Out of | memory"}
    )
    made.add("history", {"failed": "Out of | memory"})
    made.save(tmp_path, ["bench", "--history"])
    text = page(read_records(tmp_path))
    assert "| ≥ 1 | 0 | 16,000,000 | MISSED |" in text
    assert "failed: Out of / memory" in text


def test_a_peer_that_failed_says_why(tmp_path: Path) -> None:
    text = page(records(tmp_path))
    assert "| pandas, RFM and cohorts | 14 | 2.5 | 3 | 50 | 7× | pandas 3.1.1 |" in text
    assert "| polars, RFM and cohorts | failed | – | – | – | – | out of / memory |" in text


def test_a_fit_stands_beside_its_peers_and_is_judged_by_the_faster(tmp_path: Path) -> None:
    made = Record("value_fit", 1_000_000)
    cost = {"wall_seconds": 2.0, "cpu_seconds": 3.0, "peak_memory_mb": 50.0}
    found = {"parameters": {"r": 0.25, "alpha": 4.0, "a": 0.8, "b": 2.5}, "versions": {"scipy": "1.17.1"}}
    made.add("product_fit", cost | found | {"seconds": 0.5, "groups": 325_000.0})
    made.add("lifetimes_fit", cost | found | {"seconds": 8.0})
    slow = found["parameters"] | {"alpha": 4.01}
    made.add("pymc_marketing_fit", cost | found | {"seconds": 30.0, "parameters": slow})
    made.add("other_fit", {"failed": "out of | memory"})
    made.save(tmp_path, ["bench", "--value"])
    text = page(records(tmp_path))
    assert "of the faster of two peers against ours | ≥ 10× | 16× | 1,000,000 | met |" in text
    assert "difference of a parameter from a peer's | ≤ 0.5 % | 0.25 % | 1,000,000 | met |" in text
    assert "### 1,000,000 customers in 325,000 groups" in text
    assert "| pymc-marketing | 30.00 | 2.00 | 3.00 | 50 | 60.0× | 0.25000 | 4.01000 |" in text
    assert "| other | failed | – | – | – | – | – | – | – | – | out of / memory |" in text


def test_the_capacity_plan_marks_what_was_not_measured(tmp_path: Path) -> None:
    text = page(records(tmp_path))
    plan = text.partition("## Capacity plan")[2].partition("## How")[0]
    assert "| full run, s |" in plan
    assert "| 8 GB memory, 50 GB disk, 30 min |" in plan
    assert "M*" in plan


def test_commands_are_kept_without_the_places_of_a_machine(tmp_path: Path) -> None:
    (kept,) = [record for record in records(tmp_path) if record["what"] == "peers"]
    assert kept["command"] == "retention bench --repeats 2"


def test_the_chart_is_a_picture_of_every_curve(tmp_path: Path) -> None:
    drawing = ElementTree.fromstring(chart(records(tmp_path)))  # noqa: S314  # it was drawn by ourselves
    texts = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"load", "full run", "next day", "floor", "Seconds (wall)", "10M"} <= set(texts)
    circles = list(drawing.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(circles) == 4 * 4 * 2


def test_without_records_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Measure first"):
        write_page(tmp_path, tmp_path)


def test_a_dbt_build_that_ran_the_unit_tests_says_so(tmp_path: Path) -> None:
    made = Record("fixed_cost", 100)
    cost = {"wall_seconds": 2.0, "cpu_seconds": 3.0}
    for piece, more in (("product_first", {}), ("dbt_first", {}), ("dbt_next", {"unit_tests": 0.0})):
        made.add(piece, cost | more)
    made.save(tmp_path, ["bench"])
    text = page(read_records(tmp_path))
    assert "| `dbt build`, the same, unit tests included | 2 | 3 |\n" in text
    assert "| `dbt build`, the same | 2 | 3 |\n" in text
