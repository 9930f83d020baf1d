"""One prepared Airflow (SQLite, in a temporary folder) for the tests of this folder."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

# Importing airflow writes a configuration into AIRFLOW_HOME, which would be the developer's own otherwise.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-import-")

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

    def python(self, script: str, *arguments: str) -> Any:
        """Run a script of this folder in this Airflow; the answer is its last line, as JSON."""
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name(script)), *arguments],
            env=self.environment, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return json.loads(done.stdout.strip().splitlines()[-1])


def free_port() -> int:
    """A port that is free together with the two above it."""
    for port in range(20_000 + os.getpid() % 10_000, 60_000, 7):
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


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    place = tmp_path_factory.mktemp("installation")
    yesterday = datetime.now(ZONE).date() - timedelta(days=1)
    write_orders(place / "landing", yesterday)
    broken = place / "broken" / "orders"
    broken.mkdir(parents=True)
    (broken / "orders.csv").write_text("order_id,customer_id\nO1,C1\n", encoding="utf-8")
    airflow_home = place / "airflow"
    airflow_home.mkdir()
    port = free_port()
    environment = airflow_server.airflow_environment(airflow_home, port) | {
        "RETENTION_HOME": str(place / "home"),
        "RETENTION_LANDING": str(place / "landing"),
        "RETENTION_PROFILE": "retail",
        "RETENTION_TIMEZONE": str(ZONE),
        # Faster than the defaults, so that a test waits for the work and not for the clock.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    }
    airflow_server.prepare(environment, airflow_home / "standalone.log")
    return Installation(port, environment, place / "home", place / "landing", place / "broken", yesterday)


@pytest.fixture
def wait_for() -> Callable[..., Any]:
    """Ask a question until its answer is true, for a bounded time."""

    def wait(question: Callable[[], Any], seconds: float, about: Callable[[], str]) -> Any:
        deadline = time.monotonic() + seconds
        while not (answer := question()):
            assert time.monotonic() < deadline, f"not within {seconds} s: {about()}"
            time.sleep(1)
        return answer

    return wait
