"""Cursor values are text, as the source writes them; taking the overlap off keeps their spelling."""

import re
from datetime import datetime, timedelta

from retention.errors import SettingsError
from retention.sources.extractor import Feed

# Day, then perhaps: separator, time of day, fraction of a second, offset.
INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)(?:([T ])(\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?")
MICROSECOND_DIGITS = 6


def start_of(feed: Feed, cursor: str | None) -> str | None:
    """The value from which rows are asked for: the overlap before a cursor. Never later than exact.

    Raises:
        SettingsError: the overlap does not fit the cursor's kind.
    """
    if cursor is None or not (feed.overlap_seconds or feed.overlap_steps):
        return cursor
    if feed.overlap_steps:
        if not re.fullmatch(r"-?\d+", cursor):
            raise _unfit(feed, "a plain number, and the cursor is none", "Write it with a unit, such as 15m.")
        return str(int(cursor) - feed.overlap_steps)
    found = INSTANT.fullmatch(cursor)
    if found is None:
        raise _unfit(feed, "a duration, and the cursor is no instant", "Write a plain number, or leave it out.")
    return _moved(found, timedelta(seconds=feed.overlap_seconds))


def _moved(found: re.Match[str], back: timedelta) -> str:
    day, separator, clock, fraction, offset = found.groups()
    if separator is None:
        return f"{datetime.fromisoformat(day) - back:%Y-%m-%d}"
    pattern = "%H:%M:%S" if clock.count(":") > 1 else "%H:%M"
    micros = (fraction or "").ljust(MICROSECOND_DIGITS, "0")[:MICROSECOND_DIGITS]
    moved = datetime.fromisoformat(f"{day}T{clock}") + timedelta(microseconds=int(micros)) - back
    text = f"{moved:%Y-%m-%d}{separator}{moved:{pattern}}"
    if fraction:
        text += "." + f"{moved.microsecond:06d}".ljust(len(fraction), "0")[: len(fraction)]
    return text + (offset or "")


def _unfit(feed: Feed, problem: str, remedy: str) -> SettingsError:
    return SettingsError(f"{feed.label}: cursor.overlap is {problem}.", remedy)
