"""The contact lists that owners get: whose they are, what they say, and that nothing in them runs."""

from __future__ import annotations

import csv
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import openpyxl
import pytest
from typer.testing import CliRunner

from retention.contact_command import app
from retention.errors import NotThereError, SettingsError
from retention.publication.contact_lists import Template, export_contacts, file_name, fill, read_templates

if TYPE_CHECKING:
    from retention.runs import Home

PROJECT = Path(__file__).parents[2]
TABLES = """
create schema marts;
create table marts.dim_dates as select date '2024-05-29' as as_of_date;
create table marts.dim_customers as select * from (values ('C1', 'north'), ('C2', null), ('=cmd()', '-1+1'),
    ('C9', null)) as t(customer_id, region);
create table marts.dim_labels as select * from (values
    ('contact', 'birthday', 'Birthday', '生日关怀'), ('contact', 'first_purchase_coupon', 'Coupon', '首购复购券'),
    ('contact_exclusion', 'frequency_cap', 'Too often', '超出频次'), ('contact_channel', 'sms', 'Text message', '短信'),
    ('contact_owner', 'operations', 'Operations', '客户运营'), ('region', 'north', 'North', '北区')
) as t(code_set, code, name_en, name_zh);
create table marts.contact_calendar as select *, 'sms' as channel, 1 as priority, 'P2 why' as reason,
    date '2024-06-09' as latest_on, due_on <= date '2024-05-29' as is_overdue, false as is_provisional
from (values
    ('C1', date '2024-05-30', 'birthday', 'operations', 'birthday', '{}'),
    ('C2', date '2024-05-28', 'first_purchase_coupon', 'ann/bo', 'first_coupon',
        '{"coupon_from_amount": "48", "currency": "CNY"}'),
    ('=cmd()', date '2024-06-20', 'birthday', 'Ann_bo', 'birthday', '{}')
) as t(customer_id, due_on, trigger, owner, template, fields);
create table marts.contact_exclusions as select *, 'sms' as channel, 'operations' as owner, 'P2 why not' as reason
from (values ('C9', date '2024-05-30', 'birthday', 'no_consent'), ('C9', date '2024-06-01', 'birthday', 'opted_out'),
    ('C1', date '2024-06-01', 'birthday', 'frequency_cap')) as t(customer_id, due_on, trigger, exclusion);
"""

SLASHED = "ann_bo~" + sha256(b"ann/bo").hexdigest()[:8]
"""The name of the files of ann/bo, who would have those of ann_bo."""


