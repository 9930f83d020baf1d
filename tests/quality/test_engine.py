"""Great Expectations on DuckDB: what the shim mends, and what its import leaves out."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from retention.quality import engine
from retention.quality.checks import Checker

pytestmark = pytest.mark.slow
AS_OF = date(2024, 6, 30)
DIALECTS = "great_expectations.execution_engine.sqlalchemy_execution_engine"
MakeWarehouse = Callable[..., Path]


def run_python(code: str) -> str:
    """Run code in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def null_check_of_a_materialised_batch(warehouse: Path) -> bool:
    """Whether a check on a temporary table could be evaluated."""
    gx = engine.load_great_expectations()
    with (
        engine.duckdb_source(engine.ephemeral_context(), warehouse) as source,
        engine.materialised(source, "select order_id from raw.orders") as rows,
    ):
        asset = source.add_query_asset(name="orders", query=rows)
        batch = asset.add_batch_definition_whole_table("whole").get_batch()
        return bool(batch.validate(gx.expectations.ExpectColumnValuesToNotBeNull(column="order_id")).success)


def test_the_shim_is_still_needed(
    make_warehouse: MakeWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When this fails, Great Expectations keeps DuckDB's connections itself: remove the shim from engine.py."""
    warehouse = make_warehouse(tmp_path / "warehouse.duckdb")
    assert null_check_of_a_materialised_batch(warehouse)

    module = importlib.import_module(DIALECTS)
    without = tuple(one for one in module._PERSISTED_CONNECTION_DIALECTS if one != "duckdb")
    monkeypatch.setattr(module, "_PERSISTED_CONNECTION_DIALECTS", without)
    monkeypatch.setattr(engine, "_persist_duckdb_connections", lambda: None)
    try:
        worked = null_check_of_a_materialised_batch(warehouse)
    except Exception:
        worked = False
    assert not worked


def test_the_shim_is_added_once() -> None:
    engine.load_great_expectations()
    engine.load_great_expectations()
    module = importlib.import_module(DIALECTS)
    assert [one == "duckdb" for one in module._PERSISTED_CONNECTION_DIALECTS].count(True) == 1


def test_the_import_leaves_statistics_and_charts_out_until_they_are_used() -> None:
    printed = run_python(
        "import sys\n"
        "from retention.quality.engine import load_great_expectations\n"
        "gx = load_great_expectations()\n"
        "print('narwhals' in sys.modules, 'scipy.optimize' in sys.modules)\n"
        "from scipy import stats\n"
        "import altair\n"
        "print(round(stats.norm.cdf(0), 1), altair.Chart.__name__)\n"
    )
    assert printed.split() == ["False", "False", "0.5", "Chart"]


def test_the_package_itself_does_not_import_great_expectations() -> None:
    printed = run_python("import sys, retention.quality\nprint('great_expectations' in sys.modules)")
    assert printed.strip() == "False"


def test_checks_write_nothing_and_let_go_of_the_file(
    checker: Checker, make_warehouse: MakeWarehouse, tmp_path: Path
) -> None:
    warehouse = make_warehouse(tmp_path / "ware house 数据$1.duckdb")
    before = warehouse.read_bytes()
    checker.check_landed(warehouse, AS_OF, ["orders"])
    checker.check_published(warehouse, AS_OF, "UTC")
    assert warehouse.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [warehouse.name]
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create table marts.another as select 1 as one")


def test_checks_keep_to_the_limits_given(make_warehouse: MakeWarehouse, tmp_path: Path) -> None:
    warehouse, limits = make_warehouse(tmp_path / "warehouse.duckdb"), {"threads": "1", "memory_limit": "1GB"}
    with (
        engine.duckdb_source(engine.ephemeral_context(), warehouse, limits) as source,
        source.get_execution_engine().get_connection() as connection,
    ):
        asked = "select current_setting('threads'), current_setting('memory_limit'), current_setting('access_mode')"
        assert connection.exec_driver_sql(asked).fetchone() == (1, "953.6 MiB", "read_only")


def test_checks_need_no_network(
    checker: Checker, make_warehouse: MakeWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError(f"network access: {arguments}")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    results = checker.check_published(make_warehouse(tmp_path / "warehouse.duckdb"), AS_OF, "UTC")
    assert all(result.passed for result in results)
