"""What people get to judge, and what becomes of their answers: changed rows alone, all or none, once."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import duckdb
import openpyxl
import pytest
from typer.testing import CliRunner

from retention import label_command
from retention.errors import LoadRefusedError, NotThereError, SettingsError
from retention.labels import ReviewDesk, Wanted, count_labels, export_labels, import_labels
from retention.landing import committed_loads, load_contracts, raw_relation_sql, withdraw
from retention.settings import PROJECT_DIR

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from retention.runs import Home

TABLES = """
create schema marts;
create table marts.dim_labels as select * from (values
    ('label', 'quiet', 'Silent for 3 months', '3个月未活跃'), ('label', 'once', 'Bought once', '仅首购未复购'),
    ('review_status', 'proposed', 'To be confirmed', '待确认'), ('review_status', 'confirmed', 'Confirmed', '已确认'),
    ('review_status', 'rejected', 'Rejected', '已驳回'), ('scheme', 'quiet', 'no label', '非标签')
) as t(code_set, code, name_en, name_zh);
create table marts.dim_customers as select * from (values
    ('C1', 'Li Na', 'north'), ('C2', 'Li Na', 'south'), ('C3', 'Wang', 'north'), ('0042', null, '=1+1')
) as t(customer_id, account_owner, region);
create table marts.customer_merges as select * from (values ('C9', 'C3'), ('C3', 'C3'))
    as t(customer_id, golden_customer_id);
create table marts.customer_rfm as select * from (values ('C1', 10.00), ('C2', 99.50), ('C3', 0.00))
    as t(customer_id, monetary_12m);
create table marts.customer_labels as select * from (values
    ('C1', 'quiet', 'aa11', 'recency_days 91 > 90', true), ('C2', 'quiet', 'aa11', 'recency_days 121 > 90', true),
    ('C3', 'quiet', 'aa11', null, false), ('C3', 'once', 'bb22', 'purchase_days_lifetime 1 = 1', true),
    ('0042', 'once', 'bb22', 'purchase_days_lifetime 1 = 1', true)
) as t(customer_id, label, rule_version, evidence, is_current);
alter table marts.customer_labels add column rule_id varchar default 'B.1';
alter table marts.customer_labels add column rule_text varchar default 'recency_days > 90';
alter table marts.customer_labels add column first_seen_on date default date '2024-03-31';
alter table marts.customer_labels add column last_seen_on date default date '2024-05-29';
"""
STATUS, NOTE = 9, 10  # columns of a list, from 1
REVIEWED = tuple[str, str, str, str, str | None]


@pytest.fixture
def desk(home: Home) -> ReviewDesk:
    """A desk over a release with five labels."""
    release = home.releases / "one"
    release.mkdir(parents=True)
    with duckdb.connect(str(release / "retention.duckdb")) as connection:
        connection.execute(TABLES)
    home.published.symlink_to(release)
    return ReviewDesk(home, load_contracts(PROJECT_DIR), "Asia/Shanghai")


def change(desk: ReviewDesk, sql: str) -> None:
    """Change the published release, as a later run does."""
    with duckdb.connect(str(desk.home.published.resolve() / "retention.duckdb")) as connection:
        connection.execute(sql)


def rows_of(path: Path) -> list[list[Any]]:
    """All rows of a workbook's first sheet."""
    return [list(row) for row in openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)]


