"""Every kind of wrong input, with the line that the user reads. Nothing of a refused run is loaded."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import openpyxl
import pytest
from tests.landing.landing_room import ORDERS, Room, order_lines

from retention.errors import LoadRefusedError, NotThereError, SettingsError
from retention.landing import committed_loads, load

Refusal = Callable[[], str]
DESCRIBED = "the columns are described in expectations/contracts/orders.odcs.yaml."


def test_a_missing_required_column_is_named(room: Room, refusal: Refusal) -> None:
    room.put("orders/may.csv", "order_id,customer_id,ordered_at\nO1,C1,2024-01-01\n")
    assert refusal() == (
        f"orders/may.csv: required column 'amount' missing. Add or rename it in the file's header; {DESCRIBED}"
    )


def test_a_misspelt_column_is_offered_as_what_was_meant(room: Room, refusal: Refusal) -> None:
    room.put("orders/may.csv", "order_id,customer_id,ordered_at,ammount\nO1,C1,2024-01-01,1\n")
    assert refusal() == (
        "orders/may.csv: required column 'amount' missing ('ammount' may be meant as 'amount'). "
        f"Add or rename it in the file's header; {DESCRIBED}"
    )


def test_a_file_without_a_header_line_is_told_so_and_its_values_are_not_shown(room: Room, refusal: Refusal) -> None:
    room.put("orders/may.csv", order_lines(5))
    assert refusal() == (
        "orders/may.csv: required columns 'order_id', 'customer_id', 'ordered_at', 'amount' missing. "
        f"Check that the file begins with a header line; {DESCRIBED}"
    )


def test_an_empty_file_is_refused(room: Room, refusal: Refusal) -> None:
    room.put("orders/may.csv", b"")
    assert refusal() == "orders/may.csv: the file is empty (0 bytes). Deliver it again, or remove it."


def test_an_empty_gzip_file_is_refused(room: Room, refusal: Refusal) -> None:
    room.put("orders/may.csv.gz", b"")
    assert refusal() == "orders/may.csv.gz: the file is empty. Deliver it again, or remove it."


@pytest.mark.parametrize("content", [ORDERS, ORDERS.strip(), ORDERS + "\n\n"])
def test_a_header_without_rows_is_refused(room: Room, refusal: Refusal, content: str) -> None:
    room.put("orders/may.csv", content)
    assert refusal() == "orders/may.csv: the file has no rows. Deliver it again with its rows, or remove it."


def test_an_encoding_that_is_neither_utf8_nor_gb18030_is_refused(room: Room, refusal: Refusal) -> None:
    room.put(
        "orders/may.csv", (ORDERS + "".join(f"O{at},caf\xe9,2024-01-01,1,\n" for at in range(50))).encode("cp1252")
    )
    assert refusal() == (
        "orders/may.csv: the text is neither UTF-8 nor GB18030 (50 places are no UTF-8). Save it as UTF-8."
    )


def test_utf16_is_named_as_such(room: Room, refusal: Refusal) -> None:
    room.put("orders/may.csv", (ORDERS + order_lines(3)).encode("utf-16"))
    assert refusal() == (
        "orders/may.csv: the text is neither UTF-8 nor GB18030 (it looks like UTF-16). Save it as UTF-8."
    )


def test_a_column_that_stands_there_twice_is_refused(room: Room, refusal: Refusal) -> None:
    room.put("orders/may.csv", "order_id,customer_id,ordered_at,amount, Amount\nO1,C1,2024-01-01,1,2\n")
    assert refusal() == (
        "orders/may.csv: column 'amount' stands there 2 times. Keep one of them; which one is right can't be guessed."
    )


def test_a_damaged_gzip_file_is_refused(room: Room, refusal: Refusal) -> None:
    path = room.put_orders(name="may.csv.gz")
    path.write_bytes(path.read_bytes()[:-20])
    assert refusal() == "orders/may.csv.gz: the gzip file is damaged or cut short. Deliver it again."


def test_text_that_only_calls_itself_gzip_is_refused(room: Room, refusal: Refusal) -> None:
    room.put_orders(name="may.csv").rename(room.landing / "orders" / "may.csv.gz")
    assert refusal() == "orders/may.csv.gz: the gzip file is damaged or cut short. Deliver it again."


def test_a_damaged_parquet_file_is_refused(room: Room, refusal: Refusal) -> None:
    room.put("orders/may.parquet", b"PAR1 nothing PAR1")
    assert refusal() == "orders/may.parquet: the Parquet file is damaged or cut short. Deliver it again."


def test_a_parquet_file_without_a_required_column_is_refused(room: Room, refusal: Refusal) -> None:
    path = room.put("orders/may.parquet", b"")
    duckdb.sql("select 'O1' order_id, 'C1' customer_id, date '2024-01-01' ordered_at").write_parquet(str(path))
    assert refusal().startswith("orders/may.parquet: required column 'amount' missing. Add or rename it")


def test_a_damaged_excel_file_is_refused(room: Room, refusal: Refusal) -> None:
    room.put("orders/may.xlsx", b"PK\x03\x04 no workbook")
    assert refusal() == "orders/may.xlsx: the Excel file is damaged or cut short. Save it again."


def test_an_excel_file_with_an_empty_sheet_is_refused(room: Room, refusal: Refusal) -> None:
    path = room.put("orders/may.xlsx", b"")
    openpyxl.Workbook().save(path)
    assert refusal() == (
        "orders/may.xlsx: the first sheet of the Excel file can't be read, or is empty. "
        "Put the rows on the first sheet."
    )


def test_an_unknown_entity_folder_is_refused_with_the_nearest_name(room: Room, refusal: Refusal) -> None:
    room.put_orders()
    room.put("return/may.csv", "x\n1\n")
    assert refusal() == (
        "return/: no contract describes this entity (known: alert_decisions, campaigns, contracts, customers, "
        "finance_totals, fx_rates, identity_decisions, interactions, label_reviews, "
        "memberships, order_items, orders, products, referrals, returns, strategy_changes, surveys, ticket_events, "
        "tickets, tier_decisions, tier_reviews, touch_plans, touches, value_backtests, value_fit_nodes, "
        "value_fit_parameters, value_fits). Rename it to _return/ to have it left alone. "
        "Rename it to returns/ if that is meant."
    )


def test_a_kind_of_file_that_is_not_read_is_refused(room: Room, refusal: Refusal) -> None:
    room.put("orders/may.xls", b"old workbook")
    assert refusal().startswith(
        "orders/may.xls: files of this kind are not read (csv, csv.gz, parquet, jsonl and xlsx are). "
        "Save it in one of these forms, or move it out of the landing folder."
    )


def test_a_file_beside_the_entity_folders_is_refused(room: Room, refusal: Refusal) -> None:
    room.put_orders()
    room.put("order.csv", ORDERS + order_lines(1))
    assert refusal() == "order.csv: the file lies beside the entity folders. Move it into orders/."


def test_too_many_bad_rows_are_refused_with_the_most_frequent_reason(room: Room, refusal: Refusal) -> None:
    room.put_orders("O901,C1,yesterday,1,completed\n" * 20)
    assert refusal() == (
        "orders/orders.csv: 20 of 120 rows are bad, more than the 10% that the contract allows (most of all column "
        "'ordered_at': unparsable, 20 rows). Correct the file and deliver it again; nothing of it was loaded."
    )


def test_a_landing_folder_that_is_not_there_is_named(room: Room) -> None:
    with pytest.raises(NotThereError) as caught:
        room.land()
    assert str(caught.value) == (
        f"No landing folder {room.landing}. Create it with one sub-folder per entity (orders/, customers/, ...), "
        "or name another with --landing."
    )


def test_a_landing_folder_without_orders_is_refused(room: Room, refusal: Refusal) -> None:
    room.put("customers/c.csv", "customer_id\nC1\n")
    assert refusal() == (
        f"orders/: no orders file in {room.landing}. "
        "Put at least one there: orders are the one entity that every table needs."
    )


def test_a_folder_named_like_a_file_is_refused(room: Room, refusal: Refusal) -> None:
    (room.landing / "orders" / "may.csv").mkdir(parents=True)
    assert refusal().startswith(
        "orders/may.csv: the file can't be opened (Is a directory). Check that it is a file and that you may read it."
    )


def test_a_link_that_leads_nowhere_is_refused(room: Room, refusal: Refusal) -> None:
    room.put_orders()
    (room.landing / "orders" / "june.csv").symlink_to(room.root / "nowhere.csv")
    assert refusal() == (
        "orders/june.csv: the file can't be opened (No such file or directory). "
        "Check that it is a file and that you may read it."
    )


def test_json_in_place_of_json_lines_is_refused(room: Room, refusal: Refusal) -> None:
    room.put("orders/may.jsonl", '[\n{"order_id": "O1"},\n{"order_id": "O2"}\n]\n')
    assert refusal().startswith("orders/may.jsonl: required columns")


def test_all_refused_files_are_named_at_once_and_the_sound_ones_are_not_loaded_either(room: Room) -> None:
    room.put_orders(name="april.csv")
    room.put("orders/may.csv", b"")
    room.put("products/p.csv", "name\nTea\n")
    with pytest.raises(LoadRefusedError) as caught:
        room.land()
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["orders/may.csv", "products/p.csv"]
    assert committed_loads(room.home) == []
    (room.landing / "orders" / "may.csv").unlink()
    (room.landing / "products" / "p.csv").unlink()
    assert len(room.land().loads) == 1


def test_a_refused_file_never_shows_a_personal_value(room: Room, refusal: Refusal) -> None:
    room.put_orders()
    lines = "".join(f"C{at},王小明{at},not-a-day\n" for at in range(9)) + 'C9,"王小明,1990-01-01\n'
    room.put("customers/c.csv", "customer_id,name,birthday\n" + lines)
    line = refusal()
    assert "column 'birthday': unparsable" in line
    assert "王小明" not in line
    assert "王小明" not in "".join(room.lines)


def test_what_duckdb_says_of_a_line_goes_no_further(
    room: Room, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise duckdb.OutOfMemoryException("out of memory at line 王小明,13800001111")

    room.put_orders()
    monkeypatch.setattr(load, "find_duplicates", fail)
    assert refusal() == (
        "orders/orders.csv: DuckDB stopped while it was read (OutOfMemoryException). "
        "Check the free memory and disk, then run again."
    )


def test_a_lost_hash_key_is_not_replaced_in_silence(room: Room) -> None:
    room.put_orders()
    room.land()
    (room.home.vault / "hash.key").unlink()
    with pytest.raises(SettingsError, match=r"hash\.key is missing, and raw holds hashes made with it\. Restore it"):
        room.land()


def test_files_that_people_park_are_left_alone(room: Room) -> None:
    room.put_orders()
    for name in (".DS_Store", "~$may.xlsx", "_old.csv"):
        room.put(f"orders/{name}", b"")
    room.put("_archive/orders.csv", b"")
    (room.landing / "README.md").write_text("notes")
    assert [Path(load["uri"]).name for load in room.land().loads] == ["orders.csv"]
