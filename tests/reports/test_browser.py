"""Reports in real Chromium: nothing is fetched, nothing is refused, and a phone shows the page whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.reports.browser import Browser, chromium

from retention.reports.declared import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from retention.runs import Home

DESKTOP, PHONE, LAPTOP = 1200, 390, 1300


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    program = chromium()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing: apt-get install chromium")
        pytest.skip("needs Chromium")
    with Browser(program, tmp_path / "profile") as made:
        yield made


@pytest.mark.slow
def test_no_request_leaves_a_page_and_a_phone_shows_it_whole(reported: Home, browser: Browser) -> None:
    for kind in KINDS:
        for language in ("en", "zh"):
            page = reported.reports / kind / "2024-05-31" / f"report-{language}.html"
            for width in (DESKTOP, PHONE):
                browser.open(page, width)
                assert browser.requests() == [page.as_uri()], kind
                assert browser.complaints() == [], kind
                assert browser.ask("document.documentElement.scrollWidth") <= width, f"{kind} is wider than {width}"
            assert browser.ask("getComputedStyle(document.body).color") == "rgb(28, 37, 48)", "the style was taken"
            assert browser.ask("document.querySelectorAll('h2').length") > 1
            if kind == "daily":
                browser.open(page, LAPTOP)
                wide = (
                    "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).length"
                )
                assert browser.ask(wide) == 0, "owner and action stand in sight"
    assert browser.ask("document.documentElement.lang") == "zh-CN"