def judge(path: Path, answers: dict[tuple[str, str], tuple[str | None, str | None]]) -> Path:
    """Choose a status, and write a note, in the rows of these customers and labels."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for row in sheet.iter_rows(min_row=2):
        answer = answers.get((row[0].value, row[10].value))
        if answer:
            row[STATUS - 1].value, row[NOTE - 1].value = answer
    book.save(path)
    return path


def reviews(desk: ReviewDesk) -> list[REVIEWED]:
    """What raw holds, in the order of recording."""
    found: list[REVIEWED] = duckdb.sql(
        f"select customer_id, label, status, reviewer, note from ({raw_relation_sql(desk.home, desk.contract)}) "
        "order by _load_seq, customer_id, label"
    ).fetchall()
    return found


@pytest.fixture
def exported(desk: ReviewDesk, tmp_path: Path) -> Callable[..., Path]:
    """Writes a list and gives its path."""

    def export(name: str = "labels.xlsx", language: str = "en", **wanted: Any) -> Path:
        export_labels(desk, Wanted(**wanted), tmp_path / name, language)
        return tmp_path / name

    return export


def test_a_list_is_by_owner_and_label_and_begins_with_the_most_valuable(exported: Callable[..., Path]) -> None:
    header, *rows = rows_of(exported(language="zh"))
    assert header[:10] == [
        "客户编号", "客户负责人", "区域", "近12个月消费额", "标签", "依据", "首次出现", "最近出现", "审核状态", "备注",
    ]  # fmt: skip
    assert [(row[0], row[1], row[3], row[4], row[8]) for row in rows] == [
        ("C2", "Li Na", 99.5, "3个月未活跃", "待确认"),
        ("C1", "Li Na", 10, "3个月未活跃", "待确认"),
        ("C3", "Wang", 0, "仅首购未复购", "待确认"),
        ("0042", None, 0, "仅首购未复购", "待确认"),
    ]


def test_a_status_is_chosen_from_a_list_and_what_the_import_needs_is_hidden(exported: Callable[..., Path]) -> None:
    sheet = openpyxl.load_workbook(exported()).worksheets[0]
    (choice,) = sheet.data_validations.dataValidation
    assert (choice.formula1, str(choice.sqref)) == ('"Confirmed,Rejected,To be confirmed"', "I2:I1048576")
    assert [letter for letter, column in sheet.column_dimensions.items() if column.hidden] == ["K", "L", "M", "N"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:N5")
    assert [(cell.value, cell.data_type) for cell in sheet["C"]][-1] == ("=1+1", "s")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"labels": ("once",)}, [("C3", "once"), ("0042", "once")]),
        ({"owner": "Wang"}, [("C3", "once")]),
        ({"owner": "Wang", "with_past": True}, [("C3", "once"), ("C3", "quiet")]),
        ({"status": "confirmed"}, []),
    ],
)
def test_a_list_is_narrowed(
    exported: Callable[..., Path], wanted: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert [(row[0], row[10]) for row in rows_of(exported(**wanted))[1:]] == found


@pytest.mark.parametrize("name", ["labels.xlsx", "labels.csv"])
@pytest.mark.parametrize(("language", "words"), [("en", ("confirmed", "REJECTED ")), ("zh", ("已确认", "已驳回"))])
def test_changed_rows_are_recorded_and_the_same_file_says_nothing_new(
    desk: ReviewDesk, exported: Callable[..., Path], name: str, language: str, words: tuple[str, str]
) -> None:
    path = exported(name, language)
    if name.endswith("xlsx"):
        judge(path, {("C1", "quiet"): (words[0], "asked, her"), ("0042", "once"): (words[1], None)})
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        for row in rows:
            if (row[0], row[10]) == ("C1", "quiet"):
                row[8:10] = [words[0], "asked, her"]
            if row[0] == "0042":
                row[8] = words[1]
        with path.open("w", encoding="gb18030", newline="") as file:  # as Excel saves it in China
            csv.writer(file, delimiter=";").writerows(rows)
    taken = import_labels(desk, path, "Li Na")
    assert (taken.rows, taken.recorded, taken.known) == (4, {"confirmed": 1, "rejected": 1}, 0)
    recorded = [("0042", "once", "rejected", "Li Na", None), ("C1", "quiet", "confirmed", "Li Na", "asked, her")]
    assert reviews(desk) == recorded
    (load,) = committed_loads(desk.home)
    assert (load["load_id"], load["source"], load["entity"]) == (taken.load_id, "reviews", "label_reviews")

    again = import_labels(desk, path, "Wang")
    assert (again.recorded, again.known, again.load_id) == ({}, 2, None)
    assert reviews(desk) == recorded


def test_a_list_shows_what_was_judged_since_the_release(desk: ReviewDesk, exported: Callable[..., Path]) -> None:
    import_labels(desk, judge(exported(), {("C1", "quiet"): ("Rejected", None)}), "Ann")
    assert [row[0] for row in rows_of(exported(status="proposed"))[1:]] == ["C2", "C3", "0042"]
    assert [(one["label"], one["customers"], one["proposed"], one["rejected"]) for one in count_labels(desk)] == [
        ("once", 2, 2, 0),
        ("quiet", 2, 1, 1),
    ]
    # Taken back from a list written after it.
    taken = import_labels(desk, judge(exported(), {("C1", "quiet"): ("To be confirmed", None)}), "Ann")
    assert taken.recorded == {"proposed": 1}
    assert [row[0] for row in rows_of(exported(status="proposed"))[1:]] == ["C2", "C1", "C3", "0042"]


def test_the_last_of_two_judgements_counts_and_the_earlier_file_changes_nothing_any_more(
    desk: ReviewDesk, exported: Callable[..., Path]
) -> None:
    anns, bobs = exported("ann.xlsx"), exported("bob.xlsx")
    judge(anns, {("C1", "quiet"): ("Confirmed", None)})
    judge(bobs, {("C1", "quiet"): ("Rejected", "moved away")})
    assert import_labels(desk, anns, "Ann").over_others == 0
    assert import_labels(desk, bobs, "Bob").over_others == 1
    assert import_labels(desk, anns, "Ann").known == 1
    assert [row[10:14:2] for row in rows_of(exported(status="rejected"))[1:]] == [["quiet", "rejected"]]


def test_a_withdrawn_load_is_forgotten_and_its_file_can_come_again(
    desk: ReviewDesk, exported: Callable[..., Path]
) -> None:
    path = judge(exported(), {("C1", "quiet"): ("Confirmed", None)})
    load = import_labels(desk, path, "Ann").load_id
    assert load is not None
    withdraw(desk.home, load)
    assert len(rows_of(exported("other.xlsx", status="proposed"))) == 5
    assert import_labels(desk, path, "Ann").recorded == {"confirmed": 1}


def test_a_review_follows_a_merged_profile(desk: ReviewDesk, exported: Callable[..., Path]) -> None:
    path = judge(exported(), {("C3", "once"): ("Confirmed", None)})
    book = openpyxl.load_workbook(path)
    for row in book.worksheets[0].iter_rows(min_row=2):
        if row[0].value == "C3":
            row[0].value = "C9"  # as it was called when the list was written, before the merge
    book.save(path)
    import_labels(desk, path, "Ann")
    assert [row[0] for row in rows_of(exported(status="confirmed"))[1:]] == ["C3"]


def test_an_edited_rule_is_to_be_judged_anew(desk: ReviewDesk, exported: Callable[..., Path]) -> None:
    path = judge(exported(), {("C1", "quiet"): ("Confirmed", None)})
    import_labels(desk, path, "Ann")
    change(
        desk,
        "update marts.customer_labels set rule_version = 'cc33', rule_text = 'recency_days > 120' "
        "where label = 'quiet'",
    )
    assert len(rows_of(exported("new.xlsx", status="confirmed"))) == 1
    outdated = judge(path, {("C2", "quiet"): ("Rejected", None), ("C3", "once"): ("Confirmed", None)})
    with pytest.raises(
        LoadRefusedError, match=r"label quiet was judged by version aa11 of its rule, which is now cc33"
    ) as told:
        import_labels(desk, outdated, "Ann")
    assert "row 2 and 1 more: " in str(told.value)
    assert "(recency_days > 120): export it anew" in str(told.value)
    assert [one[0] for one in reviews(desk)] == ["C1"], "of a file with a wrong row nothing is taken"


def test_every_wrong_row_is_named(desk: ReviewDesk, exported: Callable[..., Path]) -> None:
    path = judge(
        exported(),
        {("C2", "quiet"): ("Confrmed", None), ("C1", "quiet"): (None, None), ("C3", "once"): ("Confirmed", None)},
    )
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet["A4"], sheet["A5"], sheet["I5"] = "C77", "C2", "Rejected"
    sheet.append([None] * 14)  # an empty row is none
    sheet.append([cell.value for cell in sheet[5]])
    sheet["I7"] = "Confirmed"
    book.save(path)
    with pytest.raises(LoadRefusedError) as told:
        import_labels(desk, path, "Ann")
    assert str(told.value).splitlines() == [
        "labels.xlsx: 4 rows are wrong.",
        "  row 2: the status 'Confrmed' is none of To be confirmed (待确认), Confirmed (已确认), Rejected (已驳回)",
        "  row 3: it has no status",
        "  row 4: customer 'C77' is not in the published release",
        "  row 7: label once of customer 'C2' is judged otherwise in row 5",
        " Correct these rows and import the file again; nothing of it was taken.",
    ]
    assert committed_loads(desk.home) == []


def test_a_file_that_is_no_list_is_refused(desk: ReviewDesk, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,name\nC1,Ann\n", encoding="utf-8")
    with pytest.raises(
        LoadRefusedError, match=r"customers.csv: required columns .* Import a file that retention labels"
    ):
        import_labels(desk, path, "Ann")
    path.with_suffix(".xlsx").write_bytes(b"no workbook")
    with pytest.raises(LoadRefusedError, match=r"^customers.xlsx: the Excel file is damaged"):
        import_labels(desk, path.with_suffix(".xlsx"), "Ann")
    with pytest.raises(NotThereError, match="There is no file"):
        import_labels(desk, tmp_path / "lost.csv", "Ann")


@pytest.mark.parametrize(
    ("wanted", "name", "error", "told"),
    [
        ({"labels": ("loud",)}, "a.csv", NotThereError, "No customer holds a label 'loud'. Labels held: once, quiet."),
        ({"owner": "Zhao"}, "a.csv", NotThereError, "No customer of 'Zhao' holds a label. Owners .*: Li Na, Wang"),
        ({"status": "done"}, "a.csv", SettingsError, "There is no status 'done'. Use one of confirmed, rejected"),
        ({}, "a.pdf", SettingsError, "a.pdf is neither CSV nor a workbook"),
    ],
)
def test_what_cannot_be_listed_is_said(
    desk: ReviewDesk, tmp_path: Path, wanted: dict[str, Any], name: str, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        export_labels(desk, Wanted(**wanted), tmp_path / name)


def test_a_release_of_an_older_program_has_no_labels(desk: ReviewDesk, tmp_path: Path) -> None:
    change(desk, "drop table marts.customer_labels")
    with pytest.raises(NotThereError, match="has no labels"):
        export_labels(desk, Wanted(), tmp_path / "a.csv")


def run(desk: ReviewDesk, *arguments: str) -> tuple[int, str]:
    """Exit code and output of `retention labels`."""
    done = CliRunner().invoke(label_command.app, [*arguments, "--home", str(desk.home.path)])
    return done.exit_code, done.output + str(done.exception or "")


def test_a_file_that_people_may_have_judged_in_is_replaced_only_by_force(desk: ReviewDesk, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("judged", encoding="utf-8")
    code, told = run(desk, "export", "--out", str(path))
    assert (code == 0, f"{path} is there already" in told, "--force" in told) == (False, True, True)
    assert path.read_text(encoding="utf-8") == "judged"
    assert run(desk, "export", "--out", str(path), "--force")[0] == 0
    assert "customer" in path.read_text(encoding="utf-8").lower()


def test_the_labels_held_are_listed_in_chinese(desk: ReviewDesk, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run(desk, "list", "--language", "zh")
    told += capsys.readouterr().out
    assert code == 0, told
    assert "当前持有的标签" in told
    assert "已驳回" in told
    assert "customers" not in told


def test_evidence_of_a_list_is_in_words(desk: ReviewDesk, exported: Callable[..., Path]) -> None:
    change(
        desk,
        "insert into marts.dim_labels values "
        "('rule_metric', 'recency_days', 'Days since the last purchase', '距最近一次购买天数'), "
        "('rule_metric', 'interactions_12m', 'Interactions', '互动次数'); "
        "update marts.customer_labels set evidence = "
        "'recency_days 91 > 90 and interactions_12m:log in is_null' where label = 'quiet'; "
        "update marts.customer_labels set evidence = 'recency_days 0.5000 >= 0.4' where label = 'once'",
    )
    assert {row[5] for row in rows_of(exported())[1:]} == {
        "Days since the last purchase 91 > 90 and Interactions (log in) is not known",
        "Days since the last purchase 0.5 ≥ 0.4",
    }
    assert "距最近一次购买天数 91 > 90，且 互动次数（log in）未知" in {
        row[5] for row in rows_of(exported("zh.xlsx", "zh"))[1:]
    }
