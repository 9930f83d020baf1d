"""dbt on Spark, as a child that dies with the run that started it: the session first, then raw, then dbt in it.

dbt-spark's session method takes whatever session its process has, so the one made here decides where tables go, how
much memory there is and what a timestamp is. Arguments: the parent's process ID, the job's JSON file, dbt's own.
"""

import json
import logging
import signal
import sys
import warnings
from pathlib import Path

from pyspark.sql import SparkSession

from retention.warehouse.dbt_process import die_with_parent, run_dbt


def start_session(config: dict[str, str], statements: list[str]) -> None:
    """Start Spark in local mode and lay what the models read.

    Args:
        config: Spark's settings; those of its Java process count only now, before that is there.
        statements: SQL to run in order.
    """
    builder = SparkSession.builder
    for name, value in config.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    for statement in statements:
        session.sql(statement)


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    # Ctrl-C reaches every process of a terminal. The run that started this one ends it; were it to end by itself while
    # Java starts, Java would miss that and stay.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Spark warns of pandas 3, which is used nowhere here: rows go from Parquet to Parquet.
    warnings.filterwarnings("ignore", category=FutureWarning, module="pyspark")
    # It writes every error of a statement with the Java stack behind it; dbt says the error itself.
    logging.getLogger("SQLQueryContextLogger").disabled = True
    job = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    start_session(job["config"], job["statements"])
    run_dbt(sys.argv[3:])
