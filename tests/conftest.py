"""What tests of several folders share."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from retention.runs import Home, Run


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path / "home")


@pytest.fixture
def new_run(home: Home) -> Callable[[str], Run]:
    """Makes runs with settled parameters, as the step that lands leaves them."""
    started_at = datetime.fromisoformat("2024-02-01T09:00:00")
    return lambda run_id="run-1": Run(run_id, home, "retail", date(2024, 1, 31), started_at, "Asia/Shanghai")
