"""`retention migration`: who moved from which tier to which between any two month-ends of the published history."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pytest
from typer.testing import CliRunner

from retention.cli import app
from retention.errors import NotThereError, RetentionError, SettingsError
from retention.runs import Home
from retention.tier_moves import count_moves

if TYPE_CHECKING:
    from pathlib import Path

JANUARY, FEBRUARY, MARCH = date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)
TABLES = """
create schema marts;
create table marts.customer_tier_history as select * from (values
    ('rose', 'retention_abcd', date '2024-01-31', 'B', 2), ('rose', 'retention_abcd', date '2024-03-31', 'A', 1),
    ('stayed', 'retention_abcd', date '2024-01-31', 'B', 2), ('stayed', 'retention_abcd', date '2024-03-31', 'B', 2),
    ('fell', 'retention_abcd', date '2024-01-31', 'A', 1), ('fell', 'retention_abcd', date '2024-03-31', 'unscored', 5),
    ('came', 'retention_abcd', date '2024-03-31', 'A', 1), ('rose', 'retention_abcd', date '2024-02-29', 'D', 4),
    ('rose', 'preference', date '2024-01-31', 'customers', 1), ('rose', 'preference', date '2024-03-31', 'tea', 1)
) as t(customer_id, scheme, month_end, tier, tier_rank);
create table marts.customer_tiers as select * from (values
    ('rose', 'retention_abcd', true), ('rose', 'preference', false)
) as t(customer_id, scheme, is_primary_scheme);
create table marts.dim_labels as select * from (values
    ('retention_abcd', 'A', 'High value', '高价值'), ('retention_abcd', 'B', 'Potential', '潜力'),
    ('tier_migration', 'entered', 'Entered', '新进入'), ('value_sabc', 'unscored', 'of another scheme', '其他')
) as t(code_set, code, name_en, name_zh);
"""


@pytest.fixture
def published(tmp_path: Path) -> Home:
    """A home whose release holds the history of four customers."""
    home = Home(tmp_path / "home")
    release = home.releases / "one"
    release.mkdir(parents=True)
    with duckdb.connect(str(release / "retention.duckdb")) as connection:
        connection.execute(TABLES)
    home.published.symlink_to(release)
    return home


def test_every_customer_is_counted_once_by_its_tiers_at_both_ends(published: Home) -> None:
    moves = count_moves(published, JANUARY, MARCH, "retention_abcd")
    assert moves.counts == {
        ("A", "unscored"): 1,
        ("B", "A"): 1,
        ("B", "B"): 1,
        ("entered", "A"): 1,
    }
    assert (moves.from_tiers, moves.to_tiers) == (["A", "B", "entered"], ["A", "B", "unscored"])
    assert [moves.stayed_share(tier) for tier in moves.from_tiers] == [0, 0.5, None]


def test_the_primary_scheme_and_the_last_month_end_are_taken_unless_others_are_named(published: Home) -> None:
    assert count_moves(published, JANUARY, None, None) == count_moves(published, JANUARY, MARCH, "retention_abcd")


def run(home: Home, *arguments: str) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, ["migration", *arguments, "--home", str(home.path)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


def test_the_matrix_is_printed_in_both_languages(published: Home, capsys: pytest.CaptureFixture[str]) -> None:
    printed = run(published, "--from", "2024-01-31") + capsys.readouterr().out
    assert "retention_abcd: from the tiers of 2024-01-31 (rows) to those of 2024-03-31 (columns)" in printed
    rows = [line.split() for line in printed.splitlines() if line.strip()]
    assert ["B", "Potential", "1", "1", "0", "2", "0.5"] in rows
    assert ["entered", "Entered", "1", "0", "0", "1", "-"] in rows
    chinese = run(published, "--from", "2024-01-31", "--language", "zh") + capsys.readouterr().out
    assert "原层级" in chinese
    assert "→ A 高价值" in chinese


def test_a_tier_that_is_a_value_of_the_data_may_have_any_name(
    published: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = run(published, "--from", "2024-01-31", "--scheme", "preference") + capsys.readouterr().out
    assert ["customers", "1", "1", "0"] in [line.split() for line in printed.splitlines()]


def test_programs_get_json(published: Home) -> None:
    found = json.loads(run(published, "--from", "2024-01-31", "--to", "2024-02-29", "--json"))
    assert found["from_month_end"] == "2024-01-31"
    assert {"from_tier": "B", "to_tier": "D", "customers": 1} in found["moves"]


@pytest.mark.parametrize(
    ("start", "end", "scheme", "language", "kind", "told"),
    [
        (date(2024, 1, 30), None, None, "en", NotThereError, "Choose from 2024-01-31 to 2024-03-31"),
        (JANUARY, date(2024, 4, 30), None, "en", NotThereError, "--to 2024-04-30 is no month-end"),
        (MARCH, FEBRUARY, None, "en", SettingsError, "Name the earlier month-end first"),
        (MARCH, None, None, "en", SettingsError, "is not before"),
        (JANUARY, None, "gold", "en", NotThereError, "Schemes: preference, retention_abcd"),
        (JANUARY, None, None, "fr", SettingsError, "Use one of en, zh"),
    ],
)
def test_what_is_not_there_is_named_with_a_remedy(
    published: Home, start: date, end: date | None, scheme: str | None, language: str, kind: type, told: str
) -> None:
    with pytest.raises(RetentionError, match=told) as raised:
        count_moves(published, start, end, scheme, language)
    assert type(raised.value) is kind


def test_before_the_first_release_and_on_one_without_history_it_says_what_to_run(
    published: Home, tmp_path: Path
) -> None:
    with pytest.raises(NotThereError, match="retention run"):
        count_moves(Home(tmp_path / "elsewhere"), JANUARY, None, None)
    with duckdb.connect(str(published.published.resolve() / "retention.duckdb")) as connection:
        connection.execute("drop table marts.customer_tier_history")
    with pytest.raises(NotThereError, match="retention run"):
        count_moves(published, JANUARY, None, None)
