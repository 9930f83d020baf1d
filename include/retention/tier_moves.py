"""Who moved from which tier to which, between any two month-ends of the published history (T)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from retention.errors import NotThereError, SettingsError
from retention.languages import check_language
from retention.publication.chosen_release import open_published
from retention.runs import Home

ENTERED = "entered"
LEFT = "left"  # only in a history that someone has changed by hand: customers stay known
LAST_RANK = 2**31
MOVES = """
    with opened as (
        select * from marts.customer_tier_history where scheme = $scheme and month_end = $start
    ),
    closed as (
        select * from marts.customer_tier_history where scheme = $scheme and month_end = $end
    )
    select
        coalesce(opened.tier, $entered) as from_tier,
        coalesce(closed.tier, $left) as to_tier,
        count(*) as customers,
        min(opened.tier_rank) as from_rank,
        min(closed.tier_rank) as to_rank
    from opened
    full join closed on opened.customer_id = closed.customer_id
    group by opened.tier, closed.tier
    order by from_rank nulls last, from_tier, to_rank nulls last, to_tier
"""
# One scheme and month tell nothing of the others: the small table of today's tiers names the schemes.
SCHEMES = "select scheme, bool_or(is_primary_scheme) from marts.customer_tiers group by scheme order by scheme"
MONTH_ENDS = "select distinct month_end from marts.customer_tier_history where scheme = $scheme order by month_end"
LABELS = "select code, {name} from marts.dim_labels where code_set in ($scheme, 'tier_migration')"


@dataclass(frozen=True)
class Moves:
    """The moves of one scheme between two month-ends.

    Attributes:
        counts: customers by tier at the first and at the second month-end, best tiers first. `entered` for customers
            who were not known at the first.
        to_tiers: the tiers held at the second, best first.
        labels: names of the tiers in the language asked for; a tier that is a value of the data has none.
    """

    scheme: str
    start: date
    end: date
    counts: dict[tuple[str, str], int]
    to_tiers: list[str]
    labels: dict[str, str]

    @property
    def from_tiers(self) -> list[str]:
        """The tiers held at the first month-end, best first."""
        return list(dict.fromkeys(before for before, _ in self.counts))

    def stayed_share(self, tier: str) -> float | None:
        """The share of a tier's customers who hold it at both ends; None for those who held none."""
        if tier == ENTERED:
            return None
        return self.counts.get((tier, tier), 0) / sum(self.counts.get((tier, after), 0) for after in self.to_tiers)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "scheme": self.scheme,
            "from_month_end": str(self.start),
            "to_month_end": str(self.end),
            "moves": [
                {"from_tier": before, "to_tier": after, "customers": customers}
                for (before, after), customers in self.counts.items()
            ],
        }


def count_moves(home: Home, start: date, end: date | None, scheme: str | None, language: str = "en") -> Moves:
    """Count the moves between two month-ends of the published release.

    Args:
        end: None: the last month-end of the history.
        scheme: None: the company's primary scheme.

    Raises:
        NotThereError: nothing is published, or the release has no such scheme or month-end.
        SettingsError: the second month-end is not after the first, or there is no such language.
    """
    check_language(language)
    with open_published(home, "customer_tier_history", called="month-end history") as release:
        connection = release.connection
        scheme = _scheme(connection, scheme)
        days = [day for (day,) in connection.execute(MONTH_ENDS, {"scheme": scheme}).fetchall()]
        end = end or (days[-1] if days else start)
        for option, day in (("--from", start), ("--to", end)):
            if day not in days:
                raise NotThereError(f"{option} {day} is no month-end of the published history.", _remedy(days))
        if start >= end:
            raise SettingsError(f"--from {start} is not before --to {end}.", "Name the earlier month-end first.")
        given = {"scheme": scheme, "start": start, "end": end, "entered": ENTERED, "left": LEFT}
        moves = connection.execute(MOVES, given).fetchall()
        labels = connection.execute(LABELS.format(name=f"name_{language}"), {"scheme": scheme}).fetchall()
    counts = {(before, after): int(customers) for before, after, customers, *_ in moves}
    ranks = sorted({(LAST_RANK if rank is None else rank, after) for _, after, _, _, rank in moves})
    return Moves(scheme, start, end, counts, list(dict.fromkeys(after for _, after in ranks)), dict(labels))


def _scheme(connection: duckdb.DuckDBPyConnection, asked: str | None) -> str:
    schemes = dict(connection.execute(SCHEMES).fetchall())
    if asked is None:
        asked = next((name for name, is_primary in schemes.items() if is_primary), None)
    if asked is None or asked not in schemes:
        named = f"There is no scheme '{asked}' in the published release." if asked else "The release holds no customer."
        raise NotThereError(named, f"Schemes: {', '.join(schemes) or 'none'}.")
    return asked


def _remedy(days: list[date]) -> str:
    if not days:
        return "The history is empty: it begins with the first whole month of data."
    return f"Choose from {days[0]} to {days[-1]}, each the last day of a month; history_months says how many are kept."
