"""The two catalogues say the same things, and no word is missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.reports.company import contracts

from retention.landing.contracts import CONTRACTS, SUFFIX
from retention.quality.results import REMEDIES
from retention.reports.checks import check_named, check_told
from retention.reports.columns import columns_of
from retention.reports.declared import KINDS, REPORTS
from retention.reports.problem_sections import PROBLEMS
from retention.reports.release import open_release
from retention.reports.sheets import SHEETS
from retention.reports.wording import Wording
from retention.settings import PROJECT_DIR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention.runs import Home

PLACE = re.compile(r"\{(\w+)\}")


def sentences(part: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every sentence of a catalogue by its path."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from sentences(value, f"{path}/{key}")
    else:
        yield path, part


def test_both_languages_have_the_same_sentences_with_the_same_places() -> None:
    english, chinese = (dict(sentences(Wording(language).catalogue)) for language in ("en", "zh"))
    assert english.keys() == chinese.keys()
    assert all(isinstance(text, str) for text in (*english.values(), *chinese.values())), "YAML took a text for more"
    for path, text in english.items():
        if not path.startswith(("/findings", "/sections")):
            assert set(PLACE.findall(text)) == set(PLACE.findall(chinese[path])), path
    without = {path for path, text in chinese.items() if text and not re.search(r"[\u4e00-\u9fff]", text)}
    signs = {"comma", "semicolon", "cause", "cause_of_part", "continued", "beside", "check_of_month"}
    assert without == {f"/words/{name}" for name in signs}, "these are not Chinese"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_column_section_and_sheet_has_its_words(reported: Home, language: str) -> None:
    wording = Wording(language)
    with open_release(reported) as release:
        for report in (*REPORTS, PROBLEMS):
            for section in report.sections:
                assert wording.of("sections", section.key, "title"), section.key
                for one in columns_of(release.ask(section.query).types):
                    assert wording.head(section.key, one.name)
            for finding in report.findings:
                told = [key for key in wording.catalogue["findings"] if key.split(".")[0] == finding.key]
                assert told, finding.key
        for sheet in SHEETS:
            for one in columns_of(release.ask(sheet.query).types):
                assert wording.head(sheet.key, one.name)
    assert {*KINDS, PROBLEMS.kind} == wording.catalogue["reports"].keys()


def test_every_check_and_every_table_has_a_name() -> None:
    declared = (PROJECT_DIR / "expectations" / "published.yaml").read_text(encoding="utf-8")
    checks = {*re.findall(r"name: (\w+)", declared), *REMEDIES, "month_reconciled"}
    landed = {path.stem.split(".")[0] for path in (PROJECT_DIR / CONTRACTS).glob(f"*{SUFFIX}")}
    for language in ("en", "zh"):
        catalogue = Wording(language).catalogue
        assert not checks - catalogue["checks"].keys()
        assert not {*contracts(), *landed} - catalogue["tables"].keys()
    assert check_named(Wording("zh"), "month_2025-05_reconciled") == "与财务月度收入一致：2025-05"
    assert check_named(Wording("zh"), "of_their_own") == "of_their_own"


@pytest.mark.parametrize(
    ("line", "is_share", "told"),
    [
        ("0.86053", True, "86.05%"),
        (">= 0.9", True, "≥ 90%"),
        ("0.8996", True, "89.96%"),
        ("12", False, "12"),
        (">= 2025-12-27", False, "≥ 2025-12-27"),
        (">= 0 and <= 100", False, "≥ 0、≤ 100"),
        ("= 92954831.49", False, "= 92,954,831.49"),
        ("6341958.53 computed, -443937.10 against finance", False, "计算值 6,341,958.53，与财务相差 -443,937.10"),
        ("6785895.63 booked, within 0.01 of it", False, "财务入账 6,785,895.63，相差不超过 1%"),
        ("12 of 13 months", False, "13 个月中 12 个月一致"),
        ("0.0125 (30 of 2400 rows)", True, "1.25%（2,400 行中 30 行）"),
        ("something new", False, "“something new”（检查程序原文）"),
    ],
)
def test_what_a_check_found_is_told_with_its_figures(line: str, told: str, *, is_share: bool) -> None:
    assert check_told(Wording("zh"), line, is_share=is_share) == told
