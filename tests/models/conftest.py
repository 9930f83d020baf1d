"""One compiled dbt project for all tests of the models."""

import pytest
from tests.models.compiled_project import CompiledProject


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> CompiledProject:
    """The dbt project, compiled when a test first asks for a profile."""
    return CompiledProject(tmp_path_factory.mktemp("compiled"))
