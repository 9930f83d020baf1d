"""What counts as delivered before, and what as a new version."""

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from tests.landing.landing_room import ORDERS, Room, order_lines

from retention.landing import Contract, committed_loads, raw_relation_sql, redelivery, repeated_key_files, staging

VERSIONED = ORDERS.replace("\n", ",updated_at\n")


def test_the_same_content_under_any_name_is_loaded_once(room: Room) -> None:
    room.put_orders(name="may.csv")
    assert len(room.land().loads) == 1
    room.put_orders(name="copy of may.csv")
    again = room.land()
    assert again.loads == []
    assert [skipped["load_id"] for skipped in again.skipped] == [room.manifest()["load_id"]] * 2
    assert room.lines[-1] == "2 files already loaded"
    assert len(room.rows("orders")) == 100


def test_two_files_of_the_same_content_in_one_run_are_one_load(room: Room) -> None:
    room.put_orders(name="a.csv")
    room.put_orders(name="b.csv")
    report = room.land()
    assert (len(report.loads), len(report.skipped)) == (1, 1)


def test_rows_delivered_again_in_a_longer_file_are_duplicates(room: Room) -> None:
    room.put_orders(name="may.csv")
    room.land()
    room.put_orders(name="may and june.csv", count=130)
    room.land()
    manifest = room.manifest()
    assert (manifest["rows_in"], manifest["rows_duplicate"], manifest["rows_loaded"]) == (130, 100, 30)
    assert len(room.rows("orders")) == 130


def test_rows_of_two_files_in_one_run_are_compared_too(room: Room) -> None:
    room.put_orders(name="a.csv")
    room.put_orders(name="b.csv", count=101)
    room.land()
    assert room.manifest()["rows_duplicate"] == 100


def test_a_redelivery_in_another_form_of_file_is_a_duplicate(room: Room) -> None:
    room.put("orders/a.csv", ORDERS + "O1,C1,2024-01-01 10:00:00,1.00,completed\n")
    room.land()
    room.put("orders/b.jsonl", '{"status": "completed", "order_id": "O1", "customer_id": "C1", '
             '"ordered_at": "2024-01-01 10:00:00", "amount": "1.00"}\n')  # fmt: skip
    room.land()
    assert room.manifest()["rows_duplicate"] == 1


def test_a_row_twice_in_a_file_is_loaded_once(room: Room) -> None:
    room.put_orders(order_lines(3))
    room.land()
    assert room.manifest()["rows_duplicate"] == 3
    assert [line for (line,) in room.rows("orders", "_line_no")] == list(range(2, 102))


def test_a_changed_version_of_a_key_is_loaded(room: Room) -> None:
    room.put("orders/a.csv", ORDERS + "O1,C1,2024-01-01,1,pending\n")
    room.land()
    room.put("orders/b.csv", ORDERS + "O1,C1,2024-01-01,1,completed\n")
    room.land()
    assert room.rows("orders", "status, _load_seq") == [("pending", 1), ("completed", 2)]


def test_a_state_that_comes_back_is_loaded_where_no_version_tells_it_from_a_redelivery(room: Room) -> None:
    line = "O1,C1,2024-01-01,1,{}\n"
    room.put("orders/a.csv", ORDERS + line.format("pending") + line.format("completed") + line.format("pending"))
    room.land()
    room.put("orders/b.csv", ORDERS + line.format("pending"))
    room.land()
    room.put("orders/c.csv", ORDERS + line.format("completed"))
    room.land()
    assert [status for (status,) in room.rows("orders", "status")] == ["pending", "completed", "pending", "completed"]


def test_any_earlier_version_delivered_again_is_a_duplicate(room: Room) -> None:
    first, second = "O1,C1,2024-01-01,1,pending,2024-01-01\n", "O1,C1,2024-01-01,1,completed,2024-01-02\n"
    room.put("orders/a.csv", VERSIONED + first + second + first)
    room.land()
    assert room.manifest()["rows_duplicate"] == 1
    room.put("orders/b.csv", VERSIONED + first + "O2,C1,2024-01-01,1,pending,2024-01-01\n")
    room.land()
    assert room.manifest()["rows_duplicate"] == 1
    assert len(room.rows("orders")) == 3


def test_the_same_key_of_two_columns_is_told_from_another(room: Room) -> None:
    room.put_orders()
    header = "order_id,line_no,product_id,quantity,line_amount\n"
    room.put("order_items/a.csv", header + "O1,1,P1,1,1\nO1,2,P1,1,1\nO11,1,P1,1,1\nO1,1,P1,1,1\n")
    room.land()
    assert room.manifest("order_items")["rows_duplicate"] == 1


def test_a_change_in_a_personal_column_alone_is_a_new_version(room: Room) -> None:
    room.put_orders()
    room.put("customers/a.csv", "customer_id,contact_title\nC1,buyer\n")
    room.land()
    room.put("customers/b.csv", "customer_id,contact_title\nC1,director\n")
    room.land()
    assert room.manifest("customers")["rows_loaded"] == 1


