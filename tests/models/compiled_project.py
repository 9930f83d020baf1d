"""Runs the models' compiled SQL on small companies, many of them, without starting dbt for each.

dbt is started once per profile, on a warehouse without rows. As-of date and profile reach the models as a data row, so
the SQL that it compiles does not depend on the company; each company then costs a fresh in-memory DuckDB (about 0.2 s).
Tables are created as dbt creates them: with the contract's types and constraints where a model has one.
"""

from __future__ import annotations

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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

PROJECT_DIR = Path(__file__).parents[2] / "dbt_project"
CATALOG = "warehouse"

_LANDED = "_load_id varchar, _load_seq bigint, _line_no bigint, _row_hash varchar"

# What landing writes for each entity (the contracts' columns without the personal ones) and what a run adds.
RAW_TABLES: dict[str, str] = {
    "customers": (
        "customer_id varchar, registration_no_hash varchar, phone_hash varchar, email_hash varchar,"
        " customer_type varchar, industry varchar, company_size varchar, region varchar, account_owner varchar,"
        " source_channel varchar,"
        " preferred_channel varchar, need_tags varchar, strategic_label varchar, birth_month integer,"
        " birth_day integer, consent_marketing boolean, consent_at timestamp, opted_out_at timestamp,"
        " registered_at timestamp,"
        f" updated_at timestamp, {_LANDED}"
    ),
    "orders": (
        "order_id varchar, customer_id varchar, ordered_at timestamp, amount decimal(18, 2), status varchar,"
        " channel varchar, discount_amount decimal(18, 2), currency varchar, region varchar, updated_at timestamp,"
        f" {_LANDED}"
    ),
    "order_items": (
        "order_id varchar, line_no integer, product_id varchar, quantity decimal(18, 3), line_amount decimal(18, 2),"
        f" unit_price decimal(18, 2), discount_amount decimal(18, 2), {_LANDED}"
    ),
    "products": (
        f"product_id varchar, name varchar, category varchar, brand varchar, unit_cost decimal(18, 2), {_LANDED}"
    ),
    "returns": (
        "return_id varchar, order_id varchar, returned_at timestamp, amount decimal(18, 2), product_id varchar,"
        f" reason varchar, {_LANDED}"
    ),
    "campaigns": (
        "campaign_id varchar, name varchar, starts_on date, ends_on date, goal varchar, cost decimal(18, 2),"
        f" holdout_share double, {_LANDED}"
    ),
    "touches": (
        "touch_id varchar, customer_id varchar, touched_at timestamp, channel varchar, plan_id varchar,"
        " campaign_id varchar, variant varchar, delivered_at timestamp, opened_at timestamp, clicked_at timestamp,"
        f" responded_at timestamp, feedback varchar, {_LANDED}"
    ),
    "check_results": (
        "as_of_date date, entity varchar, check_name varchar, expectation varchar, column_name varchar,"
        " observed varchar, threshold varchar, passed boolean, severity varchar, checked_at timestamp"
    ),
    "run_parameters": ("run_id varchar, as_of_date date, profile varchar, timezone varchar, started_at timestamp"),
}


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


def set_run_parameters(connection: duckdb.DuckDBPyConnection, as_of: date, profile: str) -> None:
    """Ask for an as-of date and a profile, as a run does."""
    connection.execute("delete from raw.run_parameters")
    connection.execute(
        "insert into raw.run_parameters values ('test', ?, ?, 'Asia/Shanghai', timestamp '2024-01-01 09:00:00')",
        [as_of, profile],
    )


def run_dbt(folder: Path, *arguments: str, project_dir: Path = PROJECT_DIR) -> str:
    """Run dbt against the warehouse in a folder and give back what it printed.

    Raises:
        DbtFailedError: dbt ended with another exit code than 0.
    """
    command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments]
    command += ["--project-dir", str(project_dir), "--profiles-dir", str(project_dir)]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    environment = {**os.environ, "RETENTION_WAREHOUSE": str(folder / f"{CATALOG}.duckdb")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DbtFailedError(done.stdout + done.stderr)
    return done.stdout


class CompiledProject:
    """The dbt project, compiled once for each profile that a test asks for.

    Args:
        folder: where compiled projects are kept during the test session.
        project_dir: the dbt project.
    """

    def __init__(self, folder: Path, project_dir: Path = PROJECT_DIR) -> None:
        self._folder = folder
        self._project_dir = project_dir
        self._by_profile: dict[str, CompiledProfile] = {}

    def profile(self, name: str) -> CompiledProfile:
        """The project as compiled for one profile; the first call for a profile takes seconds, the rest nothing."""
        if name not in self._by_profile:
            folder = self._folder / name
            self._parse_from_others(folder / "target")
            self._by_profile[name] = CompiledProfile.compile(folder, name, self._project_dir)
        return self._by_profile[name]

    def build(
        self,
        raw: Mapping[str, pd.DataFrame],
        *,
        as_of: date,
        profile: str = "default_b2b",
        models: Sequence[str] = (),
        seeds: Mapping[str, pd.DataFrame] | None = None,
    ) -> duckdb.DuckDBPyConnection:
        """Build models for one company in a fresh in-memory warehouse.

        Args:
            raw: frames by raw table; absent tables are empty, absent columns null. `_load_seq` and `_line_no` decide
                between versions of a key as landing's do.
            models: the models wanted; their ancestors are built too. Empty builds all.
            seeds: frames that replace whole seeds at run time. tier_rules cannot be replaced: it is compiled in.

        Returns:
            A connection to the warehouse, in which the models stand as in a release's warehouse.duckdb.
        """
        return self.profile(profile).build(raw, as_of=as_of, models=models, seeds=seeds or {})

    def _parse_from_others(self, target: Path) -> None:
        """A parse costs seconds and does not depend on the profile: take over an earlier one."""
        target.mkdir(parents=True)
        for other in self._folder.glob("*/target/partial_parse.msgpack"):
            shutil.copy(other, target)
            return


@dataclass(frozen=True)
class CompiledProfile:
    """Compiled SQL of the project for one profile, and the warehouse file that holds its seeds."""

    profile: str
    folder: Path

    @classmethod
    def compile(cls, folder: Path, profile: str, project_dir: Path = PROJECT_DIR) -> CompiledProfile:
        """Build the project without rows, so that rules are read from loaded seeds, and keep what dbt compiled."""
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(folder / f"{CATALOG}.duckdb") as connection:
            create_raw(connection, {})
            set_run_parameters(connection, date(2024, 3, 31), profile)
        run_dbt(folder, "build", "--exclude-resource-type", "test", "unit_test", "saved_query", project_dir=project_dir)
        return cls(profile, folder)

    def build(
        self,
        raw: Mapping[str, pd.DataFrame],
        *,
        as_of: date,
        models: Sequence[str] = (),
        seeds: Mapping[str, pd.DataFrame],
    ) -> duckdb.DuckDBPyConnection:
        """As CompiledProject.build, for this profile."""
        if "tier_rules" in seeds:
            raise ValueError("tier_rules is compiled into the models: change the seed in a copy of the project")
        connection = duckdb.connect()
        connection.execute(f"set threads = 1; attach ':memory:' as {CATALOG}; use {CATALOG}")
        create_raw(connection, raw)
        set_run_parameters(connection, as_of, self.profile)
        for schema in {node.schema for node in self.nodes.values()}:
            connection.execute(f"create schema {schema}")
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
        manifest: dict[str, Any] = loads((self.folder / "target" / "manifest.json").read_text(encoding="utf-8"))
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
    return f"{column['name']} {column['data_type']}{' not null' if is_required else ''}"
