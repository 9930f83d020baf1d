"""Which news has a line, over random lives of many alerts: nothing is told twice, no end of what was told is lost."""

import random
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from retention.notices.alerts import Alert
from retention.notices.news import News, Since, find_news
from retention.notices.places import share

if TYPE_CHECKING:
    from retention.notices.ledger import Told

START = date(2024, 1, 1)
KEPT, DAYS = 30, 90
Life = tuple[str, int, int, bool]  # subject, first day, first day after, whether it is critical


def lives(dice: random.Random) -> list[Life]:
    """A backlog of before the first day, then openings by and by, in bursts too; some end on one day together."""
    found = []
    for number in range(160):
        begin = -dice.randint(1, 40) if number < 50 else dice.choice([dice.randint(0, DAYS - 30), 20, 21])
        end = dice.choice([max(begin, 0) + dice.randint(1, 30), 45, 999])
        if end > max(begin, 0):
            found.append((f"C{number}", begin, end, dice.random() < 0.3))
    return found


def table(found: list[Life], today: int) -> list[Alert]:
    rows = []
    for subject, begin, end, is_critical in found:
        if begin > today or end + KEPT < today:
            continue
        opened_on, is_over = START + timedelta(days=begin), end <= today
        rows.append(
            Alert(
                f"{subject}@{begin}", "W2", "churn_warning", "customer", subject, "",
                "critical" if is_critical else "warning", "closed" if is_over else "open", opened_on,
                START + timedelta(days=end) if is_over else None, None if is_over else "opened",
                None if is_over else opened_on, None, None, None, None, "East", None, None, None, not is_over,
            )
        )  # fmt: skip
    return rows


@pytest.mark.parametrize("seed", range(24))
def test_over_random_lives_what_is_told_by_name_is_told_once_and_so_is_its_end_within_days(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  # a test's dice
    lines, found = dice.choice([1, 2, 3, 5, 12]), lives(dice)
    told: list[Told] = []
    last_day: date | None = None
    for today in range(DAYS):
        if dice.random() < 0.15 and last_day is not None:  # no run
            continue
        as_of, rows = START + timedelta(days=today), table(found, today)
        since = Since(last_day, as_of, KEPT, cap=1000)
        places = share(find_news(rows, told, since), lines, since)
        assert len(places.listed) <= lines
        check_shares(places.listed, places.counted, lines, {row.alert_id for row in rows if row.opened_on == as_of})
        told += [one.as_told(as_of) for one in places.recorded]
        last_day = as_of
        again = find_news(rows, told, Since(last_day, as_of, KEPT, cap=1000))
        assert all(one.was_counted for one in again), "what has no line was counted, and waits for the next day"
        by_name = {one.alert_id for one in told if one.kind == "opened"}
        ended = {one.alert_id for one in told if one.kind in ("closed", "summed")}
        over = {row.alert_id for row in rows if row.closed_on and as_of - row.closed_on >= timedelta(days=7)}
        assert over & by_name <= ended, "a week later it is told, by a line or in a number"
        assert ended <= by_name, "of what nobody heard of no end is told"
    kinds = Counter((one.alert_id, "end" if one.kind in ("closed", "summed") else one.kind) for one in told)
    # In a number its beginning and its end may both have waited.
    assert all(number <= (2 if kind == "grouped" else 1) for (_, kind), number in kinds.items())
    assert {one.kind for one in told} <= {"opened", "closed", "summed", "grouped"}, "none is called taken back"


def check_shares(listed: tuple[News, ...], counted: tuple[News, ...], lines: int, of_today: set[str]) -> None:
    """What is new has its part, ends have theirs, and what stood has what they leave."""

    def number(news: tuple[News, ...], kind: str) -> int:
        def of(one: News) -> str:
            row = one.alert
            assert row is not None
            if row.closed_on is not None:
                return "end"
            return "new" if row.alert_id in of_today else "stood"

        return sum(of(one) == kind for one in news)

    if number(counted, "end"):
        assert number(listed, "end") >= lines / 2, "ends have half of the lines while some wait"
    if number(counted, "new"):
        assert number(listed, "end") <= (lines + 1) // 2, "and no more while something new waits"


def test_a_first_digest_calls_standing_what_was_there_before_its_day() -> None:
    rows = [*table([("C1", -5, 999, False), ("C2", 0, 999, False)], 0)]
    first = find_news(rows, [], Since(None, START, KEPT, cap=20))
    assert {one.alert.subject_id: one.is_standing for one in first if one.alert} == {"C1": True, "C2": False}
    after_a_pause = find_news(rows, [], Since(START - timedelta(days=3), START, KEPT, cap=20))
    assert {one.alert.subject_id: one.is_standing for one in after_a_pause if one.alert} == {"C1": True, "C2": False}