def test_the_row_hash_is_the_one_that_stored_rows_were_hashed_by() -> None:
    """If this fails after an upgrade of DuckDB, give the algorithm a new name in ROW_HASH and new values here.

    Rows hashed under another name are never compared, so nothing is dropped; a redelivery of theirs is loaded once.
    """
    assert staging.ROW_HASH == "duckdb-hash-1"
    row = "'O1', 'C1', null, '华东', 'a value beyond twelve bytes'"
    assert duckdb.sql(f"select (hash({row}) >> 1)::bigint").fetchone() == (4410257108707879314,)


def test_of_many_files_each_is_compared_with_all_before_it(room: Room) -> None:
    """The rows of a.csv come again in d.csv and e.csv, beside new ones; b.csv is from an earlier run."""
    room.put_orders(name="b.csv", count=10)
    room.land()
    room.put("orders/c.csv", ORDERS + order_lines(10, start=100))
    room.put("orders/d.csv", ORDERS + order_lines(20, start=5))  # five of b.csv
    room.put("orders/e.csv", ORDERS + order_lines(10, start=100) + order_lines(5, start=200))  # all of c.csv
    room.put("orders/f.csv", ORDERS + order_lines(3, start=200) + order_lines(2))  # three of e.csv, two of b.csv
    report = room.land()
    assert [load["rows_duplicate"] for load in report.loads] == [0, 5, 10, 5]
    assert [load["rows_loaded"] for load in report.loads] == [10, 15, 5, 0]
    room.put("orders/g.csv", ORDERS + order_lines(1, start=300))
    room.put("orders/h.csv", ORDERS + order_lines(1, start=202) + order_lines(1, start=300))
    assert [load["rows_duplicate"] for load in room.land().loads] == [0, 2]


def test_many_files_tell_a_returning_state_from_a_redelivery_as_one_by_one_would(room: Room) -> None:
    line = "O1,C1,2024-01-01,1,{}\n"
    for name, status in {"a": "pending", "b": "completed", "c": "pending", "d": "pending"}.items():
        room.put(f"orders/{name}.csv", ORDERS + line.format(status) + f"X{name},C1,2024-01-01,1,\n")
    room.land()
    states = [status for order, status in room.rows("orders", "order_id, status") if order == "O1"]
    assert states == ["pending", "completed", "pending"]


def test_earlier_rows_are_read_once_however_many_files_come(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    relation = redelivery._relation

    def counted(contract: Contract, earlier: Sequence[Path]) -> str:
        read.append(len(earlier))
        return relation(contract, earlier)

    monkeypatch.setattr(redelivery, "_relation", counted)
    files = 12
    for at in range(files):
        room.put(f"orders/{at:02d}.csv", ORDERS + order_lines(4, start=4 * at))
    room.land()
    assert sum(read) < 2 * files


def _repeated(room: Room) -> list[tuple[str]]:
    """The orders that all loads together name as coming again."""
    files = repeated_key_files(room.home, "orders", [load["load_id"] for load in committed_loads(room.home)])
    assert files
    return duckdb.sql(f"select distinct order_id from read_parquet({list(map(str, files))}) order by all").fetchall()


def test_a_load_names_the_keys_that_come_again(room: Room) -> None:
    # Of its own file, of a file of the same run, of an earlier run. What is a duplicate brings nothing new.
    room.put_orders("O1,C1,2024-01-02 10:00:00,9.00,completed\n", count=10, name="a.csv")
    room.put_orders("O2,C1,2024-01-02 10:00:00,9.00,completed\n", count=1, name="b.csv")
    room.land()
    assert _repeated(room) == [("O1",), ("O2",)]
    room.put_orders("O3,C1,2024-01-02 10:00:00,9.00,completed\n", count=8, name="c.csv")
    room.land()
    assert _repeated(room) == [("O1",), ("O2",), ("O3",)]
    raw = raw_relation_sql(room.home, room.contracts["orders"])
    again = f"select order_id from ({raw}) group by order_id having count(*) > 1 order by all"
    assert duckdb.sql(again).fetchall() == [("O1",), ("O2",), ("O3",)]


def test_a_load_that_does_not_tell_leaves_all_untold(room: Room) -> None:
    room.put_orders(name="a.csv")
    room.put_orders(name="b.csv", count=120)
    room.land()
    path = next(room.home.raw.glob("orders/load=*/manifest.json"))
    manifest = json.loads(path.read_text())
    del manifest["keys_repeated"]
    path.write_text(json.dumps(manifest))
    assert repeated_key_files(room.home, "orders", [load["load_id"] for load in committed_loads(room.home)]) is None
    assert repeated_key_files(room.home, "orders", []) == []
