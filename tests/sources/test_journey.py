"""Three days with a real PostgreSQL that changes: after each run the published orders are the source's."""

from datetime import datetime
from typing import Any

import duckdb
import pytest
from tests.sources.conftest import PASSWORD, READER, Postgres
from tests.sources.source_room import SourceRoom
from tests.sources.test_postgres import COLUMNS, QUERY, TABLE

CUSTOMERS = """
    create table shop.customers (
        customer_id text primary key, name text, phone text, region text, changed_at timestamptz);
    insert into shop.customers select 'C' || i, 'Name ' || i, '1380000' || 1000 + i, 'north', '2024-03-01 09:00+08'
    from generate_series(0, 8) as i
"""
HISTORY = """
    select distinct on (order_no) order_no::text, round(paid, 2), placed at time zone 'Asia/Shanghai',
        case when deleted_at is not null then 'cancelled' else state end
    from shop.history where changed_at < timestamptz '{day} 24:00+08' order by order_no, changed_at desc
"""
KEEP_HISTORY = """
    create table shop.history (like shop.orders);
    create function shop.keep() returns trigger language plpgsql as
        $$ begin insert into shop.history select new.*; return new; end $$;
    create trigger keep after insert or update on shop.orders for each row execute function shop.keep()
"""


def placed(first: int, last: int, day: str) -> str:
    """Orders of a day, written when they are placed."""
    return f"""
        insert into shop.orders
        select i, 'C' || i % 9, at, i + 0.125, 'completed', null, at
        from (select i, timestamptz '{day} 08:00+08' + (i % 100) * interval '5 minutes' as at
            from generate_series({first}, {last}) as i);"""


def changed(what: str, orders: str, at: str) -> str:
    return f"update shop.orders set {what}, changed_at = '{at}+08' where order_no {orders};"


class Company:
    """The pipeline of a company whose orders stand in PostgreSQL."""

    def __init__(self, room: SourceRoom, postgres: Postgres) -> None:
        self.room, self.postgres = room, postgres

    def extract(self) -> None:
        """Take what is new at the source."""
        done = self.room.run("extract")
        assert done.returncode == 0, done.stdout + done.stderr

    def run(self, day: str) -> list[tuple[Any, ...]]:
        """Extract and run the whole pipeline as of a day; the published orders."""
        self.extract()
        done = self.room.run("run", "--as-of", day)
        assert done.returncode == 0, done.stdout + done.stderr
        return self.published()

    def published(self) -> list[tuple[Any, ...]]:
        place = (self.room.home.published / "retention.duckdb").resolve()
        with duckdb.connect(str(place), read_only=True) as connection:
            return connection.execute(
                "select order_id, gross_amount, ordered_at, status from marts.fct_orders order by order_id"
            ).fetchall()

    def truth(self, day: str) -> list[tuple[str, Any, datetime, str]]:
        """What the source's own history says of a day."""
        return sorted(self.postgres.ask(HISTORY.format(day=day)))


@pytest.mark.slow
def test_the_published_orders_equal_the_source_at_each_as_of(
    room: SourceRoom, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    postgres.execute(f"{TABLE}; {KEEP_HISTORY}; {CUSTOMERS}")
    cursor = {"column": "changed_at", "overlap": "6h"}
    orders = {"entity": "orders", "query": QUERY, "columns": COLUMNS, "cursor": cursor}
    customers = {
        "entity": "customers",
        "table": "shop.customers",
        "columns": {"updated_at": "changed_at"},
        "cursor": cursor,
    }
    url = f"postgresql://{READER}@/postgres?host={postgres.host}"
    secret = {"env": "CRM_PASSWORD"}
    room.declare({"name": "crm", "kind": "sql", "url": url, "secret": secret, "entities": [orders, customers]})
    company = Company(room, postgres)

    postgres.execute(placed(1, 300, "2024-03-01"))
    company.extract()

    postgres.execute(placed(301, 350, "2024-03-02"))
    postgres.execute(changed("paid = paid * 2", "between 10 and 20", "2024-03-02 11:00"))
    postgres.execute(changed("deleted_at = '2024-03-02 12:00+08'", "between 30 and 35", "2024-03-02 12:00"))
    late = postgres.connect()  # written before the second extract, committed behind it
    with late.cursor() as cursor:
        cursor.execute(placed(901, 903, "2024-03-02") + changed("paid = 7", "= 3", "2024-03-02 15:30"))
    second = company.run("2024-03-02")
    assert second == company.truth("2024-03-02")
    assert len(second) == 350
    assert sum(status == "cancelled" for *_, status in second) == 6

    late.commit()
    late.close()
    postgres.execute(placed(351, 360, "2024-03-03"))
    postgres.execute(changed("state = 'returned'", "between 40 and 42", "2024-03-03 10:00"))
    third = company.run("2024-03-03")
    assert third == company.truth("2024-03-03")
    assert len(third) == 363

    again = company.run("2024-03-02")  # a day that is looked at again, now with what was committed late
    assert again == company.truth("2024-03-02")
    assert len(again) == 353
    everything = b"".join(path.read_bytes() for path in room.home.path.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in everything
