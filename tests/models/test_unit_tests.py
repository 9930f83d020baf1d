"""dbt's own unit tests, the scenario rows beside the models: each border of a rule, on DuckDB."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.models.compiled_project import CompiledProject


@pytest.mark.slow
def test_every_unit_test_of_the_models_passes(project: CompiledProject) -> None:
    told = project.run_unit_tests()
    found = re.search(r"PASS=(\d+) WARN=0 ERROR=0 SKIP=0", told)
    assert found, told
    assert int(found[1]) > 90
