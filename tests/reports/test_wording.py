"""The two catalogues say the same things, and no word is missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from retention.reports.columns import columns_of
from retention.reports.declared import KINDS, REPORTS
from retention.reports.problem_sections import PROBLEMS
from retention.reports.release import open_release
from retention.reports.sheets import SHEETS
from retention.reports.wording import Wording

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
    signs = {"comma", "semicolon", "cause", "cause_of_part", "continued"}
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
