"""What an engineer lives through with one home, in order: first run, again, back in time, failures, rollback."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from tests.journeys.conftest import Company

from retention.publication.release import present_release, releases
from retention.warehouse.candidate import open_warehouse
from retention.warehouse.lock import writer_lock

pytestmark = pytest.mark.slow

AltersProject = Callable[[str, str, str], Path]


@pytest.fixture(scope="module")
def first_run(company: Company) -> "subprocess.CompletedProcess[str]":
    """The first run of the home."""
    return company.retention("run", "--profile", "retail", "--as-of", "2024-12-31")


@pytest.fixture(scope="module")
def published(company: Company, first_run: "subprocess.CompletedProcess[str]") -> Company:
    """The company once something is published."""
    assert first_run.returncode == 0, first_run.stderr
    return company


def test_the_first_run_publishes_and_prints_steps_figures_and_places(
    published: Company, first_run: "subprocess.CompletedProcess[str]"
) -> None:
    for step in ("land", "validate", "build", "audit", "publish", "report"):
        assert f"\n{step:<9}" in f"\n{first_run.stdout}"
    assert "30 customers, 120 orders, 112 purchases" in first_run.stdout
    assert str(published.home.published / "retention.duckdb") in first_run.stdout
    assert published.ask("select count(*) from marts.customer_rfm") == [(30,)]
    assert published.ask("select count(*) from marts.fct_orders") == [(120,)]


def test_every_customer_has_a_tier_per_scheme_and_each_tier_its_reason(published: Company) -> None:
    schemes = published.ask("select scheme, count(*), count(distinct customer_id) from marts.customer_tiers group by 1")
    assert len(schemes) == 10
    assert {row[1:] for row in schemes} == {(30, 30)}
    assert published.ask("select count(*) from marts.customer_tiers where reason is null or rule_id is null") == [(0,)]


def test_the_warehouse_file_holds_the_ledger_and_its_rows_add_up(published: Company) -> None:
    path = (published.home.published / "warehouse.duckdb").resolve()
    with duckdb.connect(str(path), read_only=True) as connection:
        ledger = connection.execute(
            "select entity, rows_in, rows_loaded + rows_duplicate + rows_quarantined from ops.load_ledger order by 1"
        ).fetchall()
        assert ledger == [("customers", 30, 30), ("orders", 120, 120)]
        assert connection.execute("select count(*) from staging.stg_orders").fetchall() == [(120,)]


def test_results_of_checks_are_published_with_the_tables(published: Company) -> None:
    passed, critical = published.ask(
        "select count(*) filter (passed), count(*) filter (severity = 'critical') from marts.data_quality"
    )[0]
    assert passed > 10
    assert critical > 5
    assert (published.home.data_docs / "index.html").exists()


def test_no_personal_value_stands_in_what_readers_open(published: Company) -> None:
    with open_warehouse(published.home.published, read_only=True) as connection:
        columns = connection.execute(
            "select table_catalog, table_schema, table_name, column_name from information_schema.columns "
            "where data_type = 'VARCHAR' and table_schema not in ('information_schema', 'pg_catalog')"
        ).fetchall()
        assert {catalog for catalog, *_ in columns} == {"warehouse", "retention"}
        for catalog, schema, table, column in columns:
            found = connection.execute(
                f'select count(*) from {catalog}."{schema}"."{table}" '
                f"where \"{column}\" like '%@example.com%' or regexp_full_match(\"{column}\", 'Name [0-9]+')"
            ).fetchall()
            assert found == [(0,)], (catalog, table, column)


def test_a_second_run_loads_nothing_and_publishes_the_same_tables_again(published: Company) -> None:
    again = published.retention("run", "--profile", "retail", "--as-of", "2024-12-31")
    assert again.returncode == 0, again.stderr
    assert "0 new files" in again.stdout
    new, old = releases(published.home)[:2]
    assert new["is_published"]
    differing = {name for name in new["tables"] if new["tables"][name] != old["tables"][name]}
    assert differing <= {"data_quality"}  # it says when each check ran


def test_data_after_the_as_of_day_is_not_seen(published: Company) -> None:
    before = published.retention("run", "--profile", "retail", "--as-of", "2023-12-31")
    assert before.returncode == 0, before.stderr
    assert published.ask("select max(order_date) <= date '2023-12-31', count(*) < 120 from marts.fct_orders") == [
        (True, True)
    ]
    assert published.ask("select distinct cast(as_of_date as varchar) from marts.customer_rfm") == [("2023-12-31",)]


def test_explain_names_inputs_thresholds_rules_and_the_way_up(published: Company) -> None:
    said = published.retention("explain", "C7")
    assert said.returncode == 0, said.stderr
    for word in ("Purchases in 12 months", "RFM score", "T1.", "T2.", "R4 scores", "Lifecycle", "One tier up, "):
        assert word in said.stdout
    found = json.loads(published.retention("explain", "C7", "--json").stdout)
    assert found["tiers"][0]["is_primary_scheme"]
    assert {tier["scheme"] for tier in found["tiers"]} >= {"retention_abcd", "value_sabc"}
    assert {axis["axis"] for axis in found["axes"]} >= {"lifecycle_stage", "lifecycle_age", "lifecycle_activity"}
    assert all(tier["up"].get("reason") or tier["up"]["changes"] for tier in found["tiers"])


def test_a_profile_without_a_reviewed_scheme_says_how_to_review_one(published: Company) -> None:
    said = published.retention("review", "open").stdout
    assert "Profile 'retail' has no scheme reviewed." in said
    assert "retail,review_scheme," in said


def test_explain_speaks_chinese_whole(published: Company) -> None:
    """No English word is left but names of codes and rule IDs."""
    for said in (
        published.retention("explain", "C7", "--language", "zh"),
        published.retention("explain", "C7", RETENTION_LANGUAGE="zh"),
    ):
        assert said.returncode == 0, said.stderr
        assert "升一级到" in said.stdout
        told = re.sub(r"（\w+）|[BLRT]\d?\.\w+|RFM|ABCD|SABC|C7", "", said.stdout)
        assert re.findall(r"[A-Za-z]{2,}", told) == []
    wrong = published.retention("explain", "C7", "--language", "fr")
    assert (wrong.returncode, wrong.stderr) == (2, "error: There is no language 'fr'. Use one of en, zh.\n")


def test_a_profile_is_checked_and_cut_offs_are_suggested(published: Company, tmp_path: Path) -> None:
    checked = published.retention("profile", "check", "--profile", "default_b2b")
    assert checked.returncode == 0, checked.stderr
    assert (
        "Not judged: customers with a purchase are 25, fewer than 100 (band_coverage_min_customers)." in checked.stdout
    )
    told = json.loads(published.retention("profile", "check", "--profile", "default_b2b", "--json").stdout)
    assert (told["profile"], told["is_fit"]) == ("default_b2b", None)
    assert told["not_judged"] in checked.stdout
    told = json.loads(published.retention("profile", "suggest", "--json").stdout)
    assert (told["measures"], told["churn_window"]["suggested_days"]) == ([], None)
    rows = tmp_path / "rows.csv"
    for _ in range(2):
        said = published.retention("profile", "suggest", "--all", "--profile", "default_b2b", "--out", str(rows))
        assert said.returncode == 0, said.stderr
        assert "No window suggested: " in said.stdout
        written = rows.read_text(encoding="utf-8").splitlines()
        bands = [line.split(",")[:2] for line in written[1:]]
        assert {measure for _, measure in bands} == {"recency", "frequency", "monetary"}
        assert {profile for profile, _ in bands} == {"default_b2b"}
    unknown = published.retention("profile", "check", "--profile", "nobody")
    assert unknown.returncode == 2
    assert unknown.stderr.startswith("error: There is no profile 'nobody'. Use one of default_b2b, ")


def test_explaining_an_unknown_customer_offers_the_nearest(published: Company) -> None:
    said = published.retention("explain", "c7")
    assert said.returncode == 8
    assert said.stderr.startswith("error: Customer 'c7' is not in the published release. Nearest: C7")


def test_a_failed_audit_names_the_checks_and_leaves_the_last_release(
    published: Company, altered_project: AltersProject
) -> None:
    project = altered_project(
        "dbt_project/macros/staging/stage_orders.sql",
        "where cast(newest.ordered_at as date) <= run_parameters.as_of_date",
        "where cast(newest.ordered_at as date) <= run_parameters.as_of_date and newest.order_id != 'O3'",
    )
    standing = present_release(published.home)
    failed = published.retention("run", "--as-of", "2024-12-31", RETENTION_PROJECT_DIR=str(project))
    assert failed.returncode == 4
    assert "orders_as_landed" in failed.stderr
    assert "119" in failed.stderr
    assert "= 120" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert present_release(published.home) == standing
    assert "orders_as_landed" in published.retention("status").stdout


def test_a_model_that_does_not_build_is_named(published: Company, altered_project: AltersProject) -> None:
    project = altered_project("dbt_project/models/marts/core/dim_products.sql", "    brand,\n", "    brandy,\n")
    standing = present_release(published.home)
    failed = published.retention("run", "--as-of", "2024-12-31", RETENTION_PROJECT_DIR=str(project))
    assert failed.returncode == 5
    assert failed.stderr.startswith("error: The build failed: dim_products: ")
    assert "brandy" in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert present_release(published.home) == standing


def test_a_killed_run_leaves_the_release_and_the_next_run_works(published: Company) -> None:
    standing = present_release(published.home)
    process = subprocess.Popen(
        [sys.executable, "-m", "retention.cli", "run", "--home", str(published.home.path), "--as-of", "2024-06-30"],
        env=os.environ | {"RETENTION_LANDING": str(published.landing)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    candidates = published.home.work
    deadline = time.monotonic() + 60
    known = set(candidates.glob("*/warehouse.duckdb"))
    while not set(candidates.glob("*/warehouse.duckdb")) - known and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(3)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert present_release(published.home) == standing
    after = published.retention("run", "--as-of", "2024-06-30")
    assert after.returncode == 0, after.stderr


def test_rollback_points_readers_to_the_release_before(published: Company) -> None:
    names = [one["release_id"] for one in releases(published.home)]
    back = published.retention("rollback")
    assert back.returncode == 0, back.stderr
    assert present_release(published.home) == names[1]
    assert "Published is now release" in back.stdout


def test_status_lists_releases_runs_and_loads(published: Company) -> None:
    status = json.loads(published.retention("status", "--json").stdout)
    assert sum(release["is_published"] for release in status["releases"]) == 1
    assert {load["entity"] for load in status["loads"]} == {"customers", "orders"}
    assert any(run["failed_step"] == "audit" for run in status["runs"])


def test_the_steps_one_by_one_publish_too(published: Company) -> None:
    load = published.retention("load", "--as-of", "2024-09-30")
    assert load.returncode == 0, load.stderr
    run_id = load.stdout.rsplit("--run-id ", 1)[1].strip()
    for command in ("build", "check", "publish"):
        done = published.retention(command, "--run-id", run_id)
        assert done.returncode == 0, done.stderr
    assert present_release(published.home) == run_id


def test_a_run_beside_another_writer_is_told_so(published: Company) -> None:
    with writer_lock(published.home, "run of a colleague"):
        busy = published.retention("run")
    assert busy.returncode == 7
    assert "Another run is writing" in busy.stderr
    assert "run of a colleague" in busy.stderr
