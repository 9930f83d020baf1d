"""A real PostgreSQL: rows arrive as they stand there, whatever changes between and during extracts."""

from typing import Any

import pytest
from tests.sources.conftest import PASSWORD, READER, Postgres
from tests.sources.source_room import SourceRoom

from retention.errors import SettingsError
from retention.sources.extraction import How, extract_source, stored_cursor

TABLE = """
    create table shop.orders (
        order_no bigint primary key, cust text not null, placed timestamptz not null, paid numeric(30, 10) not null,
        state text not null, deleted_at timestamptz, changed_at timestamptz not null default now())
"""
QUERY = """
    select order_no, cust, placed, paid, changed_at,
        case when deleted_at is not null then 'cancelled' else state end as status
    from shop.orders;
"""
COLUMNS = {
    "order_id": "order_no",
    "customer_id": "cust",
    "ordered_at": "placed",
    "amount": "paid",
    "updated_at": "changed_at",
}
TRUTH = """
    select order_no::text, round(paid, 2), case when deleted_at is not null then 'cancelled' else state end
    from shop.orders order by order_no::text
"""


def declare(room: SourceRoom, postgres: Postgres, **keys: Any) -> None:
    entity = {
        "entity": "orders",
        "query": QUERY,
        "columns": COLUMNS,
        "cursor": {"column": "changed_at", "overlap": "30m"},
    }
    url = f"postgresql://{READER}@/postgres?host={postgres.host}"
    room.declare(
        {"name": "crm", "kind": "sql", "url": url, "secret": {"env": "CRM_PASSWORD"}, "entities": [entity]} | keys
    )


