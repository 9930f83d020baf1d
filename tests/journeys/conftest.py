"""A small company and the command line, as a newcomer has them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from retention.runs import Home
from retention.settings import PROJECT_DIR

CUSTOMERS = """
    select
        'C' || range as customer_id,
        'person' as customer_type,
        'Name ' || range as name,
        'mail' || range || '@example.com' as email,
        ['north', 'south'][range % 2 + 1] as region,
        date '2022-01-01' as registered_at
    from range(30)
"""
ORDERS = """
    select
        'O' || range as order_id,
        'C' || (range * 7 % 25) as customer_id,
        timestamp '2023-01-05 10:00:00' + to_days(cast(range * 11 % 720 as integer)) as ordered_at,
        cast(20 + range * 37 % 400 as decimal(18, 2)) as amount,
        case when range % 17 = 0 then 'cancelled' else 'completed' end as status
    from range(120)
"""


@dataclass(frozen=True)
class Company:
    """A landing folder and a home of its own, and the project that its runs build."""

    landing: Path
    home: Home
    project_dir: Path = PROJECT_DIR

    def retention(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run the command line as a process, with this company's home."""
        own = {
            "RETENTION_HOME": str(self.home.path),
            "RETENTION_LANDING": str(self.landing),
            "RETENTION_PROJECT_DIR": str(self.project_dir),
        }
        return subprocess.run(
            [sys.executable, "-m", "retention.cli", *arguments],
            env=os.environ | own | environment,
            cwd=self.landing.parent,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """Ask the published file."""
        with duckdb.connect(str((self.home.published / "retention.duckdb").resolve()), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company of 30 customers and 120 orders of 2023 and 2024."""
    return small_company(tmp_path_factory.mktemp("company"))


def small_company(folder: Path, project_dir: Path = PROJECT_DIR) -> Company:
    """Land its files and give it a home; nothing has been run yet."""
    for entity, query in (("customers", CUSTOMERS), ("orders", ORDERS)):
        (folder / "landing" / entity).mkdir(parents=True)
        duckdb.sql(query).write_csv(str(folder / "landing" / entity / f"{entity}.csv"))
    return Company(folder / "landing", Home(folder / "home"), project_dir)


@pytest.fixture
def altered_project(tmp_path: Path, company: Company) -> Callable[[str, str, str], Path]:
    """Makes a copy of the company's project in which one file's text is changed."""

    def alter(file: str, before: str, after: str) -> Path:
        for folder in ("dbt_project", "expectations"):
            ignored = shutil.ignore_patterns("target", "logs")
            shutil.copytree(company.project_dir / folder, tmp_path / "project" / folder, ignore=ignored)
        path = tmp_path / "project" / file
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")
        return tmp_path / "project"

    return alter
