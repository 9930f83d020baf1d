"""Random companies whose first purchases name channel, region, category and campaign, and whose costs have gaps."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pandas as pd
from tests.models.lifecycle_companies import Raw, random_company

if TYPE_CHECKING:
    from datetime import date

CAMPAIGN_DAYS = 30
CATEGORIES = {"P0": "tea", "P1": "cups", "P2": "kettles", "P3": None}
UNIT_COSTS = {"P0": 1.0, "P1": 2.5, "P2": 4.0, "P3": 0.5}


def split_company(seed: int, customers: int = 40, *, has_gaps: bool = True) -> Raw:
    """Raw tables of a random company with what its customers can be split by.

    Args:
        has_gaps: whether the cost of some products is unknown.
    """
    dice = random.Random(seed + 7_000)  # noqa: S311 (a repeatable company, no secret)
    raw, _ = random_company(seed, customers)
    orders = raw["orders"]
    size = len(orders)
    raw["orders"] = orders.assign(
        channel=dice.choices(["web", "shop", "fair", None], k=size),
        region=dice.choices(["north", "south", None, None, None], k=size),
    )
    known = len(raw["customers"])
    raw["customers"] = raw["customers"].assign(
        source_channel=dice.choices(["fair", "referral", None], k=known),
        region=dice.choices(["west", None], k=known),
    )
    costs = {**UNIT_COSTS, "P2": None} if has_gaps else UNIT_COSTS
    raw["products"] = _loaded(
        pd.DataFrame({"product_id": list(costs), "category": CATEGORIES.values(), "unit_cost": costs.values()})
    )
    lines = [(order, line, dice.choice(list(costs)), 1) for order in orders["order_id"] for line in (1, 2)]
    items = pd.DataFrame(lines, columns=["order_id", "line_no", "product_id", "quantity"])
    raw["order_items"] = _loaded(items.assign(line_amount=dice.choices([5.0, 10.0, 0.0], k=len(items))))
    raw["touches"] = _loaded(_touches(dice, orders))
    return raw


def _touches(dice: random.Random, orders: pd.DataFrame) -> pd.DataFrame:
    """Touches around the borders of the days before first orders; some of no campaign."""
    firsts = orders.groupby("customer_id")["ordered_at"].min()
    rows = [
        (customer, day - pd.Timedelta(days=back, hours=hours))
        for customer, day in firsts.items()
        for back, hours in zip(
            dice.choices([-3, 0, 1, 29, 30, 31, 200], k=2), dice.choices([-5, 0, 6], k=2), strict=True
        )
    ]
    touches = pd.DataFrame(rows, columns=["customer_id", "touched_at"])
    campaigns = dice.choices(["K1", "K2", "K3", None], k=len(touches))
    variants = dice.choices(["a", "b", None, None, " Holdout"], k=len(touches))
    return touches.assign(
        campaign_id=campaigns, variant=variants, touch_id=[f"T{number:04d}" for number in range(len(touches))]
    )


def _loaded(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype(object).assign(_load_seq=1, _line_no=range(len(rows)))


def splits(raw: Raw, purchases: pd.DataFrame, history: pd.DataFrame, as_of: date) -> dict[str, dict[str, str]]:
    """What every customer is split by, looked up one customer at a time.

    Args:
        purchases: fct_orders, purchases alone.
        history: customer_tier_history of the primary scheme.
        as_of: a profile that registers after it is not known.
    """
    tiers = {(row.customer_id, pd.Timestamp(row.month_end)): row.tier for row in history.itertuples()}
    registered = pd.to_datetime(raw["customers"]["registered_at"])
    is_known = ~(registered >= pd.Timestamp(as_of) + pd.Timedelta(days=1))
    profiles = raw["customers"][is_known].set_index("customer_id")
    found = {}
    for first in purchases[purchases["order_number"] == 1].itertuples():
        customer, day = str(first.customer_id), pd.Timestamp(first.order_date)
        profile = profiles.loc[customer] if customer in profiles.index else {"source_channel": None, "region": None}
        found[customer] = {
            "channel": _first_known(first.channel, profile["source_channel"]),
            "region": _first_known(first.region, profile["region"]),
            "acquisition_tier": tiers.get((customer, day + pd.offsets.MonthEnd(0)), "unknown"),
            "first_category": _category(raw["order_items"], str(first.order_id)),
            "first_campaign": _campaign(raw["touches"], customer, day),
        }
    return found


def _first_known(*values: object) -> str:
    return next((str(value) for value in values if not pd.isna(value)), "unknown")


def _category(items: pd.DataFrame, order: str) -> str:
    spend: dict[str, float] = {}
    for line in items[items["order_id"] == order].itertuples():
        category = CATEGORIES[line.product_id]
        if category:
            spend[category] = spend.get(category, 0) + line.line_amount
    return max(spend, key=lambda one: (spend[one], one)) if spend else "unknown"


def _campaign(touches: pd.DataFrame, customer: str, day: pd.Timestamp) -> str:
    reached = touches[[str(one).strip().lower() != "holdout" for one in touches["variant"]]]
    theirs = reached[(reached["customer_id"] == customer) & reached["campaign_id"].notna()]
    ahead = (day - pd.to_datetime(theirs["touched_at"]).dt.normalize()).dt.days
    within = theirs[(ahead >= 0) & (ahead <= CAMPAIGN_DAYS)].sort_values(["touched_at", "touch_id"])
    return str(within["campaign_id"].iloc[0]) if len(within) else "unknown"
