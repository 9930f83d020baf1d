"""Raw against the published figures: what agrees passes, and each way of losing or adding something is found."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from retention.publication import reconciliation
from retention.publication.reconciliation import reconcile

NOW = datetime.fromisoformat("2024-07-01T09:00:00")

# o1 delivered once. o2 corrected twice, the last correction after the as-of day. o3 redated from the future into the
# past. o4 of one load in two lines, without a version. o5 still to come. r2 corrected; r3 of an order still to come. o6
# and o7 in US dollars, at 7.1 and, before that rate, at 7.0; o7 corrected; o6 returned in part, twice.
RAW = """
create schema raw;
create table raw.run_parameters as select date '2024-06-30' as as_of_date, 'mine' as profile;
create schema seeds;
create table seeds.profile_parameters as
from (
    values
    ('mine', 'reporting_currency', 'CNY'), ('other', 'reporting_currency', 'USD'),
    ('all', 'fx_max_age_days', '2'), ('other', 'fx_max_age_days', '0')
) as rows(profile, parameter, value);
create table raw.fx_rates as
select
    currency, cast(rate_date as date) as rate_date, cast(rate as decimal(18, 8)) as rate,
    cast(load_seq as bigint) as _load_seq, cast(1 as bigint) as _line_no
from (
    values
    ('USD', '2024-05-01', 7.0, 1), ('usd', '2024-05-03', 6.0, 1), ('USD', '2024-05-03', 7.1, 2),
    ('CNY', '2024-05-01', 9, 1)
) as rows(currency, rate_date, rate, load_seq);
create table raw.orders as
select
    order_id, customer_id, cast(ordered_at as timestamp) as ordered_at, cast(amount as decimal(18, 2)) as amount,
    case order_id when 'o6' then 'USD' when 'o7' then 'usd' when 'o2' then 'cny' when 'o4' then ' ' end as currency,
    cast(updated_at as timestamp) as updated_at, cast(load_seq as bigint) as _load_seq,
    cast(line_no as bigint) as _line_no
from (
    values
    ('o1', 'c1', '2024-01-01 10:00', 10, null, 1, 2),
    ('o2', 'c1', '2024-02-01 10:00', 20, '2024-02-01', 1, 3),
    ('o2', 'c2', '2024-02-02 10:00', 25, '2024-02-03', 2, 2),
    ('o2', 'c3', '2024-02-02 10:00', 99, '2024-07-02', 3, 2),
    ('o3', 'c2', '2025-03-01 10:00', 30, '2024-03-01', 1, 4),
    ('o3', 'c2', '2024-03-01 10:00', 30, '2024-03-02', 2, 3),
    ('o4', 'c4', '2024-04-01 10:00', 1, null, 1, 5),
    ('o4', 'c4', '2024-04-01 10:00', 40, null, 1, 6),
    ('o5', 'c5', '2024-07-01 10:00', 50, null, 1, 7),
    ('o6', 'c4', '2024-05-05 10:00', 100, null, 1, 8),
    ('o7', 'c2', '2024-05-02 23:00', 10, null, 1, 9),
    ('o7', 'c2', '2024-05-02 23:00', 20.01, null, 2, 4)
) as rows(order_id, customer_id, ordered_at, amount, updated_at, load_seq, line_no);
create table raw.returns as
select
    return_id, order_id, cast(returned_at as timestamp) as returned_at, cast(amount as decimal(18, 2)) as amount,
    cast(load_seq as bigint) as _load_seq, cast(line_no as bigint) as _line_no
from (
    values
    ('r1', 'o1', '2024-01-05', 3, 1, 2),
    ('r2', 'o4', '2024-04-05', 8, 1, 3),
    ('r2', 'o4', '2024-04-05', 5, 2, 2),
    ('r3', 'o5', '2024-06-30', 50, 1, 4),
    ('r4', 'o2', '2024-07-05', 25, 1, 5),
    ('r5', 'o6', '2024-05-05', 5.55, 1, 6),
    ('r6', 'o6', '2024-05-06', 5.55, 1, 7)
) as rows(return_id, order_id, returned_at, amount, load_seq, line_no)
"""
MARTS = """
create schema marts;
create table marts.fct_orders as
select
    order_id, customer_id, cast(gross_amount as decimal(18, 2)) as gross_amount,
    cast(returned_amount as decimal(18, 2)) as returned_amount,
    cast(gross_amount - returned_amount as decimal(18, 2)) as net_amount, true as is_purchase