@pytest.fixture
def crm(room: SourceRoom, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> SourceRoom:
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    postgres.execute(TABLE)
    declare(room, postgres)
    return room


def orders(first: int, last: int, stamp: str = "now()") -> str:
    return f"""
        insert into shop.orders
        select i, 'C' || i % 9, timestamptz '2024-01-01 08:00+08' + i * interval '1 hour', i + 0.125, 'completed',
            null, {stamp}
        from generate_series({first}, {last}) as i;"""


def landed(room: SourceRoom) -> list[tuple[Any, ...]]:
    return room.newest("orders", "order_id, amount, status")


def test_inserts_updates_soft_deletes_and_late_commits_arrive(crm: SourceRoom, postgres: Postgres) -> None:
    postgres.execute(orders(1, 500))
    crm.extract()
    crm.land()
    assert landed(crm) == postgres.ask(TRUTH)

    late = postgres.connect()  # begun before the second extract, committed behind it
    with late.cursor() as cursor:
        cursor.execute(orders(901, 905) + "update shop.orders set paid = 7, changed_at = now() where order_no = 3;")
    postgres.execute(orders(501, 520))
    postgres.execute("update shop.orders set paid = paid * 2, changed_at = now() where order_no between 10 and 20")
    postgres.execute("update shop.orders set deleted_at = now(), changed_at = now() where order_no between 30 and 33")
    crm.extract()
    crm.land()
    assert landed(crm) == postgres.ask(TRUTH)
    assert len(landed(crm)) == 520

    late.commit()
    late.close()
    postgres.execute(orders(906, 910))
    crm.extract()
    [load] = crm.land().loads
    assert landed(crm) == postgres.ask(TRUTH)
    assert len(landed(crm)) == 530
    assert load["rows_duplicate"] == load["rows_in"] - 11


def test_a_late_commit_beyond_the_overlap_is_the_limit_that_the_guide_names(
    crm: SourceRoom, postgres: Postgres
) -> None:
    postgres.execute(orders(1, 5, "now() - interval '1 hour'"))
    postgres.execute(orders(6, 6))
    crm.extract()
    crm.land()
    postgres.execute(orders(7, 7, "now() - interval '2 hours'"))
    crm.extract()
    crm.land()
    assert len(landed(crm)) == 6


def test_a_row_of_a_day_to_come_does_not_hide_what_is_written_until_then(crm: SourceRoom, postgres: Postgres) -> None:
    postgres.execute(orders(1, 5) + orders(6, 6, "timestamptz '2099-01-01'"))
    crm.extract()
    crm.land()
    assert str(stored_cursor(crm.home, crm.sources()[0].feeds["orders"])) < "2099"
    postgres.execute(orders(7, 9))
    crm.extract()
    crm.land()
    assert landed(crm) == postgres.ask(TRUTH)


def test_instants_numbers_and_texts_arrive_as_they_stand_there(crm: SourceRoom, postgres: Postgres) -> None:
    postgres.execute("""
        create type shop.state as enum ('completed', 'returned');
        create table shop.kinds (
            order_id uuid, customer_id varchar(9), ordered_at timestamp, amount numeric,
            discount_amount double precision, status shop.state, region jsonb, channel char(4), updated_at timestamptz);
        insert into shop.kinds values
            ('00000000-0000-0000-0000-000000000001', 'é客', '2024-02-29 23:59:59.123456', 1234567890123456.785, 0.1,
                'returned', '{"a": 1}', 'web', '2024-03-01 00:30:00.5+00'),
            ('00000000-0000-0000-0000-000000000002', 'C', '2024-01-01', -0.005, null, 'completed', null, null, null)""")
    entity = {"entity": "orders", "table": "shop.kinds", "cursor": {"column": "updated_at"}}
    declare(crm, postgres, entities=[entity])
    crm.extract()
    crm.land()
    columns = "order_id, customer_id, ordered_at::varchar, amount::varchar, discount_amount::varchar, status, region, "
    assert crm.rows("orders", columns + "channel, updated_at::varchar", "order_id") == [
        ("00000000-0000-0000-0000-000000000001", "é客", "2024-02-29 23:59:59.123456", "1234567890123456.79", "0.10",
         "returned", '{"a": 1}', "web", "2024-03-01 08:30:00.5"),
        ("00000000-0000-0000-0000-000000000002", "C", "2024-01-01 00:00:00", "-0.01", None, "completed", None, None,
         None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("bigint", "9", "10"),
        ("numeric", "9.5", "10.25"),
        ("timestamp", "'2024-01-01 09:00'", "'2024-01-01 10:00'"),
        ("date", "'2024-01-09'", "'2024-01-10'"),
        ("text", "'a9'", "'b1'"),
    ],
)
def test_a_cursor_may_be_of_any_kind_that_has_an_order(
    crm: SourceRoom, postgres: Postgres, kind: str, first: str, second: str
) -> None:
    postgres.execute(f"""
        create table shop.plain (order_id text, customer_id text, ordered_at date, amount int, "Seen" {kind});
        insert into shop.plain values ('O1', 'C', '2024-01-01', 1, {first}), ('O2', 'C', '2024-01-01', 1, {second})""")
    entity = {"entity": "orders", "table": "shop.plain", "cursor": {"column": "Seen"}}
    declare(crm, postgres, entities=[entity])
    crm.extract()
    crm.land()
    postgres.execute(f"insert into shop.plain values ('O3', 'C', '2024-01-01', 1, {second})")
    [outcome] = crm.extract()
    assert outcome.rows == 2
    crm.land()
    assert [row for (row,) in crm.rows("orders", "order_id", "order_id")] == ["O1", "O2", "O3"]


def test_many_pages_make_one_file_in_the_order_of_the_cursor(crm: SourceRoom, postgres: Postgres) -> None:
    postgres.execute(orders(1, 30_000, "now() - interval '1 second' * (30000 - i)"))
    declare(crm, postgres, page_rows=1000)
    pages: list[str] = []
    [outcome] = extract_source(crm.sources()[0], crm.home, [], How(tick=pages.append))
    assert outcome.rows == 30_000
    assert [pages[0], pages[-1], len(pages)] == ["crm/orders: 1,000 rows", "crm/orders: 30,000 rows", 30]
    [folder] = crm.home.vault.glob("extracts/crm/orders/extract=*")
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "rows.parquet", "state.json"]
    crm.land()
    assert [int(row) for (row,) in crm.rows("orders", "order_id")] == list(range(1, 30_001))


def test_a_column_that_is_not_there_is_told_with_those_that_are(crm: SourceRoom, postgres: Postgres) -> None:
    declare(crm, postgres, entities=[{"entity": "orders", "table": "shop.orders", "columns": {"amount": "payed"}}])
    with pytest.raises(
        SettingsError, match=r"crm/orders: no column order_id, customer_id, ordered_at, payed in sql://crm/shop"
    ):
        crm.extract()


def test_a_source_is_tested_without_a_row_of_personal_values(crm: SourceRoom, postgres: Postgres) -> None:
    postgres.execute(orders(1, 50))
    postgres.execute("""
        create table shop.customers (customer_id text, phone text, region text);
        insert into shop.customers values ('C1', '13812345678', 'north'), ('C2', null, 'south')""")
    declare(crm, postgres)
    declared = crm.sources()[0].declared.model_dump(mode="json", exclude_none=True)
    declared["entities"] = [*declared["entities"], {"entity": "customers", "table": "shop.customers"}]
    declared["entities"][0]["cursor"]["overlap"] = "30m"
    crm.declare(declared)
    done = crm.run("source", "test", "crm")
    assert done.returncode == 0, done.stderr
    assert "crm answers: PostgreSQL " in done.stdout
    assert "crm/orders: would load all rows, about" in done.stdout
    assert "withheld" in done.stdout
    assert "13812345678" not in done.stdout
    assert "south" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr
    listed = crm.run("source", "list")
    assert "orders" in listed.stdout
    assert listed.returncode == 0
