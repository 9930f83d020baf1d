"""The lifecycle by hand: every day of every customer judged anew from the raw rows, with no cleverness.

Slow and plain on purpose. The models ask their rules only on days on which something can change, and walk sums and
medians forward; here each day starts from nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median


@dataclass(frozen=True)
class Limits:
    """Cut-offs of a profile, written out here so that a changed seed shows."""

    new_until: int = 90
    growing_until: int = 180
    inactive_from: int = 30
    cadence_factor: float = 3
    spend_period_days: int = 90
    spend_fall: float = -0.5
    spend_growth: float = 0.5
    cadence_from: int = 3


LIMITS = {
    "default_b2b": Limits(),
    "retail": Limits(growing_until=270, inactive_from=46, cadence_factor=4),
    "cdnow": Limits(growing_until=210, inactive_from=91, cadence_factor=5, spend_period_days=180, spend_fall=-1),
}


@dataclass
class Order:
    """A raw order; `returns` are (day, amount)."""

    ordered_on: date
    amount: Decimal
    status: str | None
    returns: list[tuple[date, Decimal]] = field(default_factory=list)

    def returned_by(self, day: date) -> Decimal:
        """What had come back by a day."""
        return sum((amount for on, amount in self.returns if on <= day), Decimal(0))

    def is_purchase_on(self, day: date) -> bool:
        """Whether the order was placed and a purchase with what was known on a day."""
        returned = self.returned_by(day)
        came_back = returned > 0 and returned >= self.amount
        return self.ordered_on <= day and self.status in (None, "completed") and not came_back


@dataclass
class Customer:
    """What the raw rows say of one customer; `touches` are (touched on, responded on)."""

    registered_on: date | None
    orders: list[Order] = field(default_factory=list)
    touches: list[tuple[date, date | None]] = field(default_factory=list)

    def known_from(self) -> date | None:
        """Registration or first order of any status, whichever is earlier."""
        days = [order.ordered_on for order in self.orders]
        return min([*days, self.registered_on] if self.registered_on else days, default=None)


@dataclass(frozen=True)
class Standing:
    """The answer for one customer and day."""

    age_stage: str
    activity_state: str
    curve_stage: str
    lifecycle_stage: str
    age_days: int | None
    days_since_last_activity: int | None
    own_cadence_days: float | None
    cadence_ratio: float | None
    spend_change_rate: float | None


def standing_on(customer: Customer, day: date, limits: Limits, *, age_from_registration: bool = False) -> Standing:
    """Judge one customer on one day."""
    purchases = [order for order in customer.orders if order.is_purchase_on(day)]
    bought_on = sorted({order.ordered_on for order in purchases})
    responses = [max(touched, replied) for touched, replied in customer.touches if replied]
    active_on = [*bought_on, *(on for on in responses if on <= day)]
    starts = bought_on[:1]
    if age_from_registration and customer.registered_on and customer.registered_on <= day:
        starts = [*starts, customer.registered_on]
    age = (day - min(starts)).days if starts else None
    idle = (day - max(active_on)).days if active_on else None
    gaps = [(later - earlier).days for earlier, later in pairwise(bought_on)]
    cadence = float(median(gaps)) if len(bought_on) >= limits.cadence_from else None
    ratio = (day - bought_on[-1]).days / cadence if cadence else None
    change = _spend_change(purchases, day, limits.spend_period_days)

    age_stage = _age_stage(age, limits)
    activity = "prospect"
    if bought_on:
        is_at_risk = (
            (idle is not None and idle >= limits.inactive_from)
            or (change is not None and change <= limits.spend_fall)
            or (ratio is not None and ratio > limits.cadence_factor)
        )
        activity = "at_risk" if is_at_risk else "active"
    displayed = age_stage if activity == "active" else activity
    curve = _curve_stage(activity, age_stage, change, limits)
    return Standing(age_stage, activity, curve, displayed, age, idle, cadence, ratio, change)


def stage_since(customer: Customer, as_of: date, limits: Limits, *, age_from_registration: bool = False) -> date | None:
    """The first of the unbroken run of days with today's displayed stage, found by walking back day by day."""
    known_from = customer.known_from()
    if known_from is None:
        return None
    stages = {
        day: standing_on(customer, day, limits, age_from_registration=age_from_registration).lifecycle_stage
        for day in (as_of - timedelta(days=back) for back in range((as_of - known_from).days + 1))
    }
    since = as_of
    while since > known_from and stages[since - timedelta(days=1)] == stages[as_of]:
        since -= timedelta(days=1)
    return since


def _age_stage(age: int | None, limits: Limits) -> str:
    if age is None:
        return "prospect"
    return "new" if age <= limits.new_until else "growing" if age <= limits.growing_until else "mature"


def _curve_stage(activity: str, age_stage: str, change: float | None, limits: Limits) -> str:
    if activity != "active":
        return {"prospect": "prospect", "at_risk": "decline"}[activity]
    if age_stage == "new":
        return "introduction"
    is_growing = age_stage == "growing" or (change is not None and change >= limits.spend_growth)
    return "growth" if is_growing else "maturity"


def _spend_change(purchases: list[Order], day: date, length: int) -> float | None:
    def spent(first_age: int) -> Decimal:
        ages = range(first_age, first_age + length)
        return sum(
            (order.amount - order.returned_by(day) for order in purchases if (day - order.ordered_on).days in ages),
            Decimal(0),
        )

    before = spent(length)
    return round(float((spent(0) - before) / before), 6) if before > 0 else None
