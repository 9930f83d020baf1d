"""How a value is read by the type its contract gives it: instants, money, yes and no, whole numbers, months."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from tests.landing.landing_room import ORDERS, Room, instant


def test_blanks_around_a_value_are_no_part_of_it_and_allowed_values_match_in_any_case(room: Room) -> None:
    room.put("orders/o.csv", ORDERS + " O1 , C1,2024-01-01 , 5 , Completed \nO2,C1,2024-01-01,5,\n")
    room.land()
    assert room.rows("orders", "order_id, customer_id, amount, status") == [
        ("O1", "C1", Decimal("5.00"), "completed"),
        ("O2", "C1", Decimal("5.00"), None),
    ]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2017-01-05", instant("2017-01-05 00:00:00")),
        ("2017/01/05", instant("2017-01-05 00:00:00")),
        ("2017/1/5 8:03", instant("2017-01-05 08:03:00")),
        ("2017-01-05 11:53:26", instant("2017-01-05 11:53:26")),
        ("2017-01-05T11:53:26.25", instant("2017-01-05 11:53:26.250000")),
        ("2017-01-05T11:53:26Z", instant("2017-01-05 19:53:26")),
        ("2017-01-05T11:53Z", instant("2017-01-05 19:53:00")),
        ("2017-01-05 11:53:26 UTC", instant("2017-01-05 19:53:26")),
        ("2017-01-05T11:53:26+08:00", instant("2017-01-05 11:53:26")),
        ("2017-01-05 11:53:26-0500", instant("2017-01-06 00:53:26")),
        ("2017-01-05 11:53:26 +02", instant("2017-01-05 17:53:26")),
        ("05/01/2017", None),
        ("20170105", None),
        ("2017-02-30", None),
        ("infinity", None),
        ("0001-01-01", None),
        ("20171-01-05", None),
    ],
)
def test_instants_are_read_in_the_business_time_zone_or_not_at_all(
    room: Room, text: str, read: datetime | None
) -> None:
    room.put_orders(f"O900,C1,{text},1,completed\n")
    room.land()
    if read is None:
        assert room.quarantine() == [(102, "unparsable", "ordered_at")]
    else:
        assert room.rows("orders", "ordered_at")[-1] == (read,)


def test_an_offset_is_converted_by_the_rules_of_that_day(room: Room) -> None:
    room.timezone = "Europe/Berlin"
    room.put("orders/o.csv", ORDERS + "O1,C1,2024-01-15T12:00:00Z,1,\nO2,C1,2024-07-15T12:00:00Z,1,\n")
    room.land()
    assert room.rows("orders", "ordered_at") == [(instant("2024-01-15 13:00:00"),), (instant("2024-07-15 14:00:00"),)]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12", "12.00"),
        ("-3.5", "-3.50"),
        ("+4", "4.00"),
        ("1e3", "1000.00"),
        ("1.005", "1.01"),  # rounded half away from zero, as text and not as a binary fraction
        ("-1.005", "-1.01"),
        ("3.98999999999", "3.99"),
        ('"1,234.50"', None),  # a comma may be a thousands mark or a decimal one: not guessed
        ("¥12", None),
        ("NaN", None),
        ("inf", None),
        ("1e20", None),
        ("12-", None),
    ],
)
def test_money_is_read_exactly_or_not_at_all(room: Room, text: str, amount: str | None) -> None:
    room.put_orders(f"O900,C1,2024-01-01,{text},completed\n")
    room.land()
    if amount is None:
        assert room.quarantine() == [(102, "unparsable", "amount")]
    else:
        assert room.rows("orders", "amount")[-1] == (Decimal(amount),)


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("Y", True), ("1", True), ("是", True), ("no", False), ("否", False), ("2", None)],
)
def test_yes_and_no_are_read_in_the_words_people_use(room: Room, text: str, value: bool | None) -> None:
    room.put_orders()
    sound = "".join(f"K{at},true\n" for at in range(20))
    room.put("customers/c.csv", f"customer_id,consent_marketing\n{sound}C1,{text}\n")
    room.land()
    if value is None:
        assert room.quarantine() == [(22, "unparsable", "consent_marketing")]
    else:
        assert room.rows("customers", "consent_marketing")[-1] == (value,)


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("3.0", 3), ("3.7", None)])
def test_a_whole_number_is_never_a_rounded_one(room: Room, text: str, number: int | None) -> None:
    room.put_orders()
    sound = "".join(f"O{at},1,P1,1,1\n" for at in range(20))
    room.put("order_items/i.csv", f"order_id,line_no,product_id,quantity,line_amount\n{sound}O99,{text},P1,0.5,2\n")
    room.land()
    if number is None:
        assert room.quarantine() == [(22, "unparsable", "line_no")]
    else:
        assert room.rows("order_items", "line_no, quantity")[-1] == (number, Decimal("0.500"))


def test_a_month_is_read_as_its_first_day_however_it_is_spelt(room: Room) -> None:
    room.put_orders()
    months = ["2024-01", "2024-02-29", "2024-03-01", "2024/04/30", "2024-05-01 00:00:00"]
    room.put("finance_totals/f.csv", "month,revenue\n" + "".join(f"{month},1\n" for month in months))
    room.land()
    assert room.rows("finance_totals", "month") == [(date(2024, month, 1),) for month in range(1, 6)]


def test_a_month_is_one_key_however_it_is_spelt(room: Room) -> None:
    room.put_orders()
    room.put("finance_totals/f.csv", "month,revenue\n2024-01,5\n2024-01-31,5.00\n2024-01-01,6\n")
    room.land()
    manifest = room.manifest("finance_totals")
    assert (manifest["rows_loaded"], manifest["rows_duplicate"], manifest["keys_repeated"]) == (2, 1, 1)


@pytest.mark.parametrize(
    "spelling", ["2024", "202401", "2024-13", "2024-1", "24-01", "2024-01-", "Jan 2024", "2024-00"]
)
def test_other_spellings_of_a_month_are_set_aside(room: Room, spelling: str) -> None:
    room.put_orders()
    sound = "".join(f"{year}-01,1\n" for year in range(2000, 2020))
    room.put("finance_totals/f.csv", f"month,revenue\n{sound}{spelling},1\n")
    room.land()
    assert room.quarantine() == [(22, "unparsable", "month")]


def test_a_day_given_as_a_month_is_no_day_elsewhere(room: Room) -> None:
    """A contract that begins "in May" may begin on any day of it: nothing is guessed."""
    room.put_orders()
    sound = "".join(f"N{at},C1,2024-01-01,2024-12-31\n" for at in range(20))
    room.put("contracts/c.csv", f"contract_id,customer_id,starts_on,ends_on\n{sound}N99,C1,2024-05,2025-05-01\n")
    room.land()
    assert room.quarantine() == [(22, "unparsable", "starts_on")]
