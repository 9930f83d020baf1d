"""The contact calendar as lists for the people who make the contacts (P3).

Only the published release is read. Texts are those of contact_templates.csv as it stands now, filled with the fields
that the release holds: no personal field is among them, so that a text greets nobody by name.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from glob import escape
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jinja2 import StrictUndefined
from jinja2 import Template as JinjaTemplate
from jinja2.sandbox import SandboxedEnvironment

from retention.errors import NotThereError, SettingsError
from retention.languages import check_language
from retention.publication.chosen_release import Reader, open_published
from retention.publication.contact_reasons import SETS, told_reason
from retention.publication.workbooks import Sheet, write_csv, write_workbook
from retention.runs import Home

FORMATS = {"xlsx": (".xlsx",), "csv": (".csv",), "both": (".xlsx", ".csv")}
CODES = {"channel": "contact_channel", "trigger": "contact", "owner": "contact_owner", "region": "region"}
EXCLUSION = "contact_exclusion"
HEADERS = {
    "customer_id": {"en": "Customer ID", "zh": "客户编号"},
    "due_on": {"en": "Due on", "zh": "应联系日期"},
    "is_overdue": {"en": "Overdue", "zh": "已逾期"},
    "is_provisional": {"en": "Provisional", "zh": "暂定"},
    "channel": {"en": "Channel", "zh": "渠道"},
    "trigger": {"en": "Occasion", "zh": "触达事由"},
    "priority": {"en": "Priority", "zh": "优先级"},
    "subject": {"en": "Subject", "zh": "主题"},
    "body": {"en": "Text", "zh": "内容"},
    "latest_on": {"en": "At the latest by the rule", "zh": "规则最晚日期"},
    "region": {"en": "Region", "zh": "区域"},
    "reason": {"en": "Reason", "zh": "原因"},
}
WIDTHS = (20, 12, 9, 11, 12, 28, 9, 32, 80, 14, 14, 60)
SHEET = {"en": "contacts", "zh": "联系清单"}
YES = {"en": "yes", "zh": "是"}
OWNER = {"en": "Owner", "zh": "负责人"}
EXCLUDED = {"en": "Not planned because", "zh": "未排期原因"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CALENDAR = """
    select calendar.*, customers.region
    from marts.contact_calendar as calendar
    inner join marts.dim_customers as customers using (customer_id)
    where calendar.due_on <= $until and ($owner is null or calendar.owner = $owner)
    order by calendar.owner, calendar.due_on, calendar.priority, calendar.customer_id
"""
WITHOUT_CONSENT = """
    select count(distinct customer_id) as customers from marts.contact_exclusions
    where exclusion in ('no_consent', 'opted_out') and due_on <= $until and ($owner is null or owner = $owner)
"""
SHOWN_SETS = (*CODES.values(), *SETS.values(), EXCLUSION)


@dataclass(frozen=True)
class Template:
    """Subject and body of a contact in one language, as Jinja."""

    subject: str
    body: str


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes:
        contacts: number of contacts by owner.
        without_consent: customers of the contacts asked for, due and not planned, who gave no consent or opted out.
    """

    folder: Path
    contacts: Mapping[str, int]
    overdue: int
    without_consent: int


def read_templates(project_dir: Path) -> dict[tuple[str, str], Template]:
    """The templates by code and language.

    Raises:
        SettingsError: the file cannot be read.
    """
    path = project_dir / "dbt_project" / "seeds" / "contact_templates.csv"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {
                (row["template"], row["language"]): Template(row["subject"], row["body"])
                for row in csv.DictReader(file)
            }
    except (OSError, KeyError, UnicodeDecodeError) as error:
        remedy = "Restore it; retention rules check tells more."
        raise SettingsError(f"{path} cannot be read: {error}.", remedy) from error


def fill(template: Template, fields: Mapping[str, str]) -> Template:
    """Put fields into a template; a template can do nothing but write them.

    Raises:
        SettingsError: it asks for a field that is not there, or is no Jinja.
    """
    try:
        return Template(*(_compiled(text).render(fields) for text in (template.subject, template.body)))
    except Exception as error:  # whatever an expression raises is a mistake in the template
        raise SettingsError(
            f"Template '{template.subject}' cannot be filled: {str(error).rstrip('.')}.",
            "Mend it in seeds/contact_templates.csv; retention rules check names the fields there are.",
        ) from error


@cache
def _compiled(text: str) -> JinjaTemplate:
    # Plain text and no page, so that nothing is escaped.
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False).from_string(text)


