"""Companies as the facts tell of them, for the board: random ones full of borders, and ones with a planted cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

AS_OF = date(2024, 3, 31)
TIERS_ON = date(2023, 11, 30)
REGIONS, CHANNELS = ["north", "south", "east", "west"], ["web", "shop", "app"]
PRODUCTS = {"P0": "tea", "P1": "cups", "P2": "kettles", "P3": None}
CATEGORIES = ["tea", "cups", "kettles"]
TIERS = ["A", "B", "C", "D"]
Facts = dict[str, pd.DataFrame]


def day_before(days: int) -> date:
    """So many days before the as-of day."""
    return AS_OF - timedelta(days=int(days))


def _dates(back: np.ndarray) -> list[date]:
    return [day_before(days) for days in back]


def random_facts(seed: int, customers: int = 90) -> Facts:
    """Everything that the board counts, with ties, borders of windows, gaps and what belongs to nobody."""
    rng = np.random.default_rng(seed)
    ids = [f"C{number}" for number in range(customers)]

    def drawn(values: list[Any], size: int) -> np.ndarray:
        return rng.choice(np.array(values, dtype=object), size=size)

    count = customers * 7
    back = np.where(rng.random(count) < 0.5, rng.integers(0, 330, size=count), 90 * rng.integers(0, 4, size=count))
    status = drawn(["completed", "completed", "completed", "returned", "cancelled"], count)
    orders = pd.DataFrame(
        {
            "order_id": [f"O{number}" for number in range(count)],
            "customer_id": drawn(ids, count),
            "order_date": _dates(back),
            "status": status,
            "region": drawn(["north", "south", None, None], count),
            "channel": drawn([*CHANNELS, None], count),
            "net_amount": np.round(rng.lognormal(3, 1, size=count), 2),
            "returned_amount": np.where(rng.random(count) < 0.3, 1.0, 0.0),
            "is_purchase": (status == "completed") & (rng.random(count) < 0.95),
        }
    )
    firsts = orders[orders["is_purchase"]].sort_values(["order_date", "order_id"]).groupby("customer_id").head(1)
    orders["order_number"] = np.where(orders["order_id"].isin(firsts["order_id"]), 1, 2)
    lined = orders[rng.random(count) < 0.85]
    lines = pd.DataFrame(
        {
            "order_id": np.repeat(lined["order_id"].to_numpy(), 2),
            "order_date": np.repeat(lined["order_date"].to_numpy(), 2),
            "line_no": np.tile([1, 2], len(lined)),
            "product_id": drawn([*PRODUCTS, "P9"], 2 * len(lined)),
            "line_amount": rng.choice([0.0, 5.0, 10.0], size=2 * len(lined)),
        }
    )
    size = 300
    returns = pd.DataFrame(
        {
            "return_id": [f"R{number}" for number in range(size)],
            "order_id": drawn([*orders["order_id"], "O-unknown"], size),
            "returned_at": pd.to_datetime(_dates(rng.integers(-2, 140, size=size))).astype("datetime64[us]"),
            "amount": 1.0,
            "product_id": drawn([*PRODUCTS, None], size),
        }
    )
    history = pd.DataFrame(
        {
            "customer_id": ids[: customers - 20],
            "tier": drawn(TIERS, customers - 20),
            "category": drawn([*CATEGORIES, "mixed"], customers - 20),
        }
    )
    master = pd.DataFrame(
        {
            "customer_id": ids,
            "region": drawn([*REGIONS, None], customers),
            "source_channel": drawn(["fair", None], customers),
        }
    )
    return {
        "dim_customers": master,
        "fct_orders": orders,
        "fct_order_items": lines,
        "returns": returns,
        "tiers": history,
        **_experience(rng, ids),
        **_execution(rng),
    }


def _experience(rng: np.random.Generator, ids: list[str]) -> Facts:
    size = 700
    kinds = rng.choice(["nps", "csat", "ces"], size=size)
    top = np.select([kinds == "nps", kinds == "csat"], [10, 5], 7)
    answers = pd.DataFrame(
        {
            "response_id": [f"Q{number}" for number in range(size)],
            "customer_id": rng.choice(np.array([*ids, *([None] * 40)], dtype=object), size=size),
            "survey_type": kinds,
            "score": rng.integers(0, top + 2),  # some off the scale
            "responded_on": _dates(rng.integers(0, 150, size=size)),
            "region": rng.choice(np.array([*REGIONS, None, None, None], dtype=object), size=size),
            "channel": rng.choice(
                np.array(["mail", "call", "kiosk", None], dtype=object), p=[0.6, 0.3, 0.02, 0.08], size=size
            ),
        }
    )
    answers["responded_at"] = pd.to_datetime(answers["responded_on"]).astype("datetime64[us]")
    size = 400
    received = rng.integers(0, 160, size=size)
    took, promised = rng.integers(0, 12, size=size), rng.integers(0, 12, size=size)
    is_open = (received - took < 0) | (rng.random(size) < 0.15)
    is_promised = rng.random(size) < 0.9
    is_broken = is_promised & np.where(is_open, received > promised, took > promised)
    resolved = pd.Series(_dates(received - took)).where(pd.Series(~is_open))
    due = pd.Series(_dates(received - promised)).where(pd.Series(is_promised))
    tickets = pd.DataFrame(
        {
            "ticket_id": [f"T{number}" for number in range(size)],
            "customer_id": rng.choice(np.array([*ids, None], dtype=object), size=size),
            "category": rng.choice(np.array(["logistics", "billing", None], dtype=object), size=size),
            "channel": rng.choice(np.array(["phone", "mail", None], dtype=object), size=size),
            "received_on": _dates(received),
            "received_at": pd.to_datetime(_dates(received)).astype("datetime64[us]"),
            "resolved_at": pd.to_datetime(resolved).astype("datetime64[us]"),
            "resolution_due_at": pd.to_datetime(due).astype("datetime64[us]"),
            "ticket_type": rng.choice(["complaint", "inquiry"], size=size),
            "is_open": is_open,
            "is_met": is_promised & ~is_open & ~is_broken,
            "is_breached": is_broken,
            "is_overdue": is_broken & is_open,
            "is_soon_overdue": False,
        }
    )
    return {"fct_survey_responses": answers, "ticket_sla": tickets}


def _execution(rng: np.random.Generator) -> Facts:
    planned = rng.integers(0, 150, size=60)
    plans = pd.DataFrame(
        {
            "plan_id": [f"L{number}" for number in range(60)],
            "planned_on": _dates(planned),
            "scheme": rng.choice(["retention_abcd", "value_sabc"], size=60),
            "tier": rng.choice(TIERS, size=60),
            "channel": rng.choice(["phone", "email"], size=60),
            "planned_count": rng.integers(0, 9, size=60),
        }
    )
    which = rng.integers(0, 60, size=250)
    touches = pd.DataFrame(
        {
            "touch_id": [f"H{number}" for number in range(250)],
            "plan_id": [None if rng.random() < 0.1 else f"L{number}" for number in which],
            "touched_on": _dates(np.maximum(planned[which] - rng.integers(-5, 40, size=250), 0)),
            "variant": rng.choice(np.array(["a", None, " Holdout"], dtype=object), p=[0.4, 0.5, 0.1], size=250),
        }
    )
    month_ends = [date(2023, 10, 31), date(2023, 11, 30), date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29)]
    cadence = pd.DataFrame(
        [
            {
                "month_end": month_end,
                "scheme": scheme,
                "tier": tier,
                "customers_due": due,
                "customers_contacted": int(rng.integers(0, due + 1)),
                "is_mature": month_end != date(2023, 12, 31),  # a gap: nothing stands in January
            }
            for month_end in [*month_ends, date(2024, 3, 31)]
            for scheme in ("retention_abcd", "value_sabc")
            for tier, due in (("A", 12), ("B", 30))
        ]
    )
    return {"touch_plans": plans, "fct_touches": touches, "cadence": cadence}


@dataclass(frozen=True)
class Plant:
    """What went wrong in the last days: for whom, in which metric."""

    metric: str
    dimension: str
    value: str


def planted_company(seed: int, *, has_causes: bool = True) -> tuple[Facts, list[Plant]]:
    """A company with seven causes, each in one value of one dimension and in one metric, begun within the last week.

    All else is drawn alike before and after.

    Args:
        has_causes: False: the same company in which nothing went wrong.
    """
    rng = np.random.default_rng(seed)
    customers = 6000
    ids = np.array([f"C{number:05d}" for number in range(customers)], dtype=object)
    levels = {"tier": TIERS, "region": REGIONS, "channel": CHANNELS, "category": CATEGORIES}

    def drawn(name: str, size: int) -> np.ndarray:
        weights = np.array([4, 3, 2, 2][: len(levels[name])]) / sum([4, 3, 2, 2][: len(levels[name])])
        return rng.choice(np.array(levels[name], dtype=object), p=weights, size=size)

    def cause(metric: str, *dimensions: str) -> Plant:
        dimension = str(rng.choice(dimensions))
        return Plant(metric, dimension, str(rng.choice(levels[dimension])))

    who = pd.DataFrame({"customer_id": ids, **{name: drawn(name, customers) for name in levels}})

    def of(rows: np.ndarray, plant: Plant, own: dict[str, np.ndarray]) -> np.ndarray:
        """Whether rows of customers belong to the planted value."""
        values = own.get(plant.dimension, who[plant.dimension].to_numpy()[rows])
        return np.asarray(values == plant.value) & has_causes

    plants = [
        cause("churn_rate_30d", "region", "channel", "tier", "category"),
        cause("return_rate", "region", "channel", "category", "tier"),
        cause("negative_feedback_rate", "region", "channel", "tier"),
        cause("timely_rate", "region", "channel", "tier", "category"),
        cause("average_order_value", "region", "channel", "category", "tier"),
        cause("touch_completion_rate", "tier", "channel"),
        cause("complaints_7d", "region", "channel", "tier", "category"),
    ]
    churn, sent_back, angry, late, cheap, idle, loud = plants
    every = np.arange(customers)
    # Last purchases turn 90 days old: whom the cause concerns bought last 90 to 96 days ago four times as often.
    leaves = rng.random(customers) < np.where(of(every, churn, {}), 0.10, 0.01)
    leaves_before = ~leaves & (rng.random(customers) < 0.04)
    last = np.where(leaves, rng.integers(90, 97, size=customers), rng.integers(97, 130, size=customers))
    last = np.where(leaves | leaves_before, last, rng.integers(40, 88, size=customers))
    steady = pd.DataFrame({"who": every, "back": last})
    bought = rng.integers(0, customers, size=9000)
    still = ~(leaves | leaves_before)[bought]
    recent = pd.DataFrame({"who": bought[still], "back": rng.integers(0, 45, size=int(still.sum()))})
    orders = pd.concat([steady, recent], ignore_index=True)
    count = len(orders)
    rows, back = orders["who"].to_numpy(), orders["back"].to_numpy()
    own = {"channel": drawn("channel", count), "category": drawn("category", count)}
    is_cheap = of(rows, cheap, own) & (back < 7)
    facts = pd.DataFrame(
        {
            "order_id": [f"O{number}" for number in range(count)],
            "customer_id": ids[rows],
            "order_date": _dates(back),
            "status": "completed",
            "region": None,
            "channel": own["channel"],
            "net_amount": np.round(rng.lognormal(4, 0.5, size=count) * np.where(is_cheap, 0.5, 1), 2),
            "returned_amount": 0.0,
            "is_purchase": True,
            "order_number": 2,
        }
    )
    product = {category: name for name, category in PRODUCTS.items()}
    lines = pd.DataFrame(
        {
            "order_id": facts["order_id"],
            "order_date": facts["order_date"],
            "line_no": 1,
            "product_id": [product[one] for one in own["category"]],
            "line_amount": 10.0,
        }
    )
    arrived = back - rng.integers(1, 8, size=count)
    chance = 0.05 * np.where(of(rows, sent_back, own) & (arrived < 7), 5, 1)
    comes_back = (arrived >= 0) & (rng.random(count) < chance)
    returns = pd.DataFrame(
        {
            "return_id": facts["order_id"][comes_back],
            "order_id": facts["order_id"][comes_back],
            "returned_at": pd.to_datetime(_dates(arrived[comes_back])).astype("datetime64[us]"),
            "amount": 1.0,
            "product_id": lines["product_id"][comes_back],
        }
    )
    master = who.rename(columns={"channel": "source_channel"})[["customer_id", "region", "source_channel"]]
    return {
        "dim_customers": master,
        "fct_orders": facts,
        "fct_order_items": lines,
        "returns": returns,
        "tiers": who[["customer_id", "tier", "category"]],
        "fct_survey_responses": _planted_answers(rng, ids, angry, drawn, of),
        "ticket_sla": _planted_tickets(rng, ids, late, loud, drawn, of),
        **_planted_plans(rng, idle if has_causes else Plant(idle.metric, idle.dimension, "nobody")),
    }, plants


def _planted_answers(rng: np.random.Generator, ids: np.ndarray, angry: Plant, drawn: Any, of: Any) -> pd.DataFrame:
    size = 3000
    rows, back, channel = rng.integers(0, len(ids), size=size), rng.integers(0, 21, size=size), drawn("channel", size)
    chance = 0.08 * np.where(of(rows, angry, {"channel": channel}) & (back < 7), 4, 1)
    return pd.DataFrame(
        {
            "response_id": [f"Q{number}" for number in range(size)],
            "customer_id": ids[rows],
            "survey_type": "csat",
            "score": np.where(rng.random(size) < chance, 1, 5),
            "responded_on": _dates(back),
            "responded_at": pd.to_datetime(_dates(back)).astype("datetime64[us]"),
            "channel": channel,
        }
    )


def _planted_tickets(
    rng: np.random.Generator, ids: np.ndarray, late: Plant, loud: Plant, drawn: Any, of: Any
) -> pd.DataFrame:
    size = 4000
    rows, back = rng.integers(0, len(ids), size=size), rng.integers(0, 45, size=size)
    own = {"channel": drawn("channel", size), "category": drawn("category", size)}
    is_late = rng.random(size) < 0.08 * np.where(of(rows, late, own) & (back < 7), 6, 1)
    is_complaint = rng.random(size) < 0.15 * np.where(of(rows, loud, own) & (back < 7), 3, 1)
    days = pd.to_datetime(_dates(back)).astype("datetime64[us]")
    return pd.DataFrame(
        {
            "ticket_id": [f"T{number}" for number in range(size)],
            "customer_id": ids[rows],
            **own,
            "received_on": _dates(back),
            "received_at": days,
            "resolved_at": days,
            "resolution_due_at": days,
            "ticket_type": np.where(is_complaint, "complaint", "inquiry"),
            "is_open": False,
            "is_met": ~is_late,
            "is_breached": is_late,
            "is_overdue": False,
            "is_soon_overdue": False,
        }
    )


def _planted_plans(rng: np.random.Generator, idle: Plant) -> Facts:
    plans = pd.DataFrame(
        [
            {
                "planned_on": day_before(back),
                "scheme": "retention_abcd",
                "tier": tier,
                "channel": channel,
                "planned_count": 12,
            }
            for back in range(45)
            for tier in TIERS
            for channel in CHANNELS
        ]
    )
    plans["plan_id"] = [f"L{number}" for number in range(len(plans))]
    is_idle = (plans[idle.dimension] == idle.value) & (plans["planned_on"] > day_before(7))
    made = plans.loc[np.repeat(plans.index.to_numpy(), 12)]
    made = made[rng.random(len(made)) < np.where(is_idle[made.index], 0.55, 0.93)]
    touches = pd.DataFrame({"plan_id": made["plan_id"], "touched_on": made["planned_on"]}).reset_index(drop=True)
    touches["touch_id"] = [f"H{number}" for number in range(len(touches))]
    return {"touch_plans": plans, "fct_touches": touches}
