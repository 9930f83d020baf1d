"""Random lives of a small company: what its source delivers in any order, and the runs in between.

Every row is drawn on its own out of few keys, so one key comes in several versions: corrected, moved to another
customer, dated anew, written before or after the version that was delivered first. A row's delivery does not depend on
its day: late rows, and rows of a day that is still to come, are as usual as punctual ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from tests.increments.random_rows import AMOUNTS, CURRENCIES, RATE_EVERY, RATES, Delivery, Row, entities, event_days

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_AS_OF = [date(2024, 3, 31), date(2024, 2, 29), date(2023, 12, 30), date(2024, 1, 1), date(2024, 5, 15)]
# From run to run: the same day again, the next, across an end of month, a month without a run, a quarter.
ADVANCES = [1, 0, 1, 7, 2, 28, 31, 30, 92]
PARAMETERS: list[dict[str, str]] = [
    {},
    {"fx_max_age_days": "40", "reporting_currency": "EUR"},
    {"score_convention": "ntile"},
    {"score_window_months": "0"},
    {"score_cut_offset": "1", "evaluation_months": "3", "history_months": "2"},
    {"age_from": "registration", "spend_period_days": "30", "history_months": "0"},
    {"rfm_window_months": "6", "score_window_months": "3", "evaluation_rolling_days": "30"},
]


@dataclass(frozen=True)
class Step:
    """What happens up to and including one run.

    Args:
        deliveries: what is landed before the run, in this order; none on a day without news.
        as_of: the day that the run is asked for.
        profile: the profile that the run is asked for.
        withdraws: which of the loads landed before is withdrawn first, counted round; None: none.
        lands_again: whether the withdrawn file still lies in the landing folder, and so is landed again at the end.
    """

    deliveries: tuple[Delivery, ...]
    as_of: date
    profile: str
    withdraws: int | None = None
    lands_again: bool = False


@dataclass(frozen=True)
class Life:
    """A company from its first delivery to its last run.

    Args:
        parameters: profile parameters that differ from those in the seeds.
    """

    steps: tuple[Step, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)


@st.composite
def lives(draw: st.DrawFn, profiles: tuple[str, str]) -> Life:
    """A life of three to five runs, under the first profile but for a detour to the other.

    Args:
        profiles: a company's own profile is drawn from these; the other serves for detours.
    """
    own = draw(st.sampled_from(profiles))
    other = next(profile for profile in profiles if profile != own)
    timeline = draw(_timelines())
    days = event_days([as_of for as_of, _, _ in timeline])
    deliveries = draw(_deliveries(timeline[0][0], days, sum(count for _, count, _ in timeline)))
    steps, landed = [], 0
    for as_of, count, detour in timeline:
        steps.append(
            Step(
                deliveries=tuple(deliveries[landed : landed + count]),
                as_of=as_of - timedelta(days=draw(st.sampled_from([1, 31]))) if detour == "back" else as_of,
                profile=other if detour == "profile" else own,
                withdraws=draw(st.integers(-2, 3)) if detour == "withdrawal" else None,
                lands_again=detour == "withdrawal" and draw(st.booleans()),
            )
        )
        landed += count
    return Life(tuple(steps), draw(st.sampled_from(PARAMETERS)))


@st.composite
def _timelines(draw: st.DrawFn) -> list[tuple[date, int, str]]:
    """As-of day, number of deliveries and detour of each run. The first run has something to see.

    A life has one detour at most: it and the run behind it build in full, and increments are what is looked for.
    """
    as_of = draw(st.sampled_from(FIRST_AS_OF))
    timeline = [(as_of, draw(st.sampled_from([1, 2])), "")]
    further = draw(st.integers(2, 4))
    detour, place = draw(st.sampled_from(["", "", "", "back", "profile", "withdrawal"])), draw(st.integers(1, further))
    for number in range(1, further + 1):
        as_of += timedelta(days=draw(st.sampled_from(ADVANCES)))
        count = draw(st.sampled_from([1, 1, 1, 2, 0]))
        timeline.append((as_of, count, detour if number == place else ""))
    return timeline


def _history(first_as_of: date, size: int, stride: int) -> list[Row]:
    """Orders before the first run, so that most of what follows meets customers with a past."""
    return [
        {
            "order_id": f"O{number}",
            "customer_id": f"C{number % 6}",
            "ordered_at": datetime.combine(first_as_of - timedelta(days=number * stride % 700), time(9)),
            "amount": AMOUNTS[number % 4],
            "status": "completed",
            "region": "north",
            "currency": CURRENCIES[number % 8],
            "updated_at": None,
        }
        for number in range(size)
    ]


def rates(first: date, last: date) -> list[Row]:
    """Rates of every currency, near enough to each other for every day."""
    days = [first + number * RATE_EVERY for number in range((last - first) // RATE_EVERY + 1)]
    return [
        {"currency": currency, "rate_date": day, "rate": RATES[day.day % 2]}
        for currency in ("CNY", "USD", "EUR")
        for day in days
    ]


@st.composite
def _deliveries(draw: st.DrawFn, first_as_of: date, days: st.SearchStrategy[date], count: int) -> list[Delivery]:
    """Rows spread over deliveries; some are delivered again byte for byte, before or after."""
    spread: list[dict[str, list[Row]]] = [{} for _ in range(count)]
    history = _history(first_as_of, draw(st.sampled_from([0, 20, 60])), draw(st.sampled_from([37, 1, 7, 13])))
    if history:
        spread[0]["orders"] = history
    spread[0]["fx_rates"] = rates(first_as_of - timedelta(days=900), first_as_of + timedelta(days=500))
    place = st.integers(0, count - 1)
    for entity, (rows, fewest, most) in entities(days).items():
        for row, deliveries in draw(
            st.lists(
                st.tuples(rows, st.lists(place, min_size=1, max_size=2) if count > 1 else st.just([0])),
                min_size=fewest,
                max_size=most,
            )
        ):
            for delivery in deliveries:
                spread[delivery].setdefault(entity, []).append(row)
    return [dict(sorted(delivery.items())) for delivery in spread]