def export_contacts(
    home: Home,
    project_dir: Path,
    *,
    days: int | None = None,
    owner: str | None = None,
    language: str = "en",
    form: str = "both",
) -> Exported:
    """Write a list per owner into `HOME/reports/contacts/<as-of>/`; it replaces that day's earlier lists.

    Lists are written beside and take their places together: what cannot be filled leaves the earlier ones as they were.

    Args:
        days: contacts due in so many days after the as-of day, and overdue ones; None: the whole calendar.
        owner: one owner; None: all.

    Raises:
        NotThereError: nothing is published, the release has no calendar, or the owner no contact.
        SettingsError: a language, form or template is wrong.
    """
    check_language(language)
    if form not in FORMATS:
        raise SettingsError(f"There is no format '{form}'.", f"Use one of {', '.join(FORMATS)}.")
    templates = read_templates(project_dir)
    with open_calendar(home) as release:
        as_of = release.release.as_of
        until = date.max if days is None else as_of + timedelta(days=days)
        asked = {"until": until, "owner": owner}
        rows, owners = release.rows(CALENDAR, asked), _owners(release)
        if owner is not None and not rows:
            raise NotThereError(f"No contact of '{owner}' is due.{_known(owners)}", "Leave --owner out for all.")
        names = release.names(language, SHOWN_SETS)
        without = release.rows(WITHOUT_CONSENT, asked)[0]["customers"]
    by_owner: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_owner.setdefault(row["owner"], []).append(row)
    folder = home.reports / "contacts" / str(as_of)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=folder.parent) as beside:
        for name, contacts in by_owner.items():
            lines = [_line(one, templates, names, language, as_of) for one in contacts]
            _write(Path(beside) / file_name(name, owners), lines, language, FORMATS[form])
        whose = "*" if owner is None else escape(file_name(owner, owners))
        for end in FORMATS["both"]:
            for earlier in folder.glob(whose + end):
                earlier.unlink()
        for path in Path(beside).iterdir():
            path.replace(folder / path.name)
    counts = {name: len(contacts) for name, contacts in by_owner.items()}
    return Exported(folder, counts, sum(1 for row in rows if row["is_overdue"]), without)


def open_calendar(home: Home) -> AbstractContextManager[Reader]:
    """Open the published release, which has to have a contact calendar."""
    return open_published(home, "contact_calendar", "contact_exclusions", called="contact calendar")


def told(row: Mapping[str, Any], names: Mapping[tuple[str, str], str], language: str) -> dict[str, Any]:
    """A row of the calendar, or of what is not planned, under headers and with names in a language."""
    sets = CODES | {"exclusion": EXCLUSION}
    shown: dict[str, Any] = {}
    for column, value in row.items():
        header = EXCLUDED if column == "exclusion" else HEADERS.get(column, OWNER)
        if isinstance(value, bool):
            shown[header[language]] = YES[language] if value else ""
        elif column == "reason":
            shown[header[language]] = told_reason(value, names, language)
        else:
            shown[header[language]] = names.get((sets[column], value), value) if column in sets else value
    return shown


def _owners(release: Reader) -> list[str]:
    known = release.rows("select distinct owner from marts.contact_calendar order by owner")
    return [row["owner"] for row in known]


def _known(owners: Sequence[str]) -> str:
    return f" Owners with contacts: {', '.join(owners)}." if owners else ""


def _line(
    row: Mapping[str, Any],
    templates: Mapping[tuple[str, str], Template],
    names: Mapping[tuple[str, str], str],
    language: str,
    as_of: date,
) -> list[Any]:
    """A contact as its owner reads it, in the order of HEADERS.

    The text of an overdue contact names the day after the as-of day: nobody can be asked for a day that is past.
    """
    shown = {column: names.get((CODES[column], row[column]), row[column]) for column in CODES}
    template = templates.get((row["template"], language))
    if template is None:
        raise SettingsError(
            f"Template '{row['template']}' has no text in language '{language}'.",
            "Add its row to seeds/contact_templates.csv.",
        )
    given = {
        **json.loads(row["fields"]),
        "customer_id": row["customer_id"],
        "due_on": str(max(row["due_on"], as_of + timedelta(days=1))),
        "channel": shown["channel"],
    }
    text = fill(template, given)
    values = {
        **row,
        **shown,
        "subject": text.subject,
        "body": text.body,
        "reason": told_reason(row["reason"], names, language),
        "is_overdue": YES[language] if row["is_overdue"] else "",
        "is_provisional": YES[language] if row["is_provisional"] else "",
    }
    return [values[column] for column in HEADERS]


def _write(path: Path, lines: Sequence[Sequence[Any]], language: str, suffixes: Sequence[str]) -> None:
    header = [names[language] for names in HEADERS.values()]
    if ".xlsx" in suffixes:
        sheet = Sheet(SHEET[language], header, WIDTHS, lines, can_filter=True)
        write_workbook(path.with_name(path.name + ".xlsx"), [sheet])
    if ".csv" in suffixes:
        write_csv(path.with_name(path.name + ".csv"), header, _harmless(lines))


def _harmless(lines: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
    """What a spreadsheet would take for a formula gets an apostrophe before it: a CSV cannot say that it is text."""
    for line in lines:
        yield [f"'{one}" if isinstance(one, str) and one.startswith(FORMULA) else one for one in line]


def file_name(owner: str, owners: Sequence[str]) -> str:
    """A name for an owner's files, the same whoever else's are written: else one list would be written over another.

    A name that cannot stand as it is gets letters of its own at its end; so does one that another owner of the release
    has in other capitals, which do not tell files apart everywhere.
    """
    plain = re.sub(r"[^\w.-]+", "_", owner).strip("._")[:80] or "_"
    is_alone = not any(one != owner and one.casefold() == owner.casefold() for one in owners)
    return plain if plain == owner and is_alone else f"{plain}~{sha256(owner.encode()).hexdigest()[:8]}"
