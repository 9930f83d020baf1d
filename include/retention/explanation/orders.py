"""What a way up comes to where the orders are made today: each counts, costs and is recent at once."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from retention.explanation.figures import Change, Scale, changed, spend_for_average
from retention.explanation.movement import Way
from retention.explanation.rules import Figures, Group, first_match


def orders_today(way: Way, groups: Sequence[Group], figures: Figures, scale: Scale) -> tuple[Change, str] | None:
    """The orders that bring a change about, the last of them today, and the tier that they lead to.

    A change of spend alone takes an order more than it names, so an average takes more spend than it says.

    Returns:
        None where orders alone do not bring it about, or lead to no better tier than today's.
    """
    here = first_match(groups, figures)
    if here is None or not way.change.is_by_orders:
        return None
    orders = max(way.change.orders, 1)
    spend = Decimal(0) if way.average is None else spend_for_average(way.average, orders, figures)
    made = replace(way.change, recency_days=0, orders=orders, amount=max(way.change.amount, spend))
    after = changed(figures, made, scale)
    group = first_match(groups, after)
    if group is None or group.rank >= here.rank or group.tier_for(after) == here.tier_for(figures):
        return None
    return made, group.tier_for(after)
