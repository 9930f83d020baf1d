"""CDNOW: eighteen months of a music shop's orders, from the files that the PyPI package `lifetimes` (MIT) ships.

Source: Peter Fader and Bruce Hardie, the CDNOW data set (http://brucehardie.com/datasets/). Everyone in it bought
for the first time from January to March 1997 and is followed until 30 June 1998. Published studies of purchase
models use it, so known answers exist.

- `cdnow`: the master file, `customer_id date number_of_cds dollar_value`, with a header.
- `cdnow_sample`: the 1-in-10 sample, `customer_id sample_id date number_of_cds dollar_value`, without a header. Its
  customers have a master ID and a sample ID; the master ID is kept, so that a customer is the same in both.

Only orders are written: the pipeline derives the customers from them. The number of CDs has no column in an order,
and an order item would need a product that nothing names, so it is left out.
"""

from pathlib import Path

import duckdb

from retention.sources.sample import EntityQuery, Sample, counts

# Each line of the file is an order. Orders of one customer and day are numbered by their content, so the numbering
# needs no order of reading, and equal lines (255 in the master) stay orders of their own, as published counts have it.
ORDERS = """
    with numbered as (
        select
            customer_id,
            ordered_on,
            dollar_value,
            row_number() over (
                partition by customer_id, ordered_on order by number_of_cds, dollar_value
            ) as order_of_day
        from lines
    )
    select
        customer_id || '-' || strftime(ordered_on, '%Y%m%d') || '-' || order_of_day as order_id,
        customer_id,
        ordered_on::timestamp as ordered_at,
        dollar_value as amount,
        'completed' as status,
        'USD' as currency
    from numbered
    order by numbered.customer_id, numbered.ordered_on, numbered.order_of_day
"""


def _open_lines(
    connection: duckdb.DuckDBPyConnection, path: Path, first_line: int, date_field: int
) -> duckdb.DuckDBPyRelation:
    """Read a file of fields aligned with several blanks; a line that does not fit fails, it is not skipped.

    Args:
        first_line: lines to leave out at the top.
        date_field: which field, from 1, holds the date; the number of CDs and the value follow it.
    """
    lines = connection.read_csv(
        str(path), header=False, skiprows=first_line, sep="\t", columns={"line": "VARCHAR"}, strict_mode=True
    )
    fields = lines.project("string_split_regex(trim(line), '\\s+') as field")
    return fields.project(
        "field[1] as customer_id, "
        f"strptime(field[{date_field}], '%Y%m%d')::date as ordered_on, "
        f"field[{date_field + 1}]::integer as number_of_cds, "
        f"field[{date_field + 2}]::decimal(18, 2) as dollar_value"
    )


def _open_master(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    return _open_lines(connection, path, first_line=1, date_field=2)


def _open_sample(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    return _open_lines(connection, path, first_line=0, date_field=3)


def _caveats(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Where the data comes from, and what it cannot say."""
    customers, orders, zero_orders, same_day = counts(
        connection,
        """
        select
            count(distinct customer_id),
            count(*),
            count(*) filter (dollar_value = 0),
            count(*) - count(distinct (customer_id, ordered_on))
        from lines
        """,
    )
    return (
        "Source: Peter Fader and Bruce Hardie, the CDNOW data set (http://brucehardie.com/datasets/), from the package "
        "lifetimes (MIT licence).",
        "All customers bought for the first time from January to March 1997; nobody joins later, so there are three "
        "monthly cohorts and the newest customer is fifteen months old at the end.",
        f"{zero_orders:,} of {orders:,} orders have the value 0.00 and are kept: published cohort sizes count them.",
        f"{same_day:,} orders are further orders of the same customer and day; only the day is known, not the time. "
        "An order's ID is customer, day and number within the day.",
        f"The {customers:,} customers are known by number only, and the number of CDs is left out: an order has no "
        "column for it.",
    )


CDNOW = Sample(
    name="cdnow",
    package="lifetimes",
    inputs={"lines": "datasets/CDNOW_master.txt"},
    open_input=_open_master,
    entities={"orders": EntityQuery(ORDERS, "csv.gz")},
    caveats=_caveats,
)

CDNOW_SAMPLE = Sample(
    name="cdnow_sample",
    package="lifetimes",
    inputs={"lines": "datasets/CDNOW_sample.txt"},
    open_input=_open_sample,
    entities={"orders": EntityQuery(ORDERS, "csv")},
    caveats=_caveats,
)
