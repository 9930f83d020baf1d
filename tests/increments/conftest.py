"""One recorded dbt project for all tests of increments."""

import os

import pytest
from hypothesis import settings
from tests.increments.recorded_project import RecordedProject

# pytest tests/increments --hypothesis-profile=many: an hour or so; another --hypothesis-seed looks elsewhere.
settings.register_profile("many", max_examples=8000)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RecordedProject:
    """The dbt project, recorded when a test first asks for a profile; shared by the processes of pytest-xdist."""
    folder = tmp_path_factory.getbasetemp()
    return RecordedProject((folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "recorded")
