"""The stored cursor, and what waits between source and raw: nothing is lost, nothing stands there twice."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.sources.source_room import SourceRoom

from retention.errors import LoadRefusedError, LockBusyError, NotThereError
from retention.landing import withdraw
from retention.sources.catalogue import Source
from retention.sources.extraction import How, extract_source, next_start, stored_cursor
from retention.sources.extractor import Feed, Page, SourceError
from retention.warehouse.lock import writer_lock

COLUMNS = {"updated_at": "changed_at"}
ORDERS = {
    "entity": "orders",
    "table": "orders",
    "columns": COLUMNS,
    "cursor": {"column": "changed_at", "overlap": "1h"},
}


class Shop:
    """A database in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.execute("create table orders (order_id, customer_id, ordered_at, amount, status, changed_at)")

    def execute(self, sql: str) -> None:
        with sqlite3.connect(self.path) as connection:
            connection.execute(sql)

    def put(self, order: str, changed_at: str | None, amount: float = 10) -> None:
        """Insert an order or change it."""
        stamp = "null" if changed_at is None else f"'{changed_at}'"
        self.execute(f"delete from orders where order_id = '{order}'")
        self.execute(f"insert into orders values ('{order}', 'C1', '2024-01-01', {amount}, 'completed', {stamp})")


@pytest.fixture
def shop(room: SourceRoom) -> Shop:
    shop = Shop(room.root / "shop.db")
    declare(room)
    return shop


def declare(room: SourceRoom, **entity: Any) -> None:
    room.declare(
        {"name": "shop", "kind": "sql", "url": f"sqlite:///{room.root}/shop.db", "entities": [ORDERS | entity]}
    )


def cursor(room: SourceRoom) -> str | None:
    return stored_cursor(room.home, feed(room))


def feed(room: SourceRoom) -> Feed:
    return room.sources()[0].feeds["orders"]


def extract_and_land(room: SourceRoom) -> list[dict[str, Any]]:
    room.extract()
    return room.land().loads


def test_the_cursor_moves_when_the_load_is_committed_and_not_before(room: SourceRoom, shop: Shop) -> None:
    shop.put("O1", "2024-01-01 10:00:00")
    shop.put("O2", "2024-01-01 12:00:00")
    [outcome] = room.extract()
    assert (outcome.rows, cursor(room)) == (2, None)
    [load] = room.land().loads
    assert (cursor(room), load["source"], load["uri"]) == ("2024-01-01 12:00:00", "shop", "sql://shop/orders")
    assert (load["cursor_from"], load["cursor_to"]) == (None, "2024-01-01 12:00:00")
    assert next_start(room.home, feed(room)) == "2024-01-01 11:00:00"
    assert not list(room.home.vault.glob("extracts/*/*/extract=*"))


def test_rows_of_the_overlap_that_come_again_are_duplicates(room: SourceRoom, shop: Shop) -> None:
    shop.put("O1", "2024-01-01 10:00:00")
    shop.put("O2", "2024-01-01 12:00:00")
    extract_and_land(room)
    shop.put("O3", "2024-01-01 11:30:00")  # committed late
    shop.put("O4", "2024-01-01 13:00:00")
    [load] = extract_and_land(room)
    assert (load["rows_in"], load["rows_loaded"], load["rows_duplicate"]) == (3, 2, 1)
    assert cursor(room) == "2024-01-01 13:00:00"


def test_a_withdrawn_load_takes_the_cursor_back_also_from_the_middle(room: SourceRoom, shop: Shop) -> None:
    ids = []
    for hour in (10, 12, 14):
        shop.put(f"O{hour}", f"2024-01-01 {hour}:00:00")
        ids += [load["load_id"] for load in extract_and_land(room)]
    withdraw(room.home, ids[1])
    assert cursor(room) == "2024-01-01 10:00:00"
    extract_and_land(room)
    assert [row[0] for row in room.newest("orders", "order_id")] == ["O10", "O12", "O14"]
    assert cursor(room) == "2024-01-01 14:00:00"


