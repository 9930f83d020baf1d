"""The engines that a run can build on. Whatever the engine, a build fills the same candidate."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from retention.errors import SettingsError
from retention.landing import Contract
from retention.runs import Run
from retention.warehouse.dbt import DbtResult, dbt_build
from retention.warehouse.spark import check_spark, spark_build


@dataclass(frozen=True)
class Build:
    """What a build needs to know, on any engine.

    Attributes:
        load_ids: the loads of each entity that the run sees, pinned when it landed.
        progress: receives a line for every node that has ended.
    """

    run: Run
    contracts: Mapping[str, Contract]
    load_ids: Mapping[str, Sequence[str]]
    project_dir: Path
    threads: int
    memory_limit: str
    progress: Callable[[str], None]


class Engine(Protocol):
    """Where the models are built.

    Attributes:
        goes_on: whether it can go on from the last release; else every build is a full one.
    """

    goes_on: bool

    def check(self, memory_limit: str) -> None:
        """See whether the engine can be started here.

        Raises:
            SettingsError: it cannot; the message says what is missing.
        """
        ...

    def build(self, build: Build) -> DbtResult:
        """Build and test every table in the prepared candidate.

        Raises:
            BuildFailedError: a model or a test failed.
        """
        ...


class DuckDbEngine:
    """DuckDB, in the candidate itself."""

    goes_on = True

    def check(self, memory_limit: str) -> None:
        """DuckDB is a package that is always there."""

    def build(self, build: Build) -> DbtResult:
        """Build in the candidate."""
        return dbt_build(
            build.run,
            build.project_dir,
            threads=build.threads,
            memory_limit=build.memory_limit,
            progress=build.progress,
        )


class SparkEngine:
    """Spark in local mode; its tables are taken over into the candidate."""

    goes_on = False

    def check(self, memory_limit: str) -> None:
        """Look for the packages, for Java and for memory enough."""
        check_spark(memory_limit)

    def build(self, build: Build) -> DbtResult:
        """Build on Spark, then fill the candidate."""
        return spark_build(
            build.run,
            build.contracts,
            build.load_ids,
            build.project_dir,
            threads=build.threads,
            memory_limit=build.memory_limit,
            progress=build.progress,
        )


ENGINES: Mapping[str, Engine] = {"duckdb": DuckDbEngine(), "spark": SparkEngine()}


def engine_of(target: str) -> Engine:
    """The engine of a target.

    Raises:
        SettingsError: there is none of this name.
    """
    if target not in ENGINES:
        raise SettingsError(f"There is no target '{target}'.", f"Use one of {', '.join(ENGINES)}.")
    return ENGINES[target]
