"""The workbook of a review in the language of those who decide."""

from pathlib import Path

import openpyxl
import pytest

from retention.reviews.export import write_changes


@pytest.mark.parametrize(("language", "sheet"), [("en", "tier_review_1"), ("zh", "层级评审_1")])
def test_the_sheet_is_named_in_the_language_of_its_header(tmp_path: Path, language: str, sheet: str) -> None:
    path = write_changes([], tmp_path / "review.xlsx", language)
    assert openpyxl.load_workbook(path).sheetnames == [sheet]