def test_an_extract_that_follows_a_withdrawn_load_is_not_landed_and_asked_for_again(
    room: SourceRoom, shop: Shop
) -> None:
    shop.put("O1", "2024-01-01 10:00:00")
    [first] = extract_and_land(room)
    shop.put("O2", "2024-01-01 12:00:00")
    room.extract()
    withdraw(room.home, first["load_id"])
    with pytest.raises(LoadRefusedError, match="no orders file"):
        room.land()
    assert any("follows a load that was withdrawn" in line for line in room.lines)
    extract_and_land(room)
    assert [row[0] for row in room.newest("orders", "order_id")] == ["O1", "O2"]


def test_extracts_that_wait_are_landed_one_behind_the_other(room: SourceRoom, shop: Shop) -> None:
    shop.put("O1", "2024-01-01 10:00:00", 1)
    room.extract()
    shop.put("O1", "2024-01-01 12:00:00", 2)
    [outcome] = room.extract()
    assert outcome.rows == 1
    first, second = room.land().loads
    assert (second["follows"], second["cursor_from"]) == (first["load_id"], "2024-01-01 09:00:00")
    assert [amount for (amount,) in room.rows("orders", "amount::int")] == [1, 2]


def test_a_state_that_comes_back_is_loaded_again(room: SourceRoom, shop: Shop) -> None:
    declare(room, cursor=None, columns={})
    for amount in (1, 2, 1):
        shop.put("O1", None, amount)
        extract_and_land(room)
    assert [amount for (amount,) in room.rows("orders", "amount::int")] == [1, 2, 1]
    assert room.newest("orders", "amount::int") == [(1,)]


def test_nothing_new_makes_no_load_and_is_still_noted_as_extracted(room: SourceRoom, shop: Shop) -> None:
    shop.put("O1", "2024-01-01 10:00:00")
    extract_and_land(room)
    shop.execute("delete from orders")
    [outcome] = room.extract()
    assert (outcome.rows, outcome.extracts) == (0, ())
    assert room.land().loads == []
    assert cursor(room) == "2024-01-01 10:00:00"
    assert (room.home.vault / "extracts/shop/finished.json").exists()


def test_another_cursor_column_begins_from_the_start(room: SourceRoom, shop: Shop) -> None:
    shop.put("O1", "2024-01-01 10:00:00")
    extract_and_land(room)
    declare(room, cursor={"column": "ordered_at"})
    assert next_start(room.home, feed(room)) is None
    [outcome] = room.extract()
    assert outcome.rows == 1


def test_rows_without_a_cursor_value_come_every_time(room: SourceRoom, shop: Shop) -> None:
    shop.put("O1", None)
    shop.put("O2", "2024-01-01 10:00:00")
    extract_and_land(room)
    shop.put("O1", None, 20)
    extract_and_land(room)
    assert room.newest("orders", "order_id, amount::int")[0] == ("O1", 20)


def test_a_refused_extract_is_mended_at_the_source_and_extracted_anew(room: SourceRoom, shop: Shop) -> None:
    shop.execute("insert into orders values ('O1', 'C1', 'yesterday', 1, 'completed', '2024-01-01 10:00:00')")
    room.extract()
    with pytest.raises(
        LoadRefusedError, match=r"shop/orders: 1 of 1 rows are bad.*retention extract shop --entity orders --anew"
    ):
        room.land()
    shop.put("O1", "2024-01-01 10:05:00")
    with writer_lock(room.home, "a run"), pytest.raises(LockBusyError):
        room.extract(anew=True)
    room.extract(anew=True)
    [load] = room.land().loads
    assert load["rows_loaded"] == 1


