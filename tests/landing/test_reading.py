"""What is read from sound files of every form, and why a row is set aside."""

import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest
from tests.landing.landing_room import ORDERS, Room, instant, order_lines

from retention.landing import committed_loads, raw_relation_sql

MANY_LINES = 5000  # more than one step of the line-number table


def test_rows_are_typed_and_numbered_as_an_editor_numbers_lines(room: Room) -> None:
    room.put_orders(count=2)
    room.land()
    assert room.rows("orders", "order_id, ordered_at, amount, status, channel, _load_seq, _line_no") == [
        ("O0", instant("2024-01-01 10:00:00"), Decimal("0.50"), "completed", None, 1, 2),
        ("O1", instant("2024-01-02 10:00:00"), Decimal("1.50"), "completed", None, 1, 3),
    ]


def test_the_manifest_accounts_for_every_row_and_column(room: Room) -> None:
    room.put(
        "orders/o.csv", ORDERS.replace("status", "status,remark") + order_lines(20).replace("\n", ",x\n") + "a,b\n"
    )
    room.land()
    manifest = room.manifest()
    counts = {name: manifest[name] for name in ("rows_in", "rows_loaded", "rows_duplicate", "rows_quarantined")}
    assert counts == {"rows_in": 21, "rows_loaded": 20, "rows_duplicate": 0, "rows_quarantined": 1}
    assert manifest["columns_ignored"] == ["remark"]
    assert manifest["columns_absent"] == ["channel", "discount_amount", "currency", "region", "updated_at"]
    assert (manifest["status"], manifest["encoding"], manifest["load_id"]) == (
        "loaded",
        "utf-8",
        manifest["sha256"][:16],
    )
    assert room.lines == ["orders/o.csv: 21 rows in, 20 new, 0 duplicate, 1 quarantined"]


