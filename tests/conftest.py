"""What tests of several folders share."""

import fcntl
import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from tests.small_project import write_small_project

from retention.runs import Home, Run

# Files that take minutes go first: one that began last would leave the other process with nothing to do.
LONGEST = ("engines", "increments", "airflow", "benchmark", "sources", "publication", "reviews", "journeys", "identity")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders of the longest tests first; within them, and of the others, the order stays."""
    ranks = {folder: rank for rank, folder in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.parent.name, len(LONGEST)))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path / "home")


@pytest.fixture
def new_run(home: Home) -> Callable[[str], Run]:
    """Makes runs with settled parameters, as the step that lands leaves them."""
    started_at = datetime.fromisoformat("2024-02-01T09:00:00")
    return lambda run_id="run-1": Run(run_id, home, "retail", date(2024, 1, 31), started_at, "Asia/Shanghai")


@pytest.fixture(scope="session")
def small_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with half its tables (see `small_project`), shared by the processes of pytest-xdist: parsed once."""
    folder = tmp_path_factory.getbasetemp()
    kept = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "small"
    with kept.with_name("small.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            write_small_project(folder / "small.new").rename(kept)
    return kept
