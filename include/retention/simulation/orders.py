"""Orders of a company that does not exist, written as landing files by DuckDB, set by set.

What real order books have and a table of random rows has not: most customers buy a few times and few buy very often;
customers come and go; some months sell more; orders are cancelled, returned in part or whole, corrected by a newer
version in a later file, or delivered in a later file than their day's. Every value is a hash of one integer, so the
same company comes out on every machine, whatever the number of threads. Memory stays small: orders are drawn into a
file once, then finished and written month by month.

    landing/orders/orders_YYYYMM.parquet   what was delivered in that month
    landing/returns/returns_YYYYMM.parquet
    next/orders/orders_YYYYMMDD.parquet    what the day after delivers: its orders, late rows, corrections
    next/returns/returns_YYYYMMDD.parquet
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb

from retention.sql import literal

FIRST_DAY = date(2023, 4, 1)
DAYS = 1005
LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)
NEXT_DAY = LAST_DAY + timedelta(days=1)
DRAWS = 64  # independent uniform numbers per order or customer
LATE_SHARE, CORRECTED_SHARE, CANCELLED_SHARE, RETURNED_SHARE = 0.005, 0.01, 0.02, 0.03
LARGE = 1_000_000  # a company of this size or more has the same next day as any other, so that days compare
LATE_DAYS = 60
COLUMNS = "order_id, customer_id, ordered_at, amount, status, channel, discount_amount, region, updated_at"


@dataclass(frozen=True)
class Company:
    """How large the company is.

    Attributes:
        orders: orders drawn; those delivered differ by corrections (more) and the last month's late rows (fewer).
        orders_per_customer: on average; the counts are lognormal, so most customers have far fewer.
        seed: another seed is another company.
    """

    orders: int
    orders_per_customer: int = 20
    seed: int = 1

    @property
    def customers(self) -> int:
        """Customers, each with one order at least."""
        return max(1, self.orders // self.orders_per_customer)

    @property
    def next_day_orders(self) -> int:
        """Orders of the day after: the same number for every large company."""
        return 10_000 if self.orders >= LARGE else max(10, self.orders // 100)

    def uniform(self, key: str, draw: int) -> str:
        """SQL of a number in [0, 1). One integer is hashed: of two, DuckDB's hash is correlated."""
        return f"(hash(cast({key} as bigint) * {DRAWS} + {draw + (self.seed << 44)})::double / 18446744073709551616.0)"

    def normal(self, key: str, draw: int) -> str:
        """SQL of a standard normal number (Box and Muller); takes two draws."""
        first, second = self.uniform(key, draw), self.uniform(key, draw + 1)
        return f"(sqrt(-2 * ln(1 - {first})) * cos(2 * pi() * {second}))"


def write_company(
    company: Company,
    folder: Path,
    *,
    threads: int,
    memory_limit: str,
    progress: Callable[[str], None],
) -> None:
    """Write the company's landing files, and those of the day after.

    Args:
        folder: is made anew.
        memory_limit: DuckDB's, such as '8GB'; more than that goes to disk beside the files.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("landing", "next"):
        for entity in ("orders", "returns"):
            (folder / part / entity).mkdir(parents=True)
    scratch = folder / "drawn.duckdb"
    config: dict[str, str | bool | int | float | list[str]] = {"threads": threads, "memory_limit": memory_limit}
    with duckdb.connect(str(scratch), config=config) as connection:
        connection.execute("set enable_progress_bar = false")
        _draw_customers(connection, company)
        _draw_orders(connection, company)
        progress(f"{company.orders:,} orders of {company.customers:,} customers drawn")
        connection.execute(_LATER_DELIVERIES)
        numbered = 0
        for month, length in _months():
            numbered += _finish_month(connection, company, month, length, numbered)
            _write_month(connection, company, folder / "landing", month)
            progress(f"{month:%Y-%m} written")
        _write_next_day(connection, company, folder / "next")
    scratch.unlink()


def write_csv(company: Company, folder: Path, target: Path) -> None:
    """Write all landed orders as one CSV, of which one row in 1,000 breaks the contract: half no day, half no status.

    Args:
        folder: where `write_company` wrote.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    at = company.uniform("line", 60)
    duckdb.execute(f"""
        copy (
            with lines as (
                select row_number() over () as line, *
                from read_parquet({literal(str(folder / "landing" / "orders" / "*.parquet"))})
            )
            select order_id, customer_id,
                case when {at} < 0.0005 then 'no day' else strftime(ordered_at, '%Y-%m-%d %H:%M:%S') end as ordered_at,
                amount, case when {at} between 0.0005 and 0.001 then 'unheard of' else status end as status,
                channel, discount_amount, region, updated_at
            from lines
        ) to {literal(str(target))} (format csv, header)""")


