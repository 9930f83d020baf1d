"""Great Expectations on DuckDB: its import made bearable, one gap mended, a read-only data source.

Great Expectations 1.24 knows no DuckDB dialect. Its generic path closes the connection of every query before it
reads the result, which duckdb-engine does not survive for temporary tables: they die with their connection. The
dialects of `_PERSISTED_CONNECTION_DIALECTS` keep one connection open, and adding DuckDB there is all that is
needed. tests/quality/test_engine.py tells when Great Expectations no longer needs it.
"""

import gc
import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote, urlencode

# Together 2 of the 6.4 seconds of Great Expectations' import (measured), for three expectations about statistical
# distributions that no suite here uses. They are imported when first touched.
DEFERRED = ("altair", "scipy.stats")
# Great Expectations looks whether it can have Spark, and imports what is there; its Connect part ends a process that it
# takes for a doctest.
ABSENT = "pyspark"
_number = count(1)


class DuckDBDialect:
    """Equal to the dialect's name and to nothing else, as the members of Great Expectations' dialect list are."""

    value = "duckdb"

    def __eq__(self, other: object) -> bool:
        """Compare with a name or with another dialect."""
        return getattr(other, "value", other) == self.value

    def __hash__(self) -> int:
        """Hash as the name."""
        return hash(self.value)


class DeferredModule(ModuleType):
    """Stands in for a module until somebody asks for something in it."""

    def __getattr__(self, name: str) -> Any:
        """Import the module at the first use of one of its names."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._load(), name)

    def _load(self) -> ModuleType:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return importlib.import_module(self.__name__)


def load_great_expectations() -> ModuleType:
    """Import Great Expectations without what is not needed here, mended for DuckDB. Repeating it is free.

    Takes about 3.5 seconds instead of 6.4 the first time.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    if "great_expectations" not in sys.modules:
        with _deferred_imports():
            importlib.import_module("great_expectations")
    gx = importlib.import_module("great_expectations")
    _persist_duckdb_connections()
    return gx


@contextmanager
def _deferred_imports() -> Iterator[None]:
    """Put stand-ins for the modules of DEFERRED, hide Spark, and keep the garbage collector from what only grows."""
    for name in DEFERRED:
        if name not in sys.modules:
            stand_in = DeferredModule(name)
            sys.modules[name] = stand_in
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(importlib.import_module(parent), child, stand_in)
    hidden: dict[str, ModuleType | None] = {} if ABSENT in sys.modules else {ABSENT: None}
    sys.modules.update(hidden)  # type: ignore[arg-type]  # None is how Python writes "cannot be imported"
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
        if was_enabled:
            gc.enable()


def _persist_duckdb_connections() -> None:
    module: Any = importlib.import_module("great_expectations.execution_engine.sqlalchemy_execution_engine")
    if not any(dialect == "duckdb" for dialect in module._PERSISTED_CONNECTION_DIALECTS):
        module._PERSISTED_CONNECTION_DIALECTS += (DuckDBDialect(),)


def ephemeral_context() -> Any:
    """A Data Context in memory: nothing is written, not even the temporary folder of a page that nobody opens."""
    gx = load_great_expectations()
    settings: Any = importlib.import_module("great_expectations.data_context.types.base")
    in_memory = settings.InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    context = gx.get_context(
        mode="ephemeral", project_config=settings.DataContextConfig(store_backend_defaults=in_memory)
    )
    context.variables.progress_bars = {"globally": False}
    return context


@contextmanager
def duckdb_source(context: Any, warehouse: Path, limits: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Open a warehouse file read-only as a data source, and let go of it at the end.

    Args:
        limits: DuckDB settings such as threads and memory_limit.
    """
    name = f"warehouse_{next(_number)}"
    settings = urlencode({"access_mode": "read_only", **(limits or {})})
    url = f"duckdb:///{quote(str(warehouse.resolve()))}?{settings}"
    source = context.data_sources.add_sql(name=name, connection_string=url, create_temp_table=False)
    try:
        yield source
    finally:
        _close(source)
        context.data_sources.delete(name)


@contextmanager
def materialised(source: Any, query: str) -> Iterator[str]:
    """Run a query once into a temporary table, for as long as the checks of its rows take.

    Great Expectations can do this itself, but then runs the query twice for every suite.

    Yields:
        SQL of the table's rows.
    """
    name = f"rows_{next(_number)}"
    with source.get_execution_engine().get_connection() as connection:
        connection.exec_driver_sql(f"create temporary table {name} as {query}")
        connection.commit()
        try:
            yield f"select * from {name}"
        finally:
            connection.exec_driver_sql(f"drop table {name}")


def _close(source: Any) -> None:
    """Close every connection, so that the file can be opened for writing."""
    engine = source.get_execution_engine()
    with engine.get_connection() as connection:
        connection.close()
    engine.close()
    # Adding and testing the source made an engine of its own.
    source.get_engine().dispose()
