"""RFM and monthly cohorts as hand-written SQL in DuckDB, in memory: one pass over the files, nothing kept."""

import duckdb
from command_line import task

PURCHASES = """
    create temp table purchases as
    with newest as (
        select order_id, arg_max(
            {{'customer_id': customer_id, 'ordered_at': ordered_at, 'amount': amount, 'status': status}},
            (updated_at, _load_seq, _line_no)
        ) as newest
        from read_parquet('{orders}', hive_partitioning = false) group by order_id
    ),
    returned as (
        select order_id, sum(amount) as returned from (
            select any_value(order_id) as order_id, any_value(amount) as amount
            from read_parquet('{returns}', hive_partitioning = false)
            where returned_at::date <= date '{as_of}' group by return_id
        ) group by order_id
    )
    select newest.customer_id, newest.ordered_at::date as day, newest.amount - coalesce(returned, 0) as net
    from newest left join returned using (order_id)
    where newest.status = 'completed' and newest.ordered_at::date <= date '{as_of}'
        and not (coalesce(returned, 0) > 0 and returned >= newest.amount)
"""
RFM = """
    create temp table rfm as
    with measured as (
        select customer_id, date '{as_of}' - max(day) as recency,
            count(*) filter (day > date '{as_of}' - interval 12 month) as frequency,
            coalesce(sum(net) filter (day > date '{as_of}' - interval 12 month), 0) as monetary
        from purchases group by customer_id
    )
    select *,
        ntile(5) over (order by recency desc) as r_score,
        ntile(5) over (order by frequency) as f_score,
        ntile(5) over (order by monetary) as m_score
    from measured
"""
COHORTS = """
    create temp table cohorts as
    with months as (
        select customer_id, date_trunc('month', day) as month from purchases group by all
    ),
    spans as (select *, min(month) over (partition by customer_id) as cohort from months)
    select cohort, month, count(*) as customers from spans group by all
"""
ANSWER = """
    select count(*) as buyers, sum(frequency) as frequency, sum(monetary) as monetary,
        (select sum(customers) from cohorts) as cohort_customers
    from rfm
"""


def main() -> None:
    """Run the three statements."""
    asked = task()
    asked.phase("import")
    values = {"orders": asked.orders, "returns": asked.returns, "as_of": asked.as_of}
    with duckdb.connect(config={"threads": asked.threads}) as connection:
        for name, statement in (("read_and_clean", PURCHASES), ("rfm", RFM), ("cohorts", COHORTS)):
            connection.execute(statement.format(**values))
            asked.phase(name)
        found = connection.execute(ANSWER)
        columns = [column[0] for column in found.description]
        asked.answer(["duckdb"], **dict(zip(columns, found.fetchone(), strict=True)))


main()
