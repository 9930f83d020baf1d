"""What Spark is given before it starts: raw as the run sees it, and settings of its own. No Java is needed here."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from retention.errors import BuildFailedError, SettingsError
from retention.landing import load_contracts
from retention.runs import Run
from retention.settings import PROJECT_DIR
from retention.warehouse import spark
from retention.warehouse.candidate import open_warehouse
from retention.warehouse.engines import engine_of
from retention.warehouse.spark_raw import raw_statements, spark_text, spark_type
from retention.warehouse.spark_tables import take_over

CONTRACTS = load_contracts(PROJECT_DIR)
OF_TODAY = "'P1' as product_id, 'Bread' as name, cast(1.5 as decimal(18, 2)) as unit_cost, 1::bigint as _load_seq"
OF_OLD = "'P2' as product_id, 2::integer as unit_cost, 2::bigint as _load_seq"


def put_load(run: Run, load_id: str, columns: str, load_seq: int) -> Path:
    """A committed load of products."""
    folder = run.home.raw / "products" / f"load={load_id}"
    folder.mkdir(parents=True)
    duckdb.sql(f"select {columns}").write_parquet(str(folder / "part.parquet"))
    manifest = {"load_id": load_id, "load_seq": load_seq, "entity": "products"}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder / "part.parquet"


@pytest.fixture
def run(new_run: Callable[[], Run]) -> Run:
    """A run with a candidate and three loads of products, the second by an older contract."""
    run = new_run()
    for load_seq, (load_id, columns) in enumerate([("a", OF_TODAY), ("b", OF_OLD), ("c", OF_TODAY)], start=1):
        put_load(run, load_id, columns, load_seq)
    run.folder.mkdir(parents=True)
    with duckdb.connect(str(run.candidate)) as connection:
        connection.execute(
            "create schema raw; create table raw.run_parameters as select 'it''s' as run_id, "
            "date '2024-01-31' as as_of_date, cast(null as bigint) as since_load_seq"
        )
    return run


def products(run: Run, load_ids: list[str]) -> list[str]:
    """The statements that lay products."""
    statements = raw_statements(run, CONTRACTS, {"products": load_ids}, run.engine_folder / "raw")
    return [one for one in statements if "products" in one]


def test_a_run_sees_its_pinned_loads_and_no_others(run: Run) -> None:
    table, view = products(run, ["a"])
    links = list((run.engine_folder / "raw" / "products").rglob("*.parquet"))
    assert [link.resolve().parent.name for link in links] == ["load=a"]
    assert f"using parquet location '{links[0].parent}'" in table
    assert view.startswith("create view raw.`products` as select cast(`product_id` as string) as `product_id`")


def test_files_of_an_older_contract_are_read_by_their_own_types_and_cast(run: Run) -> None:
    of_today, of_old, view = products(run, ["a", "b", "c"])
    assert "`unit_cost` decimal(18,2)" in of_today
    assert "`unit_cost` int" in of_old
    assert view.count("union all") == 1
    assert "cast(null as string) as `name`" in view
    assert view.count("cast(`unit_cost` as decimal(18,2)) as `unit_cost`") == 2


def test_an_entity_without_loads_has_no_rows(run: Run) -> None:
    (view,) = products(run, [])
    assert "cast(null as string) as `product_id`" in view
    assert view.endswith("where false")


def test_the_runs_parameters_are_taken_over_whatever_they_are(run: Run) -> None:
    assert raw_statements(run, {}, {}, run.engine_folder / "raw")[-1] == (
        "create table raw.run_parameters using parquet as select cast('it\\'s' as string) as `run_id`, "
        "cast('2024-01-31' as date) as `as_of_date`, cast(null as bigint) as `since_load_seq`"
    )


def test_a_landed_file_that_is_gone_stops_the_build(run: Run) -> None:
    (run.home.raw / "products" / "load=a" / "part.parquet").unlink()
    with pytest.raises(BuildFailedError, match=r"A landed file of 'products' is gone: .*load=a/part\.parquet"):
        products(run, ["a"])


@pytest.mark.parametrize(
    ("of_duckdb", "of_spark"),
    [("VARCHAR", "string"), ("TIMESTAMP", "timestamp_ntz"), ("INTEGER", "int"), ("DECIMAL(9,6)", "decimal(9,6)")],
)
def test_types_keep_their_meaning(of_duckdb: str, of_spark: str) -> None:
    assert spark_type(of_duckdb) == of_spark


def test_a_text_survives_quoting() -> None:
    assert spark_text("it's a \\ path") == "'it\\'s a \\\\ path'"


def test_the_session_uses_the_runs_threads_memory_and_folder(run: Run) -> None:
    config = spark.session_config(run, 3, "4GB")
    assert (config["spark.master"], config["spark.driver.memory"]) == ("local[3]", "3814m")
    assert config["spark.sql.timestampType"] == "TIMESTAMP_NTZ"
    for place in ("spark.local.dir", "spark.sql.warehouse.dir"):
        assert config[place].startswith(str(run.engine_folder))


@pytest.mark.parametrize(
    ("limit", "mebibytes"), [("8GB", 7629), ("8GiB", 8192), ("512 MiB", 512), ("1.5TB", 1430511), ("700000KB", 667)]
)
def test_a_memory_limit_is_read(limit: str, mebibytes: int) -> None:
    assert spark.memory_in_mib(limit) == mebibytes


def test_too_little_memory_is_refused_before_anything_runs() -> None:
    with pytest.raises(SettingsError, match="RETENTION_MEMORY_LIMIT is 300MB: Spark cannot start with less"):
        spark.check_spark("300MB")


def test_a_build_that_ran_out_of_memory_is_told_so(run: Run) -> None:
    log = spark.spark_log(run)
    log.parent.mkdir()
    broken = BuildFailedError("The build failed: a_model: SparkContext was shut down.", "dbt's log: dbt.log.")
    log.write_text("WARN WindowExec: no partition\n", encoding="utf-8")
    assert spark.named(broken, log, "1GB") is broken
    log.write_text("ERROR Executor: java.lang.OutOfMemoryError: Java heap space\n", encoding="utf-8")
    assert str(spark.named(broken, log, "1GB")).startswith(
        "The build failed: Spark had not enough memory (1GB). Raise RETENTION_MEMORY_LIMIT"
    )


def test_missing_packages_are_named_with_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match=r'pip install "retention-pipeline\[spark\]"'):
        spark.check_spark("8GB")


def test_an_unknown_target_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match=r"There is no target 'trino'\. Use one of duckdb, spark\."):
        engine_of("trino")


def node(table: str, **columns: str) -> dict[str, object]:
    """A result table as dbt's manifest describes it; its first column is required."""
    described = {
        column: {"name": column, "data_type": kind, "constraints": [{"type": "not_null"}] if at == 0 else []}
        for at, (column, kind) in enumerate(columns.items())
    }
    return {"name": table, "schema": "marts", "resource_type": "model", "columns": described}


