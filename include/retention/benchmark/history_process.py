"""The product's own SQL of the month-end history, in a process of its own, under a memory limit.

dbt compiled the models; here they are made again from the raw files into a new database, one after another, at every
snapshot. A limit that is too small ends the process with DuckDB's error.

    python -m retention.benchmark.history_process CHAIN_JSON WAREHOUSE FOLDER THREADS MEMORY_LIMIT

CHAIN_JSON lists relations, `is_history` for those that follow from the days of snapshots; WAREHOUSE is a run's, for raw
views and seeds. Prints the seconds of the history's models, of each model of the chain, and what the history holds.
"""

import json
import sys
from pathlib import Path
from time import monotonic

import duckdb

from retention.benchmark.marts_process import attach, checkpoint, make, parts
from retention.sql import quoted

SHAPE = """
    select sum(customers) as history_rows, count(distinct month_end) as months, count(distinct scheme) as schemes,
        max(customers) as customers
    from (select scheme, month_end, count(*) as customers from {history} group by scheme, month_end) as counted
"""


def main(chain_json: str, warehouse: str, folder: str, threads: str, memory_limit: str) -> None:
    """Make the relations in order; print their seconds and the shape of the history."""
    chain = json.loads(Path(chain_json).read_text(encoding="utf-8"))
    seconds: dict[str, float] = {}
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": int(threads),
        "memory_limit": memory_limit,
        "temp_directory": str(Path(folder) / "spilled"),
    }
    with duckdb.connect(config=config) as connection:
        attach(connection, chain, warehouse, folder)
        for relation in chain:
            at = monotonic()
            make(connection, relation)
            database, _, table = parts(relation["name"])
            connection.execute(f"checkpoint {quoted(database)}")
            seconds[table] = round(monotonic() - at, 3)
        checkpoint(connection)
        history = next(one["name"] for one in chain if parts(one["name"])[2] == "customer_tier_history")
        found = connection.execute(SHAPE.format(history=history))
        columns = [column[0] for column in found.description or ()]
        shape = {name: int(value or 0) for name, value in zip(columns, found.fetchone() or (), strict=True)}
    of_history = {parts(one["name"])[2] for one in chain if one["is_history"]}
    total = round(sum(value for name, value in seconds.items() if name in of_history), 3)
    answer = {"seconds": total, "phases": {name: seconds[name] for name in seconds if name in of_history}, **shape}
    sys.stdout.write(json.dumps(answer | {"chain_seconds": round(sum(seconds.values()), 3)}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
