"""The whole harness on a tiny company: every piece is measured, kept, judged and compared with the peers at hand."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from retention.benchmark.command import print_goals, rows_of
from retention.benchmark.goals import GOALS
from retention.benchmark.measuring import MeasurementError
from retention.benchmark.page import page
from retention.benchmark.peers import Peers, require_same
from retention.benchmark.records import read_records
from retention.benchmark.session import Session
from retention.cli import app
from retention.errors import SettingsError
from retention.pipeline import STEPS
from retention.settings import PROJECT_DIR, Settings

ROWS = 5_000
PIECES = {
    "pipeline": {"load", "floor", "floor_in_memory", "full_run", "increment"},
    "calendar": {"calendar"},
    "csv": {"product", "duckdb"},
    "history": {"load", "floor", "full_run", "history"},
    "peers": {
        "product_marts",
        "duckdb_marts",
        "pandas_marts",
        "polars_marts",
        "product_full_run",
        "bare_dbt",
    },
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records of one round. This environment has DuckDB's and pandas' packages, not that of polars.

    Left out for their minutes: Spark, which tests/engines runs, and the fixed cost, made of the pieces that are here.
    """
    place = tmp_path_factory.mktemp("bench")
    folder = PROJECT_DIR / "benchmarks" / "peers"
    scripts = tuple(folder / f"{name}.py" for name in ("duckdb_marts", "pandas_marts", "polars_marts"))
    peers = Peers(scripts, Path(sys.executable))
    session = Session(
        Settings(home=place / "home"), (ROWS,), 1, with_fixed=False, keep=False, out=place / "results",
        arguments=["bench"], say=lambda _: None, place=place / "work", peers=peers,
        history_sizes=(ROWS,),
        spark_cores=(),
    )  # fmt: skip
    session.measure()
    assert list((place / "work").iterdir()) == []
    return place / "results"


@pytest.fixture(scope="module")
def records(results: Path) -> dict[str, dict[str, Any]]:
    return {record["what"]: record for record in read_records(results)}


@pytest.mark.slow
def test_every_piece_is_measured_with_time_memory_and_others_share(records: dict[str, dict[str, Any]]) -> None:
    assert {what: set(record["pieces"]) & PIECES[what] for what, record in records.items()} == PIECES
    for record in records.values():
        for piece, (figures,) in record["pieces"].items():
            if "failed" not in figures and piece != "product_full_run":
                assert figures["wall_seconds"] > 0, piece
                assert figures["cpu_seconds"] > 0, piece
                assert figures["peak_memory_mb"] > 0, piece
                assert 0 <= figures["others_share"] <= 1, piece


@pytest.mark.slow
def test_runs_tell_steps_models_and_bytes(records: dict[str, dict[str, Any]]) -> None:
    pieces = records["pipeline"]["pieces"]
    (full,), (increment,) = pieces["full_run"], pieces["increment"]
    marts = {path.stem for path in (PROJECT_DIR / "dbt_project" / "models" / "marts").glob("*/*.sql")}
    for run in (full, increment):
        assert set(run["steps"]) == set(STEPS)
        assert marts <= set(run["models"])
        assert 0 < run["own_seconds"] < run["wall_seconds"]
        assert run["raw_bytes"] > 0
        assert run["release_bytes"] > run["warehouse_bytes"] > 0
    assert increment["orders"] > full["orders"] > ROWS * 0.9
    assert increment["as_of"] == "2025-12-31"
    assert pieces["floor"][0]["rows"] >= full["orders"]
    assert pieces["floor"][0]["bytes"] > 0


@pytest.mark.slow
def test_the_calendar_was_made_of_its_own_models_from_the_release(records: dict[str, dict[str, Any]]) -> None:
    (calendar,) = records["calendar"]["pieces"]["calendar"]
    assert {"contact_calendar", "contact_exclusions", "int_contacts"} <= set(calendar["phases"])
    assert {"dim_customers", "customer_tiers"}.isdisjoint(calendar["phases"])
    assert calendar["customers"] == ROWS // 20
    assert min(calendar["rows"].values()) > 0
    assert 0 < calendar["scan_seconds"] < calendar["seconds"]


