"""Random small companies as landing delivers them, full of what breaks RFM: ties, borders, versions, returns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

AS_OF_DAYS = [date(2024, 3, 31), date(2024, 2, 29), date(2023, 2, 28), date(2024, 5, 30), date(2024, 1, 1)]
SIZES = [0, 1, 2, 3, 4, 5, 7, 12, 25, 60]
STATUSES = ["completed", "completed", "completed", "completed", "cancelled", "pending", "returned", None]
LABELS = ["strategic", "high_potential", "other", None, None]
PARAMETERS: list[dict[str, str]] = [
    {},
    {"score_convention": "ntile"},
    {"recency_weight": "1", "frequency_weight": "1", "monetary_weight": "3"},
    {"score_convention": "ntile", "recency_weight": "0.5", "frequency_weight": "0.3", "monetary_weight": "0.2"},
    {"score_window_months": "0"},
    {"score_cut_offset": "1"},
    {"rfm_window_months": "6", "score_window_months": "3"},
]


@dataclass(frozen=True)
class Company:
    """What a source delivered, and what a run is asked for.

    Args:
        parameters: profile parameters that differ from those of profile `all`.
    """

    as_of: date
    raw: dict[str, pd.DataFrame]
    parameters: dict[str, str]


def random_company(seed: int) -> Company:
    """A company drawn from a seed; seeds go round the as-of days, sizes and parameters."""
    rng = np.random.default_rng(seed)
    as_of = AS_OF_DAYS[seed % len(AS_OF_DAYS)]
    size = SIZES[seed % len(SIZES) if seed < 2 * len(SIZES) else rng.integers(len(SIZES))]
    orders = _orders(rng, as_of, size)
    raw = {
        "customers": _versions(rng, as_of, _customers(rng, as_of, size), _relabel),
        "orders": _versions(rng, as_of, orders, _rewrite_order),
        "returns": _returns(rng, as_of, orders),
    }
    return Company(as_of, raw, PARAMETERS[rng.integers(len(PARAMETERS))])


def moved_to_days(company: Company, days: list[date], seed: int) -> Company:
    """The company with most orders and returns moved to the days given, or to the day before or after one."""
    rng = np.random.default_rng(seed)
    around = [pd.Timestamp(day) + pd.Timedelta(days=step) for day in days for step in (-1, 0, 1)]
    moved = {"orders": "ordered_at", "returns": "returned_at"}
    raw = dict(company.raw)
    for entity, column in moved.items():
        rows = raw[entity]
        chosen = pd.Series([around[i] for i in rng.integers(len(around), size=len(rows))], dtype="datetime64[us]")
        stays = pd.Series(rng.random(len(rows)) < 0.2)
        raw[entity] = rows.assign(**{column: rows[column].where(stays, _instants(rng, chosen))})
    return replace(company, raw=raw)


def border_days(as_of: date) -> list[pd.Timestamp]:
    """The days around every border of a window that ends on the as-of day, and around that day."""
    end = pd.Timestamp(as_of)
    borders = [end, *(end - pd.DateOffset(months=months) for months in (3, 6, 12, 24))]
    return [border + pd.Timedelta(days=days) for border in borders for days in (-1, 0, 1)]


def _days(rng: np.random.Generator, as_of: date, count: int) -> pd.Series:
    borders = border_days(as_of)
    on_border = pd.Series([borders[i] for i in rng.integers(len(borders), size=count)], dtype="datetime64[us]")
    anywhere = pd.Timestamp(as_of) - pd.to_timedelta(pd.Series(rng.integers(-3, 800, size=count)), unit="D")
    return on_border.where(pd.Series(rng.random(count) < 0.5), anywhere).astype("datetime64[us]")


def _instants(rng: np.random.Generator, days: pd.Series) -> pd.Series:
    """Days with a time, often the first or last second."""
    seconds = rng.choice([0, 86399, 43200, 61], size=len(days))
    return (days + pd.to_timedelta(pd.Series(seconds), unit="s")).astype("datetime64[us]")


def _customers(rng: np.random.Generator, as_of: date, size: int) -> pd.DataFrame:
    """A customer master that lacks some of those who order, and has some who never do."""
    without_orders = rng.choice([0, 3])
    ids = [f"C{number}" for number in range(size + without_orders) if rng.random() < 0.8]
    registered = _days(rng, as_of, len(ids)).where(pd.Series(rng.random(len(ids)) < 0.7))
    labels = [LABELS[i] for i in rng.integers(len(LABELS), size=len(ids))]
    return pd.DataFrame({"customer_id": ids, "registered_at": registered, "strategic_label": labels})


def _orders(rng: np.random.Generator, as_of: date, size: int) -> pd.DataFrame:
    per_customer = np.where(rng.random(size) < 0.3, 1, rng.integers(0, 9, size=size))
    customers = np.repeat([f"C{number}" for number in range(size)], per_customer).astype(object)
    count = len(customers)
    statuses = [STATUSES[i] for i in rng.integers(len(STATUSES), size=count)]
    orders = pd.DataFrame(
        {
            "order_id": [f"O{number}" for number in range(count)],
            "customer_id": customers,
            "ordered_at": _instants(rng, _days(rng, as_of, count)),
            "amount": _amounts(rng, count),
            "status": pd.Series(statuses, dtype=object),
        }
    )
    orders.loc[orders["customer_id"] == "C0", "status"] = "cancelled"
    if rng.random() < 0.15:  # a company in which all customers are alike
        orders["ordered_at"], orders["amount"], orders["status"] = pd.Timestamp(as_of), 10.0, "completed"
        orders = orders.drop_duplicates("customer_id").reset_index(drop=True)
    return orders


def _amounts(rng: np.random.Generator, count: int) -> np.ndarray:
    """Amounts with ties, zeros, the borders of R3 and, in some companies, negative ones."""
    common = rng.choice([0.0, 10.0, 10.0, 0.01, 49999.99, 50000.0, 100000.0, 33333.33], size=count)
    spread = np.round(rng.lognormal(6, 2, size=count), 2)
    amounts = np.where(rng.random(count) < 0.5, common, spread)
    return np.where(rng.random(count) < rng.choice([0.0, 0.1]), -amounts, amounts)


def _returns(rng: np.random.Generator, as_of: date, orders: pd.DataFrame) -> pd.DataFrame:
    """Partial, full, over-full and zero returns, some in two parts, some after the as-of day."""
    returned = orders[rng.random(len(orders)) < 0.3].reset_index(drop=True)
    share = rng.choice([0.0, 0.3, 0.5, 1.0, 1.2], size=len(returned))
    returns = pd.DataFrame(
        {
            "order_id": returned["order_id"],
            "returned_at": _instants(rng, _days(rng, as_of, len(returned))),
            "amount": np.round(returned["amount"].abs() * share, 2),
        }
    )
    returns = pd.concat([returns, returns[returns.index % 3 == 0]], ignore_index=True)
    returns["return_id"] = [f"R{number}" for number in range(len(returns))]
    return returns.assign(_load_seq=1, _line_no=range(1, len(returns) + 1))


def _rewrite_order(rng: np.random.Generator, orders: pd.DataFrame) -> pd.DataFrame:
    statuses = pd.Series([STATUSES[i] for i in rng.integers(len(STATUSES), size=len(orders))], dtype=object)
    return orders.assign(amount=np.round(orders["amount"] * 1.5, 2), status=statuses)


def _relabel(_rng: np.random.Generator, customers: pd.DataFrame) -> pd.DataFrame:
    return customers.assign(strategic_label="strategic")


def _versions(rng: np.random.Generator, as_of: date, rows: pd.DataFrame, rewrite: object) -> pd.DataFrame:
    """The rows, and for some a second version: written before, on or after the as-of day, or without a day at all."""
    end = pd.Timestamp(as_of)
    days = [end - pd.Timedelta(days=9), end, end + pd.Timedelta(days=1), end + pd.Timedelta(days=5), pd.NaT]
    first = rows.assign(_load_seq=1)
    changed = rows[rng.random(len(rows)) < 0.4].reset_index(drop=True)
    second = rewrite(rng, changed).assign(_load_seq=rng.integers(1, 3, size=len(changed)))  # type: ignore[operator]  # pandas stubs
    both = pd.concat([first, second], ignore_index=True)
    both["updated_at"] = pd.Series([days[i] for i in rng.integers(len(days), size=len(both))], dtype="datetime64[us]")
    both = both.sample(frac=1, random_state=int(rng.integers(2**31))).reset_index(drop=True)
    return both.assign(_line_no=range(1, len(both) + 1))
