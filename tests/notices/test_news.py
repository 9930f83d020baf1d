"""What is new, over random lives of alerts: late data moves them, days are left out, and nothing is told twice."""

import random
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest

from retention.notices.alerts import Alert
from retention.notices.ledger import GROUPED, Told
from retention.notices.news import Since, find_news

START = date(2024, 1, 1)
KEPT = 30  # days that a closed alert stays in the table
Span = list[int]  # first day, first day after; 999: open


def rows(spans: list[Span], today: int, is_quiet: bool, is_capped: bool, rises_after: int) -> list[Alert]:
    """The table of a day: every stretch that has begun, closed ones for some days."""
    found = []
    for begin, end in spans:
        if begin > today or end + KEPT < today:
            continue
        is_closed = end <= today
        status = "closed" if is_closed else "opened" if begin == today else "open"
        risen = begin + rises_after
        is_critical = risen <= min(today, end - 1)
        found.append(
            Alert(
                f"K@{begin}", "W2", "churn_warning", "customer", "K", "", "critical" if is_critical else "warning",
                "snoozed" if is_quiet and not is_closed else status, START + timedelta(days=begin),
                START + timedelta(days=end) if is_closed else None,
                "risen" if is_critical else "opened", START + timedelta(days=risen if is_critical else begin), None,
                None, None, None, "East", None, None, None, not is_closed and not is_capped,
            )
        )  # fmt: skip
    return found


def moved(spans: list[Span], today: int, dice: random.Random) -> list[Span]:
    """What late data makes of the past: a stretch moved, lengthened, parted, taken away; another one begun."""
    found = [list(span) for span in spans]
    if found and dice.random() < 0.3:
        span = dice.choice(found)
        change = dice.choice(["begin", "end", "open", "drop"])
        if change == "begin":
            span[0] += dice.randint(-4, 4)
        elif change == "end":
            span[1] = today + dice.randint(-3, 3)
        elif change == "open":
            span[1] = 999
        else:
            found.remove(span)
    if dice.random() < 0.2:
        found.append([today, 999])
    if found and found[-1][1] == 999 and dice.random() < 0.2:
        found[-1][1] = today
    parted: list[Span] = []
    for begin, end in sorted(one for one in found if one[0] < one[1]):
        if not parted or begin > parted[-1][1]:  # stretches of one condition do not touch
            parted.append([begin, end])
    return parted


@pytest.mark.parametrize("seed", range(60))
def test_over_a_random_life_each_opening_is_told_once_and_what_is_told_is_so(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  # a test's dice
    told: list[Told] = []
    spans: list[Span] = []
    last_day: date | None = None
    for today in range(150):
        spans = moved(spans, today, dice)
        if dice.random() < 0.2 or (seed % 5 == 0 and 40 < today < 90):  # no run, or none for weeks
            continue
        as_of = START + timedelta(days=today)
        table = rows(spans, today, dice.random() < 0.1, dice.random() < 0.1, rises_after=3 + 6 * (seed % 3))
        news = find_news(table, told, Since(last_day, as_of, KEPT, cap=seed % 2))
        assert not {"withdrawn", "opened"} <= {one.kind for one in news}, "an opening that was moved is the same one"
        told += [one.as_told(as_of) for one in news if one.kind != GROUPED or not one.was_counted]
        last_day = as_of
        again = find_news(table, told, Since(last_day, as_of, KEPT, cap=seed % 2))
        assert all(one.was_counted and one.kind == GROUPED for one in again), "a second run has nothing new"

        by_itself = [one for one in told if one.kind != "grouped"]
        stands = bool(by_itself) and by_itself[-1].is_beginning
        untold = [row for row in table if row.is_live][-1:] if not stands else []
        assert [one.alert for one in news if one.kind == GROUPED and one.told is None][-1:] == untold, "or is counted"
        live = [row for row in table if row.is_live and row.is_in_digest]
        if live:
            assert stands, "what is open was told"
            assert live[-1].severity != "critical" or by_itself[-1].severity == "critical", "and how grave it is"
        if not any(not row.is_closed for row in table):
            assert not stands, "what is over was told as over"
    by_itself = [one for one in told if one.kind != "grouped"]
    ends = [one for one in by_itself if one.kind != "risen"]
    assert all(before.is_beginning != after.is_beginning for before, after in pairwise(ends)), "begin, end, begin"
    rises = [(before, after) for before, after in pairwise(by_itself) if after.kind == "risen"]
    assert all(before.is_beginning and before.severity == "warning" for before, _ in rises), "a rise is told once"
    grouped = Counter((one.alert_id, one.severity) for one in told if one.kind == "grouped")
    assert max(grouped.values(), default=0) <= 1
    openings = [one for one in told if one.kind == "opened"]
    assert max(Counter(one.alert_id for one in openings).values(), default=0) <= 1
    # Another opening begins after the day on which the one before was told: else it is that one, moved.
    assert all(after.opened_on > before.as_of for before, after in pairwise(openings))
