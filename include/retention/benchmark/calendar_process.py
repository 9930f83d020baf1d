"""The contact calendar by the product's own SQL beside one scan of the customer table, in a process of its own.

dbt compiled the models; what they are made from stands in a run's release and is only read. Prints the seconds of the
models and of the scan, which reads every column of every customer, and how many contacts and exclusions came of it.

    python -m retention.benchmark.calendar_process CHAIN_JSON RELEASE FOLDER THREADS MEMORY_LIMIT

CHAIN_JSON lists the calendar's own relations in order; RELEASE holds both files of a run.
"""

import json
import sys
from pathlib import Path
from statistics import median
from time import monotonic

import duckdb

from retention.benchmark.marts_process import parts
from retention.sql import literal, quoted
from retention.warehouse.candidate import MARTS, MARTS_FILE, WAREHOUSE_FILE

SCANS = 5
SCAN = "select count(*), bit_xor(hash(customers)) from retention.marts.dim_customers as customers"
MADE = "made"


def main(chain_json: str, release: str, folder: str, threads: str, memory_limit: str) -> None:
    """Scan the customers, make the relations in order; print their seconds and rows."""
    chain = json.loads(Path(chain_json).read_text(encoding="utf-8"))
    config: dict[str, str | bool | int | float | list[str]] = {"threads": int(threads), "memory_limit": memory_limit}
    with duckdb.connect(config=config) as connection:
        for name, file in (("warehouse", WAREHOUSE_FILE), (MARTS, MARTS_FILE)):
            connection.execute(f"attach {literal(Path(release) / file)} as {name} (read_only)")
        connection.execute(f"attach {literal(Path(folder) / 'made.duckdb')} as {MADE} (storage_version 'latest')")
        scans = [_seconds(connection, SCAN) for _ in range(SCANS)]
        phases = {parts(one["name"])[2]: _make(connection, one, chain) for one in chain}
        at = monotonic()
        connection.execute(f"checkpoint {MADE}")
        phases["checkpoint"] = round(monotonic() - at, 3)
        rows = {table: _rows(connection, chain, table) for table in ("contact_calendar", "contact_exclusions")}
        customers = connection.execute("select count(*) from retention.marts.dim_customers").fetchall()[0][0]
    answer = {"seconds": round(sum(phases.values()), 3), "scan_seconds": median(scans), "phases": phases}
    sys.stdout.write(json.dumps(answer | {"rows": rows, "customers": customers}) + "\n")


def _make(connection: duckdb.DuckDBPyConnection, relation: dict[str, str], chain: list[dict[str, str]]) -> float:
    """Make one relation, from those of the chain that were made before it and from the release."""
    _, schema, _ = parts(relation["name"])
    connection.execute(f"create schema if not exists {MADE}.{quoted(schema)}")
    sql = relation["sql"]
    for one in chain:
        sql = sql.replace(one["name"], _made(one["name"]))
    kind = "view" if relation["is_view"] else "table"
    return _seconds(connection, f"create {kind} {_made(relation['name'])} as {sql}")


def _made(name: str) -> str:
    return ".".join(quoted(part) for part in (MADE, *parts(name)[1:]))


def _seconds(connection: duckdb.DuckDBPyConnection, sql: str) -> float:
    at = monotonic()
    connection.execute(sql).fetchall()
    return round(monotonic() - at, 4)


def _rows(connection: duckdb.DuckDBPyConnection, chain: list[dict[str, str]], table: str) -> int:
    name = next(one["name"] for one in chain if parts(one["name"])[2] == table)
    return int(connection.execute(f"select count(*) from {_made(name)}").fetchall()[0][0])


if __name__ == "__main__":
    main(*sys.argv[1:])
