"""Taking the overlap off a cursor keeps its spelling and never passes over a row."""

import pytest
from tests.sources.source_room import CONTRACTS

from retention.errors import SettingsError
from retention.sources.cursor import start_of
from retention.sources.extractor import Feed

CASES = [
    ("2024-03-01T00:05:00Z", 900, "2024-02-29T23:50:00Z"),
    ("2024-03-01T00:05:00.123Z", 900, "2024-02-29T23:50:00.123Z"),
    ("2024-03-01 00:05:00", 900, "2024-02-29 23:50:00"),
    ("2024-03-01 00:05:00.000100+00", 0.5, "2024-03-01 00:04:59.500100+00"),
    ("2024-03-01T00:05:00.1+08:00", 0.5, "2024-03-01T00:04:59.6+08:00"),
    ("2024-03-01T00:05:00.1", 0.25, "2024-03-01T00:04:59.8"),  # .85: earlier is the safe side
    ("2024-03-01", 3600, "2024-02-29"),
    ("2024-03-01 00:05", 900, "2024-02-29 23:50"),
]


def feed(seconds: float = 0, steps: int = 0) -> Feed:
    return Feed("crm", CONTRACTS["orders"], {}, "changed_at", seconds, steps)


@pytest.mark.parametrize(("cursor", "seconds", "expected"), CASES)
def test_an_instant_is_moved_back_in_its_own_spelling(cursor: str, seconds: float, expected: str) -> None:
    assert start_of(feed(seconds), cursor) == expected


def test_a_number_is_moved_back_by_steps() -> None:
    assert start_of(feed(steps=1000), "41500") == "40500"


def test_without_overlap_or_cursor_nothing_is_moved() -> None:
    assert start_of(feed(), "anything") == "anything"
    assert start_of(feed(900), None) is None


@pytest.mark.parametrize(("cursor", "overlap"), [("41500", {"seconds": 900}), ("2024-01-01", {"steps": 5})])
def test_an_overlap_of_the_wrong_kind_is_told(cursor: str, overlap: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match=r"crm/orders: cursor\.overlap is a"):
        start_of(feed(**overlap), cursor)
