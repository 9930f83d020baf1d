"""What an explanation says of stages that are not known."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from retention.explanation.names import Names
from retention.explanation.printing import _Explanation
from retention.explanation.reading import _unknown_axis


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Dormancy: not known (no interactions have been delivered)"),
        ("zh", "Dormancy：未知（尚未提供互动数据）"),
    ],
)
def test_an_axis_without_a_stage_says_why(language: str, told: str) -> None:
    names = Names(language, {("lifecycle_axis", "lifecycle_dormancy"): "Dormancy"})
    axis = _unknown_axis("lifecycle_dormancy", "dormancy null (no_interaction_data)", names)
    text = io.StringIO()
    explained = {"axes": [axis], "customer_lifecycle": {}}
    _Explanation(Console(file=text, width=200), explained, names)._lifecycle()
    assert told in text.getvalue()