@pytest.fixture
def built(run: Run) -> Run:
    """A run whose Spark has written one table, with a column order and types of its own."""
    (run.marts_parquet / "labels").mkdir(parents=True)
    duckdb.sql("select 'two' as name, 2::bigint as code").write_parquet(str(run.marts_parquet / "labels" / "0.parquet"))
    return run


def test_a_table_is_taken_over_by_its_contract(built: Run) -> None:
    manifest = built.folder / "manifest.json"
    manifest.write_text(json.dumps({"nodes": {"a": node("labels", code="integer", name="varchar")}}), encoding="utf-8")
    take_over(built, {"marts": built.marts_parquet}, manifest)
    with open_warehouse(built.folder, read_only=True) as connection:
        described = connection.execute("describe marts.labels").fetchall()
        assert [row[:3] for row in described] == [("code", "INTEGER", "NO"), ("name", "VARCHAR", "YES")]
        assert connection.execute("from marts.labels").fetchall() == [(2, "two")]


def test_a_table_that_was_not_built_stops_the_run(built: Run) -> None:
    manifest = built.folder / "manifest.json"
    manifest.write_text(json.dumps({"nodes": {"a": node("cohorts", code="integer")}}), encoding="utf-8")
    with pytest.raises(BuildFailedError, match="A table of Spark's cannot be taken over"):
        take_over(built, {"marts": built.marts_parquet}, manifest)
