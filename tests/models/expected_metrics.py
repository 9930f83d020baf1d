"""What tier rules ask beside RFM, by the words of decisions 43 and 44, in pandas, without a look at the SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from tests.models.expected_rfm import DEFAULTS, expected_rfm, orders_seen, purchases_by

if TYPE_CHECKING:
    from datetime import date

    from tests.models.random_companies import Company

SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
COUNTS = ["interactions_90d", "interactions_previous_90d", "interactions_12m", "interactions_12m:enquiry"]


def expected_metrics(company: Company, segments: pd.DataFrame, on: date | None = None) -> pd.DataFrame:
    """All metrics of a tier rule by customer at the close of a day; money in units of the currency, nothing
    rounded.

    Args:
        segments: the rows of rfm_segments.csv that hold, in their order.
        on: an earlier day, described with what the as-of day knows.
    """
    rfm = expected_rfm(company, segments, on)
    day = pd.Timestamp(on or company.as_of)
    opens_after = day - pd.DateOffset(months=int({**DEFAULTS, **company.parameters}["rfm_window_months"]))
    rfm["monetary_12m"], rfm["monetary_lifetime"] = rfm["monetary_12m"] / 100, rfm["monetary_lifetime"] / 100
    rfm["avg_order_value_12m"] = rfm["monetary_12m"] / rfm["frequency_12m"].where(rfm["frequency_12m"] > 0)
    age = ((day - rfm["first_purchase_on"]).dt.days + 1).clip(90, 365)
    rfm["predicted_value_12m"] = rfm["monetary_12m"] * 365 / age * (1 - rfm["recency_days"] / 365).clip(lower=0)
    purchases = purchases_by(company, orders_seen(company), day)
    purchases = purchases[purchases["day"] > opens_after]
    _add_discounts(rfm, purchases)
    _add_preference(rfm, purchases, company)
    _add_engagement(rfm, company, day, opens_after)
    return rfm


def _add_discounts(rfm: pd.DataFrame, purchases: pd.DataFrame) -> None:
    given = purchases["discount_amount"].groupby(purchases["customer_id"]).sum(min_count=1).reindex(rfm.index)
    whole = rfm["monetary_12m"] + given
    rfm["discount_share_12m"] = given / whole.where(whole != 0)


def _add_preference(rfm: pd.DataFrame, purchases: pd.DataFrame, company: Company) -> None:
    lines = company.raw["order_items"].merge(purchases[["order_id", "customer_id"]], on="order_id")
    lines = lines.merge(company.raw["products"][["product_id", "category"]].dropna(), on="product_id")
    spent = lines.groupby(["customer_id", "category"])["line_amount"].sum().round(2).reset_index()
    spent = spent[spent["line_amount"] > 0].sort_values(["line_amount", "category"])
    last = spent.groupby("customer_id").last()
    rfm["preferred_category"] = last["category"].reindex(rfm.index).astype(object)
    share = last["line_amount"] / spent.groupby("customer_id")["line_amount"].sum()
    rfm["preferred_category_share"] = share.reindex(rfm.index)


def _add_engagement(rfm: pd.DataFrame, company: Company, day: pd.Timestamp, opens_after: pd.Timestamp) -> None:
    def by_then(entity: str, column: str) -> pd.DataFrame:
        rows = company.raw[entity].assign(day=company.raw[entity][column].dt.normalize())
        return rows[rows["day"] <= day]

    def before(days: int) -> pd.Timestamp:
        return day - pd.Timedelta(days=days)

    interactions = by_then("interactions", "occurred_at")
    in_quarter, in_half = interactions["day"] > before(90), interactions["day"] > before(180)
    in_year = interactions["day"] > opens_after
    chosen = [in_quarter, in_half & ~in_quarter, in_year, in_year & (interactions["interaction_type"] == "enquiry")]
    for name, rows in zip(COUNTS, chosen, strict=True):
        rfm[name] = _count(interactions[rows], rfm.index, is_known=len(interactions) > 0)
    previous = rfm["interactions_previous_90d"]
    change = (rfm["interactions_90d"] - previous) / previous.where(previous > 0)
    rfm["interactions_change_rate"] = change
    last = interactions[in_year].groupby("customer_id")["day"].max().reindex(rfm.index)
    rfm["days_since_last_interaction"] = (day - last.astype("datetime64[us]")).dt.days
    tickets = by_then("tickets", "received_at")
    complaints = tickets[tickets["ticket_type"] == "complaint"]
    rfm["complaints_12m"] = _count(
        complaints[complaints["day"] > opens_after],
        rfm.index,
        is_known=complaints["customer_id"].notna().any(),
    )
    answers = by_then("surveys", "responded_at")
    low = answers["survey_type"].map({kind: low for kind, (low, _) in SCALES.items()}).astype("float64")
    high = answers["survey_type"].map({kind: high for kind, (_, high) in SCALES.items()}).astype("float64")
    answers = answers.assign(value=(answers["score"] - low) / (high - low))
    in_half, in_previous = answers["day"] > before(180), answers["day"] > before(360)
    now, then = (
        answers[rows].groupby("customer_id")["value"].mean().reindex(rfm.index)
        for rows in (in_half, in_previous & ~in_half)
    )
    rfm["satisfaction_score"], rfm["satisfaction_change"] = now, now - then


def _count(rows: pd.DataFrame, index: pd.Index, *, is_known: bool) -> pd.Series:
    if not is_known:
        return pd.Series(float("nan"), index=index)
    return rows.groupby("customer_id").size().reindex(index).fillna(0).astype("float64")
