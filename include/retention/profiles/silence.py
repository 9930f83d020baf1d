"""After how many days without a purchase a customer may be called churned (M3).

A silence is the time from one purchase day of a customer to its next; the one still running on the as-of day is known
to have lasted until then (it is censored). Kaplan and Meier's product-limit estimate (Journal of the American
Statistical Association 53, 1958) gives the share of silences that last longer than each length. The window suggested is
the shortest after which, and after every longer one, few of the silent come back soon: who buys once a year is not gone
after a quarter.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import duckdb

from retention.profiles.suggestion import ROUND_DAYS

SILENCES = """
    select lasted::integer, count(*) filter (has_ended)::bigint, count(*) filter (not has_ended)::bigint
    from (
        select
            date_diff('day', order_date, coalesce(next_on, as_of_date)) as lasted,
            next_on is not null as has_ended
        from (
            select
                order_date,
                as_of_date,
                lead(order_date) over (partition by customer_id order by order_date) as next_on
            from marts.fct_orders
            where is_purchase
        )
        where next_on is null or next_on > order_date
    )
    group by lasted
    order by lasted
"""


@dataclass(frozen=True)
class Silence:
    """What came of the silences of a length.

    Attributes:
        days: the length.
        lasted: silences known to have lasted longer.
        returned_share: share of them that ends within the days asked; None where the data can't tell.
    """

    days: int
    lasted: int
    returned_share: float | None


@dataclass(frozen=True)
class ChurnWindow:
    """A window for active_window_days, with what it was chosen from.

    Attributes:
        silences: round lengths of silence, the shortest first.
        suggested_days: None where customers come back after every length that the data can tell of.
    """

    silences: Sequence[Silence]
    suggested_days: int | None

    def row(self, profile: str, return_days: int) -> list[str] | None:
        """The row of profile_parameters.csv; None without a suggestion."""
        share = next((one.returned_share for one in self.silences if one.days == self.suggested_days), None)
        if self.suggested_days is None or share is None:
            return None
        told = f"Of silences of {self.suggested_days} days {share:.1%} end within the next {return_days}"
        return [profile, "active_window_days", str(self.suggested_days), "days", "M1", told]


def churn_window(connection: duckdb.DuckDBPyConnection, return_days: int, limit: float, least: int) -> ChurnWindow:
    """Seek the shortest round window after which no more than a share of the silent buys again soon.

    Args:
        connection: a connection to a release, its result tables as schema `marts`.
        return_days: how many days more are looked at.
        limit: the share that may come back within them.
        least: fewer silences than this tell nothing.
    """
    found = connection.execute(SILENCES).fetchall()
    lengths = [length for length, _, _ in found]
    at_risk = [*reversed(list(accumulate(ended + running for _, ended, running in reversed(found)))), 0]
    kept = [1.0, *accumulate((1 - row[1] / risk for row, risk in zip(found, at_risk, strict=False)), float.__mul__)]

    def look(days: int) -> Silence:
        place = bisect_right(lengths, days)
        if at_risk[place] < max(least, 1) or days + return_days > lengths[-1]:
            return Silence(days, at_risk[place], None)
        return Silence(days, at_risk[place], 1 - kept[bisect_right(lengths, days + return_days)] / kept[place])

    silences = [one for one in map(look, ROUND_DAYS[1]) if one.lasted]
    every_day = map(look, range(lengths[-1] if lengths else 0))
    too_short = max((one.days for one in every_day if (one.returned_share or 0) > limit), default=0)
    judged = (one.days for one in silences if one.returned_share is not None and one.days > too_short)
    return ChurnWindow(silences, min(judged, default=None))
