"""`retention program show` and `retention churn reasons`, from a published release."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pytest
from typer.testing import CliRunner

from retention.cli import app
from retention.errors import NotThereError, SettingsError
from retention.program.churn import list_lost, list_reasons
from retention.program.health import show_health
from retention.runs import Home

if TYPE_CHECKING:
    from pathlib import Path

MEASURES = (
    '{"timely_rate": {"value": 0.81, "full_mark": 0.9, "marks": 90.0, "missing_reason": null}, '
    '"nps_score": {"value": null, "full_mark": 40, "marks": null, "missing_reason": "too_few"}}'
)
TABLES = f"""
create schema marts;
create table marts.program_health_summary as from (values
    (date '2024-01-01', 79.99, 'good', null, null, null, 'no_earlier_period', true),
    (date '2024-02-01', 82.654, 'excellent', 2.664, 'timely_rate', 2.5, null, true),
    (date '2024-03-01', null, null, null, null, null, 'no_data', false)
) as t(month, score, grade, score_change, moved_by, moved_by_points, change_missing_reason, is_complete);
alter table marts.program_health_summary add column weakest_dimension varchar;
alter table marts.program_health_summary add column weakest_measure varchar;
alter table marts.program_health_summary add column advice varchar;
alter table marts.program_health_summary add column missing_reason varchar;
alter table marts.program_health_summary add column known_share double default 0.5;
update marts.program_health_summary set weakest_dimension = 'customer_experience', weakest_measure = 'timely_rate',
    advice = 'settle_in_time' where score is not null;
update marts.program_health_summary set missing_reason = 'no_data' where score is null;
create table marts.program_health as
select month, 'customer_experience' as dimension, 1 as dimension_rank, 0.25 as weight, score, '{MEASURES}' as measures
from marts.program_health_summary;
create table marts.churn_reasons as select *, date '2024-03-13' as as_of_date from (values
    (date '2024-03-04', 'complaint', 'service', 2, 0.6666666e0, 150.00, 0.75e0, 3, 1, true),
    (date '2024-03-04', 'unknown', 'unknown', 1, 0.3333333e0, 50.00, 0.25e0, 1, 2, true),
    (date '2024-03-11', 'complaint', 'service', 0, null, 0, null, 0, 1, false)
) as t(week_start, reason, reason_group, lost_customers, customer_share, value_lost, value_share, signalled_customers,
    rank, is_mature);
