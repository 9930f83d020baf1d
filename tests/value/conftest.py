"""The compiled dbt project, shared with the tests of the models."""

from tests.models.conftest import project

__all__ = ["project"]
