"""Renewals of contracts, as a release counts them: what the shifted beta-geometric is fitted on (decision 55)."""

from dataclasses import dataclass

import duckdb
import numpy as np

from retention.errors import NotThereError
from retention.value.reading import OLD_RELEASE
from retention.value.sbg import NAMES
from retention.value.statistics import Floats


@dataclass(frozen=True)
class Renewals:
    """Customers by what they did at the end of a contract, one element per period from the first on.

    Attributes:
        renewed: those who went on.
        lost: those who did not.
        least: fewer customers than this at the first renewal are too few for a fit.
    """

    renewed: Floats
    lost: Floats
    least: int

    @property
    def customers(self) -> int:
        """Customers whose first renewal is decided."""
        return round(float(self.renewed[:1].sum() + self.lost[:1].sum()))

    @property
    def repeaters(self) -> int:
        """Of these, those who renewed."""
        return round(float(self.renewed[:1].sum()))

    @property
    def refusal(self) -> str | None:
        """Why nothing is fitted; None where there is enough."""
        if self.customers < self.least:
            return (
                f"{self.customers:,} customers with a decided first renewal, fewer than {self.least:,} "
                "(contract_min_customers)"
            )
        if not self.lost.sum():
            return "nobody has ended a contract"
        if len(self.renewed) < len(NAMES):
            return f"renewals of {len(self.renewed)} period, fewer than {len(NAMES)}"
        return None


def read_renewals(connection: duckdb.DuckDBPyConnection) -> Renewals:
    """The release's renewals; no element where it knows of no contract that came to its end.

    Raises:
        NotThereError: an older program made the release.
    """
    try:
        found = connection.execute(
            "select renewed, lost from intermediate.int_contract_counts order by period_number"
        ).fetchnumpy()
        [(least,)] = connection.execute("select contract_min_customers from intermediate.int_profile").fetchall()
    except duckdb.Error as error:
        raise NotThereError(OLD_RELEASE, "Run again: retention run.") from error
    renewed, lost = (np.asarray(found[name], dtype=np.float64) for name in ("renewed", "lost"))
    return Renewals(renewed, lost, least)