@pytest.mark.slow
def test_the_history_was_made_in_whole_by_the_products_sql(records: dict[str, dict[str, Any]]) -> None:
    (history,) = records["history"]["pieces"]["history"]
    assert (history["months"], history["schemes"]) == (36, 10)
    assert history["customers"] == ROWS // 20
    assert history["history_rows"] > history["customers"] * 36  # half of all: customers come over time
    assert {"int_purchase_spans", "int_tier_history", "customer_tier_history", "tier_migration"} <= set(
        history["phases"]
    )
    assert "fct_orders" not in history["phases"]
    assert 0 < history["seconds"] < history["chain_seconds"]
    assert records["history"]["notes"]["memory_limit"] == "4GB"


@pytest.mark.slow
def test_the_csv_was_read_whole_and_its_bad_rows_set_aside(records: dict[str, dict[str, Any]]) -> None:
    (product,), (duckdb,) = (records["csv"]["pieces"][name] for name in ("product", "duckdb"))
    assert product["rows_in"] > ROWS
    assert product["rows_quarantined"] > 0
    assert duckdb["rows"] <= product["rows_in"]


@pytest.mark.slow
def test_peers_gave_the_products_answer_and_those_that_are_missing_say_so(records: dict[str, dict[str, Any]]) -> None:
    pieces = {name: figures[0] for name, figures in records["peers"]["pieces"].items()}
    answer = pieces["product_marts"]["answer"]
    assert answer["buyers"] > ROWS / 20 * 0.9
    for name in ("duckdb_marts", "pandas_marts"):
        assert pieces[name]["answer"] == pytest.approx(answer), name
        assert pieces[name]["seconds"] > 0
    assert "polars" in pieces["polars_marts"]["failed"]


@pytest.mark.slow
def test_the_goals_are_printed_and_the_page_is_written(results: Path) -> None:
    said = io.StringIO()
    print_goals(Console(file=said, width=300), results)
    lines = said.getvalue().splitlines()
    assert sum("not judged at this size" in line for line in lines) == 7
    assert sum(" met" in line or "MISSED" in line for line in lines) == 0
    assert sum("not measured" in line for line in lines) == len(GOALS) - 7
    assert f"### {ROWS:,} orders" in page(read_records(results))


def test_a_peer_with_another_answer_stops_the_benchmark() -> None:
    product = {"answer": {"buyers": 10, "monetary": 5.25}}
    require_same(product, "peer", {"answer": {"buyers": 10.0, "monetary": 5.25, "more": 1}})
    with pytest.raises(MeasurementError, match="differ in monetary"):
        require_same(product, "peer", {"answer": {"buyers": 10, "monetary": 5.26}})


@pytest.mark.parametrize(("text", "rows"), [("250000", 250_000), ("300k", 300_000), ("10M", 10_000_000)])
def test_sizes_are_written_as_people_do(text: str, rows: int) -> None:
    assert rows_of(text) == rows


@pytest.mark.parametrize("text", ["10", "many", "-5M", ""])
def test_a_size_that_is_none_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(SettingsError, match="Write it as"):
        rows_of(text)


def test_peers_that_are_not_installed_are_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="make peers"):
        Peers.of(tmp_path).require()


def test_a_disk_that_is_too_small_is_noticed_before_anything_is_measured(tmp_path: Path) -> None:
    session = Session(
        Settings(home=tmp_path), (10**15,), 1, with_fixed=False, keep=False, out=tmp_path, arguments=[],
        say=lambda _: None, place=tmp_path / "work",
    )  # fmt: skip
    with pytest.raises(SettingsError, match="--work"):
        session.measure()


def test_the_command_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app(["bench", "--help"])
    said = capsys.readouterr().out
    assert all(
        option in said for option in ("--rows", "--large", "--repeats", "--no-peers", "--out", "--keep", "--page")
    )
    assert "Examples" in said
