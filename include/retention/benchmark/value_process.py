"""The product's fit of BG/NBD, in a process of its own.

    python -m retention.benchmark.value_process CUSTOMERS_PARQUET

As in the product, the database groups customers who share their figures; then the fit reads the groups. Prints the
seconds of both, the parameters and how many groups there were.
"""

import json
import sys
from importlib.metadata import version
from time import monotonic

import duckdb

from retention.sql import literal
from retention.value import bg_nbd
from retention.value.statistics import PurchaseStatistics

GROUPED = """
    select frequency, recency, age, cast(count(*) as double) as weight from {source}
    group by all order by all
"""


def main(source: str) -> None:
    """Group and fit."""
    begun = monotonic()
    with duckdb.connect() as connection:
        columns = connection.execute(GROUPED.format(source=literal(source))).fetchnumpy()
    grouped = monotonic()
    found = bg_nbd.fit(PurchaseStatistics(*(columns[name] for name in ("frequency", "recency", "age", "weight"))))
    phases = {"group": round(grouped - begun, 3), "fit": round(monotonic() - grouped, 3)}
    answer = {
        "seconds": round(sum(phases.values()), 3), "phases": phases, "parameters": found.parameters,
        "log_likelihood": found.log_likelihood, "is_sound": found.is_sound, "groups": found.diagnostics["groups"],
        "versions": {name: version(name) for name in ("numpy", "scipy")},
    }  # fmt: skip
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
