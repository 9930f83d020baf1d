"""Fixtures of the Airflow tests: one prepared Airflow, and a bounded wait."""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.airflow.installation import ZONE, Installation, free_port, write_orders

from retention import airflow_server

# Importing airflow writes a configuration into AIRFLOW_HOME, which would be the developer's own otherwise.
IMPORT_HOME = tempfile.TemporaryDirectory(prefix="airflow-import-")
os.environ["AIRFLOW_HOME"] = IMPORT_HOME.name


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory, small_project: Path) -> Installation:
    place = tmp_path_factory.mktemp("installation")
    yesterday = datetime.now(ZONE).date() - timedelta(days=1)
    write_orders(place / "landing", yesterday)
    broken = place / "broken" / "orders"
    broken.mkdir(parents=True)
    (broken / "orders.csv").write_text("order_id,customer_id\nO1,C1\n", encoding="utf-8")
    airflow_home = place / "airflow"
    airflow_home.mkdir()
    port = free_port()
    (place / "notices.yml").write_text("{}\n", encoding="utf-8")  # a file that is named must be there
    environment = airflow_server.airflow_environment(airflow_home, port) | {
        "RETENTION_PROJECT_DIR": str(small_project),
        "RETENTION_HOME": str(place / "home"),
        "RETENTION_LANDING": str(place / "landing"),
        "RETENTION_SOURCES": str(place / "sources.yml"),  # not there, but for the test that writes it
        "RETENTION_NOTICES": str(place / "notices.yml"),  # it names nobody, but for the test that writes it
        "RETENTION_DAILY_REPORTS": "false",  # they need tables that the small project does not build
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
