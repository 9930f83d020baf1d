"""Values of conditions in the reader's language, by the names that labels.csv delivers."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from retention.explanation.names import Names
from retention.explanation.wording import Wording

LABELS = Path(__file__).parents[2] / "dbt_project" / "seeds" / "labels.csv"


def words(language: str) -> Wording:
    """The wording with the delivered names."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Wording(Names(language, {(row["code_set"], row["code"]): row[f"name_{language}"] for row in rows}))


@pytest.mark.parametrize(
    ("metric", "value", "english", "chinese"),
    [
        ("customer_type", "company", "Company", "企业"),
        ("customer_type", "person", "Person", "个人"),
        ("strategic_label", "strategic", "Strategic", "战略客户"),
        ("strategic_label", "high_potential", "High potential", "高潜力"),
        ("strategic_label", "our own", "our own", "our own"),
        ("strategic_label", "7", "7", "7"),
        ("r_band", "4", "4 Very recent", "4 近期购买"),
        ("r_band", 4, "4 Very recent", "4 近期购买"),
        ("strategic_label", None, "none", "无"),
    ],
)
def test_a_value_that_has_a_name_is_told_by_it(
    metric: str, value: str | int | None, english: str, chinese: str
) -> None:
    assert words("en").value(metric, value) == english
    assert words("zh").value(metric, value) == chinese


def test_conditions_on_type_and_label_are_whole_in_chinese() -> None:
    told = words("zh")
    label = {"metric": "strategic_label", "name": "战略标签", "operator": "=", "value": "strategic", "present": None}
    assert told.asked(label) == "战略标签 = 战略客户"
    assert told.evidence("customer_type company = company") == "客户类型为企业"
