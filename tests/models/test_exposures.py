"""What models/exposures.yml promises to readers."""

import pytest
from tests.models.compiled_project import CompiledProject


@pytest.mark.slow
def test_the_published_file_names_every_mart_and_nothing_else(project: CompiledProject) -> None:
    manifest = project.profile("default_b2b").manifest
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    exposed = manifest["exposures"]["exposure.retention.published_file"]["depends_on"]["nodes"]
    assert set(exposed) == {node["unique_id"] for node in models if node["schema"] == "marts"}
