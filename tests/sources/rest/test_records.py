"""From JSON to columns: paths, lists, values, numbers; and the cursor, which stays behind what changed meanwhile."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from tests.sources.rest.conftest import COLUMNS, declare, feed_of, ids, open_quickly, read_all
from tests.sources.rest.service import Reply, Service, Shop, order, running

from retention.landing.contracts import Contract
from retention.sources.extractor import SourceError
from retention.sources.rest.records import json_path

CURSOR = {"cursor": {"column": "updated"}, "since": {"param": "updated_from"}}


@pytest.mark.parametrize(
    ("column", "path"),
    [
        ("id", '$."id"'),
        ("buyer.id", '$."buyer"."id"'),
        ("lines[0].sku", '$."lines"[0]."sku"'),
        ("lines[*].sku", '$."lines"[*]."sku"'),
        ("客户.手机", '$."客户"."手机"'),
        ("$.a.b", "$.a.b"),
    ],
)
def test_a_column_is_a_json_path(column: str, path: str) -> None:
    assert json_path(column) == path


def column_of(contracts: dict[str, Contract], record: dict[str, Any], **entity: Any) -> dict[str, Any]:
    """The row that one record becomes."""
    whole = {"order_id": "1", "customer_id": "2", "ordered_at": "2026-01-01", "amount": 3} | record
    with running(lambda _: Reply({"data": [whole]})) as service:
        declared = declare(service.url, entity={"pagination": {"kind": "none"}, "columns": {}} | entity)
        [page] = read_all(open_quickly(declared), feed_of(declared, contracts))
    [row] = page.rows.to_pylist()
    return dict(row)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        (0.1, "0.1"),
        (1234567890.12, "1234567890.12"),
        (9007199254740993, "9007199254740993"),
        (True, "true"),
        (None, None),
        ([], None),
        (["a", None, "b"], "a;b"),
        ([1, 2], "1;2"),
        ({"a": 1}, '{"a":1}'),
        ("客户 'x' \"y\" \\ \u2028", "客户 'x' \"y\" \\ \u2028"),
    ],
)
def test_every_kind_of_value_becomes_text(contracts: dict[str, Contract], value: Any, text: str | None) -> None:
    assert column_of(contracts, {"channel": value})["channel"] == text


def test_lists_of_objects_are_read_by_a_path_and_joined(contracts: dict[str, Contract]) -> None:
    record = {"lines": [{"sku": "A"}, {"sku": None}, {"sku": "B"}]}
    assert column_of(contracts, record, columns={"channel": "lines[*].sku"})["channel"] == "A;B"


def test_columns_that_are_not_mapped_keep_their_names_and_others_are_empty(contracts: dict[str, Contract]) -> None:
    row = column_of(contracts, {"region": "North", "unknown": 1})
    assert list(row) == [column.name for column in contracts["orders"].columns]
    assert (row["region"], row["channel"]) == ("North", None)


def test_constants_and_values_are_put_in(contracts: dict[str, Contract]) -> None:
    entity = {
        "constants": {"currency": "EUR"},
        "values": {"status": {"已完成": "completed", "*": "pending"}, "channel": {"网店": "web"}},
    }
    assert [
        (row["currency"], row["status"], row["channel"])
        for row in (
            column_of(contracts, {"status": "已完成", "channel": "网店"}, **entity),
            column_of(contracts, {"status": "草稿", "channel": "shop"}, **entity),
            column_of(contracts, {}, **entity),
        )
    ] == [("EUR", "completed", "web"), ("EUR", "pending", "shop"), ("EUR", "pending", None)]


class Clock:
    """A clock that is set by hand, in seconds."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    return Clock()


def test_rows_are_asked_for_since_the_cursor(service: Service, shop: Shop, contracts: dict[str, Contract]) -> None:
    shop.rows[20]["updated"] = "2026-03-05T09:30:00.250Z"
    shop.rows[30]["updated"] = "2026-03-07T00:00:00.000Z"
    declared = declare(service.url, entity=CURSOR)
    feed = feed_of(declared, contracts)
    pages = read_all(open_quickly(declared, clock=Clock()), feed)
    assert pages[-1].cursor == "2026-03-07T00:00:00.000000Z"
    again = read_all(open_quickly(declared, clock=Clock()), feed, since="2026-03-05T09:30:00.250000Z")
    assert ids(again) == ["O00021", "O00031"]
    assert service.asked[-1].params["updated_from"] == "2026-03-05T09:30:00.250Z"


