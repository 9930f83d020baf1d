"""The weekly report on frequent problems: its files, what stands in them, and what it says when it can't be written."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import openpyxl
import pytest
from typer.testing import CliRunner

from retention.errors import NotThereError
from retention.publication.problem_report import read_problems, write_problems
from retention.reports.problem_sections import QUERIES
from retention.reports.wording import Wording
from retention.ticket_command import app

if TYPE_CHECKING:
    from retention.runs import Home

TABLES = """
create schema marts;
create table marts.dim_dates as select date '2024-05-29' as as_of_date;
create table marts.dim_labels as select * from (values
    ('hotspot_verdict', 'hotspot', 'Hotspot', '热点问题'), ('hotspot_trend', 'rising', 'Rising', '上升'),
    ('sla_status', 'overdue', 'Overdue', '已超时未完成'), ('dimension', 'all', 'All', '全部'),
    ('dimension', 'region', 'Region', '地区'), ('region', 'east', 'East', '东区'),
    ('ticket_category', 'billing', 'Billing', '账单'),
    ('dimension_value', 'all', 'All', '全部'), ('dimension_value', 'unknown', 'Unknown', '未知'),
    ('sla_metric', 'first_response', 'First response', '首次响应')
) as t(code_set, code, name_en, name_zh);
create table marts.issue_hotspots as select * from (values
    (date '2024-05-27', 'logistics|east', 9, 0.9, 1, 0.9, 2.0, 3.5, 'rising', 2.0, 4.04, true, 1, 7, 100.00, 0.25, 'A',
        'east', 'app', 'hotspot', '9 tickets, a usual week 2.0: score 4.04 >= 3.00'),
    (date '2024-05-27', 'billing', 1, 0.219512195, 2, 1.0, 1.0, 0.0, 'steady', 1.0, -0.9806, false, null, 1,
        1211844.04, null, null, null,
        null, 'too_few_tickets', 'history_too_short')
) as t(week_start, category, tickets, ticket_share, category_rank, cumulative_share, mean_4_weeks, change_rate, trend,
    usual_tickets, hotspot_score, is_hotspot, hotspot_rank, customers, revenue_12m, revenue_share, main_tier,
    main_region, main_channel, verdict, reason);
create table marts.service_metrics as select * from (values
    (date '2024-05-20', 'week', 'all', 'all', 3, 3, 1.0, 3, 0, 1, 1.0, 5.0, 60.0, 0.5, 1.0),
    (date '2024-05-27', 'week', 'all', 'all', 10, 5, 0.5, 4, 2, 1, 0.6667, 5.0, 60.0, 0.5, null),
    (date '2024-05-27', 'week', 'region', 'east', 6, 3, 0.5, 3, 1, 1, 0.75, 5.0, 60.0, 0.5, null),
    (date '2024-05-27', 'week', 'region', 'unknown', 4, 2, 0.5, 1, 1, 1, 0.5, 5.0, 60.0, 0.5, null),
    (date '2024-05-01', 'month', 'all', 'all', 13, 8, 0.6, 7, 2, 1, 0.7, 5.0, 60.0, 0.5, null)
) as t(week_start, period_type, dimension, dimension_value, tickets, resolved, resolution_rate, met, breached,
    undecided, timely_rate, median_first_response_minutes, median_resolution_minutes, call_back_rate, csat);
create table marts.ticket_sla as select *, true as is_open from (values
    ('T1', 'C1', '=cmd()', 'billing', 'P1', 1, timestamp '2024-05-01 10:00', timestamp '2024-05-02 10:00', 'met',
        'overdue', 'overdue: 471101 of 1440 minutes', true, true),
    ('T3', 'C3', 'bob', 'billing', 'P2', 0, timestamp '2024-05-28 10:00', timestamp '2024-05-28 12:00', 'overdue',
        'running', 'running: 7 of 10080 minutes', true, false),
    ('T2', null, 'ann', null, null, 0, timestamp '2024-05-28 10:00', timestamp '2024-05-30 10:00', 'met', 'running',
        'running: 1 of 5 minutes', false, true)
) as t(ticket_id, customer_id, owner, category, escalated_priority, escalation_level, received_at, next_due_at,
    first_response_status, resolution_status, reason, is_overdue, is_soon_overdue);
