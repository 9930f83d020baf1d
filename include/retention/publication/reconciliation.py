"""From raw to marts, recomputed another way: each pair of figures must agree, or the candidate is not released.

The left figure comes from raw by its own SQL (arg_max over the load order, not the models' window functions), the
right one from the published table.
"""

from datetime import datetime

import duckdb

from retention.quality.results import CheckResult

NEWEST_ORDERS = """
    select
        order_id,
        arg_max(customer_id, version) as customer_id,
        arg_max(cast(ordered_at as date), version) as ordered_on,
        arg_max(amount, version) as amount,
        arg_max(coalesce(status, 'completed'), version) as status
    from (
        select
            orders.*,
            (
                coalesce(cast(updated_at as date) <= as_of_date, true),
                coalesce(updated_at, timestamp '0001-01-01'), _load_seq, _line_no
            ) as version
        from raw.orders, raw.run_parameters
    )
    group by order_id
    having ordered_on <= (select as_of_date from raw.run_parameters)
"""

PAIRS: tuple[tuple[str, str, str, str], ...] = (
    (
        "fct_orders",
        "orders_as_landed",
        f"select count(*) from ({NEWEST_ORDERS})",
        "select count(*) from marts.fct_orders",
    ),
    (
        "fct_orders",
        "order_amount_as_landed",
        f"select coalesce(sum(amount), 0) from ({NEWEST_ORDERS})",
        "select coalesce(sum(gross_amount), 0) from marts.fct_orders",
    ),
    (
        "fct_orders",
        "returns_as_landed",
        f"""
            select coalesce(sum(amount), 0)
            from (
                select return_id, arg_max(order_id, version) as order_id, arg_max(amount, version) as amount,
                    arg_max(cast(returned_at as date), version) as returned_on
                from (select *, (_load_seq, _line_no) as version from raw.returns)
                group by return_id
            )
            where returned_on <= (select as_of_date from raw.run_parameters)
            and order_id in (select order_id from ({NEWEST_ORDERS}))
        """,
        "select coalesce(sum(returned_amount), 0) from marts.fct_orders",
    ),
    (
        "customer_rfm",
        "customers_of_the_orders",
        f"select count(distinct customer_id) from ({NEWEST_ORDERS})",
        "select count(*) from marts.dim_customers where first_seen_on is not null",
    ),
    (
        "customer_rfm",
        "lifetime_spend_of_the_purchases",
        "select coalesce(sum(net_amount), 0) from marts.fct_orders where is_purchase",
        "select coalesce(sum(monetary_lifetime), 0) from marts.customer_rfm",
    ),
    (
        "retention_cohorts",
        "first_purchases_in_cohorts",
        "select count(distinct customer_id) from marts.fct_orders where is_purchase",
        "select coalesce(sum(cohort_size), 0) from marts.retention_cohorts"
        " where definition = 'classic' and period_type = 'month' and dimension = 'all' and period_number = 0",
    ),
)


def reconcile(connection: duckdb.DuckDBPyConnection, checked_at: datetime) -> list[CheckResult]:
    """Compare every pair of figures.

    Args:
        connection: a connection to the candidate.
        checked_at: instant written into the results, in the business's time zone.

    Returns:
        One critical result a pair.
    """
    return [_compare(connection, pair, checked_at) for pair in PAIRS]


def _compare(
    connection: duckdb.DuckDBPyConnection, pair: tuple[str, str, str, str], checked_at: datetime
) -> CheckResult:
    entity, name, expected, published = pair
    left, right = connection.execute(f"select ({expected}), ({published})").fetchall()[0]
    return CheckResult(
        entity=entity,
        check_name=name,
        expectation="equals the figure recomputed from raw",
        column_name=None,
        observed=str(right),
        threshold=f"= {left}",
        passed=left == right,
        severity="critical",
        checked_at=checked_at,
    )