def test_all_rows_come_again_when_asked_for(room: SourceRoom, shop: Shop) -> None:
    for hour in (10, 12, 14):
        shop.put(f"O{hour}", f"2024-01-01 {hour}:00:00")
    extract_and_land(room)
    [outcome] = room.extract(full=True)
    assert outcome.rows == 3
    [load] = room.land().loads
    assert (load["rows_duplicate"], load["cursor_from"]) == (3, None)
    assert cursor(room) == "2024-01-01 14:00:00"


def test_a_damaged_extract_is_refused(room: SourceRoom, shop: Shop) -> None:
    shop.put("O1", "2024-01-01 10:00:00")
    room.extract()
    [file] = room.home.vault.glob("extracts/shop/orders/extract=*/rows.parquet")
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(LoadRefusedError, match="damaged"):
        room.land()


def test_an_extract_left_by_a_run_that_died_behind_its_commit_is_not_loaded_twice(
    room: SourceRoom, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.put("O1", "2024-01-01 10:00:00")
    room.extract()
    with monkeypatch.context() as patched:
        patched.setattr("retention.landing.extracts.Extract.remove", lambda _: None)
        assert len(room.land().loads) == 1
    assert room.land().loads == []
    assert len(room.rows("orders")) == 1
    assert not list(room.home.vault.glob("extracts/*/*/extract=*"))


def test_extracts_are_private_and_hold_personal_values_in_the_vault_alone(room: SourceRoom, shop: Shop) -> None:
    shop.execute("create table customers (customer_id, name, phone)")
    shop.execute("insert into customers values ('C1', 'Ann Example', '13800000001')")
    shop.put("O1", "2024-01-01 10:00:00")
    entity = {"entity": "customers", "table": "customers"}
    room.declare({"name": "shop", "kind": "sql", "url": f"sqlite:///{room.root}/shop.db", "entities": [ORDERS, entity]})
    room.extract()
    places = [path for path in room.home.vault.rglob("*") if "extracts" in path.parts]
    assert places
    assert all(path.stat().st_mode & 0o077 == 0 for path in places if path.is_dir())
    room.land()
    others = [path for path in room.home.path.rglob("*") if path.is_file() and room.home.vault not in path.parents]
    assert not [path for path in others if b"Ann Example" in path.read_bytes()]


def test_two_processes_do_not_extract_one_source(room: SourceRoom, shop: Shop) -> None:
    shop.put("O1", "2024-01-01 10:00:00")
    source = room.sources()[0]
    inner: list[str] = []

    class Nosy(Paged):
        def pages(self, feed: Feed, since: str | None, resume: str | None) -> Iterator[Page]:
            with pytest.raises(LockBusyError) as caught:
                room.extract()
            inner.append(str(caught.value))
            yield from super().pages(feed, since, resume)

    extract_with(room, source, Nosy())
    assert inner
    assert "Another process is extracting shop" in inner[0]


@pytest.mark.usefixtures("shop")
def test_an_entity_that_the_source_lacks_is_told(room: SourceRoom) -> None:
    with pytest.raises(NotThereError, match="shop delivers no tickets"):
        extract_source(room.sources()[0], room.home, ["tickets"], How())


# --- Half extracts ------------------------------------------------------------------------------------------


class Paged:
    """A source of four pages that fails where it is told to.

    Attributes:
        asked: what each call was given.
    """

    def __init__(self, fails_at: int | None = None, can_go_on: bool = True) -> None:
        self.fails_at, self.can_go_on = fails_at, can_go_on
        self.asked: list[tuple[str | None, str | None]] = []

    def answer(self) -> str:
        return "here"

    def preview(self, feed: Feed, rows: int) -> pa.Table:
        raise NotImplementedError

    def pages(self, feed: Feed, since: str | None, resume: str | None) -> Iterator[Page]:
        del feed
        self.asked.append((since, resume))
        begin = int(resume.removeprefix("page")) if resume else 0
        for number in range(begin, 4):
            if number == self.fails_at:
                raise SourceError("gone away.", "Try again.")
            row = {"order_id": f"O{number}", "customer_id": "C1", "ordered_at": "2024-01-01", "amount": number}
            resume_at = None if number == 3 else f"page{number + 1}" if self.can_go_on else ""
            yield Page(pa.Table.from_pylist([row]), f"2024-01-0{number + 1}", resume_at)


def extract_with(room: SourceRoom, source: Source, extractor: Any) -> Any:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Source, "open", lambda _: extractor)
        return extract_source(source, room.home, [], How(say=room.lines.append))


