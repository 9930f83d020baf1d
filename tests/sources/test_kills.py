"""Killing an extract at any moment, with a real SIGKILL, and running it again neither loses nor doubles a row."""

import random

import pytest
from tests.sources.conftest import PASSWORD, READER, Postgres
from tests.sources.source_room import SourceRoom
from tests.sources.test_postgres import COLUMNS, TABLE

KILLS = 14
# What an extract has written when the seconds (up to so many) to its kill begin: that it is there, or a page.
SIGNS = (("crm/.lock", 1.0), ("crm/orders/.tmp-half/page-*", 0.3), ("crm/orders/.tmp-half/page-*", 0.1))
ROWS, PAGE = 60_000, 400
ANEW = 5  # after so many kills every row is news again: an extract that has come through leaves no pages to kill at
ORDERS = """
    insert into shop.orders
    select i, 'C' || i % 9, timestamptz '2024-01-01 08:00+08' + i * interval '1 minute', i + 0.25, 'completed', null,
        timestamptz '2024-01-01' + i * interval '10 seconds'
    from generate_series({first}, {last}) as i
"""


@pytest.mark.slow
def test_kills_at_random_moments_neither_lose_nor_double_a_row(
    room: SourceRoom, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    postgres.execute(TABLE)
    entity = {
        "entity": "orders",
        "table": "shop.orders",
        "columns": COLUMNS | {"status": "state"},
        "cursor": {"column": "changed_at", "overlap": "10m"},
    }
    url = f"postgresql://{READER}@/postgres?host={postgres.host}"
    source = {"name": "crm", "kind": "sql", "url": url, "secret": {"env": "CRM_PASSWORD"}, "page_rows": PAGE}
    room.declare(source | {"entities": [entity]})
    postgres.execute(ORDERS.format(first=1, last=ROWS))
    moments = random.Random(7)  # noqa: S311  # moments of a test are no secret
    found: list[tuple[int, int]] = []
    alive = 0
    for kill in range(KILLS):
        sign, longest = SIGNS[kill % len(SIGNS)]
        alive += room.kill_at_work(sign, moments.uniform(0, longest), "extract", "crm")
        folder = room.home.vault / "extracts/crm/orders"
        found.append((len(list(folder.glob(".tmp-half/page-*"))), len(list(folder.glob("extract=*")))))
        if kill % ANEW == ANEW - 1:
            postgres.execute("update shop.orders set changed_at = now()")
        if kill == KILLS // 2:  # the source goes on meanwhile
            postgres.execute("update shop.orders set paid = paid + 1, changed_at = now() where order_no % 1000 = 0")
            postgres.execute(ORDERS.format(first=ROWS + 1, last=ROWS + 500))
    assert alive >= KILLS // 2, "most kills must hit an extract that is at work"
    assert len({pages for pages, _ in found}) >= 4, f"kills must hit different pages: {found}"
    done = room.run("extract", "crm")
    assert done.returncode == 0, done.stderr
    room.land()
    expected = postgres.ask("select order_no, cust, round(paid, 2) from shop.orders order by order_no")
    found = room.newest("orders", "order_id::bigint as no, customer_id, amount")
    assert sorted(found) == expected
    versions = room.rows("orders", "order_id, updated_at, amount")
    assert len(versions) == len(set(versions)), "no version stands there twice"
    assert room.run("extract", "crm").returncode == 0
    room.land()
    assert len(room.rows("orders", "order_id")) == len(versions)
