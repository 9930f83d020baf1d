"""`retention close`: a month's last day is kept as it was published, once, and only when its data are there."""

from __future__ import annotations

import json
import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from tests.journeys.conftest import CUSTOMERS, ORDERS, Company
from tests.publication.test_known_by import LATE_ORDERS, load_ids, taken_in

from retention.closing import month_end
from retention.errors import SettingsError
from retention.runs import Home

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def company(tmp_path: Path, small_project: Path) -> Company:
    """Orders up to the days before Christmas 2024."""
    made = Company(tmp_path / "landing", Home(tmp_path / "home"), small_project)
    for entity, query in (("customers", CUSTOMERS), ("orders", ORDERS)):
        (made.landing / entity).mkdir(parents=True)
        duckdb.sql(query).write_csv(str(made.landing / entity / f"{entity}.csv"))
    return made


def ok(company: Company, *arguments: str) -> str:
    done = company.retention(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


def closing(company: Company, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a closing says of itself, and the manifest of its release."""
    folder = company.home.closings / name
    record, manifest = (
        json.loads((folder / f"{file}.json").read_text(encoding="utf-8")) for file in ("closing", "manifest")
    )
    return record, manifest


def orders_of(file: Path) -> tuple[int, date]:
    with duckdb.connect(str(file), read_only=True) as connection:
        [(orders, as_of)] = connection.execute("select count(*), max(as_of_date) from marts.fct_orders").fetchall()
    return orders, as_of


@pytest.mark.slow
def test_a_closed_month_is_kept_and_closed_again_only_when_asked(company: Company) -> None:
    ok(company, "run", "--as-of", "2024-12-24")
    seen = company.home.published.readlink()
    taken_in(company.home, load_ids(company.home), "2024-12-01")
    told = ok(company, "close", "--month", "2024-11")
    assert f"2024-11 is now closed (at {closing(company, '2024-11')[0]['closed_at']})" in told
    assert company.home.published.readlink() == seen, "readers of a later day are not turned back"
    record, manifest = closing(company, "2024-11")
    assert (record["month"], record["as_of_date"], record["known_by"]) == ("2024-11", "2024-11-30", None)
    days = "2024-11-30"
    expected = duckdb.sql(f"select count(*) from ({ORDERS}) where ordered_at::date <= date '{days}'").fetchall()[0][0]
    shutil.rmtree(company.home.releases / record["release_id"])  # as pruning does
    kept = company.home.closings / "2024-11" / "retention.duckdb"
    assert orders_of(kept) == (expected, date(2024, 11, 30))
    assert kept.stat().st_mode & 0o222 == 0

    (company.landing / "orders" / "late.csv").write_text(LATE_ORDERS, encoding="utf-8")
    assert "2024-11 was closed already" in ok(company, "close", "--month", "2024-11")
    assert closing(company, "2024-11") == (record, manifest)

    ok(company, "close", "--month", "2024-11", "--again")
    now, now_manifest = closing(company, "2024-11")
    assert closing(company, "2024-11.1") == (record, manifest)
    assert now_manifest["tables"]["fct_orders"]["rows"] == expected + 2
    ok(company, "close", "--month", "2024-11", "--again", "--known-then")
    then, then_manifest = closing(company, "2024-11")
    assert (then["known_by"], closing(company, "2024-11.2")[0]) == ("2024-12-02", now)
    assert {name: table for name, table in then_manifest["tables"].items() if name != "data_quality"} == {
        name: table for name, table in manifest["tables"].items() if name != "data_quality"
    }

    listed = json.loads(ok(company, "close", "--list", "--json"))
    assert [one["closing"] for one in listed] == ["2024-11", "2024-11.2", "2024-11.1"]
    assert json.loads(ok(company, "status", "--json"))["closings"] == listed

    done = company.retention("close", "--month", "2024-12")
    last = duckdb.sql(f"select max(ordered_at::date) from ({ORDERS})").fetchall()[0][0]
    told = f"The landed orders reach {last}, so 2024-12 cannot be closed."
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr
    assert not (company.home.closings / "2024-12").exists()


def test_a_month_that_is_not_over_is_not_closed(company: Company) -> None:
    for month, text in (
        ("2199-01", "2199-01 is not over: it ends on 2199-01-31."),
        ("2024-13", "--month 2024-13 is no month. Write it as YYYY-MM"),
    ):
        done = company.retention("close", "--month", month)
        assert (done.returncode, text in done.stderr) == (2, True), done.stderr
    done = company.retention("close", "--month", "2024-11", "--known-by", "2024-12-01", "--known-then")
    assert (done.returncode, "Give one of the two." in done.stderr) == (2, True)


def test_months_end_on_their_last_day() -> None:
    assert [str(month_end(f"2024-{number:02d}")) for number in (1, 2, 4, 12)] == [
        "2024-01-31", "2024-02-29", "2024-04-30", "2024-12-31"
    ]  # fmt: skip
    with pytest.raises(SettingsError):
        month_end("2024-1")