@pytest.fixture
def published(home: Home) -> Home:
    """A home whose published release holds a small calendar."""
    release = home.releases / "one"
    release.mkdir(parents=True)
    with duckdb.connect(str(release / "retention.duckdb")) as connection:
        connection.execute(TABLES)
    home.published.symlink_to(release)
    return home


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_each_owner_gets_a_workbook_and_a_csv_with_filled_texts(published: Home) -> None:
    done = export_contacts(published, PROJECT)
    assert done.folder == published.reports / "contacts" / "2024-05-29"
    assert dict(done.contacts) == {"operations": 1, "ann/bo": 1, "Ann_bo": 1}
    assert (done.overdue, done.without_consent) == (1, 1)
    names = {file.name for file in done.folder.iterdir()}
    assert names == {f"{name}.{end}" for name in ("operations", "Ann_bo", SLASHED) for end in ("csv", "xlsx")}
    (row,) = rows_of(done.folder / f"{SLASHED}.csv")
    assert row["Text"] == "Dear customer, a coupon for your second order waits for you, from 48 CNY."
    assert (row["Occasion"], row["Channel"], row["Overdue"]) == ("Coupon", "Text message", "yes")
    sheet = openpyxl.load_workbook(done.folder / f"{SLASHED}.xlsx")["contacts"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:L2"


def test_a_text_that_cannot_be_filled_leaves_the_earlier_lists(published: Home, tmp_path: Path) -> None:
    folder = export_contacts(published, PROJECT).folder
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    seeds = tmp_path / "dbt_project" / "seeds"
    seeds.mkdir(parents=True)
    rows = ["template,language,channel,subject,body,fields,rule_id", "birthday,en,sms,B,{{ due_on + 1 }},,P2"]
    (seeds / "contact_templates.csv").write_text("\n".join([*rows, "first_coupon,en,sms,C,A coupon,,P2"]) + "\n")
    with pytest.raises(SettingsError, match="Template 'B' cannot be filled: can only concatenate str"):
        export_contacts(published, tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["2024-05-29"]


def test_an_owners_new_list_leaves_no_older_one_in_another_form(published: Home) -> None:
    folder = export_contacts(published, PROJECT).folder
    export_contacts(published, PROJECT, owner="ann/bo", language="zh", form="csv")
    names = {path.name for path in folder.iterdir()}
    others = {f"{name}.{end}" for name in ("operations", "Ann_bo") for end in ("csv", "xlsx")}
    assert names == {*others, f"{SLASHED}.csv"}


def test_texts_and_headers_are_chinese_on_demand(published: Home) -> None:
    done = export_contacts(published, PROJECT, language="zh", form="csv", days=7)
    assert not list(done.folder.glob("*.xlsx"))
    (row,) = rows_of(done.folder / f"{SLASHED}.csv")
    assert row["内容"] == "尊敬的客户，您好！送您一张复购优惠券，满48 CNY即可使用。"
    assert "Ann_bo" not in done.contacts  # due later than in seven days


@pytest.mark.parametrize(("language", "head", "region"), [("en", "Region", "North"), ("zh", "区域", "北区")])
def test_a_region_has_its_name_and_one_without_a_name_its_code(
    published: Home, language: str, head: str, region: str
) -> None:
    done = export_contacts(published, PROJECT, language=language, form="csv")
    shown = {file.stem: rows_of(file)[0][head] for file in done.folder.iterdir()}
    assert shown == {"operations": region, SLASHED: "", "Ann_bo": "'-1+1"}


def test_customers_without_consent_are_counted_of_what_was_asked_for(published: Home) -> None:
    assert export_contacts(published, PROJECT).without_consent == 1
    assert export_contacts(published, PROJECT, owner="ann/bo").without_consent == 0


def test_nothing_in_a_list_is_a_formula(published: Home) -> None:
    done = export_contacts(published, PROJECT, owner="Ann_bo")
    (row,) = rows_of(done.folder / "Ann_bo.csv")
    assert (row["Customer ID"], row["Region"]) == ("'=cmd()", "'-1+1")
    (line,) = openpyxl.load_workbook(done.folder / "Ann_bo.xlsx")["contacts"].iter_rows(min_row=2)
    assert (line[0].value, line[0].data_type) == ("=cmd()", "s")


def test_an_export_of_all_replaces_that_days_lists_and_one_of_an_owner_none(published: Home) -> None:
    folder = export_contacts(published, PROJECT).folder
    (folder / "gone.csv").write_text("of an owner who has left", encoding="utf-8")
    export_contacts(published, PROJECT, owner="operations")
    assert (folder / "gone.csv").exists()
    export_contacts(published, PROJECT)
    assert not (folder / "gone.csv").exists()


def test_owners_exported_one_by_one_write_over_nobodys_list(published: Home) -> None:
    with duckdb.connect(str(published.published / "retention.duckdb")) as connection:
        connection.execute("update marts.contact_calendar set owner = 'East 1' where owner = 'ann/bo'")
        connection.execute("update marts.contact_calendar set owner = 'East/1' where owner = 'Ann_bo'")
    together = {file.name for file in export_contacts(published, PROJECT, form="csv").folder.iterdir()}
    for owner, customer in (("East 1", "C2"), ("East/1", "'=cmd()")):
        folder = export_contacts(published, PROJECT, owner=owner, form="csv").folder
        (row,) = rows_of(folder / f"{file_name(owner, [owner])}.csv")
        assert row["Customer ID"] == customer
    lists = {file.name: rows_of(file)[0]["Customer ID"] for file in folder.iterdir()}
    assert lists.keys() == together
    assert sorted(lists.values()) == ["'=cmd()", "C1", "C2"]


def test_a_name_that_can_stand_as_it_is_stands_unless_capitals_alone_tell_it_from_another() -> None:
    assert [file_name(one, ["east", "West"]) for one in ("east", "West")] == ["east", "West"]
    shared = [file_name(one, ["east", "East", "EAST 1"]).casefold() for one in ("east", "East", "EAST 1")]
    assert len(set(shared)) == 3
    long = [f"{'x' * 90}{end}" for end in "ab"]
    assert len({file_name(one, long) for one in long}) == 2


def test_a_template_prints_and_does_nothing_else() -> None:
    assert fill(Template("{{ a }}", "{{ a }} & {{ b }}"), {"a": "<1>", "b": "2"}) == Template("<1>", "<1> & 2")
    for text in ("{{ missing }}", "{{ a.__class__.__mro__ }}", "{% if %}"):
        with pytest.raises(SettingsError, match="cannot be filled"):
            fill(Template("x", text), {"a": "1"})


@pytest.mark.parametrize(
    ("template", "due_on", "said"),
    [
        ("on_site_review", "2024-02-10", "2024-05-30"),
        ("deep_visit", "2024-05-29", "2024-05-30"),
        ("deep_visit", "2024-05-31", "2024-05-31"),
    ],
    ids=["long overdue", "due on the as-of day", "due later"],
)
def test_a_visit_is_proposed_for_no_past_day(published: Home, template: str, due_on: str, said: str) -> None:
    with duckdb.connect(str(published.published / "retention.duckdb")) as connection:
        connection.execute(
            "update marts.contact_calendar set template = $template, due_on = $due_on::date where customer_id = 'C1'",
            {"template": template, "due_on": due_on},
        )
    for language, head, text in (("en", "Due on", "Text"), ("zh", "应联系日期", "内容")):
        done = export_contacts(published, PROJECT, owner="operations", language=language, form="csv")
        (row,) = rows_of(done.folder / "operations.csv")
        assert row[head] == due_on
        assert re.findall(r"\d{4}-\d{2}-\d{2}", row[text]) == [said]


@pytest.mark.parametrize(
    ("template", "english", "chinese"),
    [
        (
            "adviser_month",
            "Dear customer, your adviser would like to talk through the month with you.",
            "尊敬的客户，您好！您的专属顾问将与您进行本月沟通。",
        ),
        (
            "first_adviser",
            "Dear customer, thank you for your first order of 48 CNY. Your adviser is there for you from now on.",
            "尊敬的客户，您好！感谢您首次购买（48 CNY）。今后将由专属顾问为您服务。",
        ),
        (
            "contract_renewal",
            "Dear customer, contract K1 ends on 2024-06-30. We would like to talk with you about how to go on.",
            "尊敬的客户，您好！合同K1将于2024-06-30到期，我们希望与您沟通续约事宜。",
        ),
    ],
)
def test_a_text_names_neither_an_owner_nor_a_role(template: str, english: str, chinese: str) -> None:
    fields = {"first_order_amount": "48", "currency": "CNY", "contract_id": "K1", "contract_ends_on": "2024-06-30"}
    templates = read_templates(PROJECT)
    assert fill(templates[template, "en"], fields).body == english
    assert fill(templates[template, "zh"], fields).body == chinese
    assert not any("owner" in one.subject + one.body for one in templates.values())


@pytest.mark.parametrize(
    ("given", "told"),
    [({"language": "fr"}, "no language 'fr'"), ({"form": "pdf"}, "no format 'pdf'")],
)
def test_what_there_is_not_is_told(published: Home, given: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        export_contacts(published, PROJECT, **given)


def test_an_owner_without_contacts_and_a_release_without_a_calendar_are_told(published: Home) -> None:
    with pytest.raises(NotThereError, match=r"No contact of 'eve' is due\. Owners with contacts: Ann_bo, ann/bo, oper"):
        export_contacts(published, PROJECT, owner="eve")
    with duckdb.connect(str(published.published / "retention.duckdb")) as connection:
        connection.execute("drop table marts.contact_exclusions")
    with pytest.raises(NotThereError, match="has no contact calendar"):
        export_contacts(published, PROJECT)


def test_a_customer_is_shown_with_what_is_planned_and_what_is_not(published: Home) -> None:
    shown = CliRunner().invoke(app, ["show", "C1", "--json", "--home", str(published.path)])
    assert shown.exit_code == 0, shown.output
    told = json.loads(shown.stdout)
    assert [row["trigger"] for row in told["planned"]] == ["birthday"]
    assert [row["exclusion"] for row in told["not_planned"]] == ["frequency_cap"]
    chinese = CliRunner().invoke(app, ["show", "C1", "--language", "zh", "--home", str(published.path)]).stdout
    assert "未排期原因" in chinese
    assert "frequency_cap" not in chinese
    nobody = CliRunner().invoke(app, ["show", "C9", "--language", "zh", "--home", str(published.path)]).stdout
    assert "C9: 已排期\n  无\n" in nobody
    assert "none" not in nobody
    english = CliRunner().invoke(app, ["show", "C9", "--home", str(published.path)]).stdout
    assert "C9: planned\n  none\n" in english
    unknown = CliRunner().invoke(app, ["show", "C404", "--home", str(published.path)])
    assert isinstance(unknown.exception, NotThereError)
