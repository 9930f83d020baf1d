"""A home in memory: deliveries are landed, runs replay what dbt executes, published tables are compared.

Only what decides between versions is kept of landing: the order of loads and of lines. Rows that landing would drop as
delivered before stay, which asks more of the models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
from tests.increments.published_tables import compare_schemas, tables_of
from tests.models.compiled_project import CATALOG, RAW_TABLES

from retention.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tests.increments.company_life import Life, Row
    from tests.increments.published_tables import TableMatch
    from tests.increments.recorded_project import RecordedProject

LANDED = "landed"
EXPECTED = "expected"
PARAMETERS = "run_parameters"


@dataclass(frozen=True)
class Load:
    """A committed load.

    Args:
        name: stands for the content of its file.
        seq: its place in the order of loads; the place of a withdrawn load can be given away anew.
    """

    name: str
    seq: int


@dataclass(frozen=True)
class PlannedRun:
    """A run of a company's life, with what it is an increment of.

    Args:
        loads: what it sees.
        base: the run whose tables it goes on from; None for a full build.
    """

    as_of: date
    profile: str
    loads: frozenset[Load]
    base: PlannedRun | None

    @property
    def mode(self) -> str:
        """Which recording it replays."""
        return "increment" if self.base else "full"


def continues(last: PlannedRun | None, as_of: date, profile: str, loads: frozenset[Load]) -> bool:
    """Whether a run may go on from the last one's tables."""
    return last is not None and last.profile == profile and last.loads <= loads and last.as_of <= as_of


class ReplayedHome:
    """All that one company's life leaves behind.

    Args:
        project: the recorded dbt project.
        life: the company's life; it is landed and planned here, and run by `check`.
    """

    def __init__(self, project: RecordedProject, life: Life) -> None:
        self._project = project
        self._life = life
        self._recording = project.profile(life.steps[0].profile)
        self.connection = duckdb.connect()
        self.connection.execute("set threads = 1")
        for database in sorted({LANDED, EXPECTED} | self._recording.databases):
            self.connection.execute(f"attach ':memory:' as {database}")
        self._use(self.connection)
        self._lay_seeds()
        for table, columns in RAW_TABLES.items():
            self.connection.execute(f"create table {LANDED}.{table} ({columns})")
        self.runs = self._land_and_plan()

    def close(self) -> None:
        """Forget everything."""
        self.connection.close()

    def check(self) -> Iterator[tuple[PlannedRun, dict[str, TableMatch]]]:
        """Run the life, and compare every increment's published tables with those of a build from nothing.

        The builds from nothing come first and leave copies of their tables: one warehouse serves both.
        """
        for number, run in enumerate(self.runs):
            if run.base:
                self._build(run, "full")
                self._keep(number)
        for number, run in enumerate(self.runs):
            self._build(run, run.mode)
            if run.base:
                yield run, compare_schemas(self.connection, self._recording.marts, f"{EXPECTED}.run_{number}")

    def _use(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"use {CATALOG}")

    def _build(self, run: PlannedRun, mode: str) -> None:
        """Replay what dbt executes; a full build begins with an empty file.

        Each build has a connection of its own, as each run has: temporary tables do not outlive it.
        """
        recording = self._project.profile(run.profile)
        with self.connection.cursor() as connection:
            self._use(connection)
            if mode == "full":
                for database, schema in sorted(recording.schemas):
                    connection.execute(f"drop schema if exists {database}.{schema} cascade")
            self._lay_raw(connection, run, mode)
            for statement in recording.statements[mode]:
                connection.execute(statement.sql)

    def _lay_raw(self, connection: duckdb.DuckDBPyConnection, run: PlannedRun, mode: str) -> None:
        """Views over the loads that a run sees, and the one row that it is asked for by, as the candidate has them."""
        connection.execute("drop schema if exists raw cascade; create schema raw")
        seen = ", ".join(f"({literal(load.name)}, {load.seq})" for load in run.loads)
        for table, columns in RAW_TABLES.items():
            if table == PARAMETERS:
                connection.execute(f"create table raw.{table} ({columns})")
            else:
                landed = f"select * from {LANDED}.{table} where (_load_id, _load_seq) in ({seen})"
                connection.execute(f"create view raw.{table} as {landed}")
        base = run.base if mode == "increment" else None
        values = {
            "run_id": "replayed",
            "as_of_date": run.as_of,
            "profile": run.profile,
            "timezone": "Asia/Shanghai",
            "started_at": "2024-01-01 09:00:00",
            "since_load_seq": base and max(load.seq for load in base.loads),
            "since_as_of": base and base.as_of,
        }
        present = [column.split()[0] for column in RAW_TABLES[PARAMETERS].split(", ")]
        connection.execute(f"insert into raw.{PARAMETERS} values ({', '.join(_sql(values[name]) for name in present)})")

    def _keep(self, number: int) -> None:
        kept = f"{EXPECTED}.run_{number}"
        self.connection.execute(f"create schema {kept}")
        for table in tables_of(self.connection, self._recording.marts):
            self.connection.execute(
                f"create table {kept}.{quoted(table)} as from {self._recording.marts}.{quoted(table)}"
            )

    def _lay_seeds(self) -> None:
        self._recording.lay_seeds(self.connection)
        profile = literal(self._life.steps[0].profile)
        for name, value in self._life.parameters.items():
            self.connection.execute(
                f"delete from seeds.profile_parameters where profile = {profile} and parameter = {literal(name)}"
            )
            self.connection.execute(
                "insert into seeds.profile_parameters (profile, parameter, value) "
                f"values ({profile}, {literal(name)}, {literal(value)})"
            )

    def _land_and_plan(self) -> list[PlannedRun]:
        runs: list[PlannedRun] = []
        files: dict[str, tuple[str, list[Row]]] = {}
        landed: list[Load] = []
        for step in self._life.steps:
            withdrawn = None
            if step.withdraws is not None and landed:
                withdrawn = landed.pop(step.withdraws % len(landed))
            for delivery in step.deliveries:
                for entity, rows in delivery.items():
                    name = f"load_{len(files)}"
                    files[name] = entity, rows
                    landed.append(self._land(name, *files[name], landed))
            if withdrawn and step.lands_again:
                landed.append(self._land(withdrawn.name, *files[withdrawn.name], landed))
            loads, last = frozenset(landed), runs[-1] if runs else None
            base = last if continues(last, step.as_of, step.profile, loads) else None
            runs.append(PlannedRun(step.as_of, step.profile, loads, base))
        return runs

    def _land(self, name: str, entity: str, rows: list[Row], landed: list[Load]) -> Load:
        """Write an entity's rows as one load, numbered as landing numbers it."""
        load = Load(name, max((load.seq for load in landed), default=0) + 1)
        columns = list(rows[0])
        values = ", ".join(
            f"({', '.join(_sql(value) for value in [*map(row.get, columns), load.name, load.seq, line])})"
            for line, row in enumerate(rows, 2)
        )
        named = ", ".join([*columns, "_load_id", "_load_seq", "_line_no"])
        self.connection.execute(f"insert into {LANDED}.{entity} ({named}) values {values}")
        return load


def _sql(value: object) -> str:
    return "null" if value is None else literal(value)
