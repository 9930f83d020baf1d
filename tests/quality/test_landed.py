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


def failures(results: list[CheckResult]) -> set[tuple[str, str, str | None, str]]:
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
        *("schema", "volume", "completeness", "freshness", "history", "references"),
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            "update raw.customers set region = null where customer_id in ('c0', 'c1')",
            ("customers", "completeness", "region", "warning"),
            id="a column filled less than the contract asks",
        ),
        pytest.param(
            "update raw.customers set phone_hash = null where customer_id < 'c2'",
            ("customers", "completeness", "phone", "warning"),
            id="a personal column, seen by its hash",
        ),
        pytest.param(
            "update raw.orders set amount = null where order_id = 'o7'",
            ("orders", "completeness", "amount", "critical"),
            id="a required column with a gap",
        ),
        pytest.param(
            "delete from raw.orders where ordered_at >= '2024-06-29'",
            ("orders", "freshness", "ordered_at", "warning"),
            id="older than the refresh cycle",
        ),
        pytest.param(
            "delete from raw.orders where ordered_at < '2023-07-02'",
            ("orders", "history", "ordered_at", "warning"),
            id="less than twelve months of history",
        ),
        pytest.param(
            "update raw.orders set customer_id = 'nobody' where order_id = 'o3'",
            ("orders", "references", "customer_id", "warning"),
            id="an order of an unknown customer",
        ),
        pytest.param(
            "alter table raw.products drop column category",
            ("products", "schema", None, "critical"),
            id="a column that is not there",
        ),
        pytest.param(
            "delete from raw.products",
            ("products", "volume", None, "warning"),
            id="no rows in an entity that one can do without",
        ),
        pytest.param("drop table raw.products", ("products", "exists", None, "critical"), id="no such view"),
    ],
)
def test_a_planted_fault_is_found(landed: Landed, change: str, expected: tuple[str, str, str | None, str]) -> None:
    found = failures(landed(change, entities={expected[0], "customers"}))
    assert expected in found
    # A column that is not there has no values either. Nothing else may fail.
    assert found - {expected} <= {("products", "completeness", "category", "warning")}


def test_history_reaches_far_enough_when_twelve_whole_months_are_there(landed: Landed) -> None:
    results = landed("delete from raw.orders where ordered_at < '2023-07-01'")
    assert one_of(results, "orders", "history", "ordered_at").passed


def test_no_order_up_to_the_as_of_day_is_critical(landed: Landed) -> None:
    results = landed("update raw.orders set ordered_at = ordered_at + interval 600 day")
    volume = one_of(results, "orders", "volume")
    assert (volume.observed, volume.severity, volume.passed) == ("0", "critical", False)


def test_orders_after_the_as_of_day_do_not_make_the_data_fresh(landed: Landed) -> None:
    results = landed(
        "delete from raw.orders where ordered_at >= '2024-06-01'",
        "update raw.orders set ordered_at = '2024-12-01' where order_id = 'o100'",
    )
    freshness = one_of(results, "orders", "freshness", "ordered_at")
    assert (freshness.observed, freshness.threshold) == ("2024-05-31", ">= 2024-06-29")


def test_many_lines_without_their_order_block_and_a_few_do_not(landed: Landed) -> None:
    few = landed("update raw.order_items set order_id = 'x' || order_id where order_id < 'o11'")
    assert ("order_items", "references", "order_id", "warning") in failures(few)
    assert ("order_items", "references", "order_id", "critical") not in failures(few)


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
    )
    assert failures(results) == set()
    assert one_of(results, "orders", "volume").observed == "500"


def test_a_version_written_after_the_as_of_day_is_not_the_newest(landed: Landed) -> None:
    results = landed(
        "insert into raw.customers by name select * replace (timestamp '2024-12-01' as updated_at) from raw.customers",
        "update raw.customers set region = null where updated_at = '2024-12-01'",
    )
    assert failures(results) == set()


def test_master_data_without_any_date_is_not_judged_stale(landed: Landed) -> None:
    results = landed("update raw.customers set registered_at = null, updated_at = null")
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
    results = landed("update raw.orders set customer_id = 'SECRET', channel = 'SECRET'")
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
