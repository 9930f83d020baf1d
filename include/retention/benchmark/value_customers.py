"""Customers who buy and stop as BG/NBD says, so that a fit has a truth to find."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np

from retention.sql import literal
from retention.value.statistics import Floats

TRUTH = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}  # those of CDNOW
LONGEST_WEEKS = 104
SEED = 20260101


def draw_customers(
    parameters: Mapping[str, float], age: Floats, seed: int, in_days: bool = False
) -> tuple[Floats, Floats]:
    """Purchases after the first, and weeks from the first to the last, of one customer per age.

    Args:
        age: weeks that each customer is observed.
        in_days: whether only whole days are known, and several purchases of a day count once.
    """
    draws = np.random.default_rng(seed)
    rate = draws.gamma(parameters["r"], 1 / parameters["alpha"], len(age))
    stops = draws.beta(parameters["a"], parameters["b"], len(age))
    count, last = np.zeros(len(age)), np.zeros(len(age))
    at, alive = np.zeros(len(age)), np.arange(len(age))
    while len(alive):  # one round per purchase, of all who may still make it
        with np.errstate(divide="ignore", over="ignore"):  # whoever buys next to never
            at[alive] += draws.exponential(size=len(alive)) / rate[alive]
        alive = alive[at[alive] <= age[alive]]
        when = np.floor(at[alive] * 7) / 7 if in_days else at[alive]
        count[alive] += when > last[alive]
        last[alive] = when
        alive = alive[draws.random(len(alive)) >= stops[alive]]
    return count, last


def write_customers(path: Path, customers: int) -> None:
    """Write frequency, recency and age in weeks as Parquet, one row a customer; days are known, as of orders."""
    age = np.random.default_rng(SEED).integers(1, LONGEST_WEEKS * 7, customers) / 7
    frequency, recency = draw_customers(TRUTH, age, SEED, in_days=True)
    columns = {"customer_id": np.arange(customers), "frequency": frequency, "recency": recency, "age": age}
    with duckdb.connect() as connection:
        connection.register("customers", columns)
        connection.execute(f"copy (from customers) to {literal(path)} (format parquet)")
