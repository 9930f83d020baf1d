"""What campaign_performance should say, customer by customer in plain Python, with scipy for the tests."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import ceil, sqrt
from typing import TYPE_CHECKING

from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALPHA, POWER, DETECTABLE, FEWEST = 0.05, 0.8, 0.05, 5
NO_LIFT = dict.fromkeys(("lift", "lift_ci_low", "lift_ci_high", "p_value", "incremental_revenue", "minimum_sample"))


@dataclass(frozen=True)
class Touch:
    """A touch of a campaign as it was delivered."""

    touch_id: str
    customer_id: str
    campaign_id: str
    at: datetime
    variant: str | None = None
    is_delivered: bool = False
    has_responded: bool = False


@dataclass(frozen=True)
class Purchase:
    """A purchase."""

    order_id: str
    customer_id: str
    at: datetime
    amount: Decimal


def follows(order: Purchase, touched_at: datetime, days: int) -> bool:
    """Whether a purchase came after a touch and within so many days of it; at midnight only its day is known."""
    if order.at.date() > touched_at.date() + timedelta(days=days):
        return False
    is_of_the_day = order.at.time() == time(0) and order.at.date() == touched_at.date()
    return order.at >= touched_at or is_of_the_day


def expected_performance(
    touches: Sequence[Touch],
    purchases: Sequence[Purchase],
    holdout_shares: Mapping[str, float | None],
    as_of: date,
    days: int,
) -> dict[tuple[str, str], dict[str, object]]:
    """Rows by campaign and variant."""
    by_customer = defaultdict(list)
    for order in purchases:
        by_customer[order.customer_id].append(order)
    firsts: dict[tuple[str, str], Touch] = {}
    for touch in sorted(touches, key=lambda one: (one.at, one.touch_id)):
        firsts.setdefault((touch.campaign_id, touch.customer_id), touch)
    attributed = _attributed(touches, by_customer, firsts, days)
    arms: dict[str, dict[str, list[Touch]]] = defaultdict(lambda: defaultdict(list))
    for (campaign, _), touch in firsts.items():
        arms[campaign][touch.variant or "none"].append(touch)
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for campaign, variants in arms.items():
        spent = {name: _spent(members, by_customer, as_of, days) for name, members in variants.items()}
        control = "holdout" if "holdout" in variants else min(variants.keys() - {"none"}, default=None)
        drawn = [name for name in variants if control == "holdout" or name != "none"]
        ratio = _sample_ratio({name: len(variants[name]) for name in drawn}, holdout_shares.get(campaign))
        for name, members in variants.items():
            is_compared = len(drawn) > 1 and name in drawn
            measured = spent[name]
            rows[campaign, name] = {
                "customers": len(members),
                "responded": len(
                    {one.customer_id for one in touches if one.campaign_id == campaign and one.has_responded}
                    & {one.customer_id for one in members}
                ),
                "measured_customers": len(measured),
                "converted": sum(1 for orders in measured if orders),
                "orders": sum(len(orders) for orders in measured),
                "revenue": sum((sum(orders) for orders in measured), Decimal(0)),
                "attributed_orders": len(attributed[campaign, name]),
                "attributed_revenue": sum(attributed[campaign, name], Decimal(0)),
                "sample_ratio_p_value": ratio if is_compared else None,
                **(_lift(measured, spent[control or name]) if is_compared and name != control else NO_LIFT),
            }
    return rows


def _spent(
    members: Sequence[Touch], purchases: Mapping[str, list[Purchase]], as_of: date, days: int
) -> list[list[Decimal]]:
    """What each measured customer bought in its window, order by order."""
    return [
        [order.amount for order in purchases[one.customer_id] if follows(order, one.at, days)]
        for one in members
        if one.at.date() + timedelta(days=days) <= as_of
    ]


def _attributed(
    touches: Sequence[Touch],
    purchases: Mapping[str, list[Purchase]],
    firsts: Mapping[tuple[str, str], Touch],
    days: int,
) -> dict[tuple[str, str], list[Decimal]]:
    is_recorded = any(touch.is_delivered for touch in touches)
    contacts = defaultdict(list)
    for touch in touches:
        if touch.variant != "holdout" and (touch.is_delivered or not is_recorded):
            contacts[touch.customer_id].append(touch)
    found = defaultdict(list)
    for customer, orders in purchases.items():
        for order in orders:
            before = [touch for touch in contacts[customer] if follows(order, touch.at, days)]
            if before:
                last = max(before, key=lambda one: (one.at, one.touch_id))
                variant = firsts[last.campaign_id, customer].variant or "none"
                found[last.campaign_id, variant].append(order.amount)
    return found


def _lift(treated: Sequence[Sequence[Decimal]], control: Sequence[Sequence[Decimal]]) -> dict[str, object]:
    n, n0 = len(treated), len(control)
    if not n or not n0:
        return dict(NO_LIFT)
    c, c0 = sum(1 for orders in treated if orders), sum(1 for orders in control if orders)
    p, p0 = c / n, c0 / n0
    low, high = newcombe(c, n, c0, n0)
    table = [[c, n - c], [c0, n0 - c0]]
    is_alike = c + c0 in (0, n + n0)
    spent = [float(sum(orders)) for orders in treated]
    spent_control = [float(sum(orders)) for orders in control]
    return {
        "lift": p - p0,
        "lift_ci_low": low,
        "lift_ci_high": high,
        "p_value": 1.0 if is_alike else stats.chi2_contingency(table, correction=False).pvalue,
        "incremental_revenue": (sum(spent) / n - sum(spent_control) / n0) * n,
        "minimum_sample": minimum_sample(p0),
    }


def newcombe(c: int, n: int, c0: int, n0: int) -> tuple[float, float]:
    """Newcombe's hybrid score interval for the difference of two shares (1998, method 10)."""
    one = stats.binomtest(c, n).proportion_ci(1 - ALPHA, "wilson")
    other = stats.binomtest(c0, n0).proportion_ci(1 - ALPHA, "wilson")
    p, p0 = c / n, c0 / n0
    return (
        p - p0 - sqrt((p - one.low) ** 2 + (other.high - p0) ** 2),
        p - p0 + sqrt((one.high - p) ** 2 + (p0 - other.low) ** 2),
    )


def minimum_sample(base: float) -> int:
    """Customers in each of two groups (Fleiss, Levin, Paik 2003, without continuity correction)."""
    other = base + DETECTABLE if base + DETECTABLE <= 1 else base - DETECTABLE
    middle = (base + other) / 2
    alike = stats.norm.ppf(1 - ALPHA / 2) * sqrt(2 * middle * (1 - middle))
    apart = stats.norm.ppf(POWER) * sqrt(base * (1 - base) + other * (1 - other))
    return ceil((alike + apart) ** 2 / DETECTABLE**2)


def _sample_ratio(sizes: Mapping[str, int], holdout_share: float | None) -> float | None:
    total, has_holdout = sum(sizes.values()), "holdout" in sizes
    if len(sizes) < 2 or len(sizes) > 10 or (has_holdout and not (holdout_share and holdout_share < 1)):
        return None
    left = holdout_share if has_holdout and holdout_share else 0.0
    treated = len(sizes) - has_holdout
    expected = [total * (left if name == "holdout" else (1 - left) / treated) for name in sizes]
    if min(expected) < FEWEST:
        return None
    return float(stats.chisquare(list(sizes.values()), expected).pvalue)
