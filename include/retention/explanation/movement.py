"""What would move a customer one tier up: the fewest and smallest changes after which a better tier's rule is the first
that holds.

A change is stated in what the company or the customer can do: orders, spend, the day of the last purchase, figures of
service, decisions of the company. Bands, scores, the RFM score and the segment are traced back to these. Only changes
for the better are looked for: nobody is advised to spend less or to be served worse.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from typing import Any

from retention.explanation.figures import (
    AVERAGE,
    BAND,
    CENT,
    COUNTS,
    MEASURES,
    SCORE,
    SUMS,
    Cell,
    Change,
    Scale,
    changed,
    spend_for_average,
)
from retention.explanation.rules import Condition, Figures, Group, first_match

CELL_METRICS = frozenset({*SCORE.values(), "rfm_score", "rfm_segment"})
DECIDED = frozenset({"strategic_label", "need_tags"})
"""Texts that the company sets."""
LESS_IS_BETTER = frozenset({"complaints_12m", "days_since_last_interaction", "discount_share_12m"})
RISING = frozenset(
    {
        "predicted_value_12m",
        "purchase_days_12m",
        "purchase_days_lifetime",
        "interactions_90d",
        "interactions_change_rate",
        "interactions_12m",
        "satisfaction_score",
        "satisfaction_change",
    }
)
"""Figures that can be moved one by one, more being better; what is neither here nor there nobody can move."""
COUNTED = frozenset({"interactions_90d", "interactions_previous_90d", "interactions_12m", "complaints_12m"})
"""Counts that are missing only where nothing of the kind was ever delivered, of any customer: nobody can move them."""
OF_INTERACTIONS = frozenset({"interactions_change_rate", "days_since_last_interaction"})
"""Figures that no customer has where interactions were not delivered."""
WHOLE = frozenset(
    {
        "complaints_12m",
        "days_since_last_interaction",
        "interactions_12m",
        "interactions_90d",
        "purchase_days_12m",
        "purchase_days_lifetime",
    }
)
STEP = Decimal("0.0001")
"""The least change of a rate or share, which the tables show with four decimals."""


@dataclass(frozen=True)
class Way:
    """A change that leads to a better tier.

    Attributes:
        group: the group of conditions that would then be the first to hold.
        named: figures in which the change is told, of those that it moves.
        average: the average amount of an order that the group asks for; None for none.
    """

    group: Group
    tier: str
    change: Change
    named: tuple[str, ...]
    unmet: tuple[Condition, ...]
    average: Decimal | None

    @property
    def is_decided(self) -> bool:
        """Whether the company has to set a text."""
        return any(name in DECIDED for name in self.change.others)


@dataclass
class _Need:
    """What one way to meet conditions asks of the figures at least."""

    recency_days: int | None = None
    orders: int = 0
    amount: Decimal = Decimal(0)
    average: Decimal | None = None
    scores: dict[str, int] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)
    is_purchase: bool = False

    def within(self, days: Decimal | None) -> None:
        if days is None:
            self.is_purchase = True
            return
        self.recency_days = int(days) if self.recency_days is None else min(self.recency_days, int(days))
        self.named.append("recency_days")


class _CannotBeMovedError(Exception):
    """A condition asks for what nobody can bring about, or should."""


def way_up(
    groups: Sequence[Group], figures: Figures, scale: Scale, current: Group, *, with_decisions: bool = True
) -> Way | None:
    """The best way to the next better tier that can be reached; None where there is none.

    Of the tiers above, the nearest by rank that any change leads to; of the ways there, the one with the fewest unmet
    conditions, then the fewest decisions, then the smallest change in proportion.

    Args:
        groups: all groups of the scheme, in the order of trial.
        current: the group that holds today.
        with_decisions: whether texts that the company sets may be changed.
    """
    here = current.tier_for(figures)
    for rank in sorted({group.rank for group in groups if group.rank < current.rank}, reverse=True):
        ways = [
            (price, number, way)
            for group in groups
            if group.rank == rank and group.tier_metric is None and group.tier != here
            for number, (price, way) in enumerate(_ways(group, groups, figures, scale))
            if with_decisions or not way.is_decided
        ]
        if ways:
            return min(ways, key=lambda entry: (entry[0], entry[2].group.number, entry[1]))[2]
    return None


def is_unrecorded(metric: str, figures: Figures) -> bool:
    """Whether a figure is missing since its data were never delivered, and not for anything the customer did."""
    name = metric.split(":", maxsplit=1)[0]
    if name in OF_INTERACTIONS:
        return "interactions_90d" in figures and figures["interactions_90d"] is None
    return name in COUNTED and figures.get(metric) is None


def tier_after(groups: Sequence[Group], figures: Figures, scale: Scale, change: Change) -> str | None:
    """The tier that a change leads to."""
    after = changed(figures, change, scale)
    group = first_match(groups, after)
    return None if group is None else group.tier_for(after)


def _ways(
    group: Group, groups: Sequence[Group], figures: Figures, scale: Scale
) -> Iterator[tuple[tuple[float, ...], Way]]:
    """Changes after which the group is the first to hold or another of its tier is, each with its price."""
    unmet = tuple(one for one in group.conditions if not one.holds(figures))
    for need in _needs(group.conditions, figures, scale):
        change = _change(need, figures)
        if change is None or tier_after(groups, figures, scale, change) != group.tier:
            continue
        decisions = sum(name in DECIDED for name in change.others)
        # Of changes alike in proportion, as all are to nothing, the smaller one.
        least = (float(change.amount), float(change.orders))
        price = (len(unmet), decisions, _proportion(change, figures, scale), *least)
        yield price, Way(group, group.tier, change, _named(need, change, figures), unmet, need.average)


def _named(need: _Need, change: Change, figures: Figures) -> tuple[str, ...]:
    """The figures in which a change is told; a first purchase with its day and count, an average with the spend."""
    named = list(need.named)
    if change.recency_days is not None and figures.get("recency_days") is None:
        named = ["recency_days", *named, *([] if set(named) & set(COUNTS) else ["frequency_12m"])]
    if change.amount and not set(named) & set(SUMS):
        named.append("monetary_12m")
    return tuple(dict.fromkeys(named))


def _change(need: _Need, figures: Figures) -> Change | None:
    """The change that a need comes to; None for none. Who never bought buys today, since no purchase lies back."""
    recency, orders, amount = need.recency_days, need.orders, need.amount
    if figures.get("recency_days") is None and (need.is_purchase or recency is not None or orders or amount):
        if recency is not None and recency < 0:
            return None
        recency, orders = 0, max(orders, 1)
    if need.average is not None:
        if not (figures.get("frequency_12m") or 0) + orders:
            return None
        amount = max(amount, spend_for_average(need.average, orders, figures))
    if recency is not None and recency < 0:
        return None
    change = Change(recency, orders, amount, need.scores, need.others)
    return None if change.is_nothing else change


def _proportion(change: Change, figures: Figures, scale: Scale) -> float:
    """How much is moved, each figure in proportion to the larger of what it is and what it should be."""

    def gap(present: Any, needed: Any) -> float:
        if present is None or isinstance(needed, str):
            return 1.0
        largest = max(abs(float(present)), abs(float(needed)))
        return abs(float(needed) - float(present)) / largest if largest else 0.0

    count, money = (figures.get(scale.scored[measure]) or 0 for measure in ("frequency", "monetary"))
    return (
        (0.0 if change.recency_days is None else gap(figures.get("recency_days"), change.recency_days))
        + gap(count, count + change.orders)
        + gap(money, money + change.amount)
        + sum(gap(figures.get(name), value) for name, value in {**change.scores, **change.others}.items())
    )


def _needs(conditions: Sequence[Condition], figures: Figures, scale: Scale) -> Iterator[_Need]:
    """Every way in which bands and scores can meet the conditions on them, with what the other conditions ask for."""
    by_metric: dict[str, list[Condition]] = {}
    for one in conditions:
        by_metric.setdefault(one.metric, []).append(one)
    banded = {measure: by_metric[name] for measure, name in BAND.items() if name in by_metric}
    scored = [one for one in conditions if one.metric in CELL_METRICS]
    rest = [one for one in conditions if one.metric not in CELL_METRICS and one.metric not in BAND.values()]
    if any(is_unrecorded(one.metric, figures) and not one.holds(figures) for one in rest):
        return
    bands = [list(_bands(measure, asked, figures, scale)) for measure, asked in banded.items()]
    cells: list[Cell | None] = [*_cells(scored, figures, scale)] if scored else [None]
    for chosen in product(*bands):
        for cell in cells:
            need = _Need()
            try:
                for measure, band in zip(banded, chosen, strict=True):
                    _ask_band(need, measure, band, figures, scale)
                if cell is not None:
                    _ask_cell(need, cell, figures, scale)
                for one in rest:
                    _ask(need, one, figures)
            except _CannotBeMovedError:
                continue
            yield need


def _bands(measure: str, asked: Sequence[Condition], figures: Figures, scale: Scale) -> Iterator[int]:
    """The bands of a measure, no worse than today's, that meet all conditions on it."""
    present = figures.get(BAND[measure]) or 0
    for band, _ in scale.bands[measure]:
        if band >= present and all(one.holds({BAND[measure]: band}) for one in asked):
            yield band