@pytest.mark.usefixtures("shop")
def test_an_extract_that_was_cut_off_goes_on_behind_its_last_page(room: SourceRoom) -> None:
    with pytest.raises(SourceError):
        extract_with(room, room.sources()[0], Paged(fails_at=2))
    extractor = Paged()
    [outcome] = extract_with(room, room.sources()[0], extractor)
    assert extractor.asked == [(None, "page2")]
    assert outcome.rows == 4
    room.land()
    assert [row for (row,) in room.rows("orders", "order_id")] == ["O0", "O1", "O2", "O3"]


@pytest.mark.usefixtures("shop")
def test_an_extract_begins_afresh_when_the_declaration_has_changed(room: SourceRoom) -> None:
    with pytest.raises(SourceError):
        extract_with(room, room.sources()[0], Paged(fails_at=2))
    declare(room, columns={})
    extractor = Paged()
    extract_with(room, room.sources()[0], extractor)
    assert extractor.asked == [(None, None)]
    room.land()
    assert len(room.rows("orders")) == 4


@pytest.mark.usefixtures("shop")
def test_an_extract_begins_afresh_where_the_source_cannot_go_on(room: SourceRoom) -> None:
    with pytest.raises(SourceError):
        extract_with(room, room.sources()[0], Paged(fails_at=2, can_go_on=False))
    extractor = Paged()
    extract_with(room, room.sources()[0], extractor)
    assert extractor.asked == [(None, None)]
    room.land()
    assert len(room.rows("orders")) == 4


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("step", ["_join", "seal"])
def test_an_extract_that_had_all_its_pages_is_sealed_by_the_next_run(
    room: SourceRoom, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class PowerFailure(BaseException):
        pass

    def die(*_: object) -> None:
        raise PowerFailure

    with monkeypatch.context() as patched:
        place = "retention.sources.pages.Half._join" if step == "_join" else "retention.sources.pages.seal"
        patched.setattr(place, die)
        with pytest.raises(PowerFailure):
            extract_with(room, room.sources()[0], Paged())
    extractor = Paged()
    extract_with(room, room.sources()[0], extractor)
    assert extractor.asked == [("2024-01-03", None)], "what was there is sealed, and the next extract follows it"
    room.land()
    assert [row for (row,) in room.rows("orders", "order_id")] == ["O0", "O1", "O2", "O3"]


# --- The command line ---------------------------------------------------------------------------------------


def test_a_source_that_fails_does_not_keep_the_next_from_its_turn(room: SourceRoom, shop: Shop) -> None:
    shop.put("O1", "2024-01-01 10:00:00")
    good = {"name": "shop", "kind": "sql", "url": f"sqlite:///{room.root}/shop.db", "entities": [ORDERS]}
    bad = good | {"name": "old_shop", "url": f"sqlite:///{room.root}/nowhere/old.db"}
    room.declare(bad, good)
    done = room.run("extract", "--entity", "orders")
    assert done.returncode == 9
    assert "error: old_shop/orders: OperationalError: unable to open database file." in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: 1 of 2 sources failed.")
    assert "shop/orders: 1 rows (all rows, up to 2024-01-01 10:00:00)" in done.stdout
    room.land()
    assert len(room.rows("orders")) == 1
    assert room.run("extract", "nobody").returncode == 8
    listed = room.run("source", "list", "--json")
    assert '"loaded_up_to": "2024-01-01 10:00:00"' in listed.stdout
