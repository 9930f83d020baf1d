"""Cut-offs that part a company's customers: quantiles, moved to numbers that people would choose.

For each measure the bounds are sought that come nearest to bands of equal size. Round numbers are tried first (1, 2, 5
and their tens; for days also weeks, months and years), then less round ones, at last those of the data themselves,
until no band has more than twice its share or less than a quarter of it, and none is fuller than the limit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise

import duckdb

from retention.profiles.coverage import FIGURES, Band

ROUND = ((1, 2, 5), (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8), tuple(step / 10 for step in range(10, 100)))
"""Digits of round numbers, the roundest first."""
ROUND_DAYS = (
    (7, 14, 30, 60, 90, 180, 365, 730, 1095, 1825),
    (
        1,
        2,
        3,
        5,
        7,
        10,
        14,
        21,
        30,
        45,
        60,
        75,
        90,
        120,
        150,
        180,
        240,
        270,
        365,
        450,
        540,
        730,
        1095,
        1460,
        1825,
        3650,
    ),
)
MOST_CANDIDATES = 48
"""Of three bounds there are 17,000 combinations then, which is done in a moment."""
UNITS = {"recency": "days", "frequency": "purchases", "monetary": "currency"}
RULES = {"recency": "R1", "frequency": "R2", "monetary": "R3"}


@dataclass(frozen=True)
class Suggestion:
    """Bands of a measure that the data would part well.

    Attributes:
        bands: the highest first.
        shares: the share of customers that each band would hold today.
        is_within_limit: False where so many customers are alike that no bounds part them.
    """

    measure: str
    bands: Sequence[Band]
    shares: Sequence[float]
    is_within_limit: bool

    def rows(self, profile: str) -> list[list[str]]:
        """Rows of rfm_bands.csv: profile, measure, band, bound, unit, rule_id, description."""
        lowest = min(one.number for one in self.bands)
        return [
            [
                profile,
                one.measure,
                str(one.number),
                "" if one.bound is None else f"{one.bound.normalize():f}",
                one.unit or "",
                RULES[one.measure],
                _described(one, self.bands, lowest),
            ]
            for one in self.bands
        ]


def suggest(
    connection: duckdb.DuckDBPyConnection, measure: str, numbers: Sequence[int], limit: float
) -> Suggestion | None:
    """Suggest bounds for the bands of a measure; None where nobody has bought.

    The lowest frequency band stays that of customers without a purchase in the window (R2).

    Args:
        connection: a connection to a release, its result tables as schema `marts`.
        numbers: the bands' numbers, the highest first.
        limit: share of the customers that a band may hold.
    """
    values = _Values.of(connection, measure)
    if values is None:
        return None
    fixed = [Decimal(1)] if measure == "frequency" else []
    wanted = len(numbers) - 1 - len(fixed)
    best: tuple[tuple[bool, bool, float], Sequence[Decimal], Sequence[float]] | None = None
    for candidates in _candidates(values):
        reached = values.shares(connection, [*candidates, *fixed])
        for chosen in combinations(candidates, min(wanted, len(candidates))):
            bounds = sorted((*chosen, *fixed), reverse=measure != "recency")
            shares = _shares([reached[bound] for bound in bounds])
            free = shares[: len(shares) - 1] if fixed else shares
            fair = sum(free) / len(free)
            cost = sum((share - fair) ** 2 for share in free)
            is_uneven = max(free) > 2 * fair or min(free) < fair / 4
            price = (max(shares) > limit, is_uneven, cost)
            if best is None or price < best[0]:
                best = (price, bounds, shares)
        if best is not None and best[0][:2] == (False, False):
            break
    if best is None:
        return None
    price, bounds, shares = best[0], list(best[1]), list(best[2])
    used = numbers[: len(bounds)]
    bands = [Band(measure, number, bound, UNITS[measure]) for number, bound in zip(used, bounds, strict=True)]
    bands.append(Band(measure, numbers[len(bounds)], None, None))
    return Suggestion(measure, bands, shares, not price[0])


@dataclass(frozen=True)
class _Values:
    """A measure of all customers with a purchase, in outline."""

    measure: str
    quantiles: Sequence[Decimal]
    commonest: Decimal
    after_commonest: Decimal | None

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, measure: str) -> "_Values | None":
        """Read the outline; None where nobody has bought."""
        column = FIGURES[measure]
        query = f"""
            with figures as (
                select {column}::decimal(18, 2) as figure from marts.customer_rfm where last_purchase_on is not null
            ),
            commonest as (
                select figure from figures group by figure order by count(*) desc, figure limit 1
            )
            select
                quantile_disc(figures.figure, [step / 50 for step in range(51)]),
                any_value(commonest.figure),
                min(figures.figure) filter (where figures.figure > commonest.figure)
            from figures cross join commonest
            having count(*) > 0
        """
        found = connection.execute(query).fetchone()
        return None if found is None else cls(measure, *found)

    def shares(self, connection: duckdb.DuckDBPyConnection, bounds: Sequence[Decimal]) -> dict[Decimal, float]:
        """The share of customers that reaches each bound."""
        sign = "<=" if self.measure == "recency" else ">="
        counted = ", ".join(f"avg(({FIGURES[self.measure]} {sign} {bound})::integer)" for bound in bounds)
        query = f"select {counted} from marts.customer_rfm where last_purchase_on is not null"
        found = connection.execute(query).fetchone() or ()
        return dict(zip(bounds, found, strict=True))


def _candidates(values: _Values) -> Iterator[list[Decimal]]:
    """Bounds to choose from, the roundest first; ever more of them, at last the data's own."""
    low, high = values.quantiles[0], values.quantiles[-1]
    if values.measure == "recency":
        grids: list[list[Decimal]] = [[Decimal(day) for day in days] for days in ROUND_DAYS]
    else:
        grids = [_round_numbers(digits, high) for digits in ROUND]
    for grid in grids:
        within = sorted({one for one in grid if low < one <= high and (values.measure != "frequency" or one > 1)})
        if within:
            yield _thinned(within)
    own = {*values.quantiles, values.commonest, *([values.after_commonest] if values.after_commonest else [])}
    yield _thinned(sorted(one for one in own if values.measure != "frequency" or one > 1))


