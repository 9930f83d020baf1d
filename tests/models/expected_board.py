"""The board by its words: every customer, line, answer, ticket and plan asked on every day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
from tests.models.board_companies import AS_OF, PRODUCTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.models.board_companies import Facts

ACTIVE, WINDOW, WEEK = 90, 30, 7
SCALES = {"nps": (0, 10, 9, 6), "csat": (1, 5, 4, 2), "ces": (1, 7, 5, 3)}
METRICS = [
    "churn_rate_30d", "churn_rate_daily", "retention_rate", "repurchase_rate", "active_customers", "revenue_30d",
    "average_order_value", "return_rate", "negative_feedback_rate", "nps_score", "csat_score", "complaints_7d",
    "timely_rate",
    "resolution_rate", "touch_completion_rate", "cadence_kept_rate",
]  # fmt: skip
SUMS = ("active_customers", "revenue_30d", "complaints_7d")
Split = dict[str, "str | None"]


class Counted(NamedTuple):
    """One thing that a metric counts on a day."""

    split: Split
    numerator: float
    denominator: int
    squared: float


def known(*values: Any) -> str:
    """The first value that is one, else unknown."""
    return next((str(one) for one in values if not pd.isna(one)), "unknown")


class Company:
    """The facts of a company, to be asked day by day."""

    def __init__(self, facts: Facts) -> None:
        self.rows = {
            name: [
                {key: None if pd.isna(value) else value for key, value in row.items()}
                for row in frame.to_dict("records")
            ]
            for name, frame in facts.items()
        }
        tiers = {row["customer_id"]: row for row in self.rows["tiers"]}
        firsts = {row["customer_id"]: row for row in self.rows["fct_orders"] if row["order_number"] == 1}
        self.customers: dict[str, Split] = {}
        for row in self.rows["dim_customers"]:
            customer, first = row["customer_id"], firsts.get(row["customer_id"], {})
            self.customers[customer] = {
                "tier": tiers.get(customer, {}).get("tier") or "entered",
                "region": known(row["region"], first.get("region")),
                "channel": known(row["source_channel"], first.get("channel")),
                "category": tiers.get(customer, {}).get("category") or "unknown",
            }
        self.orders = {row["order_id"]: row for row in self.rows["fct_orders"]}
        self.lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in self.rows["fct_order_items"]:
            self.lines[line["order_id"]].append(line)
        self.bought: dict[str, set[date]] = defaultdict(set)
        for row in self.orders.values():
            if row["is_purchase"]:
                self.bought[row["customer_id"]].add(row["order_date"])
        self.returned = dict(self._returned())

    def was_active(self, customer: str, day: date) -> bool:
        return any(day - timedelta(days=ACTIVE) < one <= day for one in self.bought[customer])

    def order_split(self, order: dict[str, Any], category: str | None) -> Split:
        customer = self.customers[order["customer_id"]]
        return {
            "tier": customer["tier"],
            "region": order["region"] or customer["region"],
            "channel": known(order["channel"]),
            "category": category or "unknown",
        }

    def main_category(self, order: str) -> str | None:
        spent: dict[str, float] = defaultdict(float)
        for line in self.lines[order]:
            category = PRODUCTS.get(line["product_id"])
            if category:
                spent[category] += line["line_amount"]
        return max(spent, key=lambda one: (spent[one], one)) if spent else None

    def _returned(self) -> Iterator[tuple[tuple[str, Any], tuple[date, str | None]]]:
        """The day on which each line first came back, and its category; a product that was not ordered is line None."""
        found: dict[tuple[str, Any], list[tuple[date, str | None]]] = defaultdict(list)
        for row in self.rows["returns"]:
            order, day = self.orders.get(row["order_id"]), row["returned_at"].date()
            if order is None or order["status"] == "cancelled" or day > AS_OF:
                continue
            hit = [one for one in self.lines[row["order_id"]] if row["product_id"] in (None, one["product_id"])]
            for line in hit or [{"line_no": None, "product_id": row["product_id"]}]:
                found[row["order_id"], line["line_no"]].append((day, line["product_id"]))
        for key, days in found.items():
            products = [product for _, product in days if product is not None]
            yield key, (min(day for day, _ in days), PRODUCTS.get(min(products)) if products else None)

    def counted(self, metric: str, day: date) -> Iterator[Counted]:
        """All that a metric counts on a day."""
        if metric in ("churn_rate_30d", "churn_rate_daily", "retention_rate"):
            yield from self._stayed(metric, day)
        elif metric in ("repurchase_rate", "active_customers"):
            yield from self._buyers(metric, day)
        elif metric in ("revenue_30d", "average_order_value", "return_rate"):
            yield from self._ordered(metric, day)
        elif metric in ("negative_feedback_rate", "nps_score", "csat_score"):
            yield from self._answered(metric, day)
        elif metric in ("complaints_7d", "timely_rate", "resolution_rate"):
            yield from self._tickets(metric, day)
        else:
            yield from self._executed(metric, day)

    def _stayed(self, metric: str, day: date) -> Iterator[Counted]:
        then = day - timedelta(days={"churn_rate_30d": 30, "churn_rate_daily": 1}.get(metric, 90))
        for customer, split in self.customers.items():
            if self.was_active(customer, then):
                counts = self.was_active(customer, day) == (metric == "retention_rate")
                yield Counted(split, int(counts), 1, int(counts))

    def _buyers(self, metric: str, day: date) -> Iterator[Counted]:
        for customer, split in self.customers.items():
            days = [one for one in self.bought[customer] if day - timedelta(days=90) < one <= day]
            if days and metric == "active_customers":
                yield Counted(split, 1, 0, 1)
            elif days:
                yield Counted(split, int(len(days) > 1), 1, int(len(days) > 1))

    def _ordered(self, metric: str, day: date) -> Iterator[Counted]:
        for order in self.orders.values():
            if not is_within(order["order_date"], day):
                continue
            if metric != "return_rate" and order["is_purchase"]:
                split, amount = self.order_split(order, self.main_category(order["order_id"])), order["net_amount"]
                yield Counted(split, amount, int(metric == "average_order_value"), amount**2)
            if metric == "return_rate" and order["status"] in ("completed", "returned"):
                untold = int(order["status"] == "returned" and order["returned_amount"] == 0)
                for line in self.lines[order["order_id"]] or [{"product_id": None}]:
                    yield Counted(self.order_split(order, PRODUCTS.get(line["product_id"])), untold, 1, untold)
        if metric == "return_rate":
            for (order_id, _), (back_on, category) in self.returned.items():
                if is_within(back_on, day):
                    yield Counted(self.order_split(self.orders[order_id], category), 1, 0, 1)

    def _answered(self, metric: str, day: date) -> Iterator[Counted]:
        days = 7 if metric == "negative_feedback_rate" else 30
        for row in self.rows["fct_survey_responses"]:
            least, most, good, bad = SCALES[row["survey_type"]]
            if not least <= row["score"] <= most or not is_within(row["responded_on"], day, days):
                continue
            if metric != "negative_feedback_rate" and row["survey_type"] != metric.split("_", maxsplit=1)[0]:
                continue
            customer = self.customers.get(row["customer_id"], {})
            split: Split = {
                "tier": known(customer.get("tier")),
                "region": known(row.get("region"), customer.get("region")),
                "channel": known(row["channel"]),
                "category": None,
            }
            is_good, is_bad = int(row["score"] >= good), int(row["score"] <= bad)
            value = {"nps_score": is_good - is_bad, "csat_score": is_good}.get(metric, is_bad)
            yield Counted(split, value, 1, abs(value))

    def _tickets(self, metric: str, day: date) -> Iterator[Counted]:
        for row in self.rows["ticket_sla"]:
            settled = row["resolved_at"].date() if row["resolved_at"] is not None else None
            decided = row["resolution_due_at"].date() if row["is_breached"] else settled
            customer = self.customers.get(row["customer_id"], {})
            split: Split = {
                "tier": known(customer.get("tier")),
                "region": known(customer.get("region")),
                "channel": known(row["channel"]),
                "category": known(row["category"]),
            }
            if metric == "complaints_7d":
                if row["ticket_type"] == "complaint" and is_within(row["received_on"], day, 7):
                    yield Counted(split, 1, 0, 1)
            elif decided is None or not is_within(decided, day):
                continue
            elif metric == "resolution_rate":
                counts = int(settled is not None and settled <= day)
                yield Counted(split, counts, 1, counts)
            elif row["is_met"] or row["is_breached"]:
                yield Counted(split, int(row["is_met"]), 1, int(row["is_met"]))

    def _executed(self, metric: str, day: date) -> Iterator[Counted]:
        if metric == "cadence_kept_rate":
            over = max(row["month_end"] for row in self.rows["cadence"] if row["month_end"] <= day)
            for row in self.rows["cadence"]:
                if row["month_end"] == over and row["is_mature"] and row["scheme"] == "retention_abcd":
                    split: Split = {"tier": row["tier"], "region": None, "channel": None, "category": None}
                    kept = row["customers_contacted"]
                    yield Counted(split, kept, row["customers_due"], kept)
            return
        for plan in self.rows["touch_plans"]:
            if is_within(plan["planned_on"], day):
                tier = plan["tier"] if plan["scheme"] == "retention_abcd" else "unknown"
                split = {"tier": tier, "region": None, "channel": plan["channel"], "category": None}
                made = sum(
                    row["plan_id"] == plan["plan_id"] and row["touched_on"] <= day
                    for row in self.rows["fct_touches"]
                    if row["variant"] != " Holdout"
                )
                yield Counted(split, made, plan["planned_count"], made)


def is_within(one: date, day: date, days: int = WINDOW) -> bool:
    """Whether a day is in the window that ends on another."""
    return day - timedelta(days=days) < one <= day


def value_of(metric: str, counted: list[Counted]) -> float | None:
    """What a metric makes of what it counts."""
    numerator, denominator = sum(one.numerator for one in counted), sum(one.denominator for one in counted)
    if metric in SUMS:
        return numerator
    return (100 if metric == "nps_score" else 1) * numerator / denominator if denominator else None
