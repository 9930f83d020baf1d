"""How many customers each band of a profile holds (R1 to R3).

A band with nearly everybody tells nobody apart: a profile that has one does not fit the company. Customers without a
purchase have no bands and do not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from retention.errors import SettingsError
from retention.sql import file_literal, literal
from retention.warehouse.project import known_profiles

MEASURES = ("recency", "frequency", "monetary")
FIGURES = {"recency": "recency_days", "frequency": "frequency_12m", "monetary": "monetary_12m"}
COLUMNS = {"recency": "r_band", "frequency": "f_band", "monetary": "m_band"}


@dataclass(frozen=True)
class Band:
    """One row of rfm_bands.csv.

    Attributes:
        number: 1 is the lowest.
        bound: the longest time since the last purchase, else the least count or amount; None takes the rest.
        unit: months, days, purchases or currency; None with no bound.
    """

    measure: str
    number: int
    bound: Decimal | None
    unit: str | None


@dataclass(frozen=True)
class Coverage:
    """The bands of a measure, the highest first, and the share of customers in each."""

    measure: str
    bands: Sequence[Band]
    shares: Sequence[float]

    @property
    def largest(self) -> float:
        """The share of the fullest band."""
        return max(self.shares, default=0.0)

    def is_fit(self, limit: float) -> bool:
        """Whether no band holds more than a share of the customers."""
        return self.largest <= limit


def read_bands(project_dir: Path, profile: str) -> list[Band]:
    """The bands of a profile as seeds/rfm_bands.csv has them now, the highest of a measure first.

    Raises:
        SettingsError: there is no such profile, or the file has a row that cannot be read.
    """
    known = known_profiles(project_dir)
    if profile not in known:
        raise SettingsError(f"There is no profile '{profile}'.", f"Use one of {', '.join(known)}.")
    seed = project_dir / "dbt_project" / "seeds" / "rfm_bands.csv"
    query = f"""
        select measure, band::integer, bound::decimal(18, 2), unit
        from read_csv({file_literal(seed)}, all_varchar = true)
        where profile in ({literal(profile)}, 'all')
        qualify rank() over (partition by measure order by profile = 'all') = 1
        order by measure, band::integer desc
    """
    try:
        return [Band(*row) for row in duckdb.execute(query).fetchall()]
    except duckdb.Error as error:
        raise SettingsError(
            f"{seed} cannot be read: {str(error).splitlines()[0]}", "Correct the row; its columns are in the guide."
        ) from error


def own_measures(project_dir: Path, profile: str) -> set[str]:
    """Measures of which the profile has rows of its own, beside those of `all`."""
    seed = project_dir / "dbt_project" / "seeds" / "rfm_bands.csv"
    query = f"select distinct measure from read_csv({file_literal(seed)}, all_varchar = true) where profile = ?"
    return {measure for (measure,) in duckdb.execute(query, [profile]).fetchall()}


def coverage(connection: duckdb.DuckDBPyConnection, bands: Sequence[Band]) -> list[Coverage]:
    """Hold the published figures of all customers against bands, by the rules of the models.

    Args:
        connection: a connection to a release, its result tables as schema `marts`.
    """
    asked = [measure for measure in MEASURES if any(one.measure == measure for one in bands)]
    return [_covered(connection, measure, [one for one in bands if one.measure == measure]) for measure in asked]


def _covered(connection: duckdb.DuckDBPyConnection, measure: str, bands: Sequence[Band]) -> Coverage:
    cases = " ".join(f"when {_reaches(one)} then {one.number}" for one in bands)
    counted = dict(
        connection.execute(
            f"select case {cases} end as band, count(*) from marts.customer_rfm where last_purchase_on is not null "
            "group by all"
        ).fetchall()
    )
    in_all = sum(counted.values())
    return Coverage(measure, bands, [counted.get(one.number, 0) / in_all if in_all else 0.0 for one in bands])


def _reaches(band: Band) -> str:
    """A condition of SQL: whether a customer reaches a band."""
    if band.bound is None:
        return "true"
    if band.measure != "recency":
        return f"{FIGURES[band.measure]} >= {band.bound}"
    if band.unit == "months":
        return f"last_purchase_on > as_of_date - to_months({int(band.bound)})"
    return f"recency_days <= {band.bound}"
