"""RFM and tiers by the words of the rules, in pandas and exact fractions, without a look at the SQL.

Amounts are whole cents here, and quantiles fractions: nothing is rounded but the weighted score.
"""

from __future__ import annotations

import operator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from tests.models.random_companies import Company

ATTRIBUTES = ["strategic_label", "customer_type", "need_tags"]
DEFAULTS = {
    "rfm_window_months": "12",
    "score_window_months": "12",
    "score_convention": "quantile",
    "score_cut_offset": "0",
    "recency_weight": "1",
    "frequency_weight": "1",
    "monetary_weight": "1",
}


def expected_rfm(company: Company, segments: pd.DataFrame, on: date | None = None) -> pd.DataFrame:
    """customer_rfm (R1 to R6) at the close of a day, the as-of day unless told; amounts in cents, strings for texts.

    Args:
        segments: the rows of rfm_segments.csv that hold, in their order.
        on: an earlier day, described with what the as-of day knows.
    """
    day = pd.Timestamp(on or company.as_of)
    parameters = {**DEFAULTS, **company.parameters}
    customers, orders = _customers(company), orders_seen(company)
    rfm = _measures(customers, purchases_by(company, orders, day), day, parameters)
    first_seen = orders.groupby("customer_id")["day"].min().astype("datetime64[us]").reindex(customers.index)
    known = customers["registered_at"].astype("datetime64[us]").combine(first_seen, min_of).astype("datetime64[us]")
    if on is not None and on != company.as_of:
        rfm = rfm[known.reindex(rfm.index) <= day]
    return _explained(_segmented(_scored(_banded(rfm, day), parameters), segments))


def min_of(one: pd.Timestamp, other: pd.Timestamp) -> pd.Timestamp:
    """The earlier of two days, either of which may be missing."""
    return min((day for day in (one, other) if pd.notna(day)), default=pd.NaT)


def newest(rows: pd.DataFrame, key: str, as_of: date) -> pd.DataFrame:
    """One row a key: what was written by the as-of day before what was written later, then the newest."""
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    ranked = rows.assign(is_seen=~(rows["updated_at"] >= end))
    ranked = ranked.sort_values(["is_seen", "updated_at", "_load_seq", "_line_no"], na_position="first")
    return ranked.drop_duplicates(key, keep="last").drop(columns="is_seen")


def _customers(company: Company) -> pd.DataFrame:
    """All who are known by the as-of day: the master, and those whom only orders know."""
    master = newest(company.raw["customers"], "customer_id", company.as_of).set_index("customer_id")
    registered = master["registered_at"].isna() | (
        master["registered_at"].dt.normalize() <= pd.Timestamp(company.as_of)
    )
    master = master.loc[registered].reindex(columns=["registered_at", *ATTRIBUTES])
    return master.reindex(master.index.union(orders_seen(company)["customer_id"].unique()))


def orders_seen(company: Company) -> pd.DataFrame:
    """Orders placed by the as-of day as it knows them, with their day and amount in cents."""
    orders = newest(company.raw["orders"], "order_id", company.as_of)
    orders = orders.assign(day=orders["ordered_at"].dt.normalize(), cents=_cents(orders["amount"]))
    return orders[orders["day"] <= pd.Timestamp(company.as_of)]


def _cents(amounts: pd.Series) -> pd.Series:
    return (amounts * 100).round().astype("int64")


