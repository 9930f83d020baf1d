"""CDNOW's 1-in-10 sample, which the published figures are of, from the file that the package `lifetimes` ships.

Source: Fader and Hardie, http://brucehardie.com/datasets/: 2,357 customers who bought first from January to March 1997,
39 weeks to fit by (to 30 September) and 39 to judge by.
"""

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from retention.value.statistics import Floats, PurchaseStatistics, SpendStatistics

CALIBRATED, ENDED = pd.Timestamp("1997-09-30"), pd.Timestamp("1998-06-30")


@dataclass(frozen=True)
class Cdnow:
    """One element a customer; spend of repeaters alone."""

    frequency: Floats
    recency: Floats
    age: Floats
    last_period: Floats
    holdout: Floats
    repeats: Floats
    mean_spend: Floats

    @property
    def purchases(self) -> PurchaseStatistics:
        """Grouped histories."""
        return PurchaseStatistics.of_customers(self.frequency, self.recency, self.age)

    @property
    def spend(self) -> SpendStatistics:
        """Grouped spend."""
        return SpendStatistics.of_customers(self.repeats, self.mean_spend)


def _lines() -> pd.DataFrame:
    spec = importlib.util.find_spec("lifetimes")
    assert spec is not None
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "datasets" / "CDNOW_sample.txt"
    names = ["customer", "sample", "day", "cds", "value"]
    lines = pd.read_csv(path, sep=r"\s+", header=None, names=names)
    lines["day"] = pd.to_datetime(lines["day"].astype(str))
    return lines


@cache
def cdnow() -> Cdnow:
    """Purchase days, not orders: several of a day are one."""
    days = _lines().groupby(["customer", "day"], as_index=False)["value"].sum()
    days["first"] = days.groupby("customer")["day"].transform("min")
    before, after = days[days["day"] <= CALIBRATED], days[days["day"] > CALIBRATED]
    customers = before.groupby("customer").agg(first=("day", "min"), last=("day", "max"), days=("day", "count"))
    length = ENDED - CALIBRATED
    is_late = (before["day"] > CALIBRATED - length) & (before["day"] > before["first"])
    late = before[is_late].groupby("customer")["day"].count()
    repeats = before[before["day"] > before["first"]].groupby("customer")["value"].agg(["count", "mean"])

    def weeks(days: pd.Series) -> Floats:
        return days.dt.days.to_numpy(dtype=np.float64) / 7

    def per_customer(counts: pd.Series) -> Floats:
        return counts.reindex(customers.index, fill_value=0).to_numpy(dtype=np.float64)

    return Cdnow(
        customers["days"].to_numpy(dtype=np.float64) - 1,
        weeks(customers["last"] - customers["first"]),
        weeks(CALIBRATED - customers["first"]),
        per_customer(late),
        per_customer(after.groupby("customer")["day"].count()),
        repeats["count"].to_numpy(dtype=np.float64),
        repeats["mean"].to_numpy(dtype=np.float64),
    )
