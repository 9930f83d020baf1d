"""What random companies do beside buying: order lines, discounts, interactions, complaints, answers, needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from tests.models.random_companies import random_company

if TYPE_CHECKING:
    from tests.models.random_companies import Company

BORDERS = [0, 89, 90, 91, 179, 180, 181, 359, 360, 361, 365, 366, 367]
CATEGORIES = ["tea", "cups", "kettles", None]
NEEDS = [None, "Price;organic", "on-site service", "价格", "large packs", None]


def with_engagement(company: Company, seed: int) -> Company:
    """The company with what follows from its customers; a fourth of them keep one kind of event to themselves."""
    rng = np.random.default_rng(seed + 10_000)
    raw = dict(company.raw)
    customers = sorted(set(raw["customers"]["customer_id"]) | set(raw["orders"]["customer_id"]))
    needs = {
        customer: NEEDS[i] for customer, i in zip(customers, rng.integers(len(NEEDS), size=len(customers)), strict=True)
    }
    is_company = rng.random(len(customers)) < 0.5
    kinds = {customer: "company" if one else "person" for customer, one in zip(customers, is_company, strict=True)}
    raw["customers"] = raw["customers"].assign(
        need_tags=raw["customers"]["customer_id"].map(needs).astype(object),
        customer_type=raw["customers"]["customer_id"].map(kinds).astype(object),
    )
    discounts = rng.choice([np.nan, 0.0, 10.0, 0.01, 20_000.0], size=raw["orders"]["order_id"].nunique())
    by_order = dict(zip(raw["orders"]["order_id"].unique(), discounts, strict=True))
    raw["orders"] = raw["orders"].assign(discount_amount=raw["orders"]["order_id"].map(by_order))
    raw["products"] = _loaded(pd.DataFrame({"product_id": ["P0", "P1", "P2", "P3"], "category": CATEGORIES}))
    raw["order_items"] = _lines(rng, raw["orders"])
    if customers and seed % 4:
        raw |= _events(rng, company, customers)
    else:
        raw |= {name: rows.iloc[:0] for name, rows in _events(rng, company, customers or ["C0"]).items()}
    return replace(company, raw=raw)


def engaged_company(seed: int) -> Company:
    """A random company with what follows from its customers."""
    return with_engagement(random_company(seed), seed)


def _loaded(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(_load_seq=1, _line_no=range(1, len(rows) + 1))


def _lines(rng: np.random.Generator, orders: pd.DataFrame) -> pd.DataFrame:
    ids = orders["order_id"].unique()
    lines = pd.DataFrame({"order_id": np.repeat(ids, 2), "line_no": np.tile([1, 2], len(ids))})
    return _loaded(
        lines.assign(
            product_id=rng.choice(["P0", "P1", "P2", "P3", "P9"], size=len(lines)),
            quantity=1,
            line_amount=rng.choice([10.0, 20.0, 0.01, 0.0, 33.33], size=len(lines)),
        )
    )


def _events(rng: np.random.Generator, company: Company, customers: list[str]) -> dict[str, pd.DataFrame]:
    def drawn(prefix: str, key: str, at: str) -> pd.DataFrame:
        size = 4 * len(customers)
        back = np.where(rng.random(size) < 0.5, rng.choice(BORDERS, size=size), rng.integers(-3, 700, size=size))
        days = pd.Timestamp(company.as_of) - pd.to_timedelta(pd.Series(back), unit="D")
        return pd.DataFrame(
            {
                key: [f"{prefix}{number}" for number in range(size)],
                "customer_id": rng.choice(customers, size=size),
                at: (days + pd.to_timedelta(rng.choice([0, 86_399], size=size), unit="s")).astype("datetime64[us]"),
            }
        )

    interactions = drawn("I", "interaction_id", "occurred_at")
    tickets = drawn("T", "ticket_id", "received_at")
    surveys = drawn("S", "response_id", "responded_at")
    kinds = rng.choice(["nps", "csat", "ces"], size=len(surveys))
    return {
        "interactions": _loaded(
            interactions.assign(
                channel="phone",
                interaction_type=rng.choice(["enquiry", "login", "visit"], size=len(interactions)),
            )
        ),
        "tickets": _loaded(
            tickets.assign(
                ticket_type=rng.choice(["complaint", "inquiry"], size=len(tickets)),
                category=rng.choice(["logistics", "billing"], size=len(tickets)),
            )
        ),
        "surveys": _loaded(
            surveys.assign(survey_type=kinds, score=rng.integers(1, 6, size=len(surveys)).astype(float))
        ),
    }
