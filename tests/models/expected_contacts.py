"""The contacts that are due, a second time in plain Python, over more months than the models look at.

Taken as given are who holds which tier at month-ends and when a customer was last active: both have their own tests.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import md5
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.models.compiled_project import PROJECT_DIR

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = timedelta(days=1)
EPOCH = date(2000, 1, 3)
DRAWS = 16**5
Key = tuple[str, str, str]


def seed(name: str, profile: str, keys: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a seed that hold for a profile: its own replace those of all by key."""
    with (PROJECT_DIR / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    own = {tuple(row[key] for key in keys) for row in rows if row["profile"] == profile}
    return [
        row
        for row in rows
        if row["profile"] == profile or (row["profile"] == "all" and tuple(row[key] for key in keys) not in own)
    ]


@dataclass(frozen=True)
class Terms:
    """Parameters of a run."""

    as_of: date
    scheme: str = "retention_abcd"
    horizon: int = 30
    overdue: int = 14
    week_cap: int = 3
    month_cap: int = 8
    capacity: int = 20
    trigger_capacity: int = 10
    quiet: frozenset[int] = frozenset({6, 7})
    calendar: str = "CN"


@dataclass(frozen=True, order=True)
class Touch:
    """A contact that was made.

    Attributes:
        number: its place among the customer's touches; those of one instant count in that order.
    """

    on: date
    number: int
    channel: str
    is_personal: bool
    is_free: bool


@dataclass
class Known:
    """Facts of a customer.

    Attributes:
        tiers: by scheme and month-end.
        orders: instant, ID, amount.
        contracts: ID, first and last day, usage cycle.
        complaints: instant, ID, severity, whether open; else it was resolved two days later.
        reopenings: instant, ID of the complaint.
        touches: day, channel, whether of a campaign.
    """

    is_contactable: bool = True
    opted_out_on: date | None = None
    preferred_channel: str | None = None
    account_owner: str | None = None
    birthday: tuple[int, int] | None = None
    last_activity_on: date | None = None
    tiers: dict[tuple[str, date], str] = field(default_factory=dict)
    orders: list[tuple[datetime, str, Decimal]] = field(default_factory=list)
    contracts: list[tuple[str, date, date | None, int | None]] = field(default_factory=list)
    complaints: list[tuple[datetime, str, str, bool]] = field(default_factory=list)
    reopenings: list[tuple[datetime, str]] = field(default_factory=list)
    touches: list[tuple[date, str, bool]] = field(default_factory=list)


@dataclass(frozen=True)
class Event:
    """Something that a trigger may follow."""

    name: str
    occasion: str
    on: date
    amount: Decimal | None = None
    word: str = ""
    ended_on: date | None = None

    def is_asked_by(self, row: dict[str, str]) -> bool:
        """Whether a trigger is for it."""
        is_enough = not row["min_amount"] or (self.amount is not None and self.amount >= Decimal(row["min_amount"]))
        is_named = not row["event_values"] or self.word in row["event_values"].lower().split(";")
        return row["event"] == self.name and is_enough and is_named


@dataclass
class Contact:
    """A contact that is due."""

    key: Key
    kind: str
    wanted_on: date
    earliest_on: date
    priority: int
    owner: str
    channel: str | None
    takes_capacity: bool
    needs_person: bool
    is_free: bool
    is_provisional: bool
    latest_on: date
    expires_on: date | None = None
    ended_on: date | None = None
    is_renewed: bool = False
    due_on: date = date.max
    exclusion: str | None = None
    made_on: date | None = None
    touch: Touch | None = None
    lapses_on: date | None = None

    @property
    def month(self) -> date:
        """The month whose plan it is in."""
        return self.wanted_on.replace(day=1)

    @property
    def choice(self) -> tuple[Any, ...]:
        """Who comes first of a customer's contacts."""
        return (self.month, *self.turn)

    @property
    def turn(self) -> tuple[Any, ...]:
        """Who comes first of those that could be made on the same day."""
        return (self.priority, self.due_on, self.key[1], self.key[2])

    def fits(self, touch: Touch) -> bool:
        """Whether a touch is by what it asks for."""
        is_by_it = touch.channel == self.channel or (self.is_free and touch.is_free)
        return is_by_it and (touch.is_personal or not self.needs_person)


def draw(customer: str) -> int:
    """The number that a customer's ID stands for."""
    return int(md5(customer.encode()).hexdigest()[:5], 16)  # noqa: S324  # spreads, protects nothing


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - DAY


def months_later(day: date, months: int) -> date:
    """The day some months on, or the last of a shorter month."""
    count = day.year * 12 + day.month - 1 + months
    first = date(count // 12, count % 12 + 1, 1)
    return min(first.replace(day=1) + timedelta(days=day.day - 1), month_end(first))


def period_of(kind: str, day: date) -> tuple[date, date]:
    """First and last day of the period that a day is in."""
    if kind in ("week", "fortnight"):
        length = 7 if kind == "week" else 14
        first = day - timedelta(days=(day - EPOCH).days % length)
        return first, first + timedelta(days=length - 1)
    length = {"month": 1, "quarter": 3, "half_year": 6}[kind]
    first = date(day.year, (day.month - 1) // length * length + 1, 1)
    return first, months_later(first, length) - DAY


class Due:
    """The contacts that a company owes its customers, each on the day that the rule asks for.

    Args:
        company: customers by ID.
    """

    def __init__(self, company: dict[str, Known], terms: Terms, profile: str = "default_b2b") -> None:
        self.company, self.terms = company, terms
        self.policies = [
            row for row in seed("service_policy_rules", profile, ("scheme",)) if row["scheme"] == terms.scheme
        ]
        self.triggers = seed("contact_triggers", profile, ("trigger",))
        self.priorities = {
            row["source_severity"]: row["priority"].lower()
            for row in seed("severity_map", profile, ("source_severity",))
        }
        self.channels = {row["channel"]: row for row in seed("contact_channels", profile, ("channel",))}
        with (PROJECT_DIR / "seeds" / "holidays.csv").open(encoding="utf-8", newline="") as file:
            self.special = {
                date.fromisoformat(row["holiday_on"]): row["is_working_day"] == "true"
                for row in csv.DictReader(file)
                if row["holiday_calendar"] == terms.calendar
            }
        self.first = months_later(terms.as_of.replace(day=1), -4)
        self.last = month_end(months_later(terms.as_of, 3))

    def is_open(self, day: date) -> bool:
        """Whether anybody is contacted on a day."""
        return self.special.get(day, day.isoweekday() not in self.terms.quiet)

    def open_days(self, first: date, last: date) -> list[date]:
        """The open days of a span."""
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return [day for day in days if self.is_open(day)]

    def due(self) -> list[Contact]:
        """Every contact by cadence or trigger."""
        return [*self._slots(), *self._triggered()]

    def touches(self, known: Known) -> list[Touch]:
        """What was made, in the order of time."""
        persons = {name for name, row in self.channels.items() if row["takes_capacity"] == "true"}
        return sorted(
            Touch(on, number, channel, not is_mass and channel in persons, self.is_free(channel))
            for number, (on, channel, is_mass) in enumerate(known.touches)
        )

    def tier(self, known: Known, scheme: str, month: date) -> str | None:
        last_end = max(day for _, day in known.tiers) if known.tiers else None
        ends = [month - DAY, last_end] if last_end else []
        on = min(ends) if ends else None
        return known.tiers.get((scheme, min(on, self.latest_end))) if on else None

    @property
    def latest_end(self) -> date:
        """The last month-end that has been."""
        as_of = self.terms.as_of
        return as_of if as_of == month_end(as_of) else as_of.replace(day=1) - DAY

    def _channel(self, rule: str, known: Known) -> str | None:
        own = known.preferred_channel if known.preferred_channel in self.channels else None
        if rule == "preferred":
            return own
        both = own and all(self.channels[one]["is_exchangeable"] == "true" for one in (rule, own))
        if both and self.needs_person(rule) and not self.needs_person(own):
            return rule
        return own if both else rule

    def needs_person(self, channel: str | None) -> bool:
        """Whether a channel is a person's."""
        return self.channels.get(channel or "", {}).get("takes_capacity") == "true"

    def is_free(self, rule: str) -> bool:
        """Whether other channels may stand for the rule's."""
        return self.channels.get(rule, {}).get("is_exchangeable") == "true"

    def _slots(self) -> list[Contact]:
        found = []
        for customer, known in self.company.items():
            by_tier: dict[str, list[dict[str, str]]] = defaultdict(list)
            for row in sorted(self.policies, key=lambda row: (int(row["priority"]), row["policy"])):
                if int(row["contacts"]):
                    by_tier[row["tier"]].append(row)
            for tier, policies in by_tier.items():
                for number, policy in enumerate(policies, 1):
                    found += self._of_policy(customer, known, tier, number, policy)
        return found

    def _of_policy(self, customer: str, known: Known, tier: str, number: int, policy: dict[str, str]) -> list[Contact]:
        found, day, count = [], self.first, int(policy["contacts"])
        while day <= self.last:
            first, last = period_of(policy["period"], day)
            days = self.open_days(first, last)
            for nth in range(1, count + 1 if days else 1):
                share = (draw(customer) + 648056 * number) % DRAWS + (nth - 1) * DRAWS
                wanted = days[share * len(days) // (count * DRAWS)]
                if self.tier(known, self.terms.scheme, wanted.replace(day=1)) != tier:
                    continue
                channel = self._channel(policy["channel"], known)
                found.append(
                    Contact(
                        (customer, policy["policy"], f"{first}#{nth}"),
                        "cadence",
                        wanted,
                        first,
                        int(policy["priority"]),
                        known.account_owner or policy["owner_role"],
                        channel,
                        self.needs_person(channel),
                        self.needs_person(policy["channel"]),
                        self.is_free(policy["channel"]),
                        wanted.replace(day=1) - DAY > self.terms.as_of,
                        last,
                    )
                )
            day = last + DAY
        return found

    def _events(self, known: Known) -> list[Event]:
        found = [*self._days_of_the_year(known), *self._of_contracts(known)]
        if known.last_activity_on:
            found.append(Event("last_activity", str(known.last_activity_on), known.last_activity_on))
        for at, order_id, amount in known.orders:
            found.append(Event("large_order", order_id, at.date(), amount))
        if known.orders:
            at, order_id, amount = min(known.orders)
            found.append(Event("first_purchase", order_id, at.date(), amount))
        for at, ticket, severity, is_open in known.complaints:
            word = self.priorities.get(severity.lower(), severity.lower())
            again = sorted({on.date() for on, of in known.reopenings if of == ticket})
            settled = [] if is_open else [at.date() + 2 * DAY]
            for nth, on in enumerate([at.date(), *again]):
                occasion = f"{ticket} {on}" if nth else ticket
                ends = [day for day in (*settled, *again[nth : nth + 1]) if day >= on]
                found.append(Event("complaint", occasion, on, None, word, min(ends, default=None)))
        for on, following in pairwise(sorted({at.date() for at, *_ in known.orders})):
            found.append(Event("last_activity", str(on), on, ended_on=following))
        return found

    def _days_of_the_year(self, known: Known) -> Iterator[Event]:
        for year in range(self.terms.as_of.year - 2, self.terms.as_of.year + 3):
            if known.birthday:
                month, day = known.birthday
                first = date(year, month, 1)
                yield Event("birthday", str(year), min(first + timedelta(days=day - 1), month_end(first)))
            first_on = min(known.orders)[0].date() if known.orders else None
            if first_on and year > first_on.year:
                on = months_later(first_on, 12 * (year - first_on.year))
                yield Event("first_purchase_anniversary", str(on), on)

    def _of_contracts(self, known: Known) -> Iterator[Event]:
        in_order = sorted((ends or date.max, name, starts) for name, starts, ends, _ in known.contracts)
        for one, following in pairwise([*in_order, None]):
            if one and one[0] < date.max:
                yield Event("contract_end", one[1], one[0], ended_on=following[2] if following else None)
        for name, starts, ends, cycle in known.contracts:
            if starts > self.terms.as_of:
                continue
            bought = {at.date() for at, *_ in known.orders if at.date() > starts}
            for since, again in pairwise([*sorted({starts, *bought}), None]):
                on = since + timedelta(days=cycle or 0) if since else starts
                if cycle and (ends is None or on <= ends):
                    yield Event("usage_cycle_end", f"{name} {on}", on, ended_on=again)

    def _triggered(self) -> list[Contact]:
        found = []
        for customer, known in self.company.items():
            for event in self._events(known):
                for row in self.triggers:
                    if not event.is_asked_by(row):
                        continue
                    earliest = event.on + timedelta(days=int(row["offset_days"]))
                    wanted = earliest
                    while not self.is_open(wanted):
                        wanted += DAY
                    was_over = event.ended_on and event.ended_on < wanted
                    if was_over or not self.first <= wanted <= self.last:
                        continue
                    month = wanted.replace(day=1)
                    if row["scheme"] and self.tier(known, row["scheme"], month) != row["tier"]:
                        continue
                    channel = self._channel(row["channel"], known)
                    hangs = bool(row["scheme"]) and month - DAY > self.terms.as_of
                    silent = event.name in ("last_activity", "usage_cycle_end") and wanted > self.terms.as_of
                    found.append(
                        Contact(
                            (customer, row["trigger"], event.occasion),
                            "trigger",
                            wanted,
                            earliest,
                            int(row["priority"]),
                            known.account_owner or row["owner_role"],
                            channel,
                            self.needs_person(channel),
                            self.needs_person(row["channel"]),
                            self.is_free(row["channel"]),
                            hangs or silent,
                            date.max,
                            (wanted if row["within_hours"] else earliest) + int(row["valid_for_days"]) * DAY,
                            event.ended_on,
                            event.name == "contract_end" and event.ended_on is not None,
                        )
                    )
        return found
