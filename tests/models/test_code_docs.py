"""`dbt docs` shows the English and Chinese name of every code at a column that holds it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from dbt_project.code_docs import CODES, LABELS, code_docs

if TYPE_CHECKING:
    from tests.models.compiled_project import CompiledProject


def test_the_docs_of_codes_are_what_the_labels_give() -> None:
    assert CODES.read_text(encoding="utf-8") == code_docs(), "labels.csv has changed: run make codes"


@pytest.fixture(scope="module")
def columns(project: CompiledProject) -> list[str]:
    """Descriptions of all columns, as dbt renders them."""
    nodes = project.profile("default_b2b").manifest["nodes"].values()
    return [column["description"] for node in nodes for column in node.get("columns", {}).values()]


def test_a_column_shows_both_names_of_every_code(columns: list[str]) -> None:
    shown = {line for text in columns for line in text.splitlines()}
    with LABELS.open(encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file))
    missing = [
        (row["code_set"], row["code"])
        for row in labels
        if not any(f"| {row['code']} | {row['name_en']} | {row['name_zh']} |" in line for line in shown)
    ]
    assert len(labels) > 150
    assert missing == []


def test_codes_stand_in_a_paragraph_of_their_own_behind_the_meaning(columns: list[str]) -> None:
    """The published column's comment is the first paragraph."""
    comments = [text.split("\n\n")[0].strip() for text in columns if "| code |" in text]
    assert comments
    assert all(comment and "|" not in comment for comment in comments)
