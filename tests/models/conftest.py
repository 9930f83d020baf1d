"""One compiled dbt project for all tests of the models."""

import os

import pytest
from tests.models.compiled_project import CompiledProject


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """The dbt project, compiled when a test first asks for a profile; shared by the processes of pytest-xdist."""
    folder = tmp_path_factory.getbasetemp()
    return CompiledProject((folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "compiled")
