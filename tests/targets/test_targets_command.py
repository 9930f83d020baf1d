"""`retention targets`: every target beside what was reached, from the published release."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pytest
from typer.testing import CliRunner

from retention.cli import app
from retention.errors import NotThereError, SettingsError
from retention.runs import Home
from retention.target_list import Wanted, list_targets

if TYPE_CHECKING:
    from pathlib import Path

TABLES = """
create schema marts;
create table marts.target_tracking as select *, 'rate' as unit, null as expected_low, null as expected_high,
    null as warn_at, null as alarm_at, 'G' as rule_id, 'because' as reason
from (values
    ('retention_abcd', 'A', 'retention_rate', 'rolling', date '2024-01-02', date '2024-03-31', 'at_least', 0.95,
        0.9160001e0, 458, 500, -3.39999e0, 'warning', null, 'customer_success', true),
    ('all', 'all', 'churn_rate', 'month', date '2024-02-01', date '2024-02-29', 'at_most', 0.05,
        0.12e0, 12, 100, 7e0, 'alarm', null, 'management', true),
    ('all', 'all', 'timely_rate', 'week', date '2024-02-26', date '2024-03-03', 'at_least', 0.9,
        0.3e0, 30, 100, -60e0, 'alarm', null, 'service', true),
    ('all', 'all', 'complaint_resolution_rate', 'week', date '2024-02-26', date '2024-03-03', 'at_least', 0.95,
        0.0e0, 0, 1, -95e0, 'too_few', null, 'service', true),
    ('all', 'all', 'churn_rate', 'month', date '2024-01-01', date '2024-01-31', 'at_most', 0.05,
        0.01, 1, 100, -4, 'met', null, 'management', false),
    ('all', 'all', 'top_member_share', 'as_of', date '2024-03-31', date '2024-03-31', 'at_least', 0.15,
        null, null, null, null, 'no_data', 'no_data', 'Team North', true)
) as t(scheme, tier, metric, period_type, period_start, period_end, direction, target, actual, numerator, denominator,
    gap, status, missing_reason, owner, is_latest);