create table marts.lost_customers as select *, date '2024-03-04' as week_start, date '2024-03-06' as churned_on,
    date '2023-12-07' as last_purchase_on, cast(null as date) as came_back_on from (values
    ('c1', 'complaint', 'complaint,one_time_purchase', 100.00, 'K2.complaint: complaints 2.0000, at least 1.0000'),
    ('c2', 'unknown', null, 50.00, 'K2.unknown: no rule of churn_reason_rules is met'),
    ('c3', 'complaint', 'complaint', 50.00, 'K2.complaint: complaints 1.0000, at least 1.0000')
) as t(customer_id, reason, signals, value_lost, explanation);
create table marts.dim_labels as select * from (values
    ('program_dimension', 'customer_experience', 'Customer experience', '客户体验'),
    ('program_measure', 'timely_rate', 'Timely resolution', '及时解决率'),
    ('program_measure', 'nps_score', 'NPS', '净推荐值'),
    ('program_grade', 'excellent', 'Excellent', '优秀'),
    ('program_advice', 'settle_in_time', 'Settle in time', '提升及时率'),
    ('program_reason', 'too_few', 'Too few', '样本不足'), ('program_reason', 'no_data', 'No data', '无数据'),
    ('churn_reason', 'complaint', 'Complaint', '投诉'), ('churn_reason', 'unknown', 'Unknown', '未知'),
    ('churn_reason_group', 'service', 'Service record', '服务记录')
) as t(code_set, code, name_en, name_zh);
"""


@pytest.fixture
def published(tmp_path: Path) -> Home:
    """A home whose release holds three months and two weeks."""
    home = Home(tmp_path / "home")
    release = home.releases / "one"
    release.mkdir(parents=True)
    with duckdb.connect(str(release / "retention.duckdb")) as connection:
        connection.execute(TABLES)
    home.published.symlink_to(release)
    return home


def run(home: Home, *arguments: str) -> str:
    """What the command prints, with exit code 0."""
    done = CliRunner().invoke(app, [*arguments, "--home", str(home.path)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


def test_the_newest_month_that_is_over_is_shown_with_its_weakest_dimension(published: Home) -> None:
    told = run(published, "program", "show")
    assert "programme health in 2024-02: 82.65, Excellent" in told
    assert "weakest: Customer experience. Settle in time." in told
    assert "change to the month before: +2.66, most by Timely resolution (+2.50)" in told
    assert "Too few" in told
    assert "measures with data hold 50 % of the weight" in told
    zh = run(published, "program", "show", "--month", "2024-01", "--language", "zh")
    assert "2024-01 留存健康度（表7）：79.99" in zh
    assert "最短板：客户体验" in zh


def test_a_running_month_without_data_says_both(published: Home) -> None:
    told = run(published, "program", "show", "--month", "2024-03-15")
    assert "programme health in 2024-03: No data, - (the month is not over)" in told
    assert "weakest" not in told


@pytest.mark.parametrize("month", ["2025-13", "March", "2024/03"])
def test_a_month_that_is_none_is_refused_with_a_remedy(published: Home, month: str) -> None:
    done = CliRunner().invoke(app, ["program", "show", "--month", month, "--home", str(published.path)])
    assert isinstance(done.exception, SettingsError)
    assert str(done.exception) == f"--month {month} is no month. Write it as YYYY-MM, for example 2018-01."


def test_health_as_json_has_codes_names_and_history(published: Home) -> None:
    found = json.loads(run(published, "program", "show", "--json"))
    assert (found["grade"], found["grade_name"], len(found["history"])) == ("excellent", "Excellent", 3)
    assert found["dimensions"][0]["measures"][1]["missing_reason"] == "too_few"


def test_reasons_of_a_week_stand_with_their_shares_and_the_customers_behind(published: Home) -> None:
    told = run(published, "churn", "reasons")
    assert "customers lost from 2024-03-04 to 2024-03-10: 3, value 200.00" in told
    assert "66.7 %" in told
    running = run(published, "churn", "reasons", "--week", "2024-03-12", "--language", "zh")
    assert "2024-03-11 至 2024-03-13 流失客户 0 位" in running
    lost = run(published, "churn", "reasons", "--reason", "complaint")
    assert "complaint,one_time_purchase" in lost
    assert "c2" not in lost
    assert [row["customer_id"] for row in list_lost(published)] == ["c1", "c2", "c3"]
    assert json.loads(run(published, "churn", "reasons", "--json"))[0]["reason_name"] == "Complaint"


def test_what_is_not_there_is_told_with_a_remedy(published: Home, tmp_path: Path) -> None:
    with pytest.raises(NotThereError, match=r"health in 2023-12\. It tells 2024-01 to 2024-03"):
        show_health(published, date(2023, 12, 31))
    with pytest.raises(NotThereError, match=r"week of 2024-03-18\. It tells 2024-03-04 to 2024-03-17"):
        list_reasons(published, date(2024, 3, 20))
    with pytest.raises(NotThereError, match=r"no reason 'rain'\. Reasons: complaint, unknown"):
        list_lost(published, reason="rain")
    with pytest.raises(SettingsError, match="no language 'fr'"):
        list_reasons(published, language="fr")
    with pytest.raises(NotThereError, match="Nothing has been published"):
        show_health(Home(tmp_path / "empty"))
    with duckdb.connect(str(published.published.resolve() / "retention.duckdb")) as connection:
        connection.execute("drop table marts.churn_reasons")
    with pytest.raises(NotThereError, match=r"has no table churn_reasons\. Run the pipeline again"):
        list_reasons(published)
