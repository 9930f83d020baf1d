"""A random company with all that reasons of churn and programme health look at: orders, service, answers, plans."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

AS_OF, FIRST = date(2024, 3, 20), date(2022, 11, 7)  # a Wednesday within a month; the first day with an order
CUSTOMERS = 150


def program_company(seed: int) -> dict[str, pd.DataFrame]:
    """Raw tables: customers who come, fall silent and come back, each kind of event around their last purchases."""
    rng = np.random.default_rng(seed)
    span = (AS_OF - FIRST).days
    names = [f"C{number:03d}" for number in range(CUSTOMERS)]

    def moments(days: np.ndarray) -> pd.Series:
        at = pd.Timestamp(FIRST) + pd.to_timedelta(pd.Series(days), unit="D")
        return (at + pd.to_timedelta(pd.Series(rng.choice([0, 10, 23], size=len(days))), unit="h")).astype(
            "datetime64[us]"
        )

    def drawn(size: int, prefix: str, key: str, at: str) -> pd.DataFrame:
        """Rows of customers on days of the whole span, and on a few after the as-of day."""
        return pd.DataFrame(
            {
                key: [f"{prefix}{number:04d}" for number in range(size)],
                "customer_id": rng.choice(names, size=size),
                at: moments(rng.integers(0, span + 4, size=size)),
            }
        )

    orders = _orders(rng, names, span)
    returns = orders.sample(frac=0.15, random_state=seed)[["order_id", "ordered_at", "amount"]]
    returns = pd.DataFrame(
        {
            "return_id": "R" + returns["order_id"],
            "order_id": returns["order_id"],
            "returned_at": (
                returns["ordered_at"] + pd.to_timedelta(rng.integers(0, 60, size=len(returns)), unit="D")
            ).astype("datetime64[us]"),
            "amount": (returns["amount"] * rng.choice([1.0, 0.5], size=len(returns))).round(2),
        }
    )
    tickets = drawn(450, "T", "ticket_id", "received_at")
    took = pd.to_timedelta(pd.Series(rng.choice([2, 30, 24 * 40], size=450)), unit="h")
    tickets = tickets.assign(
        ticket_type=rng.choice(["complaint", "inquiry", "suggestion"], size=450),
        due_at=(tickets["received_at"] + pd.Timedelta(hours=24)).where(pd.Series(rng.random(450) < 0.8)),
        resolved_at=(tickets["received_at"] + took).where(pd.Series(rng.random(450) < 0.8)).astype("datetime64[us]"),
        satisfaction_score=pd.Series(rng.integers(1, 6, size=450)).where(pd.Series(rng.random(450) < 0.5)),
    )
    surveys = drawn(1500, "S", "response_id", "responded_at")
    surveys = surveys.assign(survey_type=rng.choice(["nps", "csat", "ces"], p=[0.6, 0.2, 0.2], size=1500))
    tops = surveys["survey_type"].map({"nps": 10, "csat": 5, "ces": 7})
    surveys["score"] = np.ceil(rng.beta(3, 1, size=1500) * tops).astype(int)
    surveys["customer_id"] = surveys["customer_id"].where(pd.Series(rng.random(1500) < 0.7), None)
    interactions = drawn(500, "I", "interaction_id", "occurred_at")
    interactions = interactions.assign(channel="phone", interaction_type="enquiry")
    touches = drawn(600, "H", "touch_id", "touched_at")
    touches = touches.assign(
        channel="phone",
        plan_id=rng.choice(np.array([None, *[f"P{number:04d}" for number in range(40)]], dtype=object), size=600),
        variant=rng.choice(np.array([None, "A", "holdout"], dtype=object), size=600, p=[0.7, 0.2, 0.1]),
        feedback=rng.choice(np.array([None, "positive", "negative"], dtype=object), size=600, p=[0.7, 0.2, 0.1]),
        responded_at=(touches["touched_at"] + pd.Timedelta(days=2)).where(pd.Series(rng.random(600) < 0.3)),
    )
    plans = pd.DataFrame(
        {
            "plan_id": [f"P{number:04d}" for number in range(40)],
            "planned_on": moments(rng.integers(120, span, size=40)).dt.date,
            "scheme": "retention_abcd",
            "tier": rng.choice(["A", "B"], size=40),
            "channel": "phone",
            "planned_count": rng.integers(0, 25, size=40),
        }
    )
    contracts = drawn(60, "K", "contract_id", "starts_on")
    contracts["starts_on"] = contracts["starts_on"].dt.date
    contracts["ends_on"] = [one + pd.Timedelta(days=int(rng.choice([90, 200]))) for one in contracts["starts_on"]]
    changes = drawn(26, "G", "change_id", "changed_on").drop(columns="customer_id")
    changes["approved_at"] = (changes["changed_on"] + pd.Timedelta(days=3)).where(pd.Series(rng.random(26) < 0.7))
    changes = changes.assign(
        changed_on=changes["changed_on"].dt.date,
        scheme=rng.choice(["retention_abcd", "value_sabc"], size=26),
        tier="A",
        description="x",
        approver="director",
    )
    changes = pd.concat([changes, changes.head(3).assign(change_id=["G1", "G2", "G3"], tier="B")])
    customers = pd.DataFrame({"customer_id": names, "region": rng.choice(np.array(["north", None]), size=CUSTOMERS)})
    raw = {
        "customers": customers.assign(registered_at=pd.Timestamp(FIRST)),
        "orders": orders,
        "returns": returns,
        "tickets": tickets,
        "surveys": surveys,
        "interactions": interactions,
        "touches": touches,
        "touch_plans": plans,
        "contracts": contracts,
        "strategy_changes": changes,
    }
    return {name: rows.assign(_load_seq=1, _line_no=range(len(rows))) for name, rows in raw.items()}


def _orders(rng: np.random.Generator, names: list[str], span: int) -> pd.DataFrame:
    """Purchases at a pace of each customer's own, which may slow down, end or begin anew."""
    rows = []
    for name in names:
        day, pace = int(rng.integers(0, span - 30)), int(rng.choice([9, 25, 45, 80]))
        for _ in range(int(rng.choice([1, 2, 6, 14]))):
            if day > span + 3:
                break
            rows.append((name, day, float(rng.choice([10, 50, 99.99])), float(rng.choice([0, 0, 5, 60]))))
            day += int(pace * rng.choice([0.2, 1, 1, 2, 4]))
    orders = pd.DataFrame(rows, columns=["customer_id", "day", "amount", "discount_amount"])
    at = pd.Timestamp(FIRST) + pd.to_timedelta(orders["day"], unit="D") + pd.Timedelta(hours=9)
    return orders.drop(columns="day").assign(
        order_id=[f"O{number:05d}" for number in range(len(orders))],
        ordered_at=at.astype("datetime64[us]"),
        status=rng.choice(["completed", "completed", "completed", "cancelled"], size=len(orders)),
    )