def purchases_by(company: Company, orders: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Completed orders by a day, not below 0, whose returns by then do not reach their amount."""
    returns = company.raw["returns"]
    returns = returns.assign(cents=_cents(returns["amount"]))[returns["returned_at"].dt.normalize() <= day]
    returned = orders["order_id"].map(returns.groupby("order_id")["cents"].sum()).fillna(0).astype("int64")
    is_finished = orders["status"].isna() | (orders["status"] == "completed")
    is_returned = (returned > 0) & (returned >= orders["cents"])
    orders = orders.assign(net=orders["cents"] - returned)
    return orders[(orders["day"] <= day) & is_finished & (orders["cents"] >= 0) & ~is_returned]


def _measures(
    customers: pd.DataFrame, purchases: pd.DataFrame, day: pd.Timestamp, parameters: dict[str, str]
) -> pd.DataFrame:
    def after(months: str) -> pd.DataFrame:
        return purchases[purchases["day"] > day - pd.DateOffset(months=int(months))]

    in_window = after(parameters["rfm_window_months"]).groupby("customer_id")["net"]
    lifetime = purchases.groupby("customer_id")
    scored = (
        purchases if parameters["score_window_months"] == "0" else after(parameters["score_window_months"])
    ).groupby("customer_id")["net"]
    rfm = pd.DataFrame(index=customers.index)
    rfm[ATTRIBUTES] = customers[ATTRIBUTES]
    rfm["first_purchase_on"] = lifetime["day"].min()
    rfm["last_purchase_on"] = lifetime["day"].max()
    rfm["recency_days"] = (day - rfm["last_purchase_on"]).dt.days
    rfm["purchase_days_lifetime"] = lifetime["day"].nunique()
    for name, grouped in [("12m", in_window), ("lifetime", lifetime["net"]), ("scored", scored)]:
        rfm[f"frequency_{name}"] = grouped.count()
        rfm[f"monetary_{name}"] = grouped.sum()
    counted = [column for column in rfm if column.startswith(("frequency", "monetary"))]
    rfm[counted] = rfm[counted].fillna(0).astype("int64")
    return rfm


def _banded(rfm: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """R1 to R3 with the bands that the rules give: the highest band is the best."""
    is_buyer = rfm["last_purchase_on"].notna()
    rfm["r_band"] = 1 + sum((rfm["last_purchase_on"] > day - pd.DateOffset(months=n)).astype(int) for n in (3, 6, 12))
    rfm["f_band"] = 1 + sum((rfm["frequency_12m"] >= bound).astype(int) for bound in (1, 2, 5))
    rfm["m_band"] = 1 + sum((rfm["monetary_12m"] >= bound).astype(int) for bound in (50_000_00, 100_000_00))
    rfm[["r_band", "f_band", "m_band"]] = rfm[["r_band", "f_band", "m_band"]].where(is_buyer)
    return rfm


def quantile_scores(values: list[Fraction], offset: Fraction) -> list[int]:
    """The R package rfm: type-7 quantiles at 20/40/60/80 %, bins closed below and open above; it adds 1 to each."""
    ordered = sorted(values)
    cuts = []
    for step in range(1, 5):
        position = Fraction(step * (len(ordered) - 1), 5)
        lower, share = int(position), position - int(position)
        upper = ordered[min(lower + 1, len(ordered) - 1)]
        cuts.append(ordered[lower] + share * (upper - ordered[lower]) + offset)
    return [1 + sum(value >= cut for cut in cuts) for value in values]


def count_scores(values: list[Fraction], ids: list[str]) -> list[int]:
    """Equal counts: in the order of value and ID, the first bins take one more where the count does not divide."""
    ranking = sorted(range(len(values)), key=lambda i: (values[i], ids[i]))
    size, larger = divmod(len(values), 5)
    scores = [0] * len(values)
    bounds = [size + (1 if score <= larger else 0) for score in range(1, 6)]
    bins = [score for score, count in enumerate(bounds, start=1) for _ in range(count)]
    for place, index in enumerate(ranking):
        scores[index] = bins[place]
    return scores


def _scored(rfm: pd.DataFrame, parameters: dict[str, str]) -> pd.DataFrame:
    """R4 and R5, buyers only."""
    buyers = rfm[rfm["last_purchase_on"].notna()]
    ids = list(buyers.index)
    recency = [Fraction(int(days)) for days in buyers["recency_days"]]
    frequency = [Fraction(int(count)) for count in buyers["frequency_scored"]]
    monetary = [Fraction(int(cents), 100) for cents in buyers["monetary_scored"]]
    if parameters["score_convention"] == "ntile":
        r = count_scores([-days for days in recency], ids)
        f, m = count_scores(frequency, ids), count_scores(monetary, ids)
    else:
        offset = Fraction(parameters["score_cut_offset"])
        r = [6 - score for score in quantile_scores(recency, offset)] if ids else []
        f = quantile_scores(frequency, offset) if ids else []
        m = quantile_scores(monetary, offset) if ids else []
    weights = [Fraction(parameters[f"{measure}_weight"]) for measure in ("recency", "frequency", "monetary")]
    scores = [
        float(round(100 * sum(w * (s - 1) for w, s in zip(weights, row, strict=True)) / (4 * sum(weights)), 6))
        for row in zip(r, f, m, strict=True)
    ]
    for name, column in {"r_score": r, "f_score": f, "m_score": m, "rfm_score": scores}.items():
        rfm[name] = pd.Series(column, index=buyers.index, dtype=float).reindex(rfm.index)
    return rfm


def _segmented(rfm: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """R6: the first row of the table whose three ranges hold the scores."""
    rfm["rfm_segment"] = pd.Series(None, index=rfm.index, dtype=object)
    rfm["segment_rule_id"] = pd.Series(None, index=rfm.index, dtype=object)
    for row in segments.sort_values("segment_rank", ascending=False).itertuples():
        holds = (
            rfm["r_score"].between(row.r_min, row.r_max)
            & rfm["f_score"].between(row.f_min, row.f_max)
            & rfm["m_score"].between(row.m_min, row.m_max)
        )
        rfm.loc[holds, "rfm_segment"] = row.segment
        rfm.loc[holds, "segment_rule_id"] = row.rule_id
    return rfm


def decimals(number: float, places: int) -> str:
    """A number with a fixed count of decimals, halves away from zero."""
    return str(Decimal(repr(number)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def _explained(rfm: pd.DataFrame) -> pd.DataFrame:
    def reason(row: Any) -> str:
        if pd.isna(row.last_purchase_on):
            return "no_purchase"
        return (
            f"R1 band {row.r_band:.0f}: {row.recency_days:.0f} days; R2 band {row.f_band:.0f}: {row.frequency_12m}"
            f" purchases; R3 band {row.m_band:.0f}: {Decimal(row.monetary_12m) / 100:.2f}; R4 scores {row.r_score:.0f}"
            f"-{row.f_score:.0f}-{row.m_score:.0f}; R5 score {decimals(row.rfm_score, 2)};"
            f" {row.segment_rule_id} {row.rfm_segment}"
        )

    rfm["rfm_cell"] = [
        None if pd.isna(row.r_score) else f"{row.r_score:.0f}{row.f_score:.0f}{row.m_score:.0f}"
        for row in rfm.itertuples()
    ]
    rfm["reason"] = [reason(row) for row in rfm.itertuples()]
    return rfm


def _contains(text: str, word: str) -> bool:
    return word.lower() in text.lower()


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "contains": _contains,
}


Rule = tuple[str, int, str, list[Any]]


def rules_in_order(rules: pd.DataFrame) -> list[Rule]:
    """Tier, rank, rule ID and conditions of each group of a scheme's rules, first match first."""
    groups = rules.groupby(["rule_rank", "condition_group"], sort=True)
    return [
        (str(rows["tier"].iloc[0]), int(rank), str(rows["rule_id"].iloc[0]), list(rows.itertuples()))
        for (rank, _group), rows in groups
    ]


def expected_tier(customer: Mapping[str, Any], rules: list[Rule]) -> tuple[str, int, str]:
    """Tier, rank and rule ID of one customer under one scheme: the first rule of which one whole group holds."""
    for tier, rank, rule_id, conditions in rules:
        if all(_holds(customer, condition) for condition in conditions):
            return customer[tier[1:-1]] if tier.startswith("{") else tier, rank, rule_id
    raise AssertionError("a scheme ends in a catch-all")


def _holds(customer: Mapping[str, Any], condition: Any) -> bool:
    if condition.metric == "always":
        return True
    value = customer[condition.metric]
    if condition.operator in ("is_null", "not_null"):
        return bool(pd.isna(value)) == (condition.operator == "is_null")
    if pd.isna(value):
        return False
    if isinstance(value, str):
        return OPERATORS[condition.operator](value, condition.value)
    return OPERATORS[condition.operator](value, float(condition.value))
