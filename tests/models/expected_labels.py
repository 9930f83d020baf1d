"""Behaviour labels by the words of the rules, customer by customer, without a look at the SQL."""

from __future__ import annotations

import hashlib
import operator
from typing import TYPE_CHECKING, Any

import pandas as pd
from tests.models.compiled_project import PROJECT_DIR
from tests.models.expected_metrics import expected_metrics
from tests.models.expected_rfm import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    from tests.models.random_companies import Company

ORDER = ["condition_group", "metric", "operator", "value"]
COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Groups = list[list[dict[str, str]]]
# Where the parts of a count are found: entity, instant, what tells them apart, and whether complaints alone count.
PARTS = {
    "interactions_12m": ("interactions", "occurred_at", "interaction_type", False),
    "complaints_12m": ("tickets", "received_at", "category", True),
}


def label_rules(profile: str, seeds: Path = PROJECT_DIR / "seeds") -> dict[str, Groups]:
    """By label the groups of conditions that hold for a profile; labels that it has switched off are left out."""
    rows = pd.read_csv(seeds / "label_rules.csv", dtype=str, keep_default_na=False)
    rules: dict[str, Groups] = {}
    for label, all_rows in rows[rows["profile"].isin([profile, "all"])].groupby("label"):
        own = all_rows[all_rows["profile"] == profile]
        chosen = (own if len(own) else all_rows[all_rows["profile"] == "all"]).sort_values(ORDER)
        if "never" not in set(chosen["metric"]):
            rules[str(label)] = [group.to_dict("records") for _, group in chosen.groupby("condition_group", sort=False)]
    return rules


def rule_text(groups: Groups) -> str:
    """The rule as people read it."""
    return " or ".join(
        " and ".join(" ".join(filter(None, (one["metric"], one["operator"], one["value"]))) for one in group)
        for group in groups
    )


def rule_version(label: str, groups: Groups) -> str:
    """The version of a rule, which follows from its conditions."""
    return hashlib.md5(f"{label}: {rule_text(groups)}".encode(), usedforsecurity=False).hexdigest()[:8]


def metrics_on(company: Company, segments: pd.DataFrame, day: date, asked: set[str]) -> pd.DataFrame:
    """Every metric by customer at the close of a day, rounded as published; parts of counts where a rule asks."""
    metrics = expected_metrics(company, segments, day)
    opens_after = pd.Timestamp(day) - pd.DateOffset(months=int({**DEFAULTS, **company.parameters}["rfm_window_months"]))
    for metric in (one for one in asked if ":" in one):
        entity, at, of_what, kind = PARTS[metric.split(":")[0]]
        rows = company.raw[entity]
        days = rows[at].dt.normalize()
        known = rows[(days <= pd.Timestamp(day)) & (rows["ticket_type"] == "complaint" if kind else True)]
        parts = known[(known[at].dt.normalize() > opens_after) & (known[of_what] == metric.split(":")[1])]
        counted = parts.groupby("customer_id").size().reindex(metrics.index).fillna(0)
        metrics[metric] = counted if len(known) else float("nan")
    numbers = metrics.select_dtypes("float").columns
    metrics[numbers] = metrics[numbers].round(6)
    return metrics


def met_group(customer: Mapping[str, Any], groups: Groups) -> list[dict[str, str]] | None:
    """The first group of which every condition holds."""
    return next((group for group in groups if all(_holds(customer, one) for one in group)), None)


def _holds(customer: Mapping[str, Any], condition: dict[str, str]) -> bool:
    value = customer[condition["metric"]]
    if condition["operator"] in ("is_null", "not_null"):
        return bool(pd.isna(value)) == (condition["operator"] == "is_null")
    if pd.isna(value):
        return False
    asked = condition["value"] if isinstance(value, str) else float(condition["value"])
    return COMPARES[condition["operator"]](value, asked)
