"""The benchmark's company: as many orders as asked for, and a last day that is as large in every large company."""

from datetime import date
from math import sqrt
from pathlib import Path

import duckdb
import pytest

from retention.simulation import Company, write_company, write_csv

ORDERS = 20_000
COMPANY = Company.of_orders(ORDERS)
SIGMAS = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("company")
    write_company(
        COMPANY, place / "landing", daily=place / "next", threads=2, memory_limit="1GB", progress=lambda _: None
    )
    return place


def one(sql: str) -> tuple[int, ...]:
    """The only row of a query."""
    return duckdb.execute(sql).fetchall()[0]


def test_it_has_the_orders_asked_for_within_chance_of_customers_who_buy_seldom_or_very_often(folder: Path) -> None:
    orders, customers, most = one(
        "select sum(n), count(*), max(n) from (select count(distinct order_id) as n "
        f"from '{folder}/landing/orders/*.parquet' where order_id like 'O%' group by customer_id)"
    )
    # One order in two hundred is still on its way, a third of them at the end.
    assert orders == pytest.approx(ORDERS, abs=SIGMAS * sqrt(ORDERS) + 0.005 * ORDERS)
    assert customers <= COMPANY.customers
    assert most > 20 * 5


def test_the_last_day_brings_orders_late_rows_corrections_and_returns(folder: Path) -> None:
    last = COMPANY.end
    on_the_day, late, corrected = one(f"""
        with known as (select order_id from '{folder}/landing/orders/*.parquet')
        select count(*) filter (ordered_at::date = '{last}'),
            count(*) filter (ordered_at::date < '{last}' and order_id not in (from known)),
            count(*) filter (order_id in (from known) and updated_at::date = '{last}')
        from '{folder}/next/orders/*.parquet' where order_id like 'O%'""")
    expected = COMPANY.last_day_orders or 0
    for found, wanted in ((on_the_day, expected), (late, expected / 10), (corrected, expected / 20)):
        assert found == pytest.approx(wanted, abs=SIGMAS * sqrt(wanted) + 3)
    (returns,) = one(f"select count(*) from '{folder}/next/returns/*.parquet'")
    assert returns == pytest.approx(expected / 2, abs=SIGMAS * sqrt(expected))


def test_all_days_before_lie_in_landing_and_the_last_one_beside_it(folder: Path) -> None:
    assert one(f"select max(ordered_at)::date from '{folder}/landing/orders/*.parquet'") == (date(2025, 12, 30),)
    assert {path.stem for path in folder.glob("next/*/*")} == {"synthetic_2025-12-31"}


def test_every_large_company_has_the_same_last_day_and_no_shared_identity() -> None:
    sizes = [Company.of_orders(size) for size in (1_000_000, 100_000_000)]
    assert {company.last_day_orders for company in sizes} == {10_000}
    assert {(company.flaws.duplicates, company.flaws.shared_phones) for company in sizes} == {(0, 0)}


def test_the_csv_holds_all_rows_and_one_bad_one_in_a_thousand(folder: Path, tmp_path: Path) -> None:
    write_csv(COMPANY, folder / "landing", tmp_path / "orders.csv")
    rows, bad = one(
        "select count(*), count(*) filter (ordered_at = 'no day' or status = 'unheard of') "
        f"from read_csv('{tmp_path}/orders.csv', all_varchar = true)"
    )
    assert (rows,) == one(f"select count(*) from '{folder}/landing/orders/*.parquet' where order_id like 'O%'")
    assert 0 < bad < rows * 0.003
