"""The replay tells wrong increments from right ones, and replays what dbt would execute for any company."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.increments.known_life import KNOWN_LIFE, PROFILE
from tests.increments.recorded_project import RecordedProject
from tests.increments.replayed_home import ReplayedHome
from tests.models.compiled_project import PROJECT_DIR

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.increments.recorded_project import Statement

pytestmark = pytest.mark.slow

# A model that joins as any later one does: it stands in marts, and nothing here names its columns.
INCREMENT = """
{{{{ config(materialized='incremental', unique_key='order_id', contract={{'enforced': false}}) }}}}
select {columns} from {{{{ ref('fct_orders') }}}} as orders
{{% if is_incremental() %}}where {scope}{{% endif %}}
"""
WRONG = {
    # The usual one: what is late, corrected or returned is never seen again.
    "orders_by_event_time": ("order_id, ordered_at", "ordered_at > (select max(ordered_at) from {{ this }})"),
    # Sees new orders and never a changed one.
    "orders_not_known_yet": ("order_id, net_amount", "order_id not in (select order_id from {{ this }})"),
    # Never takes away the version before: the customer is part of what stands for a row.
    "orders_by_customer": ("order_id || customer_id as order_id, order_date", "true"),
    # Never takes away what is gone: an order whose newest version is of a day still to come.
    "orders_replaced": ("order_id, net_amount", "true"),
}
RIGHT = {"orders_all_again": ("'all' as order_id, net_amount", "true")}


@pytest.fixture(scope="module")
def with_mistakes(tmp_path_factory: pytest.TempPathFactory) -> RecordedProject:
    """The project with further models, recorded on a company with rows and for other days."""
    folder = tmp_path_factory.mktemp("with_mistakes")
    project = folder / "dbt_project"
    shutil.copytree(PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs"))
    for name, (columns, scope) in (WRONG | RIGHT).items():
        model = project / "models" / "marts" / "core" / f"{name}.sql"
        model.write_text(INCREMENT.format(columns=columns, scope=scope), encoding="utf-8")
    return RecordedProject(folder / "recorded", project, KNOWN_LIFE)


def test_wrong_scopes_of_an_increment_are_found_and_a_right_one_is_not(
    with_mistakes: RecordedProject, tmp_path: Path
) -> None:
    life = replace(KNOWN_LIFE, steps=KNOWN_LIFE.steps[:2])  # the first increment finds them all
    with closing(ReplayedHome(with_mistakes, life, tmp_path)) as home:
        found = {name for _, tables in home.check() for name, table in tables.items() if table.differences}
    assert found == set(WRONG)


def test_what_dbt_executes_does_not_depend_on_rows_or_day(
    recorded: RecordedProject, with_mistakes: RecordedProject
) -> None:
    """Else a replay would execute what was written for the recording's empty company."""
    on_rows = with_mistakes.profile(PROFILE).statements
    for mode, statements in recorded.profile(PROFILE).statements.items():
        assert len(statements) > 100
        assert _texts(statements) == _texts(one for one in on_rows[mode] if one.node not in WRONG | RIGHT)


def _texts(statements: Iterable[Statement]) -> list[str]:
    """Statements as text, in one order; dbt puts the instant into the names of temporary tables."""
    return sorted(re.sub(r"__dbt_tmp\d+", "__dbt_tmp", f"{one.node}: {one.sql}") for one in statements)
