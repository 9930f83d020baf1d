"""The floor, in a process of its own: DuckDB takes the raw orders into a table and sums them once per customer.

    python -m retention.benchmark.floor_process ORDERS_GLOB DATABASE THREADS MEMORY_LIMIT

DATABASE is a new file, or `:memory:`. Prints seconds per statement as JSON.
"""

import json
import sys
from time import monotonic

import duckdb

from retention.sql import literal

STATEMENTS = {
    "load": "create table orders as select * from read_parquet({orders}, hive_partitioning = false)",
    "checkpoint": "checkpoint",
    "aggregate": """
        create temp table summed as
        select customer_id, count(*) as orders, sum(amount) as amount, min(ordered_at) as first, max(ordered_at) as last
        from orders group by customer_id""",
}


def main(orders: str, database: str, threads: str, memory_limit: str) -> None:
    """Run the statements, print their seconds and the number of orders."""
    started = monotonic()
    seconds = {}
    config: dict[str, str | bool | int | float | list[str]] = {
        "storage_compatibility_version": "latest",
        "threads": int(threads),
        "memory_limit": memory_limit,
    }
    with duckdb.connect(database, config=config) as connection:
        for name, statement in STATEMENTS.items():
            at = monotonic()
            connection.execute(statement.format(orders=literal(orders)))
            seconds[name] = round(monotonic() - at, 3)
        (rows,) = connection.execute("select sum(orders) from summed").fetchone() or (0,)
    answer = {"seconds": round(monotonic() - started, 3), "phases": seconds, "rows": int(rows)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