def test_a_row_that_changes_on_a_page_already_read_comes_with_the_next_extract(
    service: Service, shop: Shop, contracts: dict[str, Contract], clock: Clock
) -> None:
    """The source's clock: 08:00:00 when the extract begins, ten seconds a request; the last row is the newest."""
    declared = declare(service.url, entity=CURSOR)
    feed = feed_of(declared, contracts)

    def tick(rows: list[dict[str, Any]]) -> None:
        del rows
        clock.now += 10

    def change_first_and_last(rows: list[dict[str, Any]]) -> None:
        tick(rows)
        rows[0] |= {"total": {"value": 99, "currency": "CNY"}, "updated": "2026-03-01T08:00:20.000Z"}
        rows[-1]["updated"] = "2026-03-01T08:00:25.000Z"

    shop.before = {1: tick, 2: tick, 3: change_first_and_last, 4: tick}
    pages = read_all(open_quickly(declared, clock=clock), feed)
    assert pages[0].rows.column("amount")[0].as_py() == "1.5"
    cursor = pages[-1].cursor
    assert cursor is not None
    assert datetime.fromisoformat(cursor) <= datetime.fromisoformat("2026-03-01T08:00:20Z")
    again = read_all(open_quickly(declared, clock=clock), feed, since=cursor)
    amounts = {row["order_id"]: row["amount"] for page in again for row in page.rows.to_pylist()}
    assert amounts["O00001"] == "99"


def test_the_time_of_an_extract_that_died_counts_too(
    service: Service, contracts: dict[str, Contract], clock: Clock
) -> None:
    declared = declare(service.url, entity=CURSOR)
    feed = feed_of(declared, contracts)
    first = next(open_quickly(declared, clock=clock).pages(feed, None, None))
    clock.now += 3600
    rest = list(open_quickly(declared, clock=clock).pages(feed, None, first.resume))
    assert rest[-1].cursor == "2026-03-01T07:00:00.000000Z"


@pytest.mark.parametrize(
    ("format_", "written", "cursor", "asked"),
    [
        ("iso", "2026-03-01T16:00:00+08:00", "2026-03-01T08:00:00.000000Z", "2026-03-01T08:00:00.000Z"),
        ("epoch_ms", 1772352000123, "2026-03-01T08:00:00.123000Z", "1772352000123"),
        ("epoch_s", 1772352000, "2026-03-01T08:00:00.000000Z", "1772352000"),
        ("datetime", "2026-03-01 16:00:00", "2026-03-01T16:00:00.000000", "2026-03-01 16:00:00"),
        ("date", "2026-03-01", "2026-03-01T00:00:00.000000", "2026-03-01"),
        ("text", "v0042", "v0042", "v0042"),
        ("number", 42, "42", "42"),
    ],
)
def test_a_cursor_is_written_as_the_source_has_it(
    contracts: dict[str, Contract], format_: str, written: Any, cursor: str, asked: str
) -> None:
    with running(lambda _: Reply({"data": [order(1) | {"updated": written}]})) as service:
        entity = CURSOR | {"cursor": {"column": "updated", "format": format_}, "pagination": {"kind": "none"}}
        declared = declare(service.url, entity=entity)
        feed = feed_of(declared, contracts)
        [page] = read_all(open_quickly(declared), feed)
        assert page.cursor == cursor
        read_all(open_quickly(declared), feed, since=page.cursor)
        assert service.asked[-1].params["updated_from"] == asked


def test_of_numbers_the_greatest_is_the_cursor_not_the_last_in_the_alphabet(
    service: Service, shop: Shop, contracts: dict[str, Contract]
) -> None:
    for number, row in enumerate(shop.rows, start=1):
        row["version"] = number
    declared = declare(service.url, entity=CURSOR | {"cursor": {"column": "version", "format": "number"}})
    assert read_all(open_quickly(declared), feed_of(declared, contracts))[-1].cursor == "35"


def test_a_cursor_value_of_another_format_is_named(contracts: dict[str, Contract]) -> None:
    with running(lambda _: Reply({"data": [order(1), order(2, updated="yesterday")]})) as service:
        declared = declare(service.url, entity=CURSOR)
        with pytest.raises(SourceError, match="cursor updated holds 'yesterday', which is not of the format iso"):
            read_all(open_quickly(declared), feed_of(declared, contracts))


def test_an_extract_without_rows_has_no_cursor(service: Service, shop: Shop, contracts: dict[str, Contract]) -> None:
    shop.rows = []
    declared = declare(service.url, entity=CURSOR)
    [page] = read_all(open_quickly(declared), feed_of(declared, contracts))
    assert (page.rows.num_rows, page.cursor, page.resume) == (0, None, None)
    assert page.rows.column_names == [column.name for column in contracts["orders"].columns]
    assert set(COLUMNS) <= set(page.rows.column_names)
