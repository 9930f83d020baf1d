"""Figures of quality against the profile's parameters: each check passes at its bound and fails beyond it."""

from datetime import datetime

import duckdb
import pytest

from retention.publication.business_checks import business_checks
from retention.quality.results import CheckResult

NOW = datetime.fromisoformat("2024-07-01T09:00:00")
TABLES = """
create schema raw; create schema seeds; create schema marts; create schema ops;
create table raw.run_parameters as select 'mine' as profile;
create table seeds.profile_parameters as select * from (values
    ('all', 'finance_tolerance_share', '0.01'), ('all', 'finance_difference_severity', 'warning'),
    ('all', 'recorded_in_time_share', '0.9'), ('all', 'quarantined_rows_share', '0.01'),
    ('all', 'band_coverage_limit', '0.95'), ('all', 'band_coverage_min_customers', '100'),
    ('other', 'recorded_in_time_share', '0.1')
) as t(profile, parameter, value);
create table marts.finance_reconciliation as select * from (values
    (date '2024-04-01', 100.00::decimal(18,2), 100.00::decimal(18,2), 0.00::decimal(18,2), true, null),
    (date '2024-05-01', 90.00, 100.00, -10.00, false, null),
    (date '2024-06-01', 10.00, null, null, null, 'not_booked')
) as t(month_start, revenue_computed, revenue_booked, difference, is_reconciled, missing_reason);
create table marts.completeness as select date '2024-04-01' as week_start;
create table marts.interaction_lateness as select * from (values
    (date '2024-03-25', 1000, 1000, 0, 0, null::varchar),  -- before the weeks that count
    (date '2024-06-24', 22, 1, 1, 2, null)
) as t(week_start, interactions, late, missing, pending, missing_reason);
create table marts.customer_rfm as
    select
        case when range < 40 then 1 when range < 80 then 2 when range < 100 then 3 end as r_band,
        case when range < 95 then 1 when range < 100 then 2 end as f_band,
        case when range < 96 then 1 when range < 100 then 2 end as m_band,
        case when range < 100 then date '2024-01-01' end as last_purchase_on
    from range(150);
create table ops.load_ledger as select * from (values
    ('orders', 100, 1), ('orders', 100, 1), ('customers', 50, 1), ('tickets', 0, 0)
) as t(entity, rows_in, rows_quarantined);
"""


@pytest.fixture
def candidate() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(TABLES)
    return connection


def judged(candidate: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], CheckResult]:
    return {(one.entity, one.check_name): one for one in business_checks(candidate, NOW)}


def test_a_month_that_differs_has_its_row_and_one_stands_for_all(candidate: duckdb.DuckDBPyConnection) -> None:
    results = judged(candidate)
    assert {name for entity, name in results if entity == "finance_totals"} == {
        "months_reconciled",
        "month_2024-05_reconciled",
    }
    in_all, may = results["finance_totals", "months_reconciled"], results["finance_totals", "month_2024-05_reconciled"]
    assert (in_all.passed, in_all.severity, in_all.observed) == (False, "warning", "1 of 2 months, 1 not booked")
    assert (may.passed, may.observed) == (False, "90.00 computed, -10.00 against finance")
    assert may.threshold == "100.00 booked, within 0.01 of it"


def test_the_profile_says_whether_a_difference_blocks(candidate: duckdb.DuckDBPyConnection) -> None:
    candidate.execute("insert into seeds.profile_parameters values ('mine', 'finance_difference_severity', 'critical')")
    assert judged(candidate)["finance_totals", "months_reconciled"].severity == "critical"


def test_months_that_agree_pass(candidate: duckdb.DuckDBPyConnection) -> None:
    candidate.execute("delete from marts.finance_reconciliation where month_start != '2024-04-01'")
    results = [one for key, one in judged(candidate).items() if key[0] == "finance_totals"]
    assert [(one.passed, one.observed) for one in results] == [(True, "1 of 1 months")]


@pytest.mark.parametrize(("late", "passed"), [(1, True), (2, False)])
def test_nine_in_ten_recorded_in_time_are_enough(candidate: duckdb.DuckDBPyConnection, late: int, passed: bool) -> None:
    candidate.execute("update marts.interaction_lateness set late = ? where week_start = '2024-06-24'", [late])
    result = judged(candidate)["interactions", "recorded_in_time"]
    assert (result.passed, result.threshold) == (passed, ">= 0.9")


def test_rows_set_aside_are_counted_over_all_loads_of_an_entity(candidate: duckdb.DuckDBPyConnection) -> None:
    results = judged(candidate)
    orders, customers = results["orders", "rows_set_aside"], results["customers", "rows_set_aside"]
    assert (orders.passed, orders.observed) == (True, "0.01 (2 of 200 rows)")
    assert (customers.passed, customers.observed) == (False, "0.02 (1 of 50 rows)")
    assert ("tickets", "rows_set_aside") not in results


def test_a_band_with_more_than_95_in_100_customers_makes_the_profile_unfit(
    candidate: duckdb.DuckDBPyConnection,
) -> None:
    found = [one for one in business_checks(candidate, NOW) if one.check_name.startswith("profile_fits")]
    assert [(one.column_name, one.passed, one.observed) for one in found] == [
        ("r_band", True, "0.4 (band 1)"),
        ("m_band", False, "0.96 (band 1)"),
        ("f_band", True, "0.95 (band 1)"),
    ]
    assert {(one.entity, one.severity) for one in found} == {("customer_rfm", "warning")}
    candidate.execute("delete from marts.customer_rfm where r_band = 3 and m_band = 2")
    assert not [one for one in business_checks(candidate, NOW) if one.check_name.startswith("profile_fits")]


def test_what_was_not_delivered_is_not_judged(candidate: duckdb.DuckDBPyConnection) -> None:
    delivered = ("marts.finance_reconciliation", "marts.interaction_lateness", "ops.load_ledger", "marts.customer_rfm")
    for table in delivered:
        candidate.execute(f"delete from {table}")
    assert judged(candidate) == {}
