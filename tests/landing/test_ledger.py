"""What raw tells of itself without reading its rows."""

from datetime import date

from pyarrow import parquet
from tests.landing.landing_room import ORDERS, Room, order_lines

from retention.landing import committed_loads, event_range
from retention.landing.ledger import part_files


def scanned(room: Room, entity: str, column: str) -> tuple[date, date]:
    """The same range by reading every row."""
    [(first, last)] = room.rows(entity, f"min(cast({column} as date)), max(cast({column} as date))", order="all")
    return first, last


def test_the_range_of_events_is_that_of_all_rows(room: Room) -> None:
    room.put("orders/a.csv", ORDERS + "O1,C1,2024-02-29 23:59:59.999999,1,\nO2,C1,1999-12-31 00:00:00,1,\n")
    room.put_orders(name="b.csv")
    room.land()
    orders = room.contracts["orders"]
    assert event_range(room.home, orders) == (date(1999, 12, 31), date(2024, 2, 29))
    assert event_range(room.home, orders) == scanned(room, "orders", "ordered_at")
    newest = committed_loads(room.home)[-1]["load_id"]
    assert event_range(room.home, orders, [newest]) == (date(2024, 1, 1), date(2024, 1, 28))


def test_the_range_passes_over_rows_without_a_day(room: Room) -> None:
    room.put_orders()
    header = "customer_id,registered_at\n"
    room.put("customers/a.csv", header + "C1,\nC2,\n")
    room.land()
    customers = room.contracts["customers"]
    assert event_range(room.home, customers) is None
    room.put("customers/b.csv", header + "C3,\nC4,2023-05-06\n")
    room.land()
    assert event_range(room.home, customers) == (date(2023, 5, 6), date(2023, 5, 6))


def test_there_is_no_range_without_rows_or_without_an_event(room: Room) -> None:
    room.put("orders/a.csv", ORDERS + order_lines(3))
    room.put("products/a.csv", "product_id,category\nP1,food\n")
    room.land()
    assert room.contracts["products"].event_column is None
    assert event_range(room.home, room.contracts["products"]) is None
    assert event_range(room.home, room.contracts["returns"]) is None
    assert event_range(room.home, room.contracts["orders"], []) is None


def test_a_part_that_repeats_earlier_rows_alone_has_no_part_in_the_range(room: Room) -> None:
    room.put_orders(name="a.csv")
    room.land()
    room.put_orders("\n", name="b.csv")
    room.land()
    assert room.manifest()["rows_loaded"] == 0
    assert event_range(room.home, room.contracts["orders"]) == (date(2024, 1, 1), date(2024, 1, 28))


def test_a_part_whose_footer_has_no_bounds_is_read(room: Room) -> None:
    room.put_orders()
    room.land()
    [part] = part_files(room.home, "orders")
    parquet.write_table(parquet.read_table(part), part, write_statistics=False)
    assert parquet.ParquetFile(part).metadata.row_group(0).column(0).statistics is None
    assert event_range(room.home, room.contracts["orders"]) == (date(2024, 1, 1), date(2024, 1, 28))
