"""Rule rows as the models read them: groups in the order of trial, and whether a customer's figures meet them.

The rules are compiled into SQL for all customers (macros/rules/first_match.sql). Here they are read again for one
customer, to ask what would have to be otherwise.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Figures = Mapping[str, Any]
"""A customer's value of each metric, by the metric's name as rules write it; None where there is none."""

COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Condition:
    """One row of a rule seed.

    Attributes:
        metric: its name, an argument behind a colon included; `always` for the catch-all.
        threshold: what the metric is compared with, as the row writes it; None for `always`, is_null and not_null.
    """

    metric: str
    operator: str | None
    threshold: str | None

    def holds(self, figures: Figures) -> bool:
        """Whether the figures meet it. A missing figure meets nothing but is_null."""
        if self.metric == "always":
            return True
        value = figures.get(self.metric)
        if self.operator in ("is_null", "not_null"):
            return (value is None) == (self.operator == "is_null")
        if value is None or self.threshold is None:
            return False
        if self.operator == "contains":
            return self.threshold.lower() in str(value).lower()
        if isinstance(value, str):
            return COMPARED[str(self.operator)](value, self.threshold)
        # A binary fraction is compared as one: SQL turns the rule's number into what the column is.
        bound: Decimal | float = float(self.threshold) if isinstance(value, float) else Decimal(self.threshold)
        return COMPARED[str(self.operator)](value, bound)

    def as_row(self, figures: Figures) -> dict[str, Any]:
        """The condition with the customer's figure, for a reader."""
        return {
            "metric": self.metric,
            "operator": self.operator,
            "value": self.threshold,
            "present": figures.get(self.metric),
        }


@dataclass(frozen=True)
class Group:
    """Conditions that hold together, and the tier that they give."""

    rule_id: str
    rank: int
    number: int
    tier: str
    conditions: tuple[Condition, ...]

    @property
    def tier_metric(self) -> str | None:
        """The metric whose value is the tier, where the tier is written in braces."""
        return self.tier[1:-1] if self.tier.startswith("{") and self.tier.endswith("}") else None

    def holds(self, figures: Figures) -> bool:
        """Whether the figures meet all conditions; a tier in braces has to be there, too."""
        named = self.tier_metric
        return all(one.holds(figures) for one in self.conditions) and (named is None or figures.get(named) is not None)

    def tier_for(self, figures: Figures) -> str:
        """The tier that it gives."""
        named = self.tier_metric
        return self.tier if named is None else str(figures.get(named))


def groups_by_scheme(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Group]]:
    """The groups of each scheme in the order of trial.

    Args:
        rows: rows of one rule seed that hold for the run's profile.
    """
    gathered: dict[tuple[str, int, int], list[Mapping[str, Any]]] = {}
    for row in rows:
        gathered.setdefault((row["scheme"], row["rule_rank"], row["condition_group"]), []).append(row)
    schemes: dict[str, list[Group]] = {}
    for (scheme, rank, number), members in sorted(gathered.items(), key=lambda entry: entry[0]):
        conditions = tuple(Condition(row["metric"], row["operator"], row["value"]) for row in members)
        schemes.setdefault(scheme, []).append(
            Group(members[0]["rule_id"], rank, number, members[0]["tier"], conditions)
        )
    return schemes


def first_match(groups: Sequence[Group], figures: Figures) -> Group | None:
    """The first group that holds; None where the scheme has no catch-all."""
    return next((group for group in groups if group.holds(figures)), None)
