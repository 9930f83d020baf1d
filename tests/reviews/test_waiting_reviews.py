"""What waits for a decision, and which scheme to have reviewed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb

from retention import status
from retention.reviews.opening import _primary
from retention.runs import Home
from retention.status import read_status

if TYPE_CHECKING:
    from pathlib import Path


def test_status_has_a_line_per_review_that_waits(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    release = home.releases / "one"
    release.mkdir(parents=True)
    with duckdb.connect(str(release / "retention.duckdb")) as connection:
        connection.execute("""
            create schema marts;
            create table marts.tier_review_list as select * from (values
                ('2024Q2', 'retention_abcd', 'superseded', 5.00), ('2024Q3', 'retention_abcd', 'waiting', 10.00),
                ('2024Q3', 'retention_abcd', 'waiting', 2.50), ('2024Q3', 'retention_abcd', 'approved', 99.00)
            ) as t(review_id, scheme, status, value_at_stake)
        """)
    home.published.symlink_to(release)
    assert status._asked(home, "tier_review_list", status.WAITING) == [
        {"review_id": "2024Q3", "scheme": "retention_abcd", "waiting": 2, "value_at_stake": Decimal("12.50")}
    ]
    assert status._asked(home, "data_quality", status.FAILED) == []


def test_status_of_an_empty_home_has_none_waiting(tmp_path: Path) -> None:
    assert read_status(Home(tmp_path / "home"))["waiting_reviews"] == []


def test_the_primary_scheme_is_suggested_for_review() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create schema marts; create table marts.customer_tiers as "
            "select * from (values ('a', false), ('m', true), ('z', false)) as t(scheme, is_primary_scheme)"
        )
        assert _primary(connection) == "m"
