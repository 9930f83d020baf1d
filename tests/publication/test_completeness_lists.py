"""The work lists that a person gets: who stands in them, what the sheets are called, and that nothing in them runs."""

from pathlib import Path

import duckdb
import openpyxl
import pytest

from retention.errors import NotThereError, SettingsError
from retention.publication.completeness_lists import read_worklist, write_week, write_worklist
from retention.runs import Home

TABLES = """
create schema marts;
create table marts.dim_dates as select date '2024-05-29' as as_of_date;
create table marts.dim_labels as select * from (values
    ('customer_field', 'phone', 'Phone', '电话'), ('customer_field', 'region', 'Region', '区域'),
    ('completeness_reason', 'no_rows_in_week', 'No rows in the week', '当周无记录')
) as t(code_set, code, name_en, name_zh);
create table marts.completeness_worklist as select * from (values
    ('C1', 'Li Na', 'north', 'phone', 1, 10.00::decimal(18, 2)),
    ('C2', 'Li Na', null, 'phone, region', 2, 99.50),
    ('C3', 'A/B: [team] with a name that is too long for a sheet', 'north', 'phone', 1, 0.00),
    ('C4', 'A/B: [team] with a name that is too long for another', 'north', 'height', 1, 0.00),
    ('=cmd()', null, '=1+1', 'phone', 1, 5.00)
) as t(customer_id, account_owner, region, missing_columns, missing_count, value_at_stake);
create table marts.completeness as select * from (values
    ('customers', 'phone', date '2024-05-20', 5, 1, 0.8, 0.9, false, null),
    ('customers', 'phone', date '2024-05-27', 5, 4, 0.2, 0.9, false, null),
    ('interactions', 'staff', date '2024-05-27', 0, 0, null, 0.8, null, 'no_rows_in_week')
) as t(entity, "column", week_start, "rows", missing, completeness_rate, threshold, is_met, missing_reason);
"""


@pytest.fixture
def published(home: Home) -> Home:
    """A home whose published release holds a small work list."""
    release = home.releases / "one"
    release.mkdir(parents=True)
    with duckdb.connect(str(release / "retention.duckdb")) as connection:
        connection.execute(TABLES)
    home.published.symlink_to(release)
    return home


def test_an_owner_gets_the_own_customers_the_most_valuable_first(published: Home, tmp_path: Path) -> None:
    path = write_worklist(read_worklist(published, "Li Na"), tmp_path / "li.csv")
    assert path.read_text(encoding="utf-8-sig").splitlines() == [
        "Customer ID,Account owner,Region,Missing fields,Fields missing,Spend in the last 12 months",
        'C2,Li Na,,"Phone, Region",2,99.50',
        "C1,Li Na,north,Phone,1,10.00",
    ]


def test_a_workbook_has_a_sheet_for_each_owner_and_one_for_nobody(published: Home, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_worklist(read_worklist(published), tmp_path / "all.xlsx", "zh"))
    assert book.sheetnames == [
        "A_B_ _team_ with a name that is",
        "A_B_ _team_ with a name that ~2",
        "Li Na",
        "（无负责人）",
    ]
    rows = list(book["Li Na"].iter_rows(values_only=True))
    assert rows[0] == ("客户编号", "客户负责人", "区域", "缺失字段", "缺失字段数", "近12个月消费额")
    assert rows[1] == ("C2", "Li Na", None, "电话、区域", 2, 99.5)
    # A field that a company has added to its contract has no label yet: its own name stands there.
    assert next(book[book.sheetnames[1]].iter_rows(min_row=2, values_only=True))[3] == "height"


def test_no_text_of_a_list_is_a_formula(published: Home, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_worklist(read_worklist(published), tmp_path / "all.xlsx"))
    (row,) = book["(no owner)"].iter_rows(min_row=2)
    assert [(cell.value, cell.data_type) for cell in row][0::2][:2] == [("=cmd()", "s"), ("=1+1", "s")]


def test_a_workbook_of_nothing_has_its_header(published: Home, tmp_path: Path) -> None:
    file = published.published / "retention.duckdb"
    with duckdb.connect(str(file.resolve())) as connection:
        connection.execute("delete from marts.completeness_worklist")
    book = openpyxl.load_workbook(write_worklist(read_worklist(published), tmp_path / "all.xlsx"))
    assert [next(sheet.iter_rows(values_only=True))[0] for sheet in book] == ["Customer ID"]


def test_the_week_has_a_list_per_owner_and_a_report(published: Home) -> None:
    folder = write_week(published, "zh")
    assert folder == published.reports / "completeness" / "2024-05-27"
    lists = sorted(path.name for path in folder.glob("*.xlsx"))
    assert len(lists) == 4
    assert {"worklist-Li_Na.xlsx", "worklist-no-owner.xlsx"} < set(lists)
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert "未达标: customers.phone" in report
    assert "| customers | phone | 5 | 4 | 0.2 | 0.9 | ✗ |  |" in report
    assert "| interactions | staff | 0 | 0 |  | 0.8 |  | 当周无记录 |" in report
    assert "| Li Na | 2 | 3 | 109.50 | worklist-Li_Na.xlsx |" in report
    (folder / "worklist-Someone_who_has_left.xlsx").touch()
    assert write_week(published, "zh") == folder  # the same week once more
    assert sorted(path.name for path in folder.glob("*.xlsx")) == lists


@pytest.mark.parametrize(
    ("name", "language", "told"),
    [("list.pdf", "en", "neither CSV nor a workbook"), ("list.csv", "fr", "There is no language 'fr'")],
)
def test_what_cannot_be_written_is_said(published: Home, tmp_path: Path, name: str, language: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        write_worklist(read_worklist(published), tmp_path / name, language)


def test_an_owner_without_work_is_told_who_has_some(published: Home) -> None:
    with pytest.raises(NotThereError, match=r"No customer of 'Li' lacks a key field. Owners with work: .*Li Na"):
        read_worklist(published, "Li")


def test_without_a_release_there_is_no_list(home: Home) -> None:
    with pytest.raises(NotThereError, match="Nothing has been published"):
        read_worklist(home)


def test_a_release_of_an_older_program_has_no_list(home: Home) -> None:
    release = home.releases / "old"
    release.mkdir(parents=True)
    with duckdb.connect(str(release / "retention.duckdb")) as connection:
        connection.execute("create schema marts")
    home.published.symlink_to(release)
    with pytest.raises(NotThereError, match="no work list"):
        read_worklist(home)
