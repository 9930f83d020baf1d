"""Files, runs and releases: what a home publishes after several increments equals what one full build publishes."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.increments.known_life import KNOWN_LIFE
from tests.increments.published_tables import compare_schemas
from tests.journeys.conftest import Company
from tests.models.compiled_project import PROJECT_DIR

from retention.landing import load_contracts
from retention.runs import Home

if TYPE_CHECKING:
    from pathlib import Path

    from tests.increments.company_life import Step

pytestmark = pytest.mark.slow
LANDED = tuple(load_contracts(PROJECT_DIR.parent))


def deliver(company: Company, step: Step, number: int) -> None:
    """Put a step's files into the landing folder, named so that they are landed in their order in any home."""
    for place, delivery in enumerate(step.deliveries):
        for entity, rows in delivery.items():
            path = company.landing / entity / f"{number}_{place}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)


def run(company: Company, step: Step) -> tuple[Path, str]:
    """Run; where the readers' file is, and how it was built."""
    done = company.retention("run", "--profile", step.profile, "--as-of", str(step.as_of))
    assert done.returncode == 0, done.stderr
    release = company.home.published.resolve()
    build = json.loads((company.home.work / release.name / "build.json").read_text(encoding="utf-8"))
    return release / "retention.duckdb", build["decision"]


def compare(found: Path, expected: Path) -> dict[str, int]:
    """Rows of each table, once all are found equal.

    Of the checks, those of published tables: an increment checks the landed rows that are new, a full build all of them
    (decision 22).
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{found}' as found (read_only); attach '{expected}' as expected (read_only)")
        for file in ("found", "expected"):
            connection.execute(f"create schema {file}_tables")
            tables_of = f"select table_name from duckdb_tables() where database_name = '{file}'"
            for (table,) in connection.execute(tables_of).fetchall():
                which = f"entity not in {LANDED}" if table == "data_quality" else "true"
                connection.execute(
                    f"create view {file}_tables.{table} as select * from {file}.marts.{table} where {which}"
                )
        tables = compare_schemas(connection, "memory.found_tables", "memory.expected_tables")
    assert {name: table.differences for name, table in tables.items() if table.differences} == {}
    return {name: table.rows for name, table in tables.items()}


def test_increments_publish_what_full_builds_do(tmp_path: Path) -> None:
    company = Company(tmp_path / "landing", Home(tmp_path / "home"))
    decisions = []
    for number, step in enumerate(KNOWN_LIFE.steps):
        deliver(company, step, number)
        if step.deliveries:
            grown, decision = run(company, step)
            decisions.append(decision.split(":")[0])
    assert decisions == ["full build", "increment", "increment"]
    at_once, decision = run(Company(company.landing, Home(tmp_path / "at_once")), step)
    assert decision == "full build: nothing has been published yet"
    rows = compare(grown, at_once)
    assert min(rows.values()) > 0
    assert rows["fct_orders"] == 84
    damage(grown.parent / "warehouse.duckdb")
    rebuilt, decision = run(company, step)
    assert decision == f"full build: {grown.parent / 'warehouse.duckdb'} is missing or damaged"
    assert compare(rebuilt, at_once) == rows


def damage(file: Path) -> None:
    """Change one byte of a published file."""
    file.chmod(0o644)
    with file.open("r+b") as opened:
        opened.seek(-1, 2)
        last = opened.read(1)
        opened.seek(-1, 2)
        opened.write(bytes([last[0] ^ 1]))
