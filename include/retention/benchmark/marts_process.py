"""The product's own SQL for some marts, in a process of its own, as its peers run theirs.

dbt compiled the models; here they are made again from the raw files into a new database, one after another, without
dbt, tests and the other marts. Month-end history is left out: one snapshot is made, that of the as-of day, since the
peers make no history either. The models, their SQL and the work per snapshot are those of the product's run. Cohorts
are made as far as the peers make them: monthly activity of customers by the product's model, then its cells counted;
weeks, quarters, ranges of days and the five ways to split a cohort are left out.

    python -m retention.benchmark.marts_process CHAIN_JSON WAREHOUSE FOLDER THREADS MEMORY_LIMIT

CHAIN_JSON lists relations; WAREHOUSE is a run's, for raw views and seeds. Prints seconds per model and the answer.
"""

import json
import sys
from pathlib import Path
from time import monotonic

import duckdb

from retention.sql import literal, quoted

SNAPSHOTS = "int_snapshot_dates"
ACTIVITY = "int_cohort_activity"
COHORTS = """
    create table {cohorts} as
    with months as (select customer_id, activity_month from {activity} group by all),
    placed as (select *, min(activity_month) over (partition by customer_id) as cohort_period from months)
    select cohort_period, activity_month, count(*) as customers from placed group by all
"""
ANSWER = """
    select count(*) as buyers, sum(frequency_12m) as frequency, sum(monetary_12m)::double as monetary,
        (select sum(customers) from {cohorts}) as cohort_customers
    from {rfm} where last_purchase_on is not null
"""


def main(chain_json: str, warehouse: str, folder: str, threads: str, memory_limit: str) -> None:
    """Make the relations in order; print their seconds and what the marts hold in sum."""
    started = monotonic()
    chain = json.loads(Path(chain_json).read_text(encoding="utf-8"))
    names = {parts(relation["name"])[2]: relation["name"] for relation in chain}
    seconds = {}
    with duckdb.connect(config={"threads": int(threads), "memory_limit": memory_limit}) as connection:
        attach(connection, chain, warehouse, folder)
        for relation in chain:
            at = monotonic()
            make(connection, relation, is_as_of_alone=True)
            seconds[parts(relation["name"])[2]] = round(monotonic() - at, 3)
        at = monotonic()
        database, schema, _ = parts(names[ACTIVITY])
        cohorts = f"{quoted(database)}.{quoted(schema)}.cohorts"
        connection.execute(COHORTS.format(cohorts=cohorts, activity=names[ACTIVITY]))
        seconds["cohorts"] = round(monotonic() - at, 3)
        at = monotonic()
        checkpoint(connection)
        seconds["checkpoint"] = round(monotonic() - at, 3)
        ended = monotonic()
        found = connection.execute(ANSWER.format(rfm=names["customer_rfm"], cohorts=cohorts))
        columns = [column[0] for column in found.description or ()]
        answer = dict(zip(columns, found.fetchone() or (), strict=True))
    total = round(ended - started, 3)
    sys.stdout.write(json.dumps({"seconds": total, "phases": seconds, "answer": answer}, default=int) + "\n")


def attach(connection: duckdb.DuckDBPyConnection, chain: list[dict[str, str]], warehouse: str, folder: str) -> None:
    """Attach a run's warehouse as `given`, and a new file in the folder for each database of the chain."""
    connection.execute(f"attach {literal(warehouse)} as given (read_only)")
    for database in sorted({parts(relation["name"])[0] for relation in chain}):
        connection.execute(
            f"attach {literal(Path(folder) / f'{database}.duckdb')} as {quoted(database)} (storage_version 'latest')"
        )


def make(connection: duckdb.DuckDBPyConnection, relation: dict[str, str], *, is_as_of_alone: bool = False) -> None:
    """Make one relation of the chain; what has no SQL is taken from the run's warehouse.

    Args:
        is_as_of_alone: whether the as-of day is the only snapshot.
    """
    database, schema, table = parts(relation["name"])
    connection.execute(f"create schema if not exists {quoted(database)}.{quoted(schema)}")
    if relation["sql"]:
        sql = relation["sql"]
        if table == SNAPSHOTS and is_as_of_alone:
            sql = f"select * from ({sql}) where is_as_of"
        kind = "view" if relation["is_view"] else "table"
        connection.execute(f"create {kind} {relation['name']} as {sql}")
        return
    given = f"given.{quoted(schema)}.{quoted(table)}"
    view = connection.execute(
        "select sql from duckdb_views() where database_name = 'given' and schema_name = "
        f"{literal(schema)} and view_name = {literal(table)}"
    ).fetchone()
    if view:
        body = view[0].rstrip("; \n").split(" AS ", maxsplit=1)[1]
        connection.execute(f"create view {relation['name']} as {body}")
    else:
        connection.execute(f"create table {relation['name']} as from {given}")


def checkpoint(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring what was made into its files."""
    for (database,) in connection.execute(
        "select database_name from duckdb_databases() where path is not null and not readonly"
    ).fetchall():
        connection.execute(f"checkpoint {quoted(database)}")


def parts(name: str) -> list[str]:
    """Database, schema and table of a quoted name."""
    return name.strip('"').split('"."')


if __name__ == "__main__":
    main(*sys.argv[1:])