def _months() -> Iterator[tuple[date, int]]:
    """First day and length of each month; the last one ends with the data."""
    month = FIRST_DAY
    while month <= LAST_DAY:
        following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
        yield month, (min(following, NEXT_DAY) - month).days
        month = following


def _draw_customers(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """One row per customer: first day, days it stays, usual spend, number of orders and where they begin."""
    u = company.uniform
    connection.execute(f"""
        create table customers as
        with lives as (
            select i,
                cast(floor({u("i", 1)} * {DAYS} * 0.9) as integer) as first_day,
                cast(20 - 400 * ln(1 - {u("i", 2)}) as integer) as stay,
                exp(3.4 + 0.8 * {company.normal("i", 3)}) as spend,
                exp(1.3 * {company.normal("i", 5)}) as keenness
            from range({company.customers}) as drawn(i)
        ),
        weighted as (
            select i, first_day, least(stay, {DAYS} - first_day) as stay, spend,
                keenness * least(stay, {DAYS} - first_day) as weight
            from lives
        ),
        shares as (select *, weight / sum(weight) over () as share from weighted),
        floors as (
            select *, cast(floor(share * {company.orders - company.customers}) as bigint) as further from shares
        ),
        -- What rounding down leaves over goes to the first customers, one order each.
        counted as (
            select *,
                1 + further + case when row_number() over (order by i)
                    <= {company.orders - company.customers} - sum(further) over () then 1 else 0 end as orders
            from floors
        )
        select i, first_day, stay, spend, orders, sum(orders) over (order by i) - orders as begins
        from counted""")


def _draw_orders(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """One row per order: customer, day, amount. Of two days drawn, the one in the better season is likelier."""
    u = company.uniform
    connection.execute(f"""
        create table drawn as
        with numbered as (
            select i, first_day, stay, spend, begins + unnest(range(orders)) as r from customers
        ),
        days as (
            select r, i, spend,
                first_day + cast(floor({u("r", 10)} * stay) as integer) as one_day,
                first_day + cast(floor({u("r", 11)} * stay) as integer) as other_day
            from numbered
        )
        select cast(r as bigint) as r, cast(i as integer) as i,
            cast(case
                when {u("r", 12)} < 0.6
                    and sin(2 * pi() * (one_day - 150) / 365.25) > sin(2 * pi() * (other_day - 150) / 365.25)
                    then one_day
                else other_day
            end as smallint) as day,
            cast(round(spend * (0.4 + 1.2 * {u("r", 13)}), 2) as decimal(18, 2)) as amount
        from days""")


_LATER_DELIVERIES = """
    create table finished (
        order_number bigint, r bigint, order_id varchar, customer_id varchar, ordered_at timestamp,
        amount decimal(18, 2), status varchar, channel varchar, discount_amount decimal(18, 2), region varchar,
        updated_at timestamp, is_late boolean
    );
    create table carried as from finished;
    create table recent as from finished;
    create table corrections as from finished
"""


def _finish_month(connection: duckdb.DuckDBPyConnection, company: Company, month: date, length: int, known: int) -> int:
    """Fill `finished` with the orders of one month, numbered in the order of their instants.

    Args:
        known: orders of the months before.

    Returns:
        How many orders the month has.
    """
    u, first = company.uniform, (month - FIRST_DAY).days
    connection.execute("create or replace table delivered_before as select * from carried union all from corrections")
    instant = f"date '{FIRST_DAY}' + day + to_seconds(cast({u('r', 14)} * 86399 as integer))"
    connection.execute(f"""
        create or replace table finished as
        with placed as (select *, {instant} as ordered_at from drawn where day between {first} and {first + length - 1})
        select {known} + row_number() over (order by ordered_at, r) as order_number, r,
            'O' || lpad(({known} + row_number() over (order by ordered_at, r))::varchar, 10, '0') as order_id,
            'C' || lpad(i::varchar, 8, '0') as customer_id, ordered_at, amount,
            case when {u("r", 15)} < {CANCELLED_SHARE} then 'cancelled' else 'completed' end as status,
            {_choice(u("r", 16), ["web", "store", "app"])} as channel,
            cast(case when {u("r", 17)} < 0.2 then amount * 0.1 else 0 end as decimal(18, 2)) as discount_amount,
            {_choice(u("r", 18), ["north", "south", "east", "west"])} as region,
            ordered_at + interval 2 hour as updated_at,
            {u("r", 19)} < {LATE_SHARE} as is_late
        from placed order by ordered_at, r""")
    connection.execute("create or replace table carried as from finished where is_late")
    connection.execute(f"""
        create or replace table corrections as
        select * replace (
            cast(case when {u("r", 21)} < 0.3 then amount else amount * 0.9 end as decimal(18, 2)) as amount,
            case when {u("r", 21)} < 0.3 then 'cancelled' else status end as status,
            updated_at + to_days(cast(1 + floor({u("r", 22)} * 20) as integer)) as updated_at
        ) from finished where not is_late and {u("r", 20)} < {CORRECTED_SHARE}""")
    connection.execute(
        f"insert into recent from finished where not is_late and ordered_at >= date '{NEXT_DAY}' - {LATE_DAYS}"
    )
    (orders,) = connection.execute("select count(*) from finished").fetchone() or (0,)
    return int(orders)


def _write_month(connection: duckdb.DuckDBPyConnection, company: Company, landing: Path, month: date) -> None:
    """Write what the month delivers: its own orders, then late rows and corrections of the month before."""
    orders = landing / "orders" / f"orders_{month:%Y%m}.parquet"
    _copy(
        connection,
        f"select {COLUMNS} from finished where not is_late union all select {COLUMNS} from delivered_before",
        orders,
    )
    returns = landing / "returns" / f"returns_{month:%Y%m}.parquet"
    _copy_returns(connection, "finished", returns, company, LAST_DAY)


def _copy(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    """Write rows as Parquet. Where there are none, no file is left: nobody delivers an empty one."""
    connection.execute(f"copy ({sql}) to {literal(str(path))} (format parquet)")
    (rows,) = connection.fetchone() or (0,)
    if not rows:
        path.unlink(missing_ok=True)


def _copy_returns(
    connection: duckdb.DuckDBPyConnection, orders: str, path: Path, company: Company, last_day: date
) -> None:
    """Write the returns of some completed orders: six in ten of the whole amount, the others of part of it."""
    u = company.uniform
    returned = f"""
            select 'R' || order_number || '-' || {literal(f"{last_day:%m%d}")} as return_id, order_id,
                least(ordered_at + to_days(cast(3 + {u("order_number", 31)} * 25 as integer)),
                    timestamp '{last_day} 12:00:00') as returned_at,
                case when {u("order_number", 32)} < 0.6 then amount
                    else cast(amount * 0.4 as decimal(18, 2)) end as amount
            from {orders}
            where status = 'completed' and not is_late and {u("order_number", 30)} < {RETURNED_SHARE}
                and ordered_at < timestamp '{last_day} 12:00:00'
    """
    _copy(connection, returned, path)


def _write_next_day(connection: duckdb.DuckDBPyConnection, company: Company, folder: Path) -> None:
    """Write the day after: its orders, a tenth as many late rows of the last weeks, half of that as corrections."""
    u, orders = company.uniform, company.next_day_orders
    late, corrected = orders // 10, orders // 20
    # Keys beyond every drawn order; one customer in twenty is new.
    connection.execute(f"""
        create or replace table the_day as
        with numbered as (
            select n, n >= {orders} as is_old, {company.orders} + n as r from range({orders + late}) as numbers(n)
        ),
        bought as (
            select r, is_old,
                cast(case when {u("r", 41)} < 0.05 then {company.customers} + n
                    else floor({company.customers} * {u("r", 42)}) end as bigint) as i,
                date '{NEXT_DAY}'
                    - case when is_old then cast(1 + floor({u("r", 43)} * {LATE_DAYS}) as integer) else 0 end
                    + to_seconds(cast({u("r", 44)} * 86399 as integer)) as ordered_at
            from numbered
        )
        select r as order_number, r, 'N' || lpad(r::varchar, 10, '0') as order_id,
            'C' || lpad(i::varchar, 8, '0') as customer_id, ordered_at,
            cast(20 + 80 * {u("r", 45)} as decimal(18, 2)) as amount, 'completed' as status,
            {_choice(u("r", 46), ["web", "store", "app"])} as channel, cast(0 as decimal(18, 2)) as discount_amount,
            {_choice(u("r", 47), ["north", "south", "east", "west"])} as region,
            least(ordered_at + interval 2 hour, timestamp '{NEXT_DAY} 23:59:59') as updated_at, is_old as is_late
        from bought order by ordered_at, r""")
    delivered = f"""
            select {COLUMNS} from the_day where not is_late
            union all select {COLUMNS} from the_day where is_late
            union all select {COLUMNS} from (
                select * replace (cast(amount * 0.8 as decimal(18, 2)) as amount,
                    timestamp '{NEXT_DAY} 08:00:00' as updated_at)
                from recent order by {u("r", 48)}, r limit {corrected})
    """
    _copy(connection, delivered, folder / "orders" / f"orders_{NEXT_DAY:%Y%m%d}.parquet")
    connection.execute(f"""
        create or replace table returned_today as
        select * from recent order by {u("r", 49)}, r limit {orders // 2}""")
    _copy_returns(
        connection,
        "returned_today",
        folder / "returns" / f"returns_{NEXT_DAY:%Y%m%d}.parquet",
        replace(company, seed=company.seed + 1),
        NEXT_DAY,
    )


def _choice(uniform: str, values: list[str]) -> str:
    """SQL that takes one of the values."""
    return f"{[*values]}[1 + cast(floor({uniform} * {len(values)}) as integer)]"
