"""A made-up company is the same every time and holds what makes real orders hard."""

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from retention.simulation import Company, write_company, write_csv
from retention.simulation.orders import LAST_DAY, NEXT_DAY

ORDERS = 20_000


def write(folder: Path, seed: int = 1, threads: int = 2) -> Path:
    """Write a company."""
    company = Company(ORDERS, seed=seed)
    write_company(company, folder, threads=threads, memory_limit="1GB", progress=lambda _: None)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("company") / "one")


def one(sql: str) -> tuple[int, ...]:
    """The only row of a query."""
    return duckdb.execute(sql).fetchall()[0]


def digest(folder: Path) -> tuple[int, ...]:
    """What all files hold, whatever the order of their rows."""
    sums = [
        f"(select bit_xor(hash(t)) + count(*) from read_parquet('{folder}/{part}/{entity}/*.parquet') as t)"
        for part in ("landing", "next")
        for entity in ("orders", "returns")
    ]
    return one(f"select {', '.join(sums)}")


def test_one_seed_makes_one_company_whatever_the_threads(folder: Path, tmp_path: Path) -> None:
    assert digest(write(tmp_path / "again", threads=1)) == digest(folder)
    assert digest(write(tmp_path / "other", seed=2)) != digest(folder)


def test_most_customers_buy_seldom_and_few_very_often(folder: Path) -> None:
    customers, median, most = one(
        f"select count(*), median(n), max(n) from (select count(distinct order_id) as n "
        f"from '{folder}/landing/orders/*.parquet' group by customer_id)"
    )
    assert customers == pytest.approx(ORDERS / 20, rel=0.02)
    assert median < 20 / 2
    assert most > 20 * 10


def test_every_order_that_is_not_still_on_its_way_is_delivered_once_and_some_again_in_a_newer_version(
    folder: Path,
) -> None:
    rows, orders, first, last = one(
        "select count(*), count(distinct order_id), min(ordered_at)::date, max(ordered_at)::date "
        f"from '{folder}/landing/orders/*.parquet'"
    )
    assert orders == pytest.approx(ORDERS, rel=0.01)
    assert 1.005 < rows / orders < 1.015
    assert first >= LAST_DAY - timedelta(days=1004)
    assert last == LAST_DAY
    stale = one(
        f"select count(*) from (select order_id from '{folder}/landing/orders/*.parquet' group by order_id "
        "having count(*) > 1 and count(distinct updated_at) < count(*))"
    )
    assert stale == (0,)


def test_some_rows_come_in_a_later_file_than_their_month(folder: Path) -> None:
    late, others = one(
        "select count(*) filter (month < delivered), count(*) filter (month > delivered) from ("
        "select strftime(ordered_at, '%Y%m') as month, regexp_extract(filename, '(\\d{6})\\.parquet', 1) as delivered "
        f"from read_parquet('{folder}/landing/orders/*.parquet', filename = true))"
    )
    assert late > ORDERS * 0.005
    assert others == 0


def test_returns_name_delivered_orders_and_come_after_them(folder: Path) -> None:
    returns, orphans, early = one(
        f"select count(*), count(*) filter (o.order_id is null), count(*) filter (r.returned_at < o.ordered_at) "
        f"from '{folder}/*/returns/*.parquet' as r left join (select distinct on (order_id) * "
        f"from '{folder}/landing/orders/*.parquet') as o using (order_id)"
    )
    assert returns > ORDERS * 0.02
    assert (orphans, early) == (0, 0)
    assert one(f"select count(*) - count(distinct return_id) from '{folder}/*/returns/*.parquet'") == (0,)


def test_the_next_day_brings_orders_late_rows_and_corrections(folder: Path) -> None:
    on_the_day, late, corrected, others = one(
        f"""select
            count(*) filter (day = date '{NEXT_DAY}' and not is_known),
            count(*) filter (day between date '{NEXT_DAY}' - 60 and date '{LAST_DAY}' and not is_known),
            count(*) filter (is_known and updated_at::date = date '{NEXT_DAY}'),
            count(*)
        from (select *, ordered_at::date as day,
                order_id in (select order_id from '{folder}/landing/orders/*.parquet') as is_known
            from '{folder}/next/orders/*.parquet')"""
    )
    expected = Company(ORDERS).next_day_orders
    assert (on_the_day, late, corrected) == (expected, expected // 10, expected // 20)
    assert others == on_the_day + late + corrected


def test_every_large_company_has_the_same_next_day() -> None:
    assert Company(1_000_000).next_day_orders == Company(100_000_000).next_day_orders == 10_000


def test_the_csv_holds_all_rows_and_one_bad_one_in_a_thousand(folder: Path, tmp_path: Path) -> None:
    write_csv(Company(ORDERS), folder, tmp_path / "orders.csv")
    rows, bad = one(
        "select count(*), count(*) filter (ordered_at = 'no day' or status = 'unheard of') "
        f"from read_csv('{tmp_path}/orders.csv', all_varchar = true)"
    )
    assert (rows,) == one(f"select count(*) from '{folder}/landing/orders/*.parquet'")
    assert 0 < bad < rows * 0.003
