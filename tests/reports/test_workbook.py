"""The workbook: every figure as the tables have it, texts that stay texts, and a file that other programs open."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import duckdb
import openpyxl
import pytest
import yaml
from tests.reports.company import copy_release
from typer.testing import CliRunner

from retention.cli import app
from retention.reports import workbook
from retention.reports.cells import width
from retention.reports.sheets import SHEETS
from retention.reports.workbook import write_report_workbook
from retention.settings import PROJECT_DIR

if TYPE_CHECKING:
    from pathlib import Path

    from retention.runs import Home

CHINESE = [
    "目录", "客户信息总表", "表1 客户分层表", "表2 目标与资源表", "表3 触达计划执行表", "表4 客户反馈问题处理表",
    "表5 留存效果评估", "表6 客户留存数据看板", "表7 留存健康度", "预警清单", "同期群留存",
]  # fmt: skip
HEADER = 2
# openpyxl does not read the newer form of bars; nothing here asks for it.
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported")


@pytest.fixture(scope="module")
def books(reported: Home) -> dict[str, Any]:
    folder = reported.reports / "workbook" / "2024-05-31"
    return {name: openpyxl.load_workbook(folder / f"retention-2024-05-31-{name}.xlsx") for name in ("en", "zh")}


def table(page: Any) -> list[list[Any]]:
    """The rows below the header, as far as a sheet is filled."""
    return [[cell.value for cell in row] for row in page.iter_rows(min_row=HEADER + 1)]


def column(page: Any, head: str) -> list[Any]:
    place = [cell.value for cell in page[HEADER]].index(head)
    return [row[place] for row in table(page)]


def test_the_eight_tables_stand_in_the_order_that_the_business_knows(books: dict[str, Any]) -> None:
    assert books["zh"].sheetnames == CHINESE
    assert len(books["en"].sheetnames) == len(CHINESE)
    contents = {row[0]: row[3] for row in books["zh"]["目录"].iter_rows(values_only=True) if row[0] in CHINESE}
    assert contents["客户信息总表"] == 3
    assert contents["表5 留存效果评估"] == 2
    for book in books.values():
        for page in book.worksheets[1:]:
            assert page.freeze_panes is not None
            assert page["A1"].hyperlink.location == f"'{book.sheetnames[0]}'!A1"
        assert all(page.auto_filter.ref for page in book.worksheets[1:-1])


def test_a_missing_figure_is_never_a_number_and_both_languages_hold_the_same_ones(books: dict[str, Any]) -> None:
    """That the figures are right is shown of a simulated company, from its facts (workbook_figures)."""
    for english, chinese in zip(books["en"].worksheets[1:], books["zh"].worksheets[1:], strict=True):
        for one, other in zip(table(english), table(chinese), strict=True):
            for left, right in zip(one, other, strict=True):
                is_same = left == right if not isinstance(left, str) else isinstance(right, str)
                assert is_same, (english.title, left, right)
    board = {row[1]: row for row in table(books["en"]["6 Board"])}
    heads = [cell.value for cell in books["en"]["6 Board"][HEADER]]
    few, blank = (dict(zip(heads, board[name], strict=True)) for name in ("Negative feedback", "NPS"))
    assert (few["Current value"], few["Against target"], few["Abnormal"]) == (
        pytest.approx(0.32), "Missed", "Too few to judge",
    )  # fmt: skip
    assert (blank["Current value"], blank["Against target"], blank["Abnormal"]) == (
        "No data",
        "No figure",
        "Not judged",
    )


def test_health_stands_in_the_order_of_the_rules(books: dict[str, Any]) -> None:
    page = books["zh"]["表7 留存健康度"]
    assert column(page, "维度")[:4] == ["数据能力", "策略落地度", "客户体验", "动态优化"]


def test_golden_rows_and_their_formats(books: dict[str, Any]) -> None:
    page = books["zh"]["表5 留存效果评估"]
    assert column(page, "留存率") == [0.916, 0.21]
    assert column(page, "差距（百分点）") == [-3.4, 1.0]
    assert column(page, "客户等级") == ["A 高价值 核心层", "D 流失风险 预警层"]
    assert column(books["zh"]["表3 触达计划执行表"], "完成率") == [0.96, 0.98]
    place = [cell.value for cell in page[HEADER]].index("留存率") + 1
    assert page.cell(HEADER + 1, place).number_format == "0.0%"
    board = books["en"]["6 Board"]
    target, trend = ([cell.value for cell in board[HEADER]].index(head) + 1 for head in ("Target", "7-day trend"))
    churn = column(board, "Metric").index("Churn of the day") + HEADER + 1
    assert board.cell(churn, target).number_format == '"≤ "0.0%', "a target says which side is good"
    assert board.cell(churn, trend).number_format.startswith('+0.0" pts"')
    assert "No data" in column(board, "Current value")
    assert column(board, "Reason found").count("Region North (62% of the change)") == 3


def test_a_text_is_no_formula_and_nothing_personal_is_there(books: dict[str, Any]) -> None:
    master = books["en"]["Master list"]
    assert "=1+1" in column(master, "Customer")
    assert "=cmd()" in column(master, "Account owner")
    for book in books.values():
        for page in book.worksheets:
            assert not [cell for row in page.iter_rows() for cell in row if cell.data_type == "f"]
    heads = {one for sheet in SHEETS if sheet.key == "customers" for one in sheet.query.replace(",", " ").split()}
    contract = yaml.safe_load(
        (PROJECT_DIR / "expectations" / "contracts" / "customers.odcs.yaml").read_text(encoding="utf-8")
    )
    personal = {
        one["name"] for one in contract["schema"][0]["properties"] if "personal" in str(one.get("classification"))
    }
    assert personal, "the contract names personal fields"
    assert not heads & {f"customers.{name}" for name in personal}


def test_colours_charts_and_the_heat_map(books: dict[str, Any]) -> None:
    book = books["zh"]
    assert len(book["表1 客户分层表"]._charts) == 1
    kinds = {
        page.title: {rule.type for area in page.conditional_formatting for rule in area.rules}
        for page in book.worksheets
    }
    assert kinds["同期群留存"] == {"colorScale"}
    assert "dataBar" in kinds["表1 客户分层表"]
    assert "cellIs" in kinds["表6 客户留存数据看板"]
    cohorts = [[value for value in row if value is not None] for row in table(book["同期群留存"])]
    assert cohorts[0][1:] == [10, 1, 0], "a cohort at 0 % stays; a month that is not over is left out"
    assert cohorts[1][1:] == [20, 1]


def test_the_same_release_gives_the_same_workbook(reported: Home) -> None:
    folder = reported.reports / "workbook" / "2024-05-31"
    before = {path: path.read_bytes() for path in folder.iterdir()}
    told = CliRunner().invoke(
        app, ["workbook", "--home", str(reported.path), "--as-of", "2024-05-31"], catch_exceptions=False
    )
    assert told.exit_code == 0
    assert f"written: {folder / 'retention-2024-05-31-zh.xlsx'}\n" in told.output
    assert "  表5 留存效果评估: 2\n" in told.output
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_more_customers_than_a_sheet_holds_go_on_in_a_further_one(
    reported: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "SHEET_ROWS", 3)
    monkeypatch.setattr(workbook, "ROWS_AHEAD", 1)
    english = write_report_workbook(reported)[0]
    monkeypatch.undo()
    book = openpyxl.load_workbook(english)
    write_report_workbook(reported)
    names = [page.title for page in book.worksheets if page.title.startswith("Master list")]
    assert names == ["Master list", "Master list (2)"]
    assert [row[0] for name in names for row in table(book[name])] == ["C1", "=1+1", "C3"]


def crowded(reported: Home, home: Home) -> None:
    """A release whose widest alert stands behind more rows than are read ahead."""
    folder = copy_release(reported, home)
    home.published.symlink_to(folder)
    with duckdb.connect(str(folder / "retention.duckdb")) as connection:
        connection.execute("""
            insert into marts.alerts by name
                select * exclude (number) replace ('B' || number as alert_id, 'critical' as severity)
                from marts.alerts cross join range(300) as n(number) where alert_id = 'A3';
            update marts.alerts set severity = 'warning', metric_value = 87654321.5, unit = 'money',
                value_at_stake = 9876543210.25, trend_7d = -1234567
                where alert_id = 'A1';
            insert into marts.alerts by name
                select * replace ('B' as alert_id, 'rate' as unit, -12.3 as trend_7d, 0.5 as metric_value)
                from marts.alerts where alert_id = 'A1'
        """)


def test_a_column_is_as_wide_as_its_widest_row_wherever_it_stands(reported: Home, home: Home) -> None:
    crowded(reported, home)
    for path, sheet, heads in zip(
        write_report_workbook(home), ("Alerts", "预警清单"),
        (("Value", "7-day trend", "Value at stake"), ("指标值", "近7天趋势", "涉及金额")), strict=True,
    ):  # fmt: skip
        page = openpyxl.load_workbook(path)[sheet]
        titles = [cell.value for cell in page[HEADER]]
        for head, text in zip(heads, ("87,654,321.50", "-12.3 个百分点", "9,876,543,210.25"), strict=True):
            place = titles.index(head) + 1
            # Neighbours of one width stand as one range.
            [wide] = [one.width for one in page.column_dimensions.values() if one.min <= place <= one.max]
            assert wide >= width(text) + 1, (sheet, head)


@pytest.mark.slow
def test_no_number_lacks_room_when_it_is_drawn(reported: Home, home: Home, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None or shutil.which("pdftotext") is None:
        if os.environ.get("CI"):
            pytest.fail("LibreOffice or pdftotext is missing: apt-get install libreoffice-calc-nogui poppler-utils")
        pytest.skip("needs LibreOffice and pdftotext")
    crowded(reported, home)
    paths = write_report_workbook(home)
    subprocess.run(
        [office, f"-env:UserInstallation=file://{tmp_path / 'profile'}", "--headless", "--convert-to", "pdf",
         "--outdir", str(tmp_path), *map(str, paths)],
        capture_output=True, timeout=300, check=True,
    )  # fmt: skip
    for path in paths:
        pdf = tmp_path / path.with_suffix(".pdf").name
        subprocess.run(["pdftotext", "-layout", str(pdf)], check=True, timeout=120)  # noqa: S607
        text = pdf.with_suffix(".txt").read_text(encoding="utf-8")
        assert "9,876,543,210.25" in text
        assert "###" not in text, path.name


@pytest.mark.slow
def test_libreoffice_opens_it_without_repair(reported: Home, tmp_path: Path) -> None:
    """Convert to a workbook of its own, where all sheets and figures are, and to pictures, of which none is empty."""
    office = shutil.which("soffice")
    if office is None or shutil.which("pdftoppm") is None:
        if os.environ.get("CI"):
            pytest.fail("LibreOffice or pdftoppm is missing: apt-get install libreoffice-calc-nogui poppler-utils")
        pytest.skip("needs LibreOffice and pdftoppm")
    path = reported.reports / "workbook" / "2024-05-31" / "retention-2024-05-31-zh.xlsx"
    for kind in ("xlsx:Calc MS Excel 2007 XML", "pdf"):
        done = subprocess.run(
            [office, f"-env:UserInstallation=file://{tmp_path / 'profile'}", "--headless", "--convert-to", kind,
             "--outdir", str(tmp_path), str(path)],
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    book = openpyxl.load_workbook(tmp_path / path.name)
    assert book.sheetnames == CHINESE
    assert column(book["表5 留存效果评估"], "留存率")[:2] == [0.916, 0.21]
    assert len(book["表1 客户分层表"]._charts) == 1
    drawn = pictures(tmp_path / path.with_suffix(".pdf").name)
    assert len(drawn) >= len(CHINESE), "every sheet has a page"
    assert min(drawn) > 0.003, "a page is empty"
    assert max(drawn) < 0.9


def pictures(pdf: Path) -> list[float]:
    """The pages drawn as pictures in grey: of each the share of points that are not white."""
    subprocess.run(["pdftoppm", "-r", "20", "-gray", str(pdf), str(pdf.with_suffix(""))], check=True, timeout=120)  # noqa: S607
    found = []
    for page in sorted(pdf.parent.glob(f"{pdf.stem}-*.pgm")):
        points = page.read_bytes().split(b"\n255\n", 1)[1]
        found.append(sum(point < 250 for point in points) / len(points))
    return found
