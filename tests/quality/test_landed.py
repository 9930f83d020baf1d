"""Every kind of fault in landed data is found, with the severity it deserves."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from retention.landing import load_contracts
from retention.quality.batches import months_before
from retention.quality.checks import Checker
from retention.quality.results import CheckResult
from retention.settings import PROJECT_DIR

pytestmark = pytest.mark.slow
AS_OF = date(2024, 6, 30)
ENTITIES = tuple(load_contracts(PROJECT_DIR))
MakeWarehouse = Callable[..., Path]
Landed = Callable[..., list[CheckResult]]
Failure = tuple[str, str, str | None, str]


def failures(results: list[CheckResult]) -> set[Failure]:
    """Where, what, column and severity of the failed checks."""
    return {(one.entity, one.check_name, one.column_name, one.severity) for one in results if not one.passed}


def one_of(results: list[CheckResult], entity: str, name: str, column: str | None = None) -> CheckResult:
    """The one check of that name."""
    [found] = [one for one in results if (one.entity, one.check_name, one.column_name) == (entity, name, column)]
    return found


def test_clean_data_passes_every_check_of_every_entity(landed: Landed) -> None:
    results = landed()
    assert failures(results) == set()
    assert {one.entity for one in results} == set(ENTITIES)
    assert {one.check_name for one in results} == {
        *("schema", "volume", "completeness", "freshness", "history", "references", "in_order"),
    }


# Faults that do not touch each other stand together: a round of checks takes a second, a fault none.
FAULTS: dict[str, tuple[tuple[str, Failure], ...]] = {
    "gaps": (
        (
            "update raw.customers set region = null where customer_id in ('c0', 'c1')",
            ("customers", "completeness", "region", "warning"),
        ),
        (
            "update raw.customers set phone_hash = null where customer_id < 'c2'",
            ("customers", "completeness", "phone", "warning"),
        ),
        ("update raw.orders set amount = null where order_id = 'o7'", ("orders", "completeness", "amount", "critical")),
        (
            "update raw.orders set customer_id = 'nobody' where order_id = 'o3'",
            ("orders", "references", "customer_id", "warning"),
        ),
        (
            "update raw.order_items set order_id = 'x' || order_id where order_id < 'o11'",
            ("order_items", "references", "order_id", "warning"),
        ),
        ("delete from raw.touches", ("touches", "volume", None, "warning")),
        # An entity without rows has no newest day either.
        ("delete from raw.touches", ("touches", "freshness", "touched_at", "warning")),
    ),
    "dates": (
        (
            "update raw.orders set ordered_at = ordered_at - interval 2 day",
            ("orders", "freshness", "ordered_at", "warning"),
        ),
        (
            "update raw.orders set ordered_at = '2023-08-01' where ordered_at < '2023-07-02'",
            ("orders", "history", "ordered_at", "warning"),
        ),
        (
            "update raw.touches set responded_at = touched_at - interval 3 day where touch_id = "
            "(select min(touch_id) from raw.touches)",
            ("touches", "in_order", "responded_at", "warning"),
        ),
        ("update raw.returns set returned_at = '2024-06-01'", ("returns", "freshness", "returned_at", "warning")),
    ),
    "structure": (
        ("alter table raw.customers drop column account_owner", ("customers", "schema", None, "critical")),
        ("drop table raw.products", ("products", "exists", None, "critical")),
        ("alter table raw.campaigns drop column campaign_id", ("campaigns", "exists", None, "critical")),
    ),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_planted_faults_are_found_and_nothing_else(landed: Landed, kind: str) -> None:
    changes, expected = zip(*FAULTS[kind], strict=True)
    assert failures(landed(*changes)) == set(expected)


def test_history_reaches_far_enough_when_twelve_whole_months_are_there(landed: Landed) -> None:
    results = landed("delete from raw.orders where ordered_at < '2023-07-01'", entities=["orders"])
    assert one_of(results, "orders", "history", "ordered_at").passed


def test_no_order_up_to_the_as_of_day_is_critical(landed: Landed) -> None:
    results = landed("update raw.orders set ordered_at = ordered_at + interval 600 day", entities=["orders"])
    volume = one_of(results, "orders", "volume")
    assert (volume.observed, volume.severity, volume.passed) == ("0", "critical", False)


def test_orders_after_the_as_of_day_do_not_make_the_data_fresh(landed: Landed) -> None:
    results = landed(
        "delete from raw.orders where ordered_at >= '2024-06-01'",
        "update raw.orders set ordered_at = '2024-12-01' where order_id = 'o100'",
        entities=["orders"],
    )
    freshness = one_of(results, "orders", "freshness", "ordered_at")
    assert (freshness.observed, freshness.threshold) == ("2024-05-31", ">= 2024-06-29")


def test_two_deliveries_that_do_not_belong_together_block(landed: Landed) -> None:
    many = landed("update raw.order_items set order_id = 'x' || order_id where order_id < 'o3'")
    assert ("order_items", "references", "order_id", "critical") in failures(many)


def test_references_to_an_entity_that_nobody_delivers_are_not_checked(landed: Landed) -> None:
    results = landed("delete from raw.customers", entities=["orders"])
    assert failures(results) == set()
    assert {one.entity for one in results} == {"orders"}


def test_a_corrected_delivery_mends_a_failed_check(landed: Landed) -> None:
    results = landed(
        "insert into raw.orders by name select * replace (2 as _load_seq) from raw.orders",
        "update raw.orders set amount = null where _load_seq = 1",
        entities=["orders"],
    )
    assert failures(results) == set()
    assert one_of(results, "orders", "completeness", "amount").observed == "1"
    assert one_of(results, "orders", "volume").observed == "1000"  # every delivered row counts there


def test_a_version_written_after_the_as_of_day_is_not_the_newest(landed: Landed) -> None:
    results = landed(
        "insert into raw.customers by name select * replace (timestamp '2024-12-01' as updated_at) from raw.customers",
        "update raw.customers set region = null where updated_at = '2024-12-01'",
        entities=["customers"],
    )
    assert failures(results) == set()


# A run that goes on from a release of load 1. Load 2 brings a correction, a new order and a return of an old one, all
# of them sound, and an order of load 1 was still to come when the release was made.
NEXT_DAY = (
    "update raw.run_parameters set since_load_seq = 1",
    "create schema news",
    *(
        f"create view news.{entity} as select * from raw.{entity} where _load_seq > 1"
        + (" union all select * from raw.orders where ordered_at >= '2024-06-30'" if entity == "orders" else "")
        for entity in ENTITIES
    ),
    "insert into raw.orders by name select * replace (2 as _load_seq) from raw.orders where order_id = 'o7'",
    "insert into raw.orders by name select * replace (2 as _load_seq, 'new' as order_id) from raw.orders "
    "where order_id = 'o0'",
    "insert into raw.returns by name select * replace (2 as _load_seq, 'r9' as return_id, 'o9' as order_id) "
    "from raw.returns where return_id = 'r0'",
)


def test_the_day_after_only_the_rows_of_new_loads_are_checked(landed: Landed) -> None:
    results = landed(
        *NEXT_DAY,
        "update raw.orders set amount = null, customer_id = 'nobody' where _load_seq = 1 and order_id != 'o0'",
    )
    assert failures(results) == set()
    assert one_of(results, "orders", "completeness", "amount").observed == "1"
    assert one_of(results, "customers", "completeness", "region").observed is None  # none of them came


def test_the_day_after_faults_of_new_loads_are_found(landed: Landed) -> None:
    results = landed(
        *NEXT_DAY,
        "update raw.orders set amount = null where order_id = 'new'",
        "update raw.returns set order_id = 'nowhere' where return_id = 'r9'",
        entities=["orders", "returns"],
    )
    assert failures(results) == {
        ("orders", "completeness", "amount", "critical"),
        ("returns", "references", "order_id", "warning"),
        ("returns", "references", "order_id", "critical"),
    }
    assert one_of(results, "orders", "completeness", "amount").observed == "0.666667"


def test_a_row_that_was_still_to_come_is_checked_when_its_day_is_there(landed: Landed) -> None:
    results = landed(*NEXT_DAY, "update raw.orders set amount = null where order_id = 'o0'", entities=["orders"])
    assert failures(results) == {("orders", "completeness", "amount", "critical")}


def test_the_day_after_volume_freshness_and_history_are_asked_of_all_loads(landed: Landed) -> None:
    nothing_new = landed(*NEXT_DAY, "update raw.run_parameters set since_load_seq = 2", entities=["orders"])
    assert failures(nothing_new) == set()
    assert one_of(nothing_new, "orders", "volume").observed == "502"
    stale = landed(
        *NEXT_DAY,
        "update raw.orders set ordered_at = ordered_at - interval 2 day",
        "delete from raw.orders where ordered_at < '2023-08-01'",
        entities=["orders"],
    )
    assert failures(stale) == {
        ("orders", "freshness", "ordered_at", "warning"),
        ("orders", "history", "ordered_at", "warning"),
    }


def test_without_a_release_to_add_to_all_loads_are_checked(landed: Landed) -> None:
    results = landed(
        *NEXT_DAY,
        "update raw.run_parameters set since_load_seq = null",
        "update raw.orders set amount = null where order_id = 'o3'",
        entities=["orders"],
    )
    assert failures(results) == {("orders", "completeness", "amount", "critical")}


def test_keys_of_two_columns_are_put_in_order_each_for_itself(landed: Landed) -> None:
    results = landed(
        "insert into raw.order_items by name select * replace (2 as line_no) from raw.order_items",
        "insert into raw.order_items by name select * replace (2 as _load_seq) from raw.order_items where line_no = 2",
        "update raw.order_items set product_id = null where line_no = 2 and _load_seq = 1 and order_id < 'o2'",
        "update raw.order_items set product_id = null where line_no = 2 and _load_seq = 2 and order_id = 'o9'",
        entities=["order_items"],
    )
    assert one_of(results, "order_items", "completeness", "product_id").observed == "0.999"


def test_master_data_without_any_date_is_not_judged_stale(landed: Landed) -> None:
    results = landed("update raw.customers set registered_at = null, updated_at = null", entities=["customers"])
    assert failures(results) == set()
    assert ("customers", "freshness") not in {(one.entity, one.check_name) for one in results}


def test_results_are_the_same_every_time_but_for_the_instant(
    checker: Checker, make_warehouse: MakeWarehouse, tmp_path: Path
) -> None:
    faults = ("update raw.orders set amount = null where order_id = 'o7'", "delete from raw.touches")
    warehouse = make_warehouse(tmp_path / "warehouse.duckdb", *faults)
    moment = datetime.fromisoformat("2024-07-01T09:00:00")
    first, second = (
        [replace(one, checked_at=moment) for one in checker.check_landed(warehouse, AS_OF, ENTITIES)] for _ in range(2)
    )
    assert first == second


def test_no_value_of_a_row_enters_a_result_or_a_page(landed: Landed, checker: Checker) -> None:
    results = landed(
        "update raw.orders set customer_id = 'SECRET', channel = 'SECRET'", entities=["orders", "customers"]
    )
    assert failures(results)
    assert "SECRET" not in str(results)
    assert "SECRET" not in str(checker.validations)


@pytest.mark.parametrize(
    ("day", "months", "earlier"),
    [
        (date(2024, 6, 30), 12, date(2023, 6, 30)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2024, 1, 15), 1, date(2023, 12, 15)),
        (date(2024, 12, 31), 12, date(2023, 12, 31)),
        (date(2025, 1, 31), 13, date(2023, 12, 31)),
    ],
)
def test_months_are_counted_back_to_the_same_day_or_the_months_last(day: date, months: int, earlier: date) -> None:
    assert months_before(day, months) == earlier