def _round_numbers(digits: Sequence[float], high: Decimal) -> list[Decimal]:
    """Round numbers from 1 up; whole ones, and with two digits at most."""
    numbers = []
    power = Decimal(1)
    while power <= high:
        numbers += [Decimal(str(digit)) * power for digit in digits if (Decimal(str(digit)) * power) % 1 == 0]
        power *= 10
    return numbers


def _thinned(candidates: Sequence[Decimal]) -> list[Decimal]:
    """At most so many of them, evenly taken."""
    step = max(1, -(-len(candidates) // MOST_CANDIDATES))
    return list(candidates[::step])


def _shares(reached: Sequence[float]) -> list[float]:
    """The share in each band from the shares that reach its bound, the highest band first."""
    ends = [*reached, 1.0]
    return [ends[0], *(later - earlier for earlier, later in pairwise(ends))]


def _described(band: Band, bands: Sequence[Band], lowest: int) -> str:
    """A band in words, as the delivered rows have them."""
    above = next((one.bound for one in bands if one.number == band.number + 1), None)
    bound, upper = ("" if one is None else f"{one.normalize():f}" for one in (band.bound, above))
    if band.measure == "recency":
        return "Last purchase longer ago" if band.number == lowest else f"Last purchase within {bound} days"
    if band.measure == "monetary":
        span = f"Below {upper}" if not bound else f"{bound} up to {upper}" if upper else f"{bound} and more"
    elif band.bound is None:
        span = "No purchase"
    elif above is None:
        span = f"{bound} purchases or more"
    elif above == band.bound + 1:
        span = f"{bound} purchase{'' if band.bound == 1 else 's'}"
    else:
        span = f"{bound} to {(above - 1).normalize():f} purchases"
    return f"{span} in the window"
