"""The planted incidents of simulated companies are the top hotspots of their weeks, in the regions of their planting.

Lives and tickets alone are drawn: a company's orders would take ten times as long and say nothing of its problems.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.models.test_ticket_clocks import loaded

from retention.simulation import Company, Flaws
from retention.simulation.lives import draw_calendar, draw_lives
from retention.simulation.plan import incidents
from retention.simulation.service import draw_tickets

if TYPE_CHECKING:
    import pandas as pd
    from tests.models.compiled_project import CompiledProject

END = date(2025, 6, 30)
TICKETS = """
    select * exclude (description, _at, _delivered) from waiting_tickets
    qualify row_number() over (partition by ticket_id order by _at desc) = 1
"""


def drawn(company: Company) -> dict[str, pd.DataFrame]:
    """The customers' regions, and their tickets as last delivered."""
    with duckdb.connect(config={"threads": 1}) as connection:
        draw_calendar(connection, company)
        draw_lives(connection, company, incidents(company))
        for month in company.calendar_months():
            draw_tickets(connection, company, month, incidents(company))
        regions = "select 'C' || lpad(i::varchar, 8, '0') as customer_id, region from lives"
        events = "select * exclude (note, _at, _delivered) from waiting_ticket_events"
        return {
            "customers": loaded(connection.sql(regions).df()),
            "tickets": loaded(connection.sql(TICKETS).df()),
            "ticket_events": loaded(connection.sql(events).df()),
        }


@pytest.mark.parametrize(("seed", "flavour"), [(5, "retail"), (11, "retail"), (6, "b2b")])
def test_a_planted_incident_is_the_top_hotspot_of_its_weeks(project: CompiledProject, seed: int, flavour: str) -> None:
    company = Company(6_000, 16, seed, END, flavour, flaws=Flaws(bad=0))
    with project.build(drawn(company), as_of=END, models=["issue_hotspots"]) as connection:
        top = {
            week: (category, region)
            for week, category, region in connection.execute(
                "select week_start, category, main_region from marts.issue_hotspots where hotspot_rank = 1"
            ).fetchall()
        }
    planted = incidents(company)
    assert planted
    for one in planted:
        first, last = company.day(one.first), company.day(one.last)
        monday = first + timedelta(days=-first.weekday() % 7)
        weeks = [monday + timedelta(days=7 * n) for n in range(4) if monday + timedelta(days=7 * n + 6) <= last]
        assert len(weeks) >= 3
        assert {week: top.get(week) for week in weeks} == dict.fromkeys(weeks, (one.category, one.region))