def _cells(asked: Sequence[Condition], figures: Figures, scale: Scale) -> Iterator[Cell]:
    """The cells of scores, none worse than today's, that meet all conditions on scores and segments."""
    present = tuple(figures.get(SCORE[measure]) or 0 for measure in MEASURES)
    for cell, (score, segment) in scale.cells.items():
        if any(new < old for new, old in zip(cell, present, strict=True)):
            continue
        shown = dict(zip(SCORE.values(), cell, strict=True)) | {"rfm_score": score, "rfm_segment": segment}
        if all(one.holds(shown) for one in asked):
            yield cell


def _ask_band(need: _Need, measure: str, band: int, figures: Figures, scale: Scale) -> None:
    if figures.get(BAND[measure]) != band:
        _ask_value(
            need,
            measure,
            {"frequency": "frequency_12m", "monetary": "monetary_12m"},
            band,
            figures,
            scale.value_for_band,
        )


def _ask_cell(need: _Need, cell: Cell, figures: Figures, scale: Scale) -> None:
    for measure, score in zip(MEASURES, cell, strict=True):
        if figures.get(SCORE[measure]) == score:
            continue
        if scale.cuts:
            _ask_value(need, measure, scale.scored, score, figures, scale.value_for_score)
        else:
            need.is_purchase |= figures.get("recency_days") is None
            need.scores[SCORE[measure]] = score
            need.named.append(SCORE[measure])


