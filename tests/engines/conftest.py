"""One company's second day, by both engines: DuckDB goes on from the first, Spark builds it at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.engines.company import FIRST_DAY, SECOND_DAY, write_first_delivery, write_second_delivery

from retention.errors import SettingsError
from retention.runs import Home
from retention.settings import PROJECT_DIR
from retention.warehouse.java import find_java

if TYPE_CHECKING:
    from pathlib import Path

# A profile that turns the other way wherever a model can: equal counts for scores, age from registration, weights.
OTHER_WAY = """default_b2b,score_convention,ntile,,R4,
default_b2b,age_from,registration,,L1,
default_b2b,score_window_months,0,months,R4,
default_b2b,recency_weight,0.2,,R5,
default_b2b,monetary_weight,3,,R5,
"""
PROFILE = "default_b2b"


@dataclass(frozen=True)
class Engine:
    """A home that one engine builds."""

    target: str
    home: Home
    project: Path
    landing: Path

    def retention(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command line as a process."""
        own = {
            "RETENTION_HOME": str(self.home.path),
            "RETENTION_LANDING": str(self.landing),
            "RETENTION_PROJECT_DIR": str(self.project),
            "RETENTION_TARGET": self.target,
            "RETENTION_MEMORY_LIMIT": "4GB",
            # Few rows: what Java compiles twice, and the Java that Spark writes for every query, is never run long
            # enough to be worth it.
            "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m "
            "-Dspark.sql.codegen.wholeStage=false -Dspark.sql.codegen.factoryMode=NO_CODEGEN",
        }
        return subprocess.run(
            [sys.executable, "-m", "retention.cli", *arguments],
            env=os.environ | own | environment,
            cwd=self.landing,
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )

    def run(self, as_of: object) -> Path:
        """Run the pipeline; the folder of the release."""
        done = self.retention("run", "--as-of", str(as_of), "--profile", PROFILE)
        assert done.returncode == 0, done.stdout + done.stderr
        return self.home.published.resolve()


@dataclass(frozen=True)
class Runs:
    """What both engines published of the second day, and DuckDB's release of the first."""

    first_day: Path
    duckdb: Path
    spark: Path
    spark_engine: Engine


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Both engines' releases. The second delivery comes between DuckDB's two days."""
    if not os.environ.get("CI"):
        try:
            find_java()
        except SettingsError as error:
            # `make test` must pass on a machine with only git, make and Python; CI has Java and does not skip.
            pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("engines")
    project = folder / "project"
    for part in ("dbt_project", "expectations"):
        shutil.copytree(PROJECT_DIR / part, project / part, ignore=shutil.ignore_patterns("target", "logs"))
    with (project / "dbt_project" / "seeds" / "profile_parameters.csv").open("a", encoding="utf-8") as seed:
        seed.write(OTHER_WAY)
    on_duckdb, on_spark = (
        Engine(target, Home(folder / target), project, folder / "landing") for target in ("duckdb", "spark")
    )
    write_first_delivery(folder / "landing")
    first_day = on_duckdb.run(FIRST_DAY)
    write_second_delivery(folder / "landing")
    return Runs(first_day, on_duckdb.run(SECOND_DAY), on_spark.run(SECOND_DAY), on_spark)
