"""Reports: what they say of known figures, and that they repeat to the byte."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.reports.company import copy_release
from typer.testing import CliRunner

from retention.cli import app
from retention.errors import NotThereError
from retention.reports.declared import KINDS
from retention.reports.release import open_release
from retention.reports.rendering import line
from retention.reports.workbook import write_report_workbook
from retention.reports.writing import write_report

if TYPE_CHECKING:
    from pathlib import Path

    from retention.runs import Home

FILES = ["report-en.html", "report-en.md", "report-zh.html", "report-zh.md"]


def folder_of(home: Home, kind: str) -> Path:
    return home.reports / kind / "2024-05-31"


def read(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


def test_the_same_release_gives_the_same_bytes_in_both_languages(reported: Home) -> None:
    for kind in KINDS:
        folder = folder_of(reported, kind)
        assert sorted(path.name for path in folder.iterdir()) == FILES
        first = {path.name: path.read_bytes() for path in folder.iterdir()}
        told = CliRunner().invoke(app, ["report", kind, "--home", str(reported.path)], catch_exceptions=False)
        assert (told.exit_code, told.output) == (0, f"written: {folder}\n")
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_the_daily_report_tells_the_worst_metrics_first_and_the_reason_found(reported: Home) -> None:
    folder = folder_of(reported, "daily")
    english, chinese = read(folder, "report-en.md"), read(folder, "report-zh.md")
    findings = [text for text in english.splitlines() if text.startswith("- **")]
    assert len(findings) == 5
    assert "is 9.3% against a target of ≤ 5.0%, and its 7-day trend runs the wrong way (+1.1 pts)" in findings[0]
    assert "Most of the change lies in Region North (62% of the change)." in findings[0]
    assert findings[3] == (
        "- **Watch** 5 of 5 metrics with a target miss it, 1 of them by figures of too few to judge; 1 have no figure."
    )
    assert "2 alerts were opened on the day, 1 closed; 4 are open, 1 of them critical." in findings[2]
    assert [text.split("**")[1] for text in findings] == ["Attention"] * 3 + ["Watch"] * 2, "the gravest first"
    assert "3 metrics of the board are abnormal: Churn of the day, " in findings[0]
    assert "- **提请注意** 看板共3项异常：" in chinese
    assert "预警" not in {word.strip("*") for word in re.findall(r"\*\*.+?\*\*", chinese)}, "the word of alerts"
    assert "1 of 2 checks of the data failed, 0 of them critical." in findings[4]
    assert "| Warning | Customers | name | Completeness | 20% | ≥ 95% |" in english
    assert "| 警告 | 客户 | name | 字段填写率 | 20% | ≥ 95% |" in chinese
    assert "SYNTHETIC DATA" in english
    assert re.search("变化主要来自(地区|区域)：北区（占变化的 62%）。", chinese)
    assert "模拟数据" in chinese
    nps = next(text for text in english.splitlines() if "| NPS |" in text)
    assert "| No data | ≥ 40.0 |" in nps, "a figure that is missing is no 0"
    few = next(text for text in english.splitlines() if "| Negative feedback |" in text)
    assert "≤ 5.0% | Missed | +2.0 pts | Too few to judge |" in few, "missed, and neither abnormal nor normal"
    assert "| 未达标 | +2.0 个百分点 | 样本过少，不判定 |" in chinese
    churn = next(text for text in english.splitlines() if "| Churn of the day |" in text)
    assert "| Missed | +1.1 pts | Yes |" in churn
    warnings = {language: text.split(head)[1] for language, text, head in (
        ("en", english, "## Warnings about the company"), ("zh", chinese, "## 经营预警"),
    )}  # fmt: skip
    assert "Complaints most about Logistics (75%); Negative answers most through Phone (50%)" in warnings["en"]
    assert "投诉主要涉及：物流（75%）；负面评价主要来自：电话（50%）" in warnings["zh"]
    assert "| 11.2% | 10.0% | +1.1 pts | Tier D Churn risk (warning) (62% of the change) |" in warnings["en"]
    assert "=cmd()" in english.split("## Warning list")[1].split("##")[0]
    assert "| C3 |" not in english, "a snoozed alert is not on the list"


def test_golden_rows_stand_as_percents_and_points(reported: Home) -> None:
    monthly, execution = (read(folder_of(reported, kind), "report-en.md") for kind in ("monthly", "execution"))
    assert (
        "Retention of tier A High value (core) is 91.6% (n = 500, 2024-03-03 to 2024-05-31) against ≥ 95.0%: -3.4 pts"
        in monthly
    )
    assert "| A High value (core) | 500 | 458 | 91.6% | 95.0% | -3.4 pts |" in monthly
    assert "| D Churn risk (warning) | 800 | 168 | 21.0% | 20.0% | +1.0 pts |" in monthly
    assert "146 of 150 planned contacts were made (97.3%)" in execution
    assert "team-a is furthest behind of those with 1 planned contacts or more: 48 of 50 (96.0%)." in execution
    assert "No contact is overdue." in execution
    assert "this month up to the end of 2024-05-31" in execution, "the page of 16:00 says which day it tells"
    assert "本月截至 2024-05-31 日终" in read(folder_of(reported, "execution"), "report-zh.md")


def test_a_usual_week_is_the_mean_of_the_weeks_that_there_are(reported: Home, home: Home) -> None:
    """Of a short history no week is made up: the mean is over those that there are, and says how many."""
    folder = copy_release(reported, home)
    home.published.symlink_to(folder)
    for kept, told in ((4, "against 22.0 in a usual week (mean of the 2 before)"), (2, "there is no week before")):
        with duckdb.connect(str(folder / "retention.duckdb")) as connection:
            first = date(2024, 5, 27) - timedelta(weeks=kept - 1)
            connection.execute("delete from marts.churn_reasons where week_start < ?", [first])
            lost = connection.execute(
                "select sum(lost_customers) from marts.churn_reasons where is_mature group by week_start order by all"
            ).fetchall()
        assert sorted(number for (number,) in lost) == sorted([18, 26, 22][4 - kept :]), "the weeks that are over"
        assert told in read(write_report(home, "churn-brief"), "report-en.md")


def test_contacts_made_for_plans_of_another_week_are_contacts_of_this_one(reported: Home, home: Home) -> None:
    """The week tells contacts by their own day, in its findings as in its table by channel."""
    folder = copy_release(reported, home)
    home.published.symlink_to(folder)
    with duckdb.connect(str(folder / "retention.duckdb")) as connection:
        connection.execute("""
            update marts.touch_execution set touch_date = date '2024-05-20';
            delete from marts.fct_touches;
            insert into marts.fct_touches by name
            select 'T' || number as touch_id, 'C1' as customer_id, 'L1' as plan_id, 'phone' as channel,
                timestamp '2024-05-30 10:00' as touched_at, date '2024-05-30' as touched_on,
                case when number < 2 then 'positive' when number < 3 then 'negative' end as feedback,
                date '2024-05-31' as as_of_date
            from range(9) as touches(number);
        """)
    made = write_report(home, "touches")
    english, chinese = read(made, "report-en.md"), read(made, "report-zh.md")
    assert "9 contacts were made from 2024-05-27 to 2024-05-31; no plan was for these days." in english
    assert "2 positive, 1 negative; 6 contacts without one." in english
    assert "Contacts made from 2024-05-27 to 2024-05-31, by their own day." in english
    assert re.search(r"\| Phone( call)? \| 9 \|", english)
    assert "2024-05-27 至 2024-05-31 实际触达 9 次，没有此期间的触达计划。" in chinese


class Page(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_asks_for_nothing_and_runs_nothing(reported: Home, kind: str) -> None:
    for language in ("en", "zh"):
        text = read(folder_of(reported, kind), f"report-{language}.html")
        page = Page(text)
        assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
        assert not {"src", "href", "onclick", "style"} & {name for name, _ in page.attributes}
        assert not re.search(r"url\(|@import|https?://", text)
        assert ("lang", "zh-CN" if language == "zh" else "en") in page.attributes
        assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_another_day_is_read_from_its_own_release(reported: Home, home: Home) -> None:
    copy_release(reported, home, "2024-04-30")
    home.published.symlink_to(copy_release(reported, home))
    assert write_report(home, "touches", date(2024, 4, 30)).name == "2024-04-30"
    assert write_report(home, "touches").name == "2024-05-31"
    with pytest.raises(NotThereError, match="There are releases of 2024-04-30, 2024-05-31"):
        write_report(home, "touches", date(2024, 3, 31))


def test_a_closed_month_is_read_from_its_closing(reported: Home, home: Home) -> None:
    copy_release(reported, home, "2024-04-30").rename(home.path / "kept")
    home.closings.mkdir()
    (home.path / "kept").rename(home.closings / "2024-04")
    assert write_report(home, "touches", date(2024, 4, 30)).name == "2024-04-30"


def test_of_a_period_the_closing_comes_first_and_the_page_says_so(reported: Home, home: Home) -> None:
    release = copy_release(reported, home)

    def head(kind: str, language: str = "en") -> str:
        return read(write_report(home, kind, date(2024, 5, 31)), f"report-{language}.md").split("\n##")[0]

    assert "Release 2024-05-31, which is no closing of a month: later data can change it" in head("monthly")
    home.closings.mkdir()
    release.rename(home.closings / "2024-05")
    home.published.symlink_to(copy_release(reported, home))
    for kind in ("monthly", "quarterly", "half-year"):
        assert "Closing of 2024-05 (release 2024-05-31)" in head(kind)
    assert "2024-05 月结版本（发布版本 2024-05-31）" in head("monthly", "zh")
    assert "Release 2024-05-31\n" in head("daily") + "\n", "of a day what readers see"


def test_a_table_is_cut_by_the_question_and_its_rest_is_counted(reported: Home) -> None:
    with open_release(reported) as release:
        query = "select range as n from range(7) order by n desc"
        cut, whole = release.ask(query, 3), release.ask(query, 7)
    assert ([row["n"] for row in cut.rows], cut.total) == ([6, 5, 4], 7)
    assert (len(whole.rows), whole.total) == (7, 7)


def test_a_release_of_an_older_program_is_named_with_the_remedy(reported: Home, home: Home) -> None:
    folder = copy_release(reported, home)
    home.published.symlink_to(folder)
    with duckdb.connect(str(folder / "retention.duckdb")) as connection:
        connection.execute("drop table marts.alerts")
    told = CliRunner().invoke(app, ["report", "daily", "--home", str(home.path)])
    assert isinstance(told.exception, NotThereError)
    assert "has no table alerts" in str(told.exception)
    assert "retention run" in str(told.exception)


def test_a_small_line_parts_where_a_value_is_missing() -> None:
    assert line([]) == line([1.0]) == line([None, 2.0]) == []
    assert line([1.0, 2.0, None, 3.0]) == [[(2.0, 21.0), (32.7, 12.0)], [(94.0, 3.0)]]
    assert line([5.0, 5.0]) == [[(2.0, 12.0), (94.0, 12.0)]], "no change is a level line"


def test_a_company_without_any_data_gets_reports_that_say_so(reported: Home, home: Home) -> None:
    folder = copy_release(reported, home)
    home.published.symlink_to(folder)
    with duckdb.connect(str(folder / "retention.duckdb")) as connection:
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        connection.execute("; ".join(f'delete from marts."{name}"' for (name,) in tables))
    for kind in KINDS:
        english = read(write_report(home, kind), "report-en.md")
        assert "None." in english
        assert "nan" not in english.lower().replace("finance", "")
    english, chinese = write_report_workbook(home)
    assert english.stat().st_size > 0
    assert chinese.stat().st_size > 0
