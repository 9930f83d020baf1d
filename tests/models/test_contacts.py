"""The contact calendar: against a second implementation, its promises, and its stability from day to day."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from tests.models.contact_companies import PLAIN, random_company, raw_tables
from tests.models.expected_calendar import Plan
from tests.models.expected_contacts import DAY, Known, Terms, period_of
from tests.models.test_customer_rfm import with_parameters

from retention.publication.contact_reasons import told_reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.models.compiled_project import CompiledProject

CASES = [
    Terms(date(2024, 4, 24), capacity=2, trigger_capacity=1, week_cap=2, month_cap=4),
    Terms(date(2024, 4, 25), capacity=2, trigger_capacity=1, week_cap=2, month_cap=4),
    Terms(date(2024, 5, 2), capacity=2, trigger_capacity=1, week_cap=2, month_cap=4),
    Terms(date(2024, 4, 30), scheme="value_sabc", capacity=3, trigger_capacity=2, week_cap=1),
]
"""As-of days from the last fact on: nothing new happens, the month turns, and a holiday of five days with a make-up
Sunday lies between."""
DRAWN = [(PLAIN, number) for number in range(len(CASES))] + [(8, 1), (9, 3), (10, 2), (11, 0), (12, 3), (13, 2)]
"""Companies by seed, each under one of the cases; consent, opt-outs, contracts and touches are drawn for each."""
Row = dict[str, Any]


class Built:
    """The two tables of a run, and what the second implementation takes as given."""

    def __init__(self, project: CompiledProject, company: dict[str, Known], terms: Terms) -> None:
        self.terms, self.company = terms, company
        parameters = {
            "contact_scheme": terms.scheme,
            "contact_week_cap": terms.week_cap,
            "contact_month_cap": terms.month_cap,
            "contact_daily_capacity": terms.capacity,
            "contact_daily_trigger_capacity": terms.trigger_capacity,
        }
        seeds = with_parameters({name: str(value) for name, value in parameters.items()})
        models = ["contact_calendar", "contact_exclusions", "customer_tier_history", "customer_lifecycle"]
        with project.build(raw_tables(company), as_of=terms.as_of, models=models, seeds=seeds) as warehouse:
            self.calendar = records(warehouse, "from marts.contact_calendar")
            self.exclusions = records(warehouse, "from marts.contact_exclusions")
            for name, scheme, on, tier in warehouse.sql(
                "select customer_id, scheme, month_end, tier from marts.customer_tier_history"
            ).fetchall():
                company[name].tiers[scheme, on] = tier
            for name, days in warehouse.sql(
                "select customer_id, days_since_last_activity from marts.customer_lifecycle"
            ).fetchall():
                company[name].last_activity_on = None if days is None else terms.as_of - days * DAY


def records(connection: Any, query: str) -> list[Row]:
    """The rows of a query."""
    found = connection.sql(query)
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def on_case(project: CompiledProject) -> Callable[[int, int], Built]:
    """Companies by seed and case, each built once."""
    return cache(lambda seed, number: Built(project, random_company(seed), CASES[number]))


@pytest.fixture(params=DRAWN, ids=lambda drawn: f"{drawn[0]}-{CASES[drawn[1]].as_of}")
def built(on_case: Callable[[int, int], Built], request: pytest.FixtureRequest) -> Built:
    """One company on one day."""
    return on_case(*request.param)


@pytest.mark.slow
def test_every_contact_is_that_of_the_second_implementation(built: Built) -> None:
    expected = Plan(built.company, built.terms).contacts()
    found = {(row["customer_id"], row["trigger"], row["occasion"]): row for row in built.calendar + built.exclusions}
    assert len(found) == len(built.calendar) + len(built.exclusions)
    # Every reason is one that readers are told in their language.
    untold = {row["reason"] for row in found.values() if told_reason(row["reason"], {}, "zh") == row["reason"]}
    assert not untold
    assert found.keys() == expected.keys()
    for key, row in found.items():
        one = expected[key]
        wanted = (one.exclusion, one.due_on, one.owner, one.channel, one.is_provisional, one.priority)
        told = (
            row.get("exclusion"),
            row["due_on"],
            row["owner"],
            row["channel"],
            row["is_provisional"],
            row["priority"],
        )
        assert told == wanted, key
        if one.exclusion is None:
            assert row["is_overdue"] == (one.due_on <= built.terms.as_of)
    reasons = {row["exclusion"] for row in built.exclusions}
    assert reasons >= {"no_consent", "already_contacted", "expired", "no_capacity", "lower_priority"}
    assert len(built.calendar) > 40


@pytest.mark.slow
def test_nobody_is_planned_against_consent_cap_or_capacity(built: Built) -> None:
    terms, open_plan = built.terms, Plan({}, built.terms)
    by_owner: Counter[tuple[str, str, date]] = Counter()
    by_day: Counter[tuple[str, date]] = Counter()
    by_week: dict[tuple[str, date], int] = defaultdict(int)
    by_month: dict[tuple[str, date], int] = defaultdict(int)
    for row in built.calendar:
        one = built.company[row["customer_id"]]
        assert one.is_contactable
        assert one.opted_out_on is None
        assert open_plan.is_open(row["due_on"])
        assert terms.as_of - terms.overdue * DAY < row["due_on"] <= terms.as_of + terms.horizon * DAY
        day = max(row["due_on"], terms.as_of)  # what is overdue is made from the as-of day on
        by_day[row["customer_id"], day] += 1
        by_week[row["customer_id"], period_of("week", day)[0]] += 1
        by_month[row["customer_id"], day.replace(day=1)] += 1
        if open_plan.channels[row["channel"]]["takes_capacity"] == "true":
            by_owner[row["contact_kind"], row["owner"], row["due_on"]] += 1
    for (customer, day), count in by_day.items():
        assert count + sum(on == day for on, *_ in built.company[customer].touches) == 1
    for (customer, monday), count in by_week.items():
        made = sum(monday <= on <= monday + 6 * DAY for on, *_ in built.company[customer].touches)
        assert count + made <= terms.week_cap
    for (customer, month), count in by_month.items():
        made = sum(on.replace(day=1) == month for on, *_ in built.company[customer].touches)
        assert count + made <= terms.month_cap
    for (kind, *_), count in by_owner.items():
        assert count <= (terms.capacity if kind == "cadence" else terms.trigger_capacity)
    assert "cadence" in {kind for kind, *_ in by_owner}


FIXED = ("due_on", "channel", "owner", "priority", "template")
HELD_UP = {None, "superseded", "expired", "already_contacted", "lower_priority", "frequency_cap", "no_longer_due"}
"""What can become of a contact that was planned and not made; already_contacted on a day with another touch."""


def settled(rows: list[Row], first: date, last: date) -> dict[tuple[str, str, str], Row]:
    """The contacts of a span of days that hang on nothing to come."""
    return {
        (row["customer_id"], row["trigger"], row["occasion"]): row
        for row in rows
        if first <= row["due_on"] <= last and not row["is_provisional"]
    }


@pytest.mark.slow
@pytest.mark.parametrize("later", [1, 2], ids=["next_day", "next_month"])
def test_without_news_a_plan_stays_as_it_was(on_case: Callable[[int, int], Built], later: int) -> None:
    before, after = (on_case(7, number) for number in (0, later))
    first = after.terms.as_of - (after.terms.overdue - 1) * DAY
    last = before.terms.as_of + before.terms.horizon * DAY
    ones, others = (settled(one.calendar + one.exclusions, first, last) for one in (before, after))
    assert not ones.keys() - others.keys()  # nothing vanishes
    is_held_up = {row["customer_id"] for one in (before, after) for row in one.calendar if row["is_overdue"]}
    for key in ones.keys() & others.keys():
        one, other = ones[key], others[key]
        told = [row.get("exclusion") for row in (one, other)]
        if told == [None, None]:
            assert [one[name] for name in FIXED] == [other[name] for name in FIXED]
        if other["due_on"] > after.terms.as_of and key[0] not in is_held_up:
            names = ("due_on", "channel", "owner", "priority", "given_way_to", "reason")
            assert told[0] == told[1]
            assert [one.get(name) for name in names] == [other.get(name) for name in names]
        elif told[0] != told[1]:
            assert set(told) <= HELD_UP, key
            assert other["due_on"] <= after.terms.as_of or set(told) == {None, "frequency_cap"}
    assert len(ones) > 100
    was_provisional = {
        (row["customer_id"], row["trigger"], row["occasion"])
        for row in before.calendar + before.exclusions
        if row["is_provisional"]
    }
    if later == 1:
        assert others.keys() - ones.keys() <= was_provisional


@pytest.mark.slow
def test_an_opt_out_takes_effect_the_same_day_and_moves_nobody_else(
    project: CompiledProject, on_case: Callable[[int, int], Built]
) -> None:
    terms, before = CASES[0], on_case(7, 0)
    gone = {row["customer_id"] for row in before.calendar if row["contact_kind"] == "cadence"}
    gone = set(sorted(gone)[:5])
    company = random_company(7)
    for name in gone:
        company[name].is_contactable, company[name].opted_out_on = False, terms.as_of
    after = Built(project, company, terms)
    assert not gone & {row["customer_id"] for row in after.calendar}
    whole = (date.min, date.max)
    of_others = [
        {key: row for key, row in settled(one.calendar + one.exclusions, *whole).items() if key[0] not in gone}
        for one in (before, after)
    ]
    assert of_others[0] == of_others[1]
    left_out = {(row["customer_id"], row["trigger"], row["occasion"]): row["exclusion"] for row in after.exclusions}
    for row in before.calendar:
        if row["customer_id"] in gone:
            assert left_out[row["customer_id"], row["trigger"], row["occasion"]] == "opted_out"


HAND_WORKED = [  # who, trigger, day, channel, whether provisional, as of Wednesday 2024-04-10
    # Bought on Tuesday the 9th at 15:15: the guide the next day, the adviser two days later; the
    # coupon five days later, Sunday the 14th, moves to Monday.
    ("buyer", "first_purchase_guide", date(2024, 4, 10), "email", False),
    ("buyer", "first_purchase_adviser", date(2024, 4, 11), "phone", False),
    ("buyer", "first_purchase_coupon", date(2024, 4, 15), "sms", False),
    # 18 April less three days is Monday the 15th.
    ("birthday", "birthday", date(2024, 4, 15), "sms", False),
    # Of 29 February the 28th counts in 2023 and 2025; of a first purchase on 2023-04-22 the 19th of April is due.
    ("anniversary", "first_purchase_anniversary", date(2024, 4, 19), "sms", False),
    # The contract ends on 20 May: thirty days before is Saturday 20 April, so Monday the 22nd.
    ("renewal", "contract_renewal", date(2024, 4, 22), "wechat", False),
    # Bought on 1 April, for 20 days: the 21st less three is Thursday the 18th.
    ("cycle", "usage_cycle_end", date(2024, 4, 18), "sms", True),
    # Bought on 22 March, for 20 days, so due on Monday 8 April; bought again on the 10th: 30 April less three
    # is a Saturday, and the Sunday after it a working day.
    ("again", "usage_cycle_end", date(2024, 4, 28), "sms", True),
    # An urgent complaint of Tuesday the 9th: the next day, which is the as-of day and so overdue.
    ("complainer", "specialist_complaint", date(2024, 4, 10), "phone", False),
    # Complained in March, called on the 4th and settled on the 5th; open again since Tuesday the 9th.
    ("reopened", "specialist_complaint", date(2024, 4, 10), "phone", False),
    # A severity in Chinese that the map reads as P1.
    ("chinese", "specialist_complaint", date(2024, 4, 10), "phone", False),
    # An order of 120,000 on Monday the 8th is large: two days later.
    ("big", "specialist_product", date(2024, 4, 10), "phone", False),
]


@pytest.mark.slow
def test_triggers_worked_out_by_hand(project: CompiledProject) -> None:
    def at(month: int, day: int, year: int = 2024) -> datetime:
        return datetime(year, month, day, 15, 15)  # noqa: DTZ001

    company = {
        "buyer": Known(orders=[(at(4, 9), "O1", Decimal(60000))]),
        "birthday": Known(birthday=(4, 18)),
        "anniversary": Known(orders=[(at(4, 22, 2023), "O2", Decimal(10))]),
        "renewal": Known(preferred_channel="wechat", contracts=[("V1", date(2023, 5, 21), date(2024, 5, 20), None)]),
        "cycle": Known(
            orders=[(at(4, 1), "O4", Decimal(10)), (at(9, 1, 2023), "O3", Decimal(10))],
            contracts=[("V2", date(2023, 9, 1), date(2024, 12, 31), 20)],
        ),
        "again": Known(
            orders=[
                (at(4, 10), "O9", Decimal(10)),
                (at(3, 22), "O8", Decimal(10)),
                (at(9, 1, 2023), "O7", Decimal(10)),
            ],
            contracts=[("V3", date(2023, 9, 1), date(2024, 12, 31), 20)],
        ),
        "renewed": Known(
            contracts=[
                ("V4", date(2023, 5, 9), date(2024, 5, 8), None),
                ("V5", date(2024, 4, 9), date(2026, 5, 8), None),
            ]
        ),
        # The next contract was delivered, and begins after the as-of day; a third has no end.
        "renewed_early": Known(
            contracts=[
                ("V6", date(2023, 5, 21), date(2024, 5, 20), None),
                ("V7", date(2024, 5, 21), date(2025, 5, 20), None),
            ]
        ),
        "renewed_for_good": Known(
            contracts=[
                ("V8", date(2023, 5, 21), date(2024, 5, 20), None),
                ("V9", date(2024, 5, 21), None, None),
            ]
        ),
        "reopened": Known(
            complaints=[(at(4, 3), "T3", "urgent", False)],
            touches=[(date(2024, 4, 4), "phone", False)],
            reopenings=[(at(4, 9), "T3")],
        ),
        "chinese": Known(complaints=[(at(4, 9), "T4", " 紧急 ", True)]),
        "complainer": Known(complaints=[(at(4, 9), "T1", "urgent", True)]),
        "calm": Known(complaints=[(at(4, 9), "T2", "normal", True)]),
        "big": Known(orders=[(at(4, 8), "O6", Decimal(120000)), (at(9, 12, 2023), "O5", Decimal(10))]),
    }
    terms = Terms(date(2024, 4, 10))
    built = Built(project, company, terms)
    found = {
        (row["customer_id"], row["trigger"]): (row["due_on"], row["channel"], row["is_provisional"])
        for row in built.calendar
        if row["contact_kind"] == "trigger" and not row["trigger"].startswith("silent")
    }
    assert found == {(who, trigger): (day, *rest) for who, trigger, day, *rest in HAND_WORKED}
    overdue = {row["customer_id"] for row in built.calendar if row["is_overdue"] and row["contact_kind"] == "trigger"}
    assert overdue >= {"buyer", "complainer", "big"}
    settled_by_news = {
        (row["customer_id"], row["trigger"], row["due_on"])
        for row in built.exclusions
        if row["exclusion"] == "no_longer_due" and not row["trigger"].startswith("silent")
    }
    assert settled_by_news == {
        ("again", "usage_cycle_end", date(2024, 4, 8)),
        ("renewed", "contract_renewal", date(2024, 4, 8)),
        ("renewed_early", "contract_renewal", date(2024, 4, 22)),
        ("renewed_for_good", "contract_renewal", date(2024, 4, 22)),
    }
    fields = {row["trigger"]: row["fields"] for row in built.calendar}
    assert '"coupon_from_amount": "48000"' in fields["first_purchase_coupon"]  # 0.8 of 60,000
    assert fields["birthday"] == "{}"
    assert '"years": "1"' in fields["first_purchase_anniversary"]


@pytest.mark.slow
def test_silence_is_foretold_for_the_lowest_tier_and_ends_with_a_touch(project: CompiledProject) -> None:
    day = datetime(2024, 4, 9, 9)  # noqa: DTZ001
    old = datetime(2023, 9, 1)  # noqa: DTZ001
    rich = [(old + timedelta(days=nth), f"R{number}_{nth}", Decimal(9000)) for number in range(9) for nth in range(9)]
    company = {f"rich{number}": Known(orders=rich[number * 9 : number * 9 + 9]) for number in range(9)}
    # First seen in February with a small order: of the lowest tier at the end of March. Silent since Tuesday 9 April.
    for name in ("silent", "touched"):
        first = datetime(2023, 8, 1)  # noqa: DTZ001
        company[name] = Known(orders=[(first, f"O{name}1", Decimal(1)), (day, f"O{name}2", Decimal(1))])
    company["touched"].touches = [(date(2024, 4, 12), "sms", False)]
    built = Built(project, company, Terms(date(2024, 4, 12)))
    assert company["silent"].tiers["retention_abcd", date(2024, 3, 31)] == "D"
    planned = {
        (row["customer_id"], row["trigger"]): (row["due_on"], row["is_overdue"], row["is_provisional"])
        for row in built.calendar
        if row["trigger"].startswith("silent") and row["customer_id"] in ("silent", "touched")
    }
    assert planned == {
        ("silent", "silent_3_days"): (date(2024, 4, 12), True, False),  # Friday, today
        ("silent", "silent_7_days"): (date(2024, 4, 16), False, True),
        ("touched", "silent_7_days"): (date(2024, 4, 16), False, True),
    }
    left_out = {(row["customer_id"], row["trigger"]): row["exclusion"] for row in built.exclusions}
    assert left_out["touched", "silent_3_days"] == "already_contacted"