create table marts.dim_labels as select * from (values
    ('scheme', 'retention_abcd', 'Retention tiers A to D', '留存分层 ABCD'), ('dimension', 'all', 'All', '全部'),
    ('target_metric', 'churn_rate', 'Churn', '整体流失率'), ('target_status', 'alarm', 'Alarm', '警报'),
    ('metric_reason', 'no_data', 'No data', '无数据'), ('owner_role', 'management', 'Management', '管理层')
) as t(code_set, code, name_en, name_zh);
"""


@pytest.fixture
def published(tmp_path: Path) -> Home:
    """A home whose release tracks three targets, one of them over two months."""
    home = Home(tmp_path / "home")
    release = home.releases / "one"
    release.mkdir(parents=True)
    with duckdb.connect(str(release / "retention.duckdb")) as connection:
        connection.execute(TABLES)
    home.published.symlink_to(release)
    return home


def run(home: Home, *arguments: str) -> str:
    """What the command prints, with exit code 0."""
    done = CliRunner().invoke(app, ["targets", *arguments, "--home", str(home.path)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


def test_targets_stand_with_their_latest_period_the_worst_first(published: Home) -> None:
    rows = list_targets(published, Wanted())
    assert [(row["metric"], row["status"]) for row in rows] == [
        ("churn_rate", "alarm"),  # more than twice the target
        ("timely_rate", "alarm"),
        ("retention_rate", "warning"),
        ("complaint_resolution_rate", "too_few"),
        ("top_member_share", "no_data"),
    ]


def test_they_are_told_by_scheme_and_status(published: Home) -> None:
    assert [row["metric"] for row in list_targets(published, Wanted("retention_abcd"))] == ["retention_rate"]
    of_two = list_targets(published, Wanted("all", ("alarm", "met")))
    assert [row["metric"] for row in of_two] == ["churn_rate", "timely_rate"]


def test_people_read_names_and_programs_codes(published: Home, capsys: pytest.CaptureFixture[str]) -> None:
    printed = run(published, "--language", "zh") + capsys.readouterr().out
    assert "整体流失率" in printed
    assert "≤ 5 %" in printed
    assert "91.6 %" in printed
    assert re.search(r"样本数.*\n(.*\n)*.* 500 ", printed)
    assert re.search(r"留存分层 ABCD +A .* -3\.4 ", printed)  # the gap to a tenth, as the actual
    assert re.search(r"全部 +全部 +整体流失率.* 7 ", printed)
    assert "retention_abcd" not in printed
    assert "无数据" in printed  # in the place of an actual
    assert "Team North" in printed  # a company's own owner has no name in dim_labels
    assert "retention_abcd" in run(published) + capsys.readouterr().out  # the code that --scheme takes
    alarm, _ = json.loads(run(published, "--json", "--status", "alarm") + capsys.readouterr().out)
    assert (alarm["metric"], alarm["period_end"], alarm["gap"]) == ("churn_rate", "2024-02-29", 7)
    assert (alarm["scheme"], alarm["scheme_name"], alarm["tier_name"]) == ("all", "All", "All")
    assert (alarm["actual"], alarm["numerator"], alarm["denominator"]) == (0.12, 12, 100)


def test_empty_plans_are_told_where_targets_are_read(published: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is empty" not in run(published) + capsys.readouterr().out  # a release of before there were plans
    with duckdb.connect(str(published.published / "retention.duckdb")) as connection:
        connection.execute("create table marts.resource_plan (tier text); create table marts.plan_progress as select 1")
    told = run(published) + capsys.readouterr().out
    assert "note: resource_plan is empty: the profile of the release has no rows in seeds/resource_budgets.csv" in told
    assert "plan_progress" not in told
    json.loads(run(published, "--json") + capsys.readouterr().out)


def test_what_is_not_there_is_told_with_what_is(published: Home, tmp_path: Path) -> None:
    with pytest.raises(NotThereError, match=r"No target is of scheme 'x'\. Schemes: all, retention_abcd"):
        list_targets(published, Wanted("x"))
    with pytest.raises(SettingsError, match="no status 'red'"):
        list_targets(published, Wanted(statuses=("red",)))
    with pytest.raises(SettingsError, match="no language 'fr'"):
        list_targets(published, Wanted(), "fr")
    with pytest.raises(NotThereError, match="Nothing has been published"):
        list_targets(Home(tmp_path / "empty"), Wanted())


def test_missed_targets_are_written_in_both_languages_beside_their_day(published: Home) -> None:
    manifest = {"as_of_date": "2024-04-01", "started_at": "2024-04-02T09:00:00"}
    (published.releases / "one" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    said = run(published, "--write", "--as-of", "2024-04-01")
    folder = published.reports / "targets" / "2024-04-01"
    assert said.split() == [part for name in ("en", "zh") for part in ("written:", str(folder / f"targets-{name}.md"))]
    english, chinese = ((folder / f"targets-{name}.md").read_text(encoding="utf-8") for name in ("en", "zh"))
    assert english.count("\n| ") == 2 + 3, "a head, and those on alarm or warning"
    assert "| all | all | Churn |" in english
    assert "整体流失率" in chinese
    with pytest.raises(NotThereError, match="No release on disk describes 2024-04-02"):
        list_targets(published, Wanted(), as_of=date(2024, 4, 2))


def test_targets_of_a_closed_month_are_read_from_its_closing(published: Home) -> None:
    of_now = list_targets(published, Wanted())
    published.published.unlink()
    published.closings.mkdir()
    closing = (published.releases / "one").rename(published.closings / "2024-04")
    (closing / "manifest.json").write_text('{"as_of_date": "2024-04-30"}', encoding="utf-8")
    assert list_targets(published, Wanted(), as_of=date(2024, 4, 30)) == of_now
    with pytest.raises(NotThereError, match=r"No release on disk describes 2024-04-29\. Make one: retention run"):
        list_targets(published, Wanted(), as_of=date(2024, 4, 29))
