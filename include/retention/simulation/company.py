"""What a simulated company is: its size, its span of days, its trade, and how badly its records are kept."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, timedelta
from typing import Any

from retention.errors import SettingsError
from retention.simulation.draws import Draws
from retention.simulation.flavours import FLAVOURS, Flavour

MOST_CUSTOMERS, MOST_MONTHS, MOST_SEED, MOST_SHARE = 20_000_000, 240, 2**40, 0.5
LARGE = 1_000_000  # a benchmark's company of this many orders or more has the same last day as any other
NEXT_DAY_ORDERS = 10_000


@dataclass(frozen=True)
class Flaws:
    """Shares of the records that are kept badly, each between 0 and 0.5.

    Attributes:
        late: orders that are delivered up to 60 days late.
        corrected: orders that a newer version follows.
        redelivered: orders that a later file holds once more, byte for byte.
        bad: rows beside the true ones that break the contract, to be quarantined.
        holes: optional values of a profile that nobody has filled in.
        duplicates: customers who have a second profile; one in four of them has a third.
        shared_phones: customers whose phone is that of another one: households, switchboards.
        late_records: interactions recorded after more than 24 hours.
        unrecorded: interactions without the time of recording.
    """

    late: float = 0.005
    corrected: float = 0.01
    redelivered: float = 0.002
    bad: float = 0.0005
    holes: float = 0.04
    duplicates: float = 0.03
    shared_phones: float = 0.05
    late_records: float = 0.12
    unrecorded: float = 0.03

    def __post_init__(self) -> None:
        """Refuse a share that is none.

        Raises:
            SettingsError: it names the share.
        """
        for name, share in asdict(self).items():
            if not 0 <= share <= MOST_SHARE:
                raise SettingsError(f"--flaw {name}={share:g} is no share from 0 to {MOST_SHARE}.", "Write it as 0.03.")

    @classmethod
    def parse(cls, texts: list[str]) -> "Flaws":
        """Read `name=share` as the command line gives it; what is not named keeps its default.

        Raises:
            SettingsError: no such flaw, or no share.
        """
        known = [one.name for one in fields(cls)]
        given: dict[str, float] = {}
        for text in texts:
            name, _, share = text.partition("=")
            if name not in known or not re.fullmatch(r"\d*\.?\d+", share):
                raise SettingsError(f"--flaw {text} is none.", f"Write NAME=SHARE; names: {', '.join(known)}.")
            given[name] = float(share)
        return cls(**given)


@dataclass(frozen=True)
class Span:
    """Days of the simulation, counted from 0, both included, and the name of their files."""

    first: int
    last: int
    label: str


@dataclass(frozen=True)
class Company:
    """A simulated company.

    Attributes:
        customers: true customers; profiles are more where some have two.
        months: calendar months of history, the one of `end` included.
        seed: another seed is another company.
        end: the last day.
        flavour: retail or b2b.
        daily: the last days that are delivered day by day; what lies before comes month by month.
        orders: about how many orders in all; None: what the flavour's rates bring.
        last_day_orders: about how many orders the last day has, with a tenth as many late rows and half of that as
            corrections; None: what the season brings.
    """

    customers: int
    months: int = 24
    seed: int = 1
    end: date = date(2025, 12, 31)
    flavour: str = "retail"
    daily: int = 0
    flaws: Flaws = field(default_factory=Flaws)
    orders: int | None = None
    last_day_orders: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated.

        Raises:
            SettingsError: it names the option and its bounds.
        """
        bounds = {
            "customers": (self.customers, 1, MOST_CUSTOMERS),
            "months": (self.months, 1, MOST_MONTHS),
            "seed": (self.seed, 0, MOST_SEED),
        }
        for name, (value, least, most) in bounds.items():
            if not least <= value <= most:
                raise SettingsError(f"--{name} {value} is out of bounds.", f"Choose from {least:,} to {most:,}.")
        if self.flavour not in FLAVOURS:
            raise SettingsError(f"There is no flavour '{self.flavour}'.", f"Choose one of: {', '.join(FLAVOURS)}.")
        if not 0 <= self.daily < self.days:
            raise SettingsError(
                f"--days {self.daily} does not fit {self.months} months.", f"Choose from 0 to {self.days - 1:,}."
            )

    @classmethod
    def of_orders(cls, orders: int, seed: int = 1) -> "Company":
        """The benchmark's company: so many orders, 20 a customer, and a last day to be delivered apart.

        It has no second profiles and no shared phones: what is merged would depend on more than orders and returns,
        which is all that the benchmark's peers read.
        """
        last_day = NEXT_DAY_ORDERS if orders >= LARGE else max(10, orders // 100)
        flaws = Flaws(duplicates=0, shared_phones=0)
        return cls(max(1, orders // 20), 33, seed, daily=1, flaws=flaws, orders=orders, last_day_orders=last_day)

    @property
    def first_day(self) -> date:
        """The first day of the history: day 0."""
        months = self.end.year * 12 + self.end.month - self.months
        try:
            return date(months // 12, months % 12 + 1, 1)
        except ValueError as error:
            raise SettingsError(f"--end {self.end} lies too early.", "Choose a later day.") from error

    @property
    def days(self) -> int:
        """Days of the history."""
        return (self.end - self.first_day).days + 1

    @property
    def trade(self) -> Flavour:
        """What its trade is like."""
        return FLAVOURS[self.flavour]

    @property
    def facts(self) -> dict[str, Any]:
        """Everything that decides its files."""
        return asdict(self) | {"end": self.end.isoformat(), "first_day": self.first_day.isoformat()}

    def draws(self, rows: str, key: str) -> Draws:
        """Random numbers of one kind of row."""
        return Draws(self.seed, rows, key)

    def day(self, number: int) -> date:
        """The date of a day of the simulation."""
        return self.first_day + timedelta(days=number)

    def number(self, day: date) -> int:
        """The number of a date."""
        return (day - self.first_day).days

    def calendar_months(self) -> Iterator[Span]:
        """Every month; the last one ends with the history."""
        day = self.first_day
        while day <= self.end:
            following = (day + timedelta(days=31)).replace(day=1)
            yield Span(self.number(day), min(self.number(following), self.days) - 1, f"{day:%Y-%m}")
            day = following

    def deliveries(self, month: Span) -> Iterator[Span]:
        """The deliveries within a month: up to the daily ones in one, then each day's own."""
        cut = self.days - self.daily
        if month.first < cut:
            is_whole = month.last < cut  # else named by its last day: names sort as the days do
            last = min(month.last, cut - 1)
            yield Span(month.first, last, month.label if is_whole else f"{self.day(last)}")
        for number in range(max(month.first, cut), month.last + 1):
            yield Span(number, number, f"{self.day(number)}")


def instant(company: Company, day: str, seconds: str) -> str:
    """SQL of an instant on a day of the simulation."""
    return (
        f"(timestamp '{company.first_day}' + to_days(cast({day} as integer)) + to_seconds(cast({seconds} as integer)))"
    )


def sql_list(values: Mapping[str, Any] | list[str]) -> str:
    """Texts as an SQL list of values."""
    return ", ".join(f"'{value}'" for value in values)
