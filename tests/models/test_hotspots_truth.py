"""The planted incident of a simulated company is the top hotspot of its weeks, in the region that it was planted in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.models.test_churn_risk_truth import delivered

from retention.simulation import Company, Flaws, write_company

if TYPE_CHECKING:
    from pathlib import Path

    from tests.models.compiled_project import CompiledProject

END = date(2025, 6, 30)
ENTITIES = ("customers", "tickets", "ticket_events")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "flavour", "customers"), [(5, "retail", 3000), (11, "retail", 3000), (6, "b2b", 3000)]
)
def test_a_planted_incident_is_the_top_hotspot_of_its_weeks(
    project: CompiledProject, tmp_path: Path, seed: int, flavour: str, customers: int
) -> None:
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    company = Company(customers, 15, seed, END, flavour, flaws=Flaws(bad=0))
    write_company(company, landing, truth=truth, threads=1, memory_limit="1GB", progress=lambda _: None)
    raw = {entity: delivered(landing, entity) for entity in ENTITIES}
    with project.build(raw, as_of=END, models=["issue_hotspots"]) as connection:
        top = {
            week: (category, region)
            for week, category, region in connection.execute(
                "select week_start, category, main_region from marts.issue_hotspots where hotspot_rank = 1"
            ).fetchall()
        }
    incidents = duckdb.sql(f"select category, region, first_day, last_day from '{truth}/incidents.parquet'").fetchall()
    assert incidents
    for category, region, first, last in incidents:
        monday = first + timedelta(days=-first.weekday() % 7)
        whole_weeks = [monday + timedelta(days=7 * n) for n in range(4) if monday + timedelta(days=7 * n + 6) <= last]
        assert len(whole_weeks) >= 3
        assert {week: top.get(week) for week in whole_weeks} == dict.fromkeys(whole_weeks, (category, region))
