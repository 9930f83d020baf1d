"""A home whose loads are files and whose warehouse is in memory: runs replay what dbt executes.

The product's own functions decide how a run builds and lay its raw data. Of landing only that is kept which decides
between versions, the order of loads and of lines; rows that it would drop as delivered before stay, which asks more of
the models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
from tests.increments.planned_runs import plan
from tests.increments.published_tables import compare_schemas, tables_of
from tests.models.compiled_project import CATALOG

from retention.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.increments.company_life import Life
    from tests.increments.planned_runs import PlannedRun
    from tests.increments.published_tables import TableMatch
    from tests.increments.recorded_project import RecordedProject

EXPECTED = "expected"


class ReplayedHome:
    """All that one company's life leaves behind.

    Args:
        project: the recorded dbt project.
        life: the company's life; it is landed and planned here, and run by `check`.
        folder: an empty one.
    """

    def __init__(self, project: RecordedProject, life: Life, folder: Path) -> None:
        self._project = project
        self._recording = project.profile(life.steps[0].profile)
        self.connection = duckdb.connect()
        self.connection.execute("set threads = 1")
        for database in sorted({EXPECTED} | self._recording.databases):
            self.connection.execute(f"attach ':memory:' as {database}")
        self.connection.execute(f"use {CATALOG}")
        self._recording.lay_seeds(self.connection)
        self._set_parameters(life)
        self.runs = list(plan(life, folder))

    def close(self) -> None:
        """Forget everything but the files."""
        self.connection.close()

    def check(self) -> Iterator[tuple[PlannedRun, dict[str, TableMatch]]]:
        """Run the life, and compare every increment's published tables with those of a build from nothing.

        The builds from nothing come first and leave copies of their tables: one warehouse serves both.
        """
        for number, planned in enumerate(self.runs):
            if planned.base:
                self._build(planned, "full")
                self._keep(number)
        for number, planned in enumerate(self.runs):
            self._build(planned, planned.mode)
            if planned.base:
                yield planned, compare_schemas(self.connection, self._recording.marts, f"{EXPECTED}.run_{number}")

    def _build(self, planned: PlannedRun, mode: str) -> None:
        """Replay what dbt executes; a full build begins with empty files.

        Each build has a connection of its own, as each run has: temporary tables do not outlive it.
        """
        recording = self._project.profile(planned.run.profile)
        with self.connection.cursor() as connection:
            connection.execute(f"use {CATALOG}")
            if mode == "full":
                for database, schema in sorted(recording.schemas):
                    connection.execute(f"drop schema if exists {database}.{schema} cascade")
            planned.lay_raw(connection, mode)
            for statement in recording.statements[mode]:
                connection.execute(statement.sql)

    def _keep(self, number: int) -> None:
        marts, kept = self._recording.marts, f"{EXPECTED}.run_{number}"
        self.connection.execute(f"create schema {kept}")
        for table in tables_of(self.connection, marts):
            self.connection.execute(f"create table {kept}.{quoted(table)} as from {marts}.{quoted(table)}")

    def _set_parameters(self, life: Life) -> None:
        profile = literal(life.steps[0].profile)
        for name, value in life.parameters.items():
            self.connection.execute(
                f"delete from seeds.profile_parameters where profile = {profile} and parameter = {literal(name)}"
            )
            self.connection.execute(
                "insert into seeds.profile_parameters (profile, parameter, value) "
                f"values ({profile}, {literal(name)}, {literal(value)})"
            )
