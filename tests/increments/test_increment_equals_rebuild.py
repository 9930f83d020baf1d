"""Whatever is delivered, in whichever order and split, an increment publishes what a build from nothing would.

Every table of schema `marts` is compared, whichever there are: a new model joins by being there. The statements are
dbt's own (recorded_project.py); test_increments_by_command_line.py does the same through files and releases.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, event, given, settings
from tests.increments.company_life import lives
from tests.increments.known_life import KNOWN_LIFE
from tests.increments.replayed_home import ReplayedHome

if TYPE_CHECKING:
    from tests.increments.company_life import Life
    from tests.increments.recorded_project import RecordedProject

pytestmark = pytest.mark.slow

PROFILES = ("default_b2b", "cdnow")
WITHOUT_ROWS = {"data_quality"}  # the audit writes it when the build has ended
SELDOM = {
    "finance_reconciliation",
    "identity_review",
    "clv_model_runs",
    "value_backtest",
}  # a few random lives may have none; the known life has all
SHARE = 20  # of hypothesis' usual number of examples, one in twenty: an example takes some twenty seconds


def test_increments_of_random_lives_publish_what_a_rebuild_does(recorded: RecordedProject) -> None:
    for profile in PROFILES:
        recorded.profile(profile)  # its time is not the first example's
    rows: Counter[str] = Counter()
    modes: Counter[str] = Counter()

    @settings(
        max_examples=settings.default.max_examples // SHARE,
        deadline=None,
        derandomize=settings.default.derandomize,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(lives(PROFILES))
    def check(life: Life) -> None:
        with TemporaryDirectory() as folder, closing(ReplayedHome(recorded, life, Path(folder))) as home:
            modes.update(run.mode for run in home.runs)
            event(f"increments: {sum(run.mode == 'increment' for run in home.runs)} of {len(home.runs)} runs")
            for planned, tables in home.check():
                different = {name: table.differences for name, table in tables.items() if table.differences}
                assert not different, f"as of {planned.run.as_of}, {planned.reason}: {different}"
                rows.update({name: table.rows for name, table in tables.items()})

    check()
    assert modes["increment"] > modes["full"]
    assert {name for name, number in rows.items() if number == 0} - SELDOM == WITHOUT_ROWS


def test_increments_of_a_known_life_publish_what_a_rebuild_does(recorded: RecordedProject, tmp_path: Path) -> None:
    with closing(ReplayedHome(recorded, KNOWN_LIFE, tmp_path)) as home:
        checked = list(home.check())
    assert [run.mode for run in home.runs] == ["full", "increment", "increment", "increment", "increment"]
    for planned, tables in checked:
        assert {name: table.differences for name, table in tables.items() if table.differences} == {}, planned.reason
        assert {name for name, table in tables.items() if table.rows == 0} == WITHOUT_ROWS
    assert [tables["fct_orders"].rows for _, tables in checked] == [81, 81, 82, 84]
    assert [tables["fct_touches"].rows for _, tables in checked] == [4, 4, 4, 4]
    assert [tables["customer_rfm"].rows for _, tables in checked] == [9, 9, 10, 10]


def test_a_month_that_leaves_the_history_leaves_it_in_an_increment_too(
    recorded: RecordedProject, tmp_path: Path
) -> None:
    """Its day stays a snapshot, since the evaluated months are more: it is described, and no month of the history."""
    life = replace(KNOWN_LIFE, parameters={"history_months": "2"})
    with closing(ReplayedHome(recorded, life, tmp_path)) as home:
        checked = list(home.check())
    assert [run.mode for run in home.runs].count("increment") == len(home.runs) - 1
    for planned, tables in checked:
        found = {name: tables[name] for name in ("customer_tier_history", "tier_migration")}
        assert {name: table.differences for name, table in found.items() if table.differences} == {}, planned.reason
        assert found["tier_migration"].rows > 0
