"""What is published for a day knows nothing of what came after it: every table of schema marts, found by listing."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.models.random_companies import Company, random_company
from tests.models.test_core import KEYS, known_by
from tests.models.test_customer_rfm import build

if TYPE_CHECKING:
    import duckdb
    from tests.models.compiled_project import CompiledProject

WITHOUT_ROWS = {  # of entities that the random companies do not deliver, or written when the build has ended
    "customer_merges",
    "data_quality",
    "dim_products",
    "fct_interactions",
    "fct_order_items",
    "fct_survey_responses",
    "fct_tickets",
    "fct_touches",
    "finance_reconciliation",
    "identity_review",
    "interaction_lateness",
}


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every published table."""
    tables = connection.sql(
        "select table_name from duckdb_tables() where database_name = 'retention' and schema_name = 'marts'"
    ).fetchall()
    return {table: connection.sql(f"from marts.{table} order by all").fetchall() for (table,) in tables}


@pytest.mark.slow
def test_every_table_is_the_same_with_a_future_and_without(project: CompiledProject) -> None:
    seen: set[str] = set()
    for seed, days_ago in zip(range(12, 30, 2), itertools.cycle([0, 45, 200]), strict=False):
        drawn = random_company(seed)
        company = Company(drawn.as_of - timedelta(days=days_ago), drawn.raw, drawn.parameters)
        then = known_by(company)
        later = {
            entity: rows[rows[KEYS[entity]].isin(then.raw[entity][KEYS[entity]])].sample(frac=1, random_state=seed)
            for entity, rows in company.raw.items()
        }
        now = Company(company.as_of, later, company.parameters)
        with build(project, now) as with_future, build(project, then) as without:
            found, expected = contents(with_future), contents(without)
        assert found == expected, f"company {seed}"
        seen |= {table for table, rows in found.items() if rows}
    assert found.keys() - seen == WITHOUT_ROWS
