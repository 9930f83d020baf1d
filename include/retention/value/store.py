"""What is on record of fits: rows of four entities, loads like any other (decision 45).

A fit's row in `value_fits` is landed last, so that a fit that was cut off half-way does not count.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb

from retention.errors import NotThereError
from retention.landing import Contract, Delivery, land_one, raw_relation_sql
from retention.landing.vault import scratch_folder, sweep_scratch
from retention.runs import Home
from retention.sql import literal

if TYPE_CHECKING:
    import numpy.typing as npt  # numpy itself is of no use to those who list fits

FITS, PARAMETERS, NODES, BACKTESTS = "value_fits", "value_fit_parameters", "value_fit_nodes", "value_backtests"
SOURCE = "value_models"
CONVERGED, FAILED, REFUSED = "converged", "failed", "refused"
KEYS = {PARAMETERS: ("fit_id", "parameter"), BACKTESTS: ("fit_id", "measure", "method", "group_name", "group_number")}


@dataclass(frozen=True)
class FitStore:
    """Where fits are kept: a home and its contracts.

    Attributes:
        timezone: the business's time zone.
    """

    home: Home
    contracts: Mapping[str, Contract]
    timezone: str

    def fits(self, profile: str | None = None) -> list[dict[str, Any]]:
        """All fits, the newest data first, those in force marked.

        Args:
            profile: only those of this profile; default: of all.
        """
        raw = raw_relation_sql(self.home, self.contracts[FITS])
        wanted = "true" if profile is None else f"profile = {literal(profile)}"
        return self._rows(
            f"with newest as (select * from ({raw}) where {wanted} "
            "qualify row_number() over (partition by fit_id order by _load_seq desc, _line_no desc) = 1) "
            "select fit_id, model, status, profile, data_until, fitted_at, customers, repeat_customers, "
            "log_likelihood, holdout_mae, holdout_rmse, naive_mae, reason, holdout_days, fitted_parameters, "
            "standard_errors, diagnostics, status = 'converged' and row_number() over (partition by profile, model, "
            "status = 'converged' order by data_until desc, fitted_at desc, fit_id desc) = 1 as is_newest_good "
            "from newest order by data_until desc, fitted_at desc, model, fit_id"
        )

    def fit(self, fit_id: str) -> dict[str, Any]:
        """One fit with its parameters and backtest.

        Raises:
            NotThereError: there is none of this name.
        """
        known = self.fits()
        found = next((one for one in known if one["fit_id"] == fit_id), None)
        if found is None:
            names = ", ".join(one["fit_id"] for one in known[:5])
            raise NotThereError(
                f"There is no fit '{fit_id}'.",
                f"Choose one of: {names}." if names else "Fit first: retention value fit.",
            )
        return found | {"parameters": self._of_fit(PARAMETERS, fit_id), "backtest": self._of_fit(BACKTESTS, fit_id)}

    def now(self) -> datetime:
        """The present instant in the business's time zone, without offset."""
        return datetime.now(ZoneInfo(self.timezone)).replace(tzinfo=None, microsecond=0)

    def record(self, entity: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Land rows of an entity as one load; none when there are none. A number that is none becomes null."""
        if rows:
            path = scratch_folder(self.home) / f"{entity}.csv"
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows({name: finite(value) for name, value in row.items()} for row in rows)
            self._land(entity, path, "csv")

    def record_columns(self, entity: str, columns: "Mapping[str, npt.NDArray[Any]]") -> None:
        """Land columns of one length as one load."""
        path = scratch_folder(self.home) / f"{entity}.parquet"
        with duckdb.connect() as connection:
            connection.register("given", dict(columns))
            connection.execute(f"copy (select * from given) to {literal(path)} (format parquet)")
        self._land(entity, path, "parquet")

    def _land(self, entity: str, path: Path, form: str) -> None:
        try:
            delivery = Delivery(path, self.contracts[entity], form)
            land_one(self.home, delivery, timezone=self.timezone, source=SOURCE)
        finally:
            sweep_scratch(self.home)

    def _of_fit(self, entity: str, fit_id: str) -> list[dict[str, Any]]:
        raw, key = raw_relation_sql(self.home, self.contracts[entity]), ", ".join(KEYS[entity])
        names = ", ".join(column.name for column in self.contracts[entity].columns if column.name != "fit_id")
        return self._rows(
            f"select {names} from ({raw}) where fit_id = {literal(fit_id)} qualify row_number() over "
            f"(partition by {key} order by _load_seq desc, _line_no desc) = 1 order by {key}"
        )

    def _rows(self, query: str) -> list[dict[str, Any]]:
        with duckdb.connect() as connection:
            result = connection.execute(query)
            names = [column[0] for column in result.description or []]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def finite(value: Any) -> Any:
    """The value; None in the place of a number that is none or endless, which no database should keep."""
    return None if isinstance(value, float) and not isfinite(value) else value
