"""How a customer's figures hang together: what more orders, more money or a later purchase do to bands and scores.

The thresholds are those of the release: bands of the profile, cut-offs and cells of the as-of day. Whoever moves is one
customer among many, so the cut-offs stay where they are.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any

from retention.explanation.rules import Figures

CENT = Decimal("0.01")
MEASURES = ("recency", "frequency", "monetary")
BAND = {"recency": "r_band", "frequency": "f_band", "monetary": "m_band"}
SCORE = {"recency": "r_score", "frequency": "f_score", "monetary": "m_score"}
# An order made now lies in every window that ends now.
COUNTS = ("frequency_12m", "frequency_lifetime", "scored_frequency")
SUMS = ("monetary_12m", "monetary_lifetime", "scored_monetary")
AVERAGE = "avg_order_value_12m"
PURCHASE_DAYS = ("purchase_days_lifetime", "purchase_days_12m")

Cell = tuple[int, int, int]


@dataclass(frozen=True)
class Scale:
    """What figures are held against on the as-of day.

    Attributes:
        bands: by measure its bands, the highest first, each with its bound: the most days since the last purchase, else
            the least count or amount; None takes the rest.
        cuts: by measure the four cut-offs, ascending; empty where scores are by equal counts.
        cells: score and segment of each cell of recency, frequency and monetary score.
        scored: by measure the figure that its scores and cut-offs count.
    """

    bands: Mapping[str, Sequence[tuple[int, Decimal | None]]]
    cuts: Mapping[str, Sequence[float]]
    cells: Mapping[Cell, tuple[float, str | None]]
    scored: Mapping[str, str]

    def band(self, measure: str, value: Any) -> int | None:
        """The band of a value (R1 to R3)."""
        for band, bound in self.bands[measure]:
            if bound is None or (value <= bound if measure == "recency" else value >= bound):
                return band
        return None

    def score(self, measure: str, value: Any) -> int:
        """The score of a value by cut-offs (R4)."""
        reached = sum(float(value) >= cut for cut in self.cuts[measure])
        return len(self.cuts[measure]) + 1 - reached if measure == "recency" else 1 + reached

    def value_for_band(self, measure: str, band: int) -> Decimal | None:
        """The value nearest to none that has a band: the most days, the least count or amount; None: any value has."""
        return dict(self.bands[measure])[band]

    def value_for_score(self, measure: str, score: int) -> Decimal | None:
        """The same for a score; a value below 0 where none has it."""
        cuts = self.cuts[measure]
        if score == 1:
            return None
        if measure == "recency":
            return Decimal(math.ceil(cuts[len(cuts) + 1 - score]) - 1)
        cut = cuts[score - 2]
        return Decimal(math.ceil(cut)) if measure == "frequency" else least_amount(cut)


def least_amount(bound: float) -> Decimal:
    """The least amount of whole cents that reaches a bound."""
    amount = Decimal(bound).quantize(CENT, ROUND_CEILING)
    return amount - CENT if float(amount - CENT) >= bound else amount


def spend_for_average(average: Decimal, orders: int, figures: Mapping[str, Any]) -> Decimal:
    """The spend that brings the average of all orders, some more among them, to a value."""
    whole = average * ((figures.get("frequency_12m") or 0) + orders) - (figures.get("monetary_12m") or Decimal(0))
    return least_amount(float(whole)) if whole > 0 else Decimal(0)


@dataclass(frozen=True)
class Change:
    """What is otherwise than today.

    Attributes:
        recency_days: days since the last purchase; None: as today.
        orders: orders more, in every window.
        amount: spend more, in every window.
        scores: scores that are set and do not follow from figures: those by equal counts.
        others: figures that are not made of orders, by metric.
    """

    recency_days: int | None = None
    orders: int = 0
    amount: Decimal = Decimal(0)
    scores: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        """Whether all is as today."""
        return self == Change()

    @property
    def is_by_orders(self) -> bool:
        """Whether orders alone bring it about."""
        return not self.is_nothing and not self.scores and not self.others


def changed(figures: Figures, change: Change, scale: Scale) -> dict[str, Any]:
    """The figures after a change, with what follows from them."""
    after = dict(figures) | dict(change.others)
    if change.recency_days is None and not change.orders and not change.amount and not change.scores:
        return after
    if change.recency_days is not None:
        if change.orders and change.recency_days == 0 and figures.get("recency_days") != 0:
            after |= {name: (after[name] or 0) + 1 for name in PURCHASE_DAYS if name in after}
        after["recency_days"] = change.recency_days
    after |= {name: (after[name] or 0) + change.orders for name in COUNTS if name in after}
    after |= {name: (after[name] or Decimal(0)) + change.amount for name in SUMS if name in after}
    if AVERAGE in after and after.get("frequency_12m"):
        after[AVERAGE] = after["monetary_12m"] / after["frequency_12m"]
    if after.get("recency_days") is None:
        return after
    banded = {"recency": "recency_days", "frequency": "frequency_12m", "monetary": "monetary_12m"}
    after |= {BAND[measure]: scale.band(measure, after[name]) for measure, name in banded.items()}
    if scale.cuts:
        after |= {SCORE[measure]: scale.score(measure, after[scale.scored[measure]]) for measure in MEASURES}
    after |= change.scores
    cell = tuple(after.get(SCORE[measure]) for measure in MEASURES)
    if cell in scale.cells:
        after["rfm_score"], after["rfm_segment"] = scale.cells[cell]  # type: ignore[index]  # it is in, so it is whole
    return after
