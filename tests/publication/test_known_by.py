"""What was known then: a run that sees only the loads of a day gives that day's release again, table by table."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from tests.journeys.conftest import CUSTOMERS, ORDERS, Company

from retention.errors import SettingsError
from retention.landing import committed_loads, loads_known_by
from retention.runs import Home, open_run, start_run

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = "2024-06-30"
EARLIER, LATER = "2024-07-01", "2024-08-01"
# Of a day long past, of a customer nobody knew, and a return that takes a purchase back.
LATE_ORDERS = """order_id,customer_id,ordered_at,amount,status
L1,C3,2024-05-02T10:00:00,900.00,completed
L2,NEW,2024-01-31T10:00:00,75.00,completed
"""
LATE_RETURNS = "return_id,order_id,returned_at,amount\nR1,O1,2024-05-05T09:00:00,57.00\n"


def taken_in(home: Home, load_ids: set[str], day: str) -> None:
    """Let loads have been taken in on a day."""
    for load in committed_loads(home):
        if load["load_id"] in load_ids:
            path = home.raw / load["entity"] / f"load={load['load_id']}" / "manifest.json"
            told = load | {"started_at": f"{day}T23:59:58", "finished_at": f"{day}T23:59:59"}
            path.write_text(json.dumps(told), encoding="utf-8")


def load_ids(home: Home) -> set[str]:
    return {load["load_id"] for load in committed_loads(home)}


def run(company: Company, *options: str) -> dict[str, Any]:
    """Run as of the day; the release's manifest."""
    before = {path.name for path in company.home.releases.glob("[!.]*")}
    done = company.retention("run", "--profile", "default_b2b", "--as-of", AS_OF, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    (name,) = {path.name for path in company.home.releases.glob("[!.]*")} - before
    return json.loads((company.home.releases / name / "manifest.json").read_text(encoding="utf-8")) | {
        "said": done.stdout
    }


def checks(company: Company, release: dict[str, Any]) -> list[tuple[object, ...]]:
    """The published checks, without the instant at which each was made."""
    file = company.home.releases / release["release_id"] / "retention.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(
            "from (select * exclude (checked_at) from marts.data_quality) order by all"
        ).fetchall()


@pytest.fixture
def company(tmp_path: Path, small_project: Path) -> Company:
    made = Company(tmp_path / "landing", Home(tmp_path / "home"), small_project)
    for entity, query in (("customers", CUSTOMERS), ("orders", ORDERS)):
        (made.landing / entity).mkdir(parents=True)
        duckdb.sql(query).write_csv(str(made.landing / entity / f"{entity}.csv"))
    return made


@pytest.mark.slow
def test_a_run_known_by_a_day_gives_that_days_release_again(company: Company) -> None:
    first = run(company)
    taken_in(company.home, load_ids(company.home), EARLIER)
    known = load_ids(company.home)
    (company.landing / "orders" / "late.csv").write_text(LATE_ORDERS, encoding="utf-8")
    (company.landing / "returns").mkdir()
    (company.landing / "returns" / "late.csv").write_text(LATE_RETURNS, encoding="utf-8")
    now = run(company)
    taken_in(company.home, load_ids(company.home) - known, LATER)
    # Never landed in a run that looks back, though it lies there.
    (company.landing / "orders" / "later.csv").write_text(LATE_ORDERS.replace("L", "M"), encoding="utf-8")

    then = run(company, "--known-by", EARLIER, "--only-forward")
    assert company.home.published.readlink().name == now["release_id"], "who knows more of the day is not turned back"
    assert {name: table for name, table in then["tables"].items() if name != "data_quality"} == {
        name: table for name, table in first["tables"].items() if name != "data_quality"
    }
    assert checks(company, then) == checks(company, first)
    changed = {name for name, table in now["tables"].items() if table != first["tables"][name]}
    assert changed >= {"fct_orders", "dim_customers", "customer_rfm", "customer_tiers", "retention_cohorts"}
    assert (then["known_by"], now["known_by"]) == (EARLIER, None)
    assert f"known by {EARLIER}: 2 of 4 loads; nothing new is landed" in then["said"]
    assert f"as known by {EARLIER}" in then["said"]
    assert open_run(company.home.path, then["run_id"]).known_by == date.fromisoformat(EARLIER)
    status = json.loads(company.retention("status", "--json").stdout)
    assert [one["known_by"] for one in status["releases"]] == [EARLIER, None, None]

    with duckdb.connect(str(company.home.releases / then["release_id"] / "warehouse.duckdb"), read_only=True) as opened:
        assert {row[0] for row in opened.execute("select load_id from ops.load_ledger").fetchall()} == known

    # What came since is seen again by who may see it.
    whole = run(company, "--known-by", LATER, "--full-refresh")
    assert {name: table for name, table in whole["tables"].items() if name != "data_quality"} == {
        name: table for name, table in now["tables"].items() if name != "data_quality"
    }


def test_a_load_is_known_to_the_end_of_its_day() -> None:
    manifests = [
        {"load_id": "a", "finished_at": "2024-07-01T23:59:59"},
        {"load_id": "b", "finished_at": "2024-07-02T00:00:00"},
    ]
    assert [one["load_id"] for one in loads_known_by(manifests, date(2024, 7, 1))] == ["a"]
    assert loads_known_by(manifests, date(2024, 6, 30)) == []
    assert loads_known_by(manifests, None) == manifests


def test_days_without_loads_and_days_to_come_are_refused(company: Company) -> None:
    done = company.retention("load", "--known-by", EARLIER)
    assert (done.returncode, done.stderr.strip()) == (
        2, f"error: No order had been landed by {EARLIER}. Land some: retention load --landing DIR."
    )  # fmt: skip
    assert company.retention("load").returncode == 0
    today = committed_loads(company.home)[0]["finished_at"][:10]
    done = company.retention("load", "--known-by", EARLIER)
    told = f"Nothing was known by {EARLIER}: the first load was taken in on {today}."
    assert (done.returncode, told in done.stderr) == (2, True)
    tomorrow = date.fromisoformat(today) + timedelta(days=2)
    with pytest.raises(SettingsError, match="is still to come"):
        start_run(company.home.path, "retail", None, "Asia/Shanghai", known_by=tomorrow)
    done = company.retention("run", "--known-by", "soon")
    assert (done.returncode, "--known-by soon is no day" in done.stderr) == (2, True)
