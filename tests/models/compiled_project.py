"""Runs the models' compiled SQL on small companies, many of them, without starting dbt for each.

dbt is started once per profile, on a warehouse without rows. As-of date and profile reach the models as a data row, so
the SQL that it compiles does not depend on the company; each company then costs a fresh in-memory DuckDB (about 0.2 s).
Tables are created as dbt creates them: with the contract's types and constraints where a model has one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from graphlib import TopologicalSorter
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from retention.landing import load_contracts
from retention.warehouse.completeness import thresholds_sql
from retention.warehouse.dbt import share_parsed, take_parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

PROJECT_DIR = Path(__file__).parents[2] / "dbt_project"
PARSED = PROJECT_DIR / "target" / "parsed.duckdb.msgpack"
DEBUGGED = """
import gc, sys
from retention.warehouse.dbt_process import parse_alike_for_every_file
gc.disable()
parse_alike_for_every_file()
from dbt.cli.main import cli
cli(sys.argv[1:])
"""
CATALOG = "warehouse"
MARTS_CATALOG = "retention"


def raw_tables() -> dict[str, str]:
    """Columns of each raw table: what landing writes by the contracts, and the one row that a run adds."""
    contracts = load_contracts(PROJECT_DIR.parent)
    tables = {
        entity: ", ".join(f"{name} {kind}" for name, kind in contract.raw_columns)
        for entity, contract in contracts.items()
    }
    parameters = (
        "run_id varchar, as_of_date date, profile varchar, timezone varchar, started_at timestamp, "
        "since_load_seq bigint, since_as_of date"
    )
    return {**tables, "run_parameters": parameters}


RAW_TABLES = raw_tables()
THRESHOLDS = thresholds_sql(load_contracts(PROJECT_DIR.parent))


class DbtFailedError(Exception):
    """dbt ended with an error; the message is what it printed."""


@dataclass(frozen=True)
class Node:
    """A seed or model of the compiled project.

    Args:
        relation: quoted name of its table or view, with the catalog.
        sql: the compiled SELECT; empty for a seed.
        columns: `name type [not null]` of the enforced contract; empty without one.
    """

    name: str
    catalog: str
    schema: str
    relation: str
    sql: str
    is_view: bool
    columns: tuple[str, ...]
    parents: tuple[str, ...]

    def create_statements(self) -> list[str]:
        """SQL that makes the node in a warehouse where its parents stand."""
        if self.is_view:
            return [f"create view {self.relation} as {self.sql}"]
        if not self.columns:
            return [f"create table {self.relation} as {self.sql}"]
        return [
            f"create table {self.relation} ({', '.join(self.columns)})",
            f"insert into {self.relation} by name {self.sql}",
        ]


def create_raw(connection: duckdb.DuckDBPyConnection, raw: Mapping[str, pd.DataFrame]) -> None:
    """Make schema `raw` from frames by table name; columns that a frame lacks become typed nulls."""
    unknown = raw.keys() - RAW_TABLES.keys()
    if unknown:
        raise KeyError(f"no raw table is called {sorted(unknown)}")
    connection.execute("create schema raw")
    for table, columns in RAW_TABLES.items():
        connection.execute(f"create table raw.{table} ({columns})")
        if table in raw and len(raw[table]):
            connection.register("landed", raw[table])
            connection.execute(f"insert into raw.{table} by name select * from landed")
            connection.unregister("landed")
    connection.execute(f"create table raw.completeness_thresholds as {THRESHOLDS}")


def set_run_parameters(
    connection: duckdb.DuckDBPyConnection, as_of: date, profile: str, zone: str = "Asia/Shanghai"
) -> None:
    """Ask for an as-of date and a profile, as a run does."""
    connection.execute("delete from raw.run_parameters")
    connection.execute(
        "insert into raw.run_parameters values ('test', ?, ?, ?, timestamp '2024-01-01 09:00:00', null, null)",
        [as_of, profile, zone],
    )


def run_dbt(folder: Path, *arguments: str, project_dir: Path = PROJECT_DIR, is_debugged: bool = False) -> str:
    """Run dbt as a run does against the warehouse in a folder, and give back what it printed.

    It begins with the project as any run has parsed it, a copy of the project too: dbt parses again what differs.

    Args:
        is_debugged: whether dbt makes events of level debug, which a run has no use for.

    Raises:
        DbtFailedError: dbt ended with another exit code than 0.
    """
    take_parsed(PARSED, folder / "target")
    started = ["-c", DEBUGGED] if is_debugged else ["-m", "retention.warehouse.dbt_process", str(os.getpid())]
    command = [sys.executable, *started, *arguments, "--no-use-colors", "--target", "duckdb"]
    command += ["--project-dir", str(project_dir), "--profiles-dir", str(project_dir)]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    environment = {**os.environ, "RETENTION_WAREHOUSE": str(folder / f"{CATALOG}.duckdb")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DbtFailedError(done.stdout + done.stderr)
    if project_dir == PROJECT_DIR:
        share_parsed(folder / "target", PARSED)
    return done.stdout


class CompiledProject:
    """The dbt project, compiled once for each profile that a test asks for.

    Args:
        folder: where compiled projects are kept; processes of one test session may share it.
        project_dir: the dbt project.
    """

    def __init__(self, folder: Path, project_dir: Path = PROJECT_DIR) -> None:
        self._folder = folder
        self._project_dir = project_dir
        self._by_profile: dict[str, CompiledProfile] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def profile(self, name: str) -> CompiledProfile:
        """The project as compiled for one profile; the first call for a profile takes seconds, the rest nothing."""
        if name not in self._by_profile:
            with (self._folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                kept = self._folder / name
                if not kept.exists():
                    self._compile(name).rename(kept)
            self._by_profile[name] = CompiledProfile(name, kept)
        return self._by_profile[name]

    def _compile(self, profile: str) -> Path:
        """Build the project without rows, so that rules are read from loaded seeds; keep the manifest and the seeds."""
        work, result = self._folder / "work", self._folder / f"{profile}.new"
        work.mkdir(exist_ok=True)
        warehouse = work / f"{CATALOG}.duckdb"
        with duckdb.connect(warehouse) as connection:
            create_raw(connection, {})
            set_run_parameters(connection, date(2024, 3, 31), profile)
        left_out = ("--exclude-resource-type", "test", "unit_test", "saved_query")
        run_dbt(work, "build", *left_out, project_dir=self._project_dir)
        result.mkdir()
        warehouse.rename(result / warehouse.name)
        shutil.copy(work / "target" / "manifest.json", result)
        return result

    def run_unit_tests(self, profile: str = "default_b2b") -> str:
        """Run dbt's unit tests on the compiled project's tables without rows; gives back what dbt printed.

        Raises:
            DbtFailedError: one of them failed.
        """
        kept, work = self.profile(profile).folder, self._folder / "work"
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            warehouse = Path(shutil.copy(kept / f"{CATALOG}.duckdb", work))
            try:
                return run_dbt(work, "test", "--select", "test_type:unit", project_dir=self._project_dir)
            finally:
                warehouse.unlink()

    def build(
        self,
        raw: Mapping[str, pd.DataFrame],
        *,
        as_of: date,
        profile: str = "default_b2b",
        models: Sequence[str] = (),
        seeds: Mapping[str, pd.DataFrame] | None = None,
        zone: str = "Asia/Shanghai",
    ) -> duckdb.DuckDBPyConnection:
        """Build models for one company in a fresh in-memory warehouse.

        Args:
            raw: frames by raw table; absent tables are empty, absent columns null. `_load_seq` and `_line_no` decide
                between versions of a key as landing's do.
            models: the models wanted; their ancestors are built too. Empty builds all.
            seeds: frames that replace whole seeds at run time. tier_rules cannot be replaced: it is compiled in.
            zone: the business's time zone.

        Returns:
            A connection to the warehouse, in which the models stand as in a release's warehouse.duckdb.
        """
        return self.profile(profile).build(raw, as_of=as_of, models=models, seeds=seeds or {}, zone=zone)


@dataclass(frozen=True)
class CompiledProfile:
    """Compiled SQL of the project for one profile, and the warehouse file that holds its seeds."""

    profile: str
    folder: Path

    def build(
        self,
        raw: Mapping[str, pd.DataFrame],
        *,
        as_of: date,
        models: Sequence[str] = (),
        seeds: Mapping[str, pd.DataFrame],
        zone: str = "Asia/Shanghai",
    ) -> duckdb.DuckDBPyConnection:
        """As CompiledProject.build, for this profile."""
        if "tier_rules" in seeds:
            raise ValueError("tier_rules is compiled into the models: change the seed in a copy of the project")
        connection = duckdb.connect()
        connection.execute(
            f"set threads = 1; attach ':memory:' as {CATALOG}; use {CATALOG}; attach ':memory:' as {MARTS_CATALOG}"
        )
        create_raw(connection, raw)
        set_run_parameters(connection, as_of, self.profile, zone)
        for catalog, schema in {(node.catalog, node.schema) for node in self.nodes.values()}:
            connection.execute(f"create schema {catalog}.{schema}")
        connection.execute(f"set search_path = '{CATALOG}.main,{MARTS_CATALOG}.marts'")
        self._load_seeds(connection, seeds)
        for node in self._in_order(models):
            for statement in node.create_statements():
                connection.execute(statement)
        return connection

    def _load_seeds(self, connection: duckdb.DuckDBPyConnection, changed: Mapping[str, pd.DataFrame]) -> None:
        connection.execute(f"attach '{self.folder / CATALOG}.duckdb' as compiled (read_only)")
        for seed in (node for node in self.nodes.values() if not node.sql):
            table = f"{seed.schema}.{seed.name}"
            connection.execute(f"create table {seed.relation} as from compiled.{table}")
            if seed.name in changed:
                connection.execute(f"delete from {seed.relation}")
                connection.register("changed_seed", changed[seed.name])
                connection.execute(f"insert into {seed.relation} by name select * from changed_seed")
                connection.unregister("changed_seed")
        connection.execute("detach compiled")

    def _in_order(self, models: Sequence[str]) -> Iterator[Node]:
        """The wanted models after all that they are made from."""
        wanted = set(models) or set(self.nodes)
        graph: dict[str, tuple[str, ...]] = {}
        while wanted:
            name = wanted.pop()
            graph[name] = self.nodes[name].parents
            wanted |= set(graph[name]) - graph.keys()
        return (self.nodes[name] for name in TopologicalSorter(graph).static_order() if self.nodes[name].sql)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """dbt's manifest of the compiled project."""
        manifest: dict[str, Any] = loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return manifest

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Seeds and models by name."""
        found = [_node(entry) for entry in self.manifest["nodes"].values() if entry["resource_type"] in _BUILT]
        return {node.name: node for node in found}


_BUILT = ("model", "seed")


def _node(entry: dict[str, Any]) -> Node:
    has_contract = entry["config"].get("contract", {}).get("enforced", False)
    return Node(
        name=entry["name"],
        catalog=entry["database"],
        schema=entry["schema"],
        relation=entry["relation_name"],
        sql=entry.get("compiled_code") or "",
        is_view=entry["config"]["materialized"] == "view",
        columns=tuple(_column(column) for column in entry["columns"].values()) if has_contract else (),
        parents=tuple(
            parent.split(".")[2] for parent in entry["depends_on"].get("nodes", []) if parent.split(".")[0] in _BUILT
        ),
    )


def _column(column: dict[str, Any]) -> str:
    is_required = any(constraint["type"] == "not_null" for constraint in column["constraints"])
    return f'"{column["name"]}" {column["data_type"]}{" not null" if is_required else ""}'
