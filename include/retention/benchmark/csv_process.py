"""DuckDB's own way from CSV to Parquet, in a process of its own: columns with their types, bad lines left out.

python -m retention.benchmark.csv_process CSV PARQUET THREADS MEMORY_LIMIT
"""

import json
import sys
from time import monotonic

import duckdb

from retention.sql import literal

TYPES = """{
    'order_id': 'varchar', 'customer_id': 'varchar', 'ordered_at': 'timestamp', 'amount': 'decimal(18, 2)',
    'status': 'varchar', 'channel': 'varchar', 'discount_amount': 'decimal(18, 2)', 'region': 'varchar',
    'updated_at': 'timestamp'
}"""


def main(source: str, target: str, threads: str, memory_limit: str) -> None:
    """Convert, print the seconds and rows."""
    started = monotonic()
    with duckdb.connect(config={"threads": int(threads), "memory_limit": memory_limit}) as connection:
        connection.execute(
            f"copy (from read_csv({literal(source)}, header = true, columns = {TYPES}, ignore_errors = true)) "
            f"to {literal(target)} (format parquet)"
        )
        (rows,) = connection.execute(f"select count(*) from read_parquet({literal(target)})").fetchone() or (0,)
    sys.stdout.write(json.dumps({"seconds": round(monotonic() - started, 3), "rows": int(rows)}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
