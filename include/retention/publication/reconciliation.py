"""From raw to marts, recomputed another way: each pair of figures must agree, or the candidate is not released.

The left figure comes from raw by its own SQL (arg_max over the load order, not the models' window functions), the
right one from the published table. Most orders are delivered once: only those of several versions are put in order,
so that ten million orders need neither a sort nor ten million states in memory.
"""

from datetime import datetime

import duckdb

from retention.quality.results import CheckResult

# A hash stands for the key only in telling apart what may have several versions; the versions go by the key itself.
PREPARATION = (
    """
    create or replace temporary table repeated_orders as
    select hash(order_id) as order_hash from raw.orders group by order_hash having count(*) > 1
    """,
    """
    create or replace temporary view landed_orders as
    with once as (
        select order_id, customer_id, amount, cast(ordered_at as date) as ordered_on
        from raw.orders
        anti join repeated_orders on hash(order_id) = order_hash
    ),
    repeated as (
        select
            orders.*,
            (
                coalesce(cast(updated_at as date) <= as_of_date, true),
                coalesce(updated_at, timestamp '0001-01-01'), _load_seq, _line_no
            ) as version
        from raw.orders
        semi join repeated_orders on hash(order_id) = order_hash
        cross join raw.run_parameters
    ),
    newest as (
        select
            order_id,
            arg_max(customer_id, version) as customer_id,
            arg_max(amount, version) as amount,
            arg_max(cast(ordered_at as date), version) as ordered_on
        from repeated
        group by order_id
    )
    select * from (from once union all by name from newest)
    where ordered_on <= (select as_of_date from raw.run_parameters)
    """,
    """
    create or replace temporary table landed_customers as
    select customer_id, count(*) as orders, sum(amount) as amount from landed_orders group by customer_id
    """,
)

PAIRS: tuple[tuple[str, str, str, str], ...] = (
    (
        "fct_orders",
        "orders_as_landed",
        "select coalesce(sum(orders), 0) from landed_customers",
        "select count(*) from marts.fct_orders",
    ),
    (
        "fct_orders",
        "order_amount_as_landed",
        "select coalesce(sum(amount), 0) from landed_customers",
        "select coalesce(sum(gross_amount), 0) from marts.fct_orders",
    ),
    (
        "fct_orders",
        "returns_as_landed",
        """
            select coalesce(sum(amount), 0)
            from (
                select return_id, arg_max(order_id, version) as order_id, arg_max(amount, version) as amount,
                    arg_max(cast(returned_at as date), version) as returned_on
                from (select *, (_load_seq, _line_no) as version from raw.returns)
                group by return_id
            )
            semi join landed_orders using (order_id)
            where returned_on <= (select as_of_date from raw.run_parameters)
        """,
        "select coalesce(sum(returned_amount), 0) from marts.fct_orders",
    ),
    (
        "customer_rfm",
        "customers_of_the_orders",
        "select count(customer_id) from landed_customers",
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
    for statement in PREPARATION:
        connection.execute(statement)
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
