"""What is planted in a company's life: incidents, campaigns with their lift, a month that finance got wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from retention.simulation.company import Company

INCIDENT_DAYS, EXTRA_HAZARD, INCIDENT_TICKETS = 28, 0.012, 0.03
CAMPAIGN_EVERY, CAMPAIGN_FIRST, WINDOW_DAYS = 61, 40, 14
AUDIENCE_SHARE, HOLDOUT_SHARE = 0.3, 0.2
LIFTS = ((0.03, 0.06), (0.0, 0.0), (0.08, 0.04), (0.05, 0.05))  # variants A and B; the second campaign does nothing
GOALS = ("repurchase", "win-back", "cross-sell")
HOLDOUT = "holdout"
MISBOOKED = 1.07  # what finance books in the planted month, as a factor


@dataclass(frozen=True)
class Incident:
    """A time of bad service for the customers of one region and channel.

    Attributes:
        first: its first day; last: its last, by number.
        extra_hazard: probability a day that one of them leaves because of it.
        ticket_rate: further complaints a day and customer.
    """

    incident_id: str
    category: str
    region: str
    channel: str
    first: int
    last: int
    extra_hazard: float = EXTRA_HAZARD
    ticket_rate: float = INCIDENT_TICKETS


@dataclass(frozen=True)
class Campaign:
    """A campaign with two variants and customers left out for comparison.

    Attributes:
        number: from 1.
        start: number of the day on which its messages go out; what is ordered on the 14 days after it counts.
        lift_a: probability that a treated customer who has not left places one more order in these days.
        lift_b: the same for variant B.
    """

    number: int
    start: int
    lift_a: float
    lift_b: float

    @property
    def campaign_id(self) -> str:
        """Its ID in the files."""
        return f"K{self.number:03d}"

    @property
    def end(self) -> int:
        """The last day on which an order counts."""
        return self.start + WINDOW_DAYS


def incidents(company: Company) -> list[Incident]:
    """About one incident in eight months, each whole within the history."""
    trade, found = company.trade, []
    for at in range(max(1, company.months // 8)):
        first = int(company.days * (at + 0.6) / max(1, company.months // 8))
        if first + INCIDENT_DAYS < company.days:
            category, region, channel = (
                _pick(company, f"incident {at} {name}", list(values))
                for name, values in (("category", trade.issues), ("region", trade.regions), ("channel", trade.channels))
            )
            found.append(Incident(f"I{at + 1:02d}", category, region, channel, first, first + INCIDENT_DAYS - 1))
    return found


def campaigns(company: Company) -> list[Campaign]:
    """One in two months; windows never overlap, so that every lift stands alone."""
    starts = range(CAMPAIGN_FIRST, company.days - WINDOW_DAYS, CAMPAIGN_EVERY)
    return [Campaign(at + 1, start, *LIFTS[at % len(LIFTS)]) for at, start in enumerate(starts)]


def misbooked_month(company: Company) -> str:
    """First day of the month whose total finance got wrong, as YYYY-MM-DD: the middle one."""
    months = list(company.calendar_months())
    return f"{company.day(months[(len(months) - 1) // 2].first)}"


def _pick(company: Company, name: str, values: Sequence[str]) -> str:
    digest = blake2b(f"{company.seed}/{name}".encode(), digest_size=8).digest()
    return values[int.from_bytes(digest) % len(values)]