from (
    values ('o1', 'c1', 10, 3), ('o2', 'c2', 25, 0), ('o3', 'c2', 30, 0), ('o4', 'c4', 40, 5),
    ('o6', 'c4', 710, 78.81), ('o7', 'c2', 140.07, 0)
) as rows(order_id, customer_id, gross_amount, returned_amount);
create table marts.dim_customers as
select customer_id, date '2024-01-01' as first_seen_on from (values ('c1'), ('c2'), ('c4')) as rows(customer_id);
create table marts.customer_merges (customer_id varchar, golden_customer_id varchar);
create table marts.customer_rfm as
select customer_id, cast(spend as decimal(18, 2)) as monetary_lifetime
from (values ('c1', 7), ('c2', 195.07), ('c4', 666.19)) as rows(customer_id, spend);
create table marts.retention_cohorts as
select 'classic' as definition, 'month' as period_type, 'all' as dimension, 0 as period_number, 3 as cohort_size
"""


@pytest.fixture
def failed() -> Iterator[Callable[..., set[str]]]:
    """Names of the pairs that do not agree after some changes: `failed(*sql)`."""
    with duckdb.connect() as connection:
        connection.execute(RAW)
        connection.execute(MARTS)

        def run(*changes: str) -> set[str]:
            for change in changes:
                connection.execute(change)
            return {one.check_name for one in reconcile(connection, NOW) if not one.passed}

        yield run


def test_the_newest_versions_up_to_the_as_of_day_are_what_is_published(failed: Callable[..., set[str]]) -> None:
    assert failed() == set()


def test_every_pair_is_critical_and_shows_both_figures() -> None:
    with duckdb.connect() as connection:
        connection.execute(RAW)
        connection.execute(MARTS)
        results = {one.check_name: one for one in reconcile(connection, NOW)}
    assert {one.severity for one in results.values()} == {"critical"}
    amount = results["order_amount_as_landed"]
    assert (amount.observed, amount.threshold) == ("955.07", "= 955.07")
    assert results["returns_as_landed"].threshold == "= 86.81"
    assert results["customers_of_the_orders"].threshold == "= 3"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "delete from marts.fct_orders where order_id = 'o1'",
            {
                *("orders_as_landed", "order_amount_as_landed", "returns_as_landed"),
                *("lifetime_spend_of_the_purchases", "first_purchases_in_cohorts"),
            },
        ),
        (
            "insert into marts.fct_orders from marts.fct_orders where order_id = 'o3'",
            {"orders_as_landed", "order_amount_as_landed", "lifetime_spend_of_the_purchases"},
        ),
        (
            "update marts.fct_orders set gross_amount = 99 where order_id = 'o2'",  # the version written too late
            {"order_amount_as_landed"},
        ),
        ("update marts.fct_orders set returned_amount = 8 where order_id = 'o4'", {"returns_as_landed"}),
        ("insert into marts.dim_customers values ('c3', date '2024-01-01')", {"customers_of_the_orders"}),
        ("insert into marts.customer_merges values ('c4', 'c2')", {"customers_of_the_orders"}),
        ("delete from marts.customer_rfm where customer_id = 'c4'", {"lifetime_spend_of_the_purchases"}),
        ("update marts.retention_cohorts set cohort_size = 2", {"first_purchases_in_cohorts"}),
        ("delete from raw.orders where order_id = 'o4' and _line_no = 6", {"order_amount_as_landed"}),
        ("update marts.fct_orders set gross_amount = 100 where order_id = 'o6'", {"order_amount_as_landed"}),
        ("update marts.fct_orders set returned_amount = 11.1 where order_id = 'o6'", {"returns_as_landed"}),
        (
            "update raw.fx_rates set rate = 7.2 where rate = 7.1",  # a correction that did not reach its order
            {"order_amount_as_landed", "returns_as_landed"},
        ),
        ("update raw.fx_rates set rate = 7.2 where rate_date = '2024-05-01'", {"order_amount_as_landed"}),
    ],
)
def test_each_difference_is_found(failed: Callable[..., set[str]], change: str, found: set[str]) -> None:
    assert failed(change) == found


def test_it_can_be_repeated_on_one_connection(failed: Callable[..., set[str]]) -> None:
    assert failed() == failed() == set()


def test_a_release_without_any_order_up_to_the_as_of_day_agrees(failed: Callable[..., set[str]]) -> None:
    empty = "update raw.run_parameters set as_of_date = date '2020-01-01'"
    assert failed(empty, *(f"delete from marts.{table}" for table in
                           ("fct_orders", "dim_customers", "customer_rfm", "retention_cohorts"))) == set()  # fmt: skip


def _told(folder: Path, *order_ids: str) -> list[Path]:
    """A file as landing writes it, of the orders that come again."""
    path = folder / "repeated.parquet"
    rows = ", ".join(f"('{order_id}')" for order_id in order_ids)
    duckdb.execute(f"copy (from (values {rows}) as rows(order_id)) to '{path}' (format parquet)")
    return [path]


def test_the_repeated_orders_are_taken_from_landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciliation, "FIND_REPEATED", "select error('they were looked for')")
    with duckdb.connect() as connection:
        connection.execute(RAW)
        connection.execute(MARTS)
        # o1 comes once: a key too many changes nothing.
        results = reconcile(connection, NOW, _told(tmp_path, "o1", "o2", "o3", "o4", "o7"))
        assert [one for one in results if not one.passed] == []
        with pytest.raises(duckdb.InvalidInputException, match="they were looked for"):
            reconcile(connection, NOW, _told(tmp_path, "o2", "o3"))


@pytest.mark.parametrize("told", [(), ("o2",), ("o1", "o2", "o3", "o4", "o7")])
def test_what_landing_tells_changes_no_verdict(tmp_path: Path, told: tuple[str, ...]) -> None:
    files = _told(tmp_path, *told) if told else []
    with duckdb.connect() as connection:
        connection.execute(RAW)
        connection.execute(MARTS)
        assert reconcile(connection, NOW, files) == reconcile(connection, NOW)
        connection.execute("delete from marts.fct_orders where order_id = 'o4'")
        assert reconcile(connection, NOW, files) == reconcile(connection, NOW)
