"""Churn risk against the truth of a simulated company: who had left for good by the as-of day; what flags are worth."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest
from scipy.stats import rankdata
from tests.models.compiled_project import RAW_TABLES

from retention.simulation import Company, Flaws, write_company

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from tests.models.compiled_project import CompiledProject

AS_OF = date(2025, 6, 30)
ENTITIES = ("customers", "orders", "returns", "interactions", "tickets", "surveys")


def area_under_curve(score: pd.Series, is_gone: pd.Series) -> float:
    """Chance that one who has left scores higher than one who has not (Mann and Whitney)."""
    gone = is_gone.to_numpy(dtype=bool)
    ranks = rankdata(score.to_numpy(dtype=float))[gone].sum()
    return float((ranks - gone.sum() * (gone.sum() + 1) / 2) / (gone.sum() * (~gone).sum()))


def delivered(landing: Path, entity: str) -> pd.DataFrame:
    """An entity's files as one frame, in the order of delivery."""
    names = {column.split()[0] for column in RAW_TABLES[entity].split(", ")}
    with duckdb.connect() as connection:
        rows = connection.sql(f"from read_parquet('{landing / entity}/*.parquet', union_by_name = true)").df()
    rows = rows[[name for name in rows.columns if name in names]].drop_duplicates()
    if "customer_id" in rows:  # landing sets such rows aside
        rows = rows.dropna(subset="customer_id")
    return rows.assign(_load_seq=1, _line_no=np.arange(1, len(rows) + 1))


@pytest.mark.slow
def test_risk_tells_who_has_left_a_simulated_company(project: CompiledProject, tmp_path: Path) -> None:
    """The score ranks the planted departures better than time since the last purchase alone does.

    Measured without a fit: .875 against .845. With 3,000 customers and BG/NBD in force: .887 against .854.
    """
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    company = Company(customers=1500, months=24, seed=7, flaws=Flaws(bad=0))
    write_company(company, landing, truth=truth, threads=1, memory_limit="1GB", progress=lambda _: None)
    raw = {entity: delivered(landing, entity) for entity in ENTITIES}
    models = ("customer_churn_risk", "churn_flag_backtest")
    with project.build(raw, as_of=AS_OF, models=models) as connection:
        found = connection.sql(
            f"""
            select risk.churn_risk, risk.recency_share,
                coalesce(lives.true_churn_date <= risk.as_of_date, false) as is_gone
            from marts.customer_churn_risk as risk
            inner join read_parquet('{truth}/customers.parquet') as lives on risk.customer_id = lives.true_customer_id
            where risk.churn_risk is not null
            """
        ).df()
        [(flagged, hits, churned, customers)] = connection.sql(
            "select sum(flagged), sum(true_positives), sum(churned), sum(customers) from marts.churn_flag_backtest "
            "where is_mature"
        ).fetchall()
    assert len(found) > 500
    by_risk = area_under_curve(found["churn_risk"], found["is_gone"])
    assert by_risk > area_under_curve(found["recency_share"], found["is_gone"])
    assert by_risk > 0.85
    assert hits / flagged > churned / customers, "flags are worth more than chance"
