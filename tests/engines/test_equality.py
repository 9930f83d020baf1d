"""Whatever DuckDB publishes, Spark publishes: every table, exactly.

Tables are found by listing, so a new model joins by itself.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.engines.comparison import Published
from tests.models.compiled_project import PROJECT_DIR

from retention.landing import load_contracts
from retention.publication.sealing import sha256_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engines.conftest import Runs

pytestmark = pytest.mark.slow

# The instant of a check is that of its own run.
OWN_TO_A_RUN = {"data_quality": frozenset({"checked_at"})}
# DuckDB's run is an increment, and checks landed rows that are new; Spark's checks all (decision 22).
CHECKED_ALIKE = {"data_quality": f"entity not in {tuple(load_contracts(PROJECT_DIR.parent))}"}
# Columns that are null everywhere, and why. One that is filled after all has to be taken out.
NEVER_FILLED = {
    ("customer_health", "p_alive_score"): "health_factors.csv has no such row",
    ("customer_health", "p_alive_weight"): "health_factors.csv has no such row",
    ("customer_health", "complaints_12m_score"): "health_factors.csv has no such row",
    ("customer_health", "complaints_12m_weight"): "health_factors.csv has no such row",
    ("customer_base_metrics", "cross_sell_missing_reason"): "every month has lines of products with a category",
    ("cadence_compliance", "missing_reason"): "every tier has a customer to whom a contact is due",
    (
        "campaign_performance",
        "sample_ratio_p_value",
    ): "no variant has sample_ratio_min_expected customers",
    ("campaign_performance", "is_sample_ratio_off"): "the same",
    ("issue_hotspots", "hotspot_rank"): "no category of a week stands out so far",
    ("contract_survival", "missing_reason"): "a fit is there",
    ("resource_plan", "missing_reason"): "every tier with a budget has customers",
    ("program_health_summary", "missing_reason"): "every month has a measure with data",
    ("interaction_lateness", "missing_reason"): "every week has interactions whose hours to be recorded are over",
}


@pytest.fixture(scope="module")
def files(runs: Runs) -> Published:
    """Both engines' readers' files."""
    return Published(runs.duckdb / "retention.duckdb", runs.spark / "retention.duckdb")


def test_both_engines_publish_the_same_columns(files: Published) -> None:
    assert len(files.tables("one")) >= 18
    assert sorted(files.tables("one")) == sorted(files.tables("other"))
    for table in files.tables("one"):
        assert files.columns("one", table) == files.columns("other", table), table
        assert files.required("one", table) == files.required("other", table), table


def test_both_engines_publish_the_same_rows(files: Published) -> None:
    found = {
        table: files.differences(table, OWN_TO_A_RUN.get(table, frozenset()), CHECKED_ALIKE.get(table, "true"))
        for table in files.tables("one")
    }
    assert {table: rows for table, rows in found.items() if rows} == {}


def test_every_column_of_every_table_is_filled_somewhere(files: Published) -> None:
    empty = {
        (table, name)
        for table in files.tables("one")
        for name, _ in files.columns("one", table)
        if name not in files.filled("one", table)
    }
    assert empty == set(NEVER_FILLED)


def test_duckdb_went_on_from_a_release_and_spark_built_in_full(runs: Runs) -> None:
    for release, has_base in ((runs.duckdb, True), (runs.spark, False)):
        manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
        assert (manifest["built_from"]["base"] is not None) == has_base


def test_the_second_day_changed_every_table(runs: Runs) -> None:
    days = Published(runs.first_day / "retention.duckdb", runs.duckdb / "retention.duckdb")
    alike = {table for table in days.tables("one") if not days.differences(table)}
    assert alike == {"dim_labels"}


def test_parquet_beside_the_readers_file_holds_the_same_rows(runs: Runs) -> None:
    manifest = json.loads((runs.spark / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["built_from"]["target"] == "spark"
    assert manifest["parquet"].keys() == manifest["tables"].keys()
    with duckdb.connect(str(runs.spark / "retention.duckdb"), read_only=True) as connection:
        for table, entry in manifest["parquet"].items():
            for file in entry["files"]:
                assert sha256_of(runs.spark / file["path"]) == file["sha256"]
            parquet = f"read_parquet('{runs.spark}/marts/{table}/*.parquet')"
            for one, other in ((f"marts.{table}", parquet), (parquet, f"marts.{table}")):
                rows = connection.execute(f"(from {one}) except all (from {other})").fetchall()
                assert rows == [], table


def test_explain_reads_a_release_of_either_engine(runs: Runs) -> None:
    told = [
        json.loads(runs.spark_engine.retention("explain", "C1", "--json", RETENTION_HOME=str(home)).stdout)
        for home in homes(runs)
    ]
    assert told[0] == told[1]
    assert told[0]["rules"]


def homes(runs: Runs) -> list[Path]:
    """The homes of both engines."""
    return [release.parents[1] for release in (runs.duckdb, runs.spark)]


def test_a_rollback_looks_at_the_parquet_too(runs: Runs) -> None:
    engine, before = runs.spark_engine, runs.spark.with_name("20240101T000000_000")
    shutil.copytree(runs.spark, before)
    part = next((before / "marts" / "fct_orders").iterdir())
    content = part.read_bytes()
    part.chmod(0o644)
    part.write_bytes(content[:-1] + b"?")
    refused = engine.retention("rollback", "--to", before.name)
    part.write_bytes(content)
    assert (refused.returncode, part.name in refused.stderr) == (6, True)
    assert engine.retention("rollback", "--to", before.name).returncode == 0
    assert engine.home.published.resolve() == before
    assert engine.retention("rollback", "--to", runs.spark.name).returncode == 0
