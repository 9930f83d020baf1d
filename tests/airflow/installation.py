"""A prepared Airflow (SQLite, in a temporary folder) for the tests of this folder."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from retention import airflow_server

PROJECT = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Installation:
    """A prepared Airflow with a home of the pipeline and a landing folder of 100 orders."""

    port: int
    environment: dict[str, str]
    home: Path
    landing: Path
    broken_landing: Path
    yesterday: date

    @property
    def airflow_home(self) -> Path:
        return Path(self.environment["AIRFLOW_HOME"])

    def with_dags(self, *files: str) -> "Installation":
        """The same Airflow with these DAG files alone: the others would all make up for their last run beside them."""
        folder = Path(tempfile.mkdtemp(prefix="dags-", dir=self.airflow_home))
        for file in files:
            shutil.copy(PROJECT / "dags" / file, folder)
        bundles = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"
        here = airflow_server.airflow_environment(self.airflow_home, self.port, folder)[bundles]
        return replace(self, environment=self.environment | {bundles: here})

    def python(self, script: str, *arguments: str) -> Any:
        """Run a script of this folder in this Airflow; the answer is its last line, as JSON."""
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name(script)), *arguments],
            env=self.environment, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return json.loads(done.stdout.strip().splitlines()[-1])


def free_port() -> int:
    """A port that is free together with the two above it."""
    # Test processes run side by side: three ports each, so that neighbouring ones don't meet.
    for port in range(20_000 + os.getpid() * 3 % 30_000, 60_000, 99):
        try:
            airflow_server.require_free_port(port)
        except airflow_server.SettingsError:
            continue
        return port
    raise AssertionError("no free port")


def write_orders(landing: Path, last_day: date, orders: int = 100) -> None:
    """Write orders of 20 customers, one order a day, the last one on `last_day`."""
    rows = ["order_id,customer_id,ordered_at,amount,status"]
    for number in range(orders):
        day = last_day - timedelta(days=orders - 1 - number)
        rows.append(f"O{number:04d},C{number % 20:02d},{day}T10:00:00,{100 + number}.50,completed")
    folder = landing / "orders"
    folder.mkdir(parents=True)
    (folder / "orders.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
