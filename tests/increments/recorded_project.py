"""What dbt executes for a full build and for an increment, recorded once per profile and replayed on any company.

dbt is run twice on a company without rows: into empty files, then again on what the first run left. Its log
holds every statement that it sent, so a replay runs what a run of the pipeline runs, the materialization's deletes,
inserts and renames included, in an order that the DAG allows. As-of day, profile and watermark reach the models as a
data row; therefore the statements hold for every company (test_recorded_project.py checks that they do).
"""

from __future__ import annotations

import fcntl
import re
import shutil
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from json import loads
from typing import TYPE_CHECKING, Any

import duckdb
from tests.increments.company_life import Life, Step
from tests.increments.planned_runs import plan
from tests.models.compiled_project import CATALOG, PROJECT_DIR, run_dbt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODES = ("full", "increment")
NOT_BUILT = ("--exclude-resource-type", "test", "unit_test", "saved_query")
# In one file, however long: dbt begins another after 10 MB, and the statements before it would be missing.
LOGGED = ("--log-format-file", "json", "--log-level-file", "debug", "--log-file-max-bytes", "0", "--threads", "1")
# Statements that change something. What dbt only asks (catalogue, rules, types of columns) is answered in its own run.
CHANGES = re.compile(
    r"\s*(/\*.*?\*/)?\s*(create|alter|drop|insert|delete|update|merge|truncate|comment)\b", re.I | re.S
)
RUN_MARK = re.compile(r"\s*/\*.*?\*/", re.S)
SEEDS = "seeds"
WITHOUT_ROWS = Life((Step((), date(2024, 3, 31), ""), Step((), date(2024, 4, 1), "")))


@dataclass(frozen=True)
class Statement:
    """A statement that dbt executed.

    Args:
        node: the seed or model that it was executed for; empty for what precedes them all.
        sql: the statement, without the comment that names the invocation.
    """

    node: str
    sql: str


class RecordedProject:
    """The dbt project, recorded once for each profile that a test asks for.

    Args:
        folder: where recordings are kept; processes of one test session may share it.
        project_dir: the dbt project.
        life: the company on whose first two runs dbt is run; the second goes on from the first.
    """

    def __init__(self, folder: Path, project_dir: Path = PROJECT_DIR, life: Life = WITHOUT_ROWS) -> None:
        self._folder = folder
        self._project_dir = project_dir
        self._life = life
        self._by_profile: dict[str, Recording] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def profile(self, name: str) -> Recording:
        """The recording for one profile; the first call for a profile takes two runs of dbt, the rest nothing."""
        if name not in self._by_profile:
            with (self._folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                kept = self._folder / name
                if not kept.exists():
                    self._record(name).rename(kept)
            self._by_profile[name] = Recording(kept)
        return self._by_profile[name]

    def _record(self, profile: str) -> Path:
        """Run dbt twice; the second run goes on from what the first has left."""
        work, result = self._folder / "work", self._folder / f"{profile}.new"
        shutil.rmtree(result, ignore_errors=True)
        work.mkdir(exist_ok=True)
        for left in work.glob("*.duckdb*"):
            left.unlink()
        result.mkdir()
        steps = [replace(step, profile=profile) for step in self._life.steps[: len(MODES)]]
        for mode, planned in zip(MODES, plan(Life(tuple(steps)), result), strict=True):
            with duckdb.connect(work / f"{CATALOG}.duckdb") as connection:
                planned.lay_raw(connection, mode)
            (work / "logs" / "dbt.log").unlink(missing_ok=True)
            run_dbt(work, "build", *NOT_BUILT, *LOGGED, project_dir=self._project_dir, is_debugged=True)
            (work / "logs" / "dbt.log").rename(result / f"{mode}.log")
        (work / f"{CATALOG}.duckdb").rename(result / f"{CATALOG}.duckdb")
        shutil.copy(work / "target" / "manifest.json", result)
        return result


@dataclass(frozen=True)
class Recording:
    """The statements of one profile, and the warehouse file that holds the seeds."""

    folder: Path

    @cached_property
    def statements(self) -> dict[str, list[Statement]]:
        """What changes the warehouse, by mode; the seeds' own statements are left out, for their rows never change."""
        return {mode: list(self._read(mode)) for mode in MODES}

    def _read(self, mode: str) -> Iterator[Statement]:
        seeds = {node["name"] for node in self.nodes if node["resource_type"] == "seed"}
        for line in (self.folder / f"{mode}.log").read_text(encoding="utf-8").splitlines():
            event: dict[str, Any] = loads(line)
            if event["info"]["name"] == "SQLQuery":
                sql = str(event["data"]["sql"])
                node = str((event["data"].get("node_info") or {}).get("node_name", ""))
                if node not in seeds and CHANGES.match(sql):
                    yield Statement(node, RUN_MARK.sub("", sql, count=1).strip())

    @cached_property
    def nodes(self) -> list[dict[str, Any]]:
        """Seeds and models of dbt's manifest."""
        manifest = loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return [node for node in manifest["nodes"].values() if node["resource_type"] in ("seed", "model")]

    @property
    def databases(self) -> set[str]:
        """Names of the database files that the models are built in."""
        return {str(node["database"]) for node in self.nodes}

    @property
    def schemas(self) -> set[tuple[str, str]]:
        """Database and schema of every model."""
        return {(node["database"], node["schema"]) for node in self.nodes if node["resource_type"] == "model"}

    @property
    def marts(self) -> str:
        """Database and schema of the tables that are published."""
        (place,) = {f"{database}.{schema}" for database, schema in self.schemas if schema == "marts"}
        return place

    @property
    def increments(self) -> set[str]:
        """Names of the models that dbt builds on what the last release holds."""
        return {str(node["name"]) for node in self.nodes if node["config"]["materialized"] == "incremental"}

    def lay_seeds(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Copy the loaded seeds into schema `seeds` of the present database."""
        connection.execute(f"create schema {SEEDS}")
        connection.execute(f"attach '{self.folder / CATALOG}.duckdb' as recorded (read_only)")
        for node in self.nodes:
            if node["resource_type"] == "seed":
                connection.execute(f"create table {SEEDS}.{node['name']} as from recorded.{SEEDS}.{node['name']}")
        connection.execute("detach recorded")