def _ask_value(
    need: _Need, measure: str, names: Mapping[str, str], step: int, figures: Figures, value_for: Any
) -> None:
    """Ask for the figure that has a band or a score."""
    value = value_for(measure, step)
    if measure == "recency":
        need.within(value)
    elif value is None:
        need.is_purchase = True
    elif measure == "frequency":
        _ask_count(need, names[measure], math.ceil(value), figures)
    else:
        _ask_sum(need, names[measure], value, figures)


def _ask_count(need: _Need, name: str, count: int, figures: Figures) -> None:
    more = count - (figures.get(name) or 0)
    if more > 0:
        need.orders = max(need.orders, more)
        need.named.append(name)


def _ask_sum(need: _Need, name: str, amount: Decimal, figures: Figures) -> None:
    more = amount - (figures.get(name) or Decimal(0))
    if more > 0:
        need.amount = max(need.amount, more)
        need.named.append(name)


def _ask(need: _Need, one: Condition, figures: Figures) -> None:
    """Ask for what meets a condition that is not on bands and scores; what holds already asks for nothing.

    But an average that is high enough has to stay so when orders are added.
    """
    metric = one.metric.split(":")[0]
    if metric == AVERAGE and one.operator in (">=", ">", "="):
        need.average = max(need.average or Decimal(0), _at_least(one, CENT))
        return
    if one.holds(figures):
        return
    if one.operator == "not_null" and metric in ("recency_days", AVERAGE):
        need.is_purchase = True
    elif metric == "recency_days":
        need.within(_at_most(one, Decimal(1)))
    elif metric in COUNTS:
        _ask_count(need, metric, int(_at_least(one, Decimal(1))), figures)
    elif metric in SUMS:
        _ask_sum(need, metric, _at_least(one, CENT), figures)
    elif metric in LESS_IS_BETTER:
        _ask_other(need, one, _at_most(one, Decimal(1) if metric in WHOLE else STEP), figures, is_more=False)
    elif metric in RISING:
        _ask_other(need, one, _at_least(one, Decimal(1) if metric in WHOLE else STEP), figures, is_more=True)
    elif metric in DECIDED and one.operator in ("=", "contains"):
        present = figures.get(one.metric)
        is_added = one.operator == "contains" and present
        need.others[one.metric] = f"{present}, {one.threshold}" if is_added else str(one.threshold)
        need.named.append(one.metric)
    else:
        raise _CannotBeMovedError


def _ask_other(need: _Need, one: Condition, value: Decimal, figures: Figures, *, is_more: bool) -> None:
    """Ask for a figure of its own; conditions on the same one add up."""
    present = need.others.get(one.metric, figures.get(one.metric))
    if present is not None and (value < present if is_more else value > present):
        raise _CannotBeMovedError
    is_whole = one.metric.split(":")[0] in WHOLE
    need.others[one.metric] = int(value) if is_whole else float(value)
    need.named.append(one.metric)


def _at_least(one: Condition, step: Decimal) -> Decimal:
    """The least value that meets a condition which more of the figure can meet."""
    bound = Decimal(one.threshold or 0)
    if one.operator == ">":
        return _whole_steps(bound, step, math.floor) + step
    if one.operator in (">=", "="):
        return _whole_steps(bound, step, math.ceil)
    raise _CannotBeMovedError


def _at_most(one: Condition, step: Decimal) -> Decimal:
    """The greatest value that meets a condition which less of the figure can meet."""
    bound = Decimal(one.threshold or 0)
    if one.operator == "<":
        return _whole_steps(bound, step, math.ceil) - step
    if one.operator in ("<=", "="):
        return _whole_steps(bound, step, math.floor)
    raise _CannotBeMovedError


def _whole_steps(bound: Decimal, step: Decimal, rounded: Any) -> Decimal:
    return Decimal(rounded(bound / step)) * step