create table marts.ticket_sla_policies as select * from (values
    ('T1', 'resolution', timestamp '2024-05-02 10:00', 'overdue', true, false, 471101, 1440, 'calendar'),
    ('T1', 'first_response', timestamp '2024-05-30 09:00', 'running', true, true, 61, 120, 'business'),
    ('T1', 'contact', timestamp '2024-05-03 10:00', 'overdue', true, false, 3, 2, 'calendar'),
    ('T1', 'call_back', timestamp '2024-05-01 10:00', 'overdue', true, false, 3, 2, 'calendar'),
    ('T2', 'resolution', timestamp '2024-05-30 10:00', 'running', true, true, 1, 5, 'calendar'),
    ('T2', 'call_back', timestamp '2024-05-30 10:00', 'running', true, true, 1, 5, 'calendar'),
    ('T2', 'contact', timestamp '2024-05-30 08:00', 'running', false, true, 1, 5, 'calendar'),
    ('T3', 'resolution', timestamp '2024-06-30 10:00', 'running', true, false, 7, 10080, 'calendar'),
    ('T3', 'first_response', timestamp '2024-05-28 12:00', 'overdue', true, false, 1920, 120, 'business')
) as t(ticket_id, metric, due_at, status, is_counted, is_soon_overdue, taken_minutes, allowed_minutes, clock);
"""
"""T1 is late by its settlement and soon by its answer, T3 late by its answer alone: the settlement has days to go."""
RUNNER = CliRunner()


@pytest.fixture
def published(home: Home) -> Home:
    """A home whose published release holds a few tickets."""
    release = home.releases / "one"
    release.mkdir(parents=True)
    with duckdb.connect(str(release / "retention.duckdb")) as connection:
        connection.execute(TABLES)
    home.published.symlink_to(release)
    return home


def test_the_report_of_the_as_of_days_week_stands_in_both_languages(published: Home) -> None:
    folder = write_problems(published)
    assert folder == published.reports / "problems" / "2024-05-27"
    assert sorted(path.name for path in folder.iterdir()) == [
        "report-en.html", "report-en.md", "report-en.xlsx", "report-zh.html", "report-zh.md", "report-zh.xlsx",
        "report.json",
    ]  # fmt: skip
    english = (folder / "report-en.md").read_text(encoding="utf-8")
    assert "# Frequent problems, week of 2024-05-27" in english
    assert "The week is not over" in english
    assert "1. logistics|east: 9 tickets, a usual week 2.0: score 4.04 >= 3.00" in english
    assert "| 1 | logistics\\|east | 9 |" in english
    assert "| T1 | C1 | =cmd() |" in english
    page = (folder / "report-zh.html").read_text(encoding="utf-8")
    assert "logistics|east明显偏高：9 件（90.0%），涉及 7 位客户，常规周为 2.0 件。" in page
    assert "2 件未解决的工单已超时" in page
    assert "<script" not in page
    chinese = (folder / "report-zh.md").read_text(encoding="utf-8")
    assert "高频问题分析报告" in chinese
    assert "热点问题" in chinese
    assert "1. logistics|east: 工单 9 件，常规周 2.0 件：异常分 4.04 ≥ 3.00" in chinese
    assert "| 全部 | 全部 | 10 |" in chinese
    assert "| 地区 | 东区 | 6 |" in chinese
    assert "| 地区 | 未知 | 4 |" in chinese
    assert "| 账单 |" in chinese
    assert "| 已超时未完成：已用 327 天 3 小时，时限 1 天 |" in chinese
    assert "| Overdue: 327 d 3 h of 1 d |" in english
    assert "| Overdue: 32 h of 2 h of working time |" in english, "by its answer; its settlement is in time"
    assert "| running: 1 h 1 min of 2 h of working time |" in english, "of the clock that is soon due"
    assert "minutes" not in english.split("## Open and overdue")[1]
    assert "| 1,211,844 |" in english, "an amount as in the other reports"
    assert "| -0.98 |" in english
    assert "| 22.0% |" in english, "9 of 41, rounded once"
    assert "| 首次响应 |" in chinese
    for text in (english, chinese):
        assert "| 90.0% | 90.0% | 2.0 | +350.0% |" in text, "shares and changes are percents"
        assert "| 66.7% | 5.0 | 60.0 | 50.0% |" in text
        assert "0.6667" not in text
    book = openpyxl.load_workbook(folder / "report-zh.xlsx")
    rate, change = book["服务指标"]["I2"], book["本周问题"]["G2"]
    assert (rate.value, rate.number_format) == (0.6667, "0.0%"), "a number, shown as a percent"
    assert (change.value, change.number_format) == (3.5, "+0.0%;-0.0%;0.0%")
    assert book.sheetnames == ["本周问题", "服务指标", "已超时未解决", "即将超时"]
    overdue = [[cell.value for cell in row] for row in book["已超时未解决"].iter_rows()]
    assert [row[0] for row in overdue] == ["工单编号", "T1", "T3"]
    assert "已超时未完成" in overdue[1]
    assert book["已超时未解决"]["C2"].data_type == "s", "an owner's name is no formula"


def test_a_week_is_named_by_any_of_its_days(published: Home) -> None:
    told = RUNNER.invoke(app, ["report", "--home", str(published.path), "--week", "2024-05-26", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert (found["week_start"], found["as_of_date"], found["problems"]) == ("2024-05-20", "2024-05-29", [])
    assert [row["tickets"] for row in found["service"]] == [3]
    soon = [(row["ticket_id"], row["metric"], row["is_overdue"]) for row in found["soon_overdue"]]
    assert soon == [("T1", "first_response", True), ("T2", "resolution", False)], "late by one clock, soon by another"
    assert not (published.reports / "problems").exists()


def test_a_week_that_the_release_does_not_know_is_refused(published: Home) -> None:
    for day in (date(2024, 5, 19), date(2024, 6, 3)):
        with pytest.raises(NotThereError, match="Choose a week from 2024-05-20 to 2024-05-27"):
            read_problems(published, day)


def test_nothing_published_and_an_older_release_say_what_to_do(home: Home) -> None:
    with pytest.raises(NotThereError, match="retention run"):
        read_problems(home)
    release = home.releases / "one"
    release.mkdir(parents=True)
    duckdb.connect(str(release / "retention.duckdb")).close()
    home.published.symlink_to(release)
    with pytest.raises(NotThereError, match="no service levels"):
        read_problems(home)


def test_every_column_has_a_name_in_both_languages(published: Home) -> None:
    problems = read_problems(published)
    for table in QUERIES:
        for language in ("en", "zh"):
            assert all(Wording(language).head(table, column) for column in problems.tables[table][0])