@pytest.mark.parametrize(
    ("line", "reason", "column"),
    [
        ("O9,C1,2024-01-01,12 yuan,completed", "unparsable", "amount"),
        ("O9,C1,first of May,12,completed", "unparsable", "ordered_at"),
        (",C1,2024-01-01,12,completed", "missing key", "order_id"),
        ('"  ",C1,2024-01-01,12,completed', "missing key", "order_id"),
        ("O9,,2024-01-01,12,completed", "missing value", "customer_id"),
        ("O9,C1,2024-01-01,,completed", "missing value", "amount"),
        ("O9,C1,2024-01-01,12,lost", "unknown value", "status"),
        ("O9,C1,2024-01-01,12", "wrong number of fields", None),
        ("O9,C1,2024-01-01,12,completed,web", "wrong number of fields", None),
        ('O9,"C1" x,2024-01-01,12,completed', "broken line", None),
        ('O9,"C1,2024-01-01,12,completed', "broken line", None),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason(room: Room, line: str, reason: str, column: str | None) -> None:
    room.put_orders(line + "\n" + order_lines(1, start=100))
    room.land()
    assert room.quarantine() == [(102, reason, column)]
    assert room.rows("orders", "order_id, _line_no")[-1] == ("O100", 103)


def test_the_first_fault_of_a_row_is_its_reason(room: Room) -> None:
    room.put_orders("O9,,never,12,lost\n")
    room.land()
    assert room.quarantine() == [(102, "missing value", "customer_id")]


def test_a_set_aside_row_is_kept_as_it_came(room: Room) -> None:
    room.put_orders("O9,C1,2024-01-01,12 yuan,\nO9,C1\n")
    room.land()
    faulty, short = [row for (row,) in room.quarantine("raw_row")]
    assert json.loads(faulty) == {
        "order_id": "O9", "customer_id": "C1", "ordered_at": "2024-01-01", "amount": "12 yuan", "status": None,
    }  # fmt: skip
    assert short == "O9,C1"


def test_a_line_that_is_no_text_is_set_aside(room: Room) -> None:
    path = room.put_orders()
    path.write_bytes(path.read_bytes() + b"O900,\xff\xfe,2024-01-01,1,completed\n" + order_lines(1, 901).encode())
    room.land()
    assert room.quarantine() == [(102, "broken line", None)]
    assert room.rows("orders", "order_id, _line_no")[-1] == ("O901", 103)


def test_lines_after_bad_ones_keep_their_numbers_in_a_long_file(room: Room) -> None:
    lines = order_lines(MANY_LINES).splitlines()
    for at in (0, 1, 2047, 2048, 2049, 4400, MANY_LINES - 1):
        lines[at] = "short"
    room.put("orders/o.csv", ORDERS + "\n".join(lines))
    room.land()
    numbered = dict(room.rows("orders", "order_id, _line_no"))
    assert len(numbered) == MANY_LINES - 7
    assert all(number == int(order_id[1:]) + 2 for order_id, number in numbered.items())
    assert [number for number, _, _ in room.quarantine()] == [2, 3, 2049, 2050, 2051, 4402, MANY_LINES + 1]


def test_a_stray_quote_costs_one_line_and_no_more(room: Room) -> None:
    """DuckDB alone would lose thousands of lines here without a word."""
    lines = order_lines(MANY_LINES).splitlines()
    lines[2000] = 'O2000,"stray,2024-01-01,1,completed'
    lines[3000] = '"O3000",C1,"2024-01-01",1,completed'
    lines[3001] = 'O3001,"two\nlines",2024-01-01,1,completed'
    room.put("orders/o.csv", ORDERS + "\n".join(lines) + "\n")
    room.land()
    assert room.manifest()["rows_in"] == MANY_LINES
    assert room.quarantine() == [(2002, "broken line", None)]
    assert room.quarantine("raw_row") == [(lines[2000],)]
    assert room.rows("orders", "customer_id, _line_no", "_line_no")[3000] == ("two\nlines", 3003)


@pytest.mark.parametrize("ends", [("\r\n", "\r\n"), ("\n", "\r\n"), ("\r\n", "\n")])
def test_line_ends_of_any_system_are_read_even_when_mixed(room: Room, ends: tuple[str, str]) -> None:
    first, second = ends
    text = (ORDERS + order_lines(50)).replace("\n", first) + order_lines(50, start=50).replace("\n", second)
    room.put("orders/o.csv", text.encode())
    room.land()
    assert room.manifest()["rows_loaded"] == 100
    assert room.rows("orders", "status, _line_no")[-1] == ("completed", 101)


def test_blank_lines_are_no_rows(room: Room) -> None:
    room.put_orders("\n\n" + order_lines(1, start=100) + "\nshort\n\n")
    room.land()
    assert room.manifest()["rows_in"] == 102
    assert room.quarantine("reason") == [("wrong number of fields",)]


def test_quoted_line_breaks_delimiters_and_quotes_belong_to_the_value(room: Room) -> None:
    room.put_orders('O900,"C ""1"", north\r\nwing",2024-01-01,1,completed\n')
    room.land()
    assert room.rows("orders", "customer_id")[-1] == ('C "1", north\r\nwing',)


def test_a_value_without_closing_line_end_is_read(room: Room) -> None:
    room.put("orders/o.csv", (ORDERS + order_lines(3)).rstrip("\n"))
    room.land()
    assert room.manifest()["rows_loaded"] == 3


@pytest.mark.parametrize("name", ["o.csv", "o.csv.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_text_reads_the_same_in_every_encoding(room: Room, encoding: str, name: str) -> None:
    text = ORDERS.replace("status", "region") + order_lines(3000).replace("completed", "华东大区")
    room.put(f"orders/{name}", text.encode(encoding))
    room.land()
    assert room.rows("orders", "distinct region, count(*) over ()", "region")[0] == ("华东大区", 3000)
    assert room.manifest()["encoding"] == ("gb18030" if encoding == "gb18030" else "utf-8")


def test_chinese_text_far_behind_the_start_of_the_file_is_recognised_too(room: Room) -> None:
    text = ORDERS.replace("status", "region") + order_lines(MANY_LINES) + "O90000,C1,2024-01-01,1,华东\n"
    room.put("orders/o.csv", text.encode("gb18030"))
    room.land()
    assert room.rows("orders", "region")[-1] == ("华东",)


def test_chinese_text_behind_a_torn_quote_is_recognised_too(room: Room) -> None:
    lines = order_lines(MANY_LINES) + 'O1,"C1,2024-01-01,1,\n' + "O90000,C1,2024-01-01,1,华东\n"
    room.put("orders/o.csv", (ORDERS.replace("status", "region") + lines).encode("gb18030"))
    room.land()
    assert room.rows("orders", "region")[-1] == ("华东",)
    assert room.quarantine() == [(MANY_LINES + 2, "broken line", None)]


def test_headers_match_without_regard_to_case_and_blanks(room: Room) -> None:
    room.put("orders/o.csv", ' ORDER_ID ,Customer_Id,"Ordered_At",AMOUNT\nO1,C1,2024-01-01,1\n')
    room.land()
    assert room.rows("orders", "order_id, amount") == [("O1", Decimal("1.00"))]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_recognised_by_the_header(room: Room, delimiter: str) -> None:
    room.put("orders/o.csv", (ORDERS + order_lines(3)).replace(",", delimiter))
    room.land()
    assert room.manifest()["rows_loaded"] == 3


def test_excel_files_are_read_with_their_dates_numbers_and_row_numbers(room: Room) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Order_ID", "customer_id ", "ordered_at", "amount", "note"])
    sheet.append([1001, "C1", instant("2017-01-05 11:53:26"), 12.5, "x"])
    sheet.append(["O2", "C1", date(2017, 1, 5), 0.1 + 0.2, None])
    sheet.append([])
    sheet.append(["O3", "C1", "2017-01-05 08:00:00", 7, None])
    buffer = io.BytesIO()
    book.save(buffer)
    room.put("orders/o.xlsx", buffer.getvalue())
    room.land()
    assert room.rows("orders", "order_id, ordered_at, amount, _line_no") == [
        ("1001", instant("2017-01-05 11:53:26"), Decimal("12.50"), 2),
        ("O2", instant("2017-01-05 00:00:00"), Decimal("0.30"), 3),
        ("O3", instant("2017-01-05 08:00:00"), Decimal("7.00"), 5),
    ]
    assert room.manifest()["columns_ignored"] == ["note"]


def test_json_lines_are_read_and_broken_ones_set_aside(room: Room) -> None:
    lines = [json.dumps({"order_id": f"O{at}", "Customer_ID": "C1", "ordered_at": "2024-01-01", "amount": at})
             for at in range(40)]  # fmt: skip
    lines[3] = '{"order_id": "O3", "amount": '
    lines[4] = "[1, 2]"
    lines[5] = ""
    lines[6] = '{"order_id": "O6", "Customer_ID": "C1", "ordered_at": "2024-01-01", "amount": "much", "tags": ["a"]}'
    room.put("orders/o.jsonl", "\n".join(lines).encode() + b'\n{"order_id": "\xff"}\n')
    room.land()
    assert room.quarantine() == [
        (4, "broken line", None),
        (5, "broken line", None),
        (7, "unparsable", "amount"),
        (41, "broken line", None),
    ]
    assert room.manifest()["rows_in"] == 40
    assert room.rows("orders", "order_id, amount, _line_no")[-1] == ("O39", Decimal("39.00"), 40)


def test_parquet_is_read_whatever_its_types(room: Room) -> None:
    path = room.put("orders/o.parquet", b"")
    duckdb.sql("""
        select 7 as order_id, 'C1' as "CUSTOMER_ID", timestamptz '2024-01-01 00:00:00+00' as ordered_at,
            12.345::double as amount, 'web' as channel, 'x' as other
        union all select 8, 'C2', null, 1e20, null, null""").write_parquet(str(path))
    sound = room.put("orders/p.parquet", b"")
    duckdb.sql("""
        select i as order_id, 'C1' as customer_id, timestamp_ns '2024-01-01 10:00:00' as ordered_at, i::float as amount
        from range(10, 40) t(i)""").write_parquet(str(sound))
    room.allow_bad_rows(0.5)
    room.land()
    assert room.rows("orders", "order_id, customer_id, ordered_at, amount, channel, _line_no")[0] == (
        "7", "C1", instant("2024-01-01 08:00:00"), Decimal("12.35"), "web", 1,
    )  # fmt: skip
    assert room.quarantine() == [(2, "missing value", "ordered_at")]
    assert len(room.rows("orders")) == 31


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("name", ["orders[1]", "orders*", "order?1"])
def test_a_file_name_is_no_pattern(room: Room, name: str, kind: str) -> None:
    for number, stem in enumerate(("orders1", name)):
        path = room.put(f"orders/{stem}.csv", ORDERS + order_lines(20, start=100 * number))
        if kind == "parquet":
            duckdb.read_csv(str(path).replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")).write_parquet(
                str(path.with_suffix(".parquet"))
            )
            path.unlink()
    room.land()
    loads = committed_loads(room.home)
    assert [(load["rows_loaded"], load["rows_duplicate"]) for load in loads] == [(20, 0), (20, 0)]


def test_a_home_whose_name_looks_like_a_pattern_holds_its_own_rows(tmp_path: Path) -> None:
    for name in ("home1", "home[1]"):
        room = Room(tmp_path / name)
        room.put_orders(count=30 if name == "home1" else 20)
        room.land()
    relation = raw_relation_sql(room.home, room.contracts["orders"])
    assert duckdb.sql(f"select count(*) from ({relation})").fetchall() == [(20,)]


def test_a_column_named_as_landing_names_its_own_is_read(room: Room) -> None:
    room.put_orders()
    room.put("returns/r.csv", "return_id,order_id,returned_at,amount,reason\nR1,O1,2024-01-09,1.50,broken\nR2,O2,x,1,\n"
             + "".join(f"R{at},O{at},2024-01-30,0.50,\n" for at in range(3, 40)))  # fmt: skip
    room.land()
    assert room.rows("returns", "return_id, reason")[0] == ("R1", "broken")
    assert room.manifest("returns")["rows_quarantined"] == 1
