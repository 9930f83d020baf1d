"""The second engine: the same dbt project on Spark in local mode, over the same raw Parquet.

The build happens in one process of its own (spark_process.py) that ends with it. Its tables are Parquet; afterwards the
candidate gets them as tables of the same names, columns and types as a build on DuckDB leaves, so that the audit,
publication and every reader go on as they do there.
"""

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from retention.errors import BuildFailedError, SettingsError
from retention.landing import Contract
from retention.runs import Run, write_json
from retention.warehouse.dbt import DbtProcess, DbtResult, dbt_build, dbt_target
from retention.warehouse.java import find_java
from retention.warehouse.spark_raw import raw_statements, spark_text
from retention.warehouse.spark_tables import take_over

BETWEEN = ("staging", "intermediate", "seeds")
LEAST_MEMORY_MIB = 512
UNIT = {"K": 10**3, "KI": 2**10, "M": 10**6, "MI": 2**20, "G": 10**9, "GI": 2**30, "T": 10**12, "TI": 2**40}
# What a person's shell may hold for another Spark. This one is to be the installed one, alone and local.
FOREIGN = ("SPARK_HOME", "SPARK_REMOTE", "SPARK_MASTER", "PYSPARK_SUBMIT_ARGS", "PYSPARK_GATEWAY_PORT")
LOGGING = """
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {path}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{yyyy-MM-dd HH:mm:ss}} %p %c{{1}}: %m%n%ex
# dbt-spark asks for a session before every statement, and is told each time that there is one.
logger.session.name = org.apache.spark.sql.classic.SparkSession
logger.session.level = error
"""


def check_spark(memory_limit: str) -> Path:
    """See whether Spark can be started here.

    Returns:
        The home of the Java to run it on.

    Raises:
        SettingsError: packages or Java are missing, or the memory is too little.
    """
    if find_spec("pyspark") is None or find_spec("dbt.adapters.spark") is None:
        raise SettingsError(
            "The target spark needs the packages pyspark and dbt-spark, which are not installed.",
            'Install them with: pip install "retention-pipeline[spark]"; or run with --target duckdb.',
        )
    if memory_in_mib(memory_limit) < LEAST_MEMORY_MIB:
        raise SettingsError(
            f"RETENTION_MEMORY_LIMIT is {memory_limit}: Spark cannot start with less than {LEAST_MEMORY_MIB}MiB.",
            "Raise it, or run with --target duckdb.",
        )
    return find_java()


def memory_in_mib(limit: str) -> int:
    """A memory limit as the settings write it (8GB, 512 MiB), in MiB, rounded down."""
    match = re.fullmatch(r"([\d.]+)\s?([KMGT]i?)B", limit)
    if match is None:
        raise SettingsError(f"RETENTION_MEMORY_LIMIT is {limit!r}, which is no amount of memory.", "Write 8GB.")
    return int(float(match.group(1)) * UNIT[match.group(2).upper()] / 2**20)


def conf_folder(run: Run) -> Path:
    """Where Spark looks for its files of settings: ours, and not those of another Spark on the machine."""
    return run.engine_folder / "conf"


def session_config(run: Run, threads: int, memory_limit: str) -> dict[str, str]:
    """Settings of the session: local, silent, within the run's folder, and with DuckDB's idea of time and errors."""
    folder = run.engine_folder
    return {
        "spark.app.name": f"retention {run.run_id}",
        "spark.master": f"local[{threads}]",
        "spark.driver.memory": f"{memory_in_mib(memory_limit)}m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(folder / "scratch"),
        # No metastore: the tables of a run are forgotten with it, and no Derby folder is left where it was started.
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        # A timestamp has no zone, as on DuckDB; what Spark still reckons in a zone, it reckons in UTC.
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.session.timeZone": "UTC",
        # An overflow or a text that is no number stops the build, as on DuckDB, where Spark would write null.
        "spark.sql.ansi.enabled": "true",
        "spark.sql.adaptive.enabled": "true",
        # Spark's 200 parts of every shuffle are for a cluster; here each costs a task.
        "spark.sql.shuffle.partitions": str(2 * threads),
        "spark.sql.parquet.compression.codec": "zstd",
    }


def spark_build(
    run: Run,
    contracts: Mapping[str, Contract],
    load_ids: Mapping[str, Sequence[str]],
    project_dir: Path,
    *,
    threads: int,
    memory_limit: str,
    progress: Callable[[str], None],
) -> DbtResult:
    """Build and test every table on Spark, then fill the candidate with the results.

    Args:
        load_ids: the loads of each entity that the run sees.

    Raises:
        SettingsError: Spark cannot be started here.
        BuildFailedError: a model or a test failed, or a landed file is gone.
    """
    java = check_spark(memory_limit)
    for folder in (run.engine_folder, run.marts_parquet):
        shutil.rmtree(folder, ignore_errors=True)
    schemas = {"marts": run.marts_parquet} | {name: run.engine_folder / "tables" / name for name in BETWEEN}
    statements = [
        *raw_statements(run, contracts, load_ids, run.engine_folder / "raw"),
        *(f"create schema {name} location {spark_text(place)}" for name, place in schemas.items()),
    ]
    process = DbtProcess(
        target="spark",
        module="retention.warehouse.spark_process",
        arguments=[str(_write_job(run, session_config(run, threads, memory_limit), statements))],
        environment={"JAVA_HOME": str(java), "SPARK_CONF_DIR": str(conf_folder(run)), "SPARK_LOCAL_IP": "127.0.0.1"},
        without=FOREIGN,
    )
    try:
        result = dbt_build(
            run, project_dir, threads=threads, memory_limit=memory_limit, progress=progress, process=process
        )
    except BuildFailedError as error:
        raise named(error, spark_log(run), memory_limit) from error
    take_over(run, schemas, dbt_target(run.home) / "manifest.json")
    return result


def spark_log(run: Run) -> Path:
    """Where Spark itself writes what it has to say."""
    return run.folder / "logs" / "spark.log"


def named(error: BuildFailedError, log: Path, memory_limit: str) -> BuildFailedError:
    """The failure as it is; but one that comes of too little memory shows as anything, and Spark's log alone knows."""
    if log.exists() and "java.lang.OutOfMemoryError" in log.read_text(encoding="utf-8", errors="replace"):
        return BuildFailedError(
            f"The build failed: Spark had not enough memory ({memory_limit}).",
            f"Raise RETENTION_MEMORY_LIMIT, or lower RETENTION_THREADS. Spark's log: {log}.",
        )
    return error


def _write_job(run: Run, config: Mapping[str, str], statements: Sequence[str]) -> Path:
    """Lay out the folder of the process: its settings, and where it writes its log."""
    conf = conf_folder(run)
    conf.mkdir(parents=True)
    spark_log(run).parent.mkdir(exist_ok=True)
    log = str(spark_log(run)).replace("\\", "\\\\")
    (conf / "log4j2.properties").write_text(LOGGING.format(path=log), encoding="utf-8")
    job = run.engine_folder / "job.json"
    write_json(job, {"config": dict(config), "statements": list(statements)})
    return job
