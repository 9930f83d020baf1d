"""From raw to marts, recomputed another way: each pair of figures must agree, or the candidate is not released.

The left figure comes from raw by its own SQL (arg_max over the load order, not the models' window functions), the
right one from the published table. Most orders are delivered once: only those of several versions are put in order,
so that ten million orders need neither a sort nor ten million states in memory. Amounts in other currencies are
converted here too, by a rate looked up for each currency and day (an ASOF join; the models spread rates over days).
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from retention.quality.results import CheckResult
from retention.sql import file_literal

# A hash stands for the key only in telling apart what may have several versions; the versions go by the key itself.
# Ten million orders are gone through three times and no more: for the keys that come again, for the few orders of
# interest (of several versions, or with returns), and for the sums, from which the few are taken and put in anew. A
# fourth time only their currencies are looked at.
FIND_REPEATED = "select hash(order_id) as order_hash from raw.orders group by order_hash having count(*) > 1"
FOREIGN = "nullif(nullif(upper(trim(currency)), ''), getvariable('reporting_currency'))"
PREPARATION = (
    """
    create or replace temporary table asked_parameters as
    select parameters.*
    from seeds.profile_parameters as parameters
    cross join raw.run_parameters as asked
    where parameters.profile in (asked.profile, 'all')
    qualify row_number() over (partition by parameter order by parameters.profile = 'all') = 1
    """,
    """
    set variable reporting_currency = (
        select upper(value) from asked_parameters where parameter = 'reporting_currency'
    )
    """,
    "set variable fx_max_age_days = (select value::integer from asked_parameters where parameter = 'fx_max_age_days')",
    """
    create or replace temporary table landed_returns as
    select return_id, arg_max(order_id, version) as order_id, arg_max(amount, version) as amount,
        arg_max(cast(returned_at as date), version) as returned_on
    from (select *, (_load_seq, _line_no) as version from raw.returns)
    group by return_id
    """,
    f"""
    create or replace temporary table landed_rates as
    with delivered as (
        select upper(trim(currency)) as code, rate_date, arg_max(rate, (_load_seq, _line_no)) as rate
        from raw.fx_rates
        group by code, rate_date
    ),
    wanted as (
        select distinct {FOREIGN} as code, cast(ordered_at as date) as ordered_on
        from raw.orders
        where {FOREIGN} is not null
    )
    select wanted.code, wanted.ordered_on, delivered.rate
    from wanted
    asof join delivered on wanted.code = delivered.code and wanted.ordered_on >= delivered.rate_date
    where wanted.ordered_on - delivered.rate_date <= getvariable('fx_max_age_days')
    """,
    f"""
    create or replace temporary view landed_orders as
    select
        orders.* exclude (amount), cast(orders.ordered_at as date) as ordered_on,
        case when {FOREIGN} is null then 1 else landed_rates.rate end as rate,
        case
            when {FOREIGN} is null then orders.amount
            else cast(orders.amount * landed_rates.rate as decimal(18, 2))
        end as amount
    from raw.orders as orders
    left join landed_rates
        on {FOREIGN} = landed_rates.code and cast(orders.ordered_at as date) = landed_rates.ordered_on
    """,
    """
    create or replace temporary table orders_of_interest as
    select
        order_id, customer_id, amount, rate, ordered_on, updated_at, _load_seq, _line_no,
        hash(order_id) in (select order_hash from repeated_orders) as is_repeated
    from landed_orders
    where hash(order_id) in (
        select order_hash from repeated_orders union all select hash(order_id) from landed_returns
    )
    """,
    """
    create or replace temporary table newest_orders as
    with versions as (
        select
            orders.*,
            (
                coalesce(cast(updated_at as date) <= as_of_date, true),
                coalesce(updated_at, timestamp '0001-01-01'), _load_seq, _line_no
            ) as version
        from orders_of_interest as orders
        cross join raw.run_parameters
    )
    select
        order_id,
        arg_max(customer_id, version) as customer_id,
        arg_max(amount, version) as amount,
        arg_max(rate, version) as rate,
        arg_max(ordered_on, version) as ordered_on,
        bool_or(is_repeated) as is_repeated
    from versions
    group by order_id
    """,
    """
    create or replace temporary table landed_customers as
    with parts as (
        select customer_id, count(*) as orders, sum(amount) as amount from landed_orders
        where ordered_on <= (select as_of_date from raw.run_parameters) group by customer_id
        union all by name
        select customer_id, -count(*) as orders, -sum(amount) as amount from orders_of_interest
        where is_repeated and ordered_on <= (select as_of_date from raw.run_parameters) group by customer_id
        union all by name
        select customer_id, count(*) as orders, sum(amount) as amount from newest_orders
        where is_repeated and ordered_on <= (select as_of_date from raw.run_parameters) group by customer_id
    )
    select customer_id, sum(orders) as orders, sum(amount) as amount
    from parts
    group by customer_id
    having sum(orders) > 0
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
                select cast(cast(sum(returns.amount) as decimal(18, 2)) * orders.rate as decimal(18, 2)) as amount
                from landed_returns as returns
                inner join newest_orders as orders using (order_id)
                where orders.ordered_on <= (select as_of_date from raw.run_parameters)
                    and returns.returned_on <= (select as_of_date from raw.run_parameters)
                group by order_id, orders.rate
            )
        """,
        "select coalesce(sum(returned_amount), 0) from marts.fct_orders",
    ),
    (
        "customer_rfm",
        "customers_of_the_orders",
        """
            select count(distinct coalesce(merges.golden_customer_id, landed.customer_id))
            from landed_customers as landed
            left join marts.customer_merges as merges using (customer_id)
        """,
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


def reconcile(
    connection: duckdb.DuckDBPyConnection, checked_at: datetime, repeated: Sequence[Path] | None = None
) -> list[CheckResult]:
    """Compare every pair of figures.

    Args:
        connection: a connection to the candidate.
        checked_at: instant written into the results, in the business's time zone.
        repeated: files of the order IDs that landing saw more than once; None: they are looked for. Figures that do
            not agree by these files are judged again without them: a load may have been put back by hand.

    Returns:
        One critical result a pair.
    """
    if repeated is not None:
        results = _reconcile(connection, checked_at, _told(repeated))
        if all(one.passed for one in results):
            return results
    return _reconcile(connection, checked_at, FIND_REPEATED)


def _told(files: Sequence[Path]) -> str:
    """A SELECT of the hashes of the order IDs in some files, which may be none."""
    if not files:
        return "select hash('') as order_hash where false"
    listed = ", ".join(file_literal(file) for file in files)
    return f"select distinct hash(order_id) as order_hash from read_parquet([{listed}], hive_partitioning = false)"


def _reconcile(connection: duckdb.DuckDBPyConnection, checked_at: datetime, repeated: str) -> list[CheckResult]:
    connection.execute(f"create or replace temporary table repeated_orders as {repeated}")
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
