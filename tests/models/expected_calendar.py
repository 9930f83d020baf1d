"""What becomes of due contacts, a second time in plain Python: owners' days, touches, day rule, caps, backlog."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.models.expected_contacts import (
    DAY,
    DRAWS,
    Contact,
    Due,
    Key,
    Touch,
    draw,
    month_end,
    months_later,
    period_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

LENGTHS = ("week", "fortnight", "month", "quarter", "half_year")
ROUNDS = 3


class Plan(Due):
    """The calendar of a company."""

    def contacts(self) -> dict[Key, Contact]:
        """Every due contact of the days shown, with its day or why it has none."""
        found = self.due()
        self._give_places(found)
        for one in found:
            if one.month < self.first_month:  # no longer planned: the rule's day stands
                one.due_on, one.exclusion = one.wanted_on, None
        by_customer: dict[str, list[Contact]] = defaultdict(list)
        for one in found:
            by_customer[one.key[0]].append(one)
        for customer, ones in by_customer.items():
            self._let_lapse(ones)
            touches = self.touches(self.company[customer])
            made = self._make_by_cadence(ones, touches)
            made |= self._make_by_trigger(ones, [touch for touch in touches if touch not in made])
            self._settle(customer, ones, touches, made)
        return {one.key: one for one in found if self.shown_from <= one.due_on <= self.shown_until}

    @property
    def shown_from(self) -> date:
        """First day of contacts that can be overdue."""
        return self.terms.as_of - (self.terms.overdue - 1) * DAY

    @property
    def first_month(self) -> date:
        """The first month that is planned: that of the Monday before the first shown month, whose week it shares."""
        return period_of("week", self.shown_from.replace(day=1))[0].replace(day=1)

    @property
    def shown_until(self) -> date:
        """Last day of the calendar."""
        return self.terms.as_of + self.terms.horizon * DAY

    @staticmethod
    def _let_lapse(ones: list[Contact]) -> None:
        by_policy: dict[str, list[Contact]] = defaultdict(list)
        for one in sorted(ones, key=lambda one: (one.due_on, one.key)):
            if one.kind == "cadence" and one.exclusion is None:
                by_policy[one.key[1]].append(one)
        for own in by_policy.values():
            for one, following in pairwise(own):
                one.lapses_on = following.due_on

    def _make_by_cadence(self, ones: list[Contact], touches: list[Touch]) -> set[Touch]:
        """Each touch, in the order of time, makes the contact of its day that comes first, if there is one."""
        slots, used = [one for one in ones if one.kind == "cadence"], set()
        for touch in touches:
            fitting = [
                one
                for one in slots
                if one.made_on is None
                and one.earliest_on <= touch.on <= one.latest_on
                and touch.on < self._leaves_on(one)
                and one.fits(touch)
            ]
            if fitting:
                best = min(fitting, key=self._turn)
                best.made_on, best.touch = touch.on, touch
                used.add(touch)
        return used

    def _turn(self, one: Contact) -> tuple[Any, ...]:
        """Shorter periods first, a person's contact, one by its own channel alone; then who leaves the list first."""
        length = LENGTHS.index(self._period(one))
        return (length, not one.needs_person, one.is_free, self._leaves_on(one), one.due_on, one.priority, one.key)

    def _period(self, one: Contact) -> str:
        return next(row["period"] for row in self.policies if row["policy"] == one.key[1])

    def _leaves_on(self, one: Contact) -> date:
        """The first day on which a contact is no longer on the list."""
        ends = [one.due_on + self.terms.overdue * DAY, one.latest_on + DAY]
        return min([*ends, one.lapses_on] if one.lapses_on else ends)

    @staticmethod
    def _make_by_trigger(ones: list[Contact], touches: list[Touch]) -> set[Touch]:
        """What no cadence took: three times, each trigger asks for the first touch of its days."""

        def last_day(one: Contact) -> date:
            last = one.expires_on or one.latest_on
            return min(last, one.ended_on or last)

        used: set[Touch] = set()
        for _ in range(ROUNDS):
            asked: dict[Touch, list[Contact]] = defaultdict(list)
            for one in ones:
                if one.kind == "trigger" and one.made_on is None:
                    fitting = [
                        touch
                        for touch in touches
                        if touch not in used and one.earliest_on <= touch.on <= last_day(one) and one.fits(touch)
                    ]
                    if fitting:
                        asked[fitting[0]].append(one)
            for touch, askers in asked.items():
                best = min(askers, key=lambda one: (last_day(one), one.priority, one.key))
                best.made_on, best.touch = touch.on, touch
                used.add(touch)
        return used

    def _settle(self, customer: str, ones: list[Contact], touches: list[Touch], made: set[Touch]) -> None:
        """The plan of each contact's own day, then what is left of it on the as-of day."""
        as_of = self.terms.as_of
        for one in ones:
            one.exclusion = self._judged(customer, one)
        planned = sorted((one for one in ones if one.exclusion is None), key=lambda one: one.choice)
        of_contacts = {one.touch: one for one in planned if one.touch in made}

        def counts(touch: Touch, period: str) -> bool:
            """Whether a touch counts beside the contacts of its week or month: that of one of them does not."""
            one = of_contacts.get(touch)
            return one is None or period_of(period, one.due_on) != period_of(period, touch.on)

        self._rank(planned, lambda one: one.due_on, touches, counts)
        for one in planned:
            if one.made_on:
                one.exclusion = "already_contacted"
        near = any(touch.on == as_of for touch in touches)
        # A trigger that found no place is owed while it makes sense; by cadence the next one comes.
        left = [
            one
            for one in planned
            if one.due_on >= self.shown_from
            and (one.exclusion is None or (one.expires_on and not one.made_on and one.due_on < as_of <= one.expires_on))
        ]
        for one in left:
            one.exclusion = None
            if one.ended_on and one.ended_on <= (one.expires_on or one.ended_on):
                one.exclusion = "no_longer_due"
            elif (one.expires_on or one.latest_on) < as_of:
                one.exclusion = "expired"
            elif one.lapses_on and one.lapses_on <= as_of:
                one.exclusion = "superseded"
            elif one.due_on <= as_of and near:
                one.exclusion = "already_contacted"
        left = [one for one in left if one.exclusion is None]
        self._rank(left, lambda one: max(one.due_on, as_of), touches, lambda *_: True)

    def _judged(self, customer: str, one: Contact) -> str | None:
        known = self.company[customer]
        if known.opted_out_on:
            return "opted_out"
        if not known.is_contactable:
            return "no_consent"
        if one.channel is None:
            return "no_channel"
        is_made = one.made_on and one.made_on < one.due_on
        is_owed = not (one.is_renewed and one.made_on is None)
        if is_made or not is_owed or (one.ended_on and one.ended_on <= one.due_on):
            return "already_contacted" if is_made else "no_longer_due"
        is_late, is_later = (one.expires_on and day > one.expires_on for day in (one.wanted_on, one.due_on))
        return "expired" if is_late else "no_capacity" if one.exclusion or is_later else None

    def _rank(
        self,
        ones: Iterable[Contact],
        day_of: Callable[[Contact], date],
        touches: list[Touch],
        counts: Callable[[Touch, str], bool],
    ) -> None:
        """One a day, the best by priority; then the caps, in the order of `ones`."""
        best: dict[date, Contact] = {}
        for one in sorted(ones, key=lambda one: one.turn):
            best.setdefault(day_of(one), one)
        numbers: dict[tuple[str, date], int] = defaultdict(int)
        caps = {"week": self.terms.week_cap, "month": self.terms.month_cap}
        for one in ones:
            day = day_of(one)
            if best[day] is not one:
                one.exclusion = "lower_priority"
                continue
            for period, cap in caps.items():
                first = period_of(period, day)[0]
                numbers[period, first] += 1
                before = sum(first <= touch.on < day and counts(touch, period) for touch in touches)
                if numbers[period, first] + before > cap:
                    one.exclusion = "frequency_cap"
                    break

    def _give_places(self, found: list[Contact]) -> None:
        queues: dict[tuple[str, str, date], list[Contact]] = defaultdict(list)
        for one in found:
            one.due_on = one.wanted_on
            known = self.company[one.key[0]]
            out = known.opted_out_on
            if one.takes_capacity:
                one.exclusion = "no_capacity"
                if known.is_contactable or (out and out >= months_later(one.month, -1)):
                    queues[one.kind, one.owner, one.month].append(one)
        for (kind, _, month), queue in queues.items():
            self._give_places_of_month(kind, month, queue)

    def _give_places_of_month(self, kind: str, month: date, queue: list[Contact]) -> None:
        """One after the other, as an owner would fill a diary."""
        days = self.open_days(month, month_end(month))
        capacity = self.terms.capacity if kind == "cadence" else self.terms.trigger_capacity
        months = (month.year - 2000) * 12 + month.month - 1

        def late(one: Contact) -> tuple[Any, ...]:
            return (one.wanted_on, one.priority, draw(one.key[0]), *one.key)

        def good(one: Contact) -> tuple[Any, ...]:
            return (one.priority, (draw(one.key[0]) + 386117 * months) % DRAWS, *one.key)

        queue.sort(key=good if kind == "cadence" else late)
        taken = sorted(queue[: capacity * len(days)], key=late)
        places, free = [], 0
        for one in taken:
            free = max(free, capacity * days.index(one.wanted_on))
            places.append(free)
            free += 1
        if kind == "cadence":
            limit = capacity * len(days)
            for number in reversed(range(len(places))):
                limit = places[number] = min(places[number], limit - 1)
        for one, place in zip(taken, places, strict=True):
            if place < capacity * len(days):
                one.due_on, one.exclusion = days[place // capacity], None
