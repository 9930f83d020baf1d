"""The commands `retention contacts`: who is to be contacted, when, by whom and in what words (P3)."""

from typing import Annotated

import typer

from retention.console import out, print_json, print_rows
from retention.errors import NotThereError
from retention.languages import check_language
from retention.options import HomeOption, settings_with
from retention.publication.contact_lists import SHOWN_SETS, export_contacts, open_calendar, told

TITLES = {"en": ("planned", "not planned"), "zh": ("已排期", "未排期")}
CONTACTS = """
    select due_on, trigger, channel, owner, {own}, reason
    from marts.{table}
    where customer_id = $customer
    order by due_on, trigger
"""
app = typer.Typer(
    no_args_is_help=True,
    help="The contact calendar: lists for those who make the contacts, and why a customer is contacted or not.",
)

LanguageOption = Annotated[str, typer.Option("--language", help="Language of texts, names and headers: en or zh.")]


@app.command(epilog="Example: retention contacts export --days 7 --owner 'East team' --language zh --format xlsx")
def export(
    home: HomeOption = None,
    days: Annotated[
        int | None, typer.Option("--days", min=0, help="Days after the as-of day. Default: the whole calendar.")
    ] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="One owner's list. Default: every owner's.")] = None,
    language: LanguageOption = "en",
    form: Annotated[str, typer.Option("--format", help="xlsx, csv or both.")] = "both",
) -> None:
    """Write what is to be done and what is overdue, a file per owner, into HOME/reports/contacts/<as-of>/."""
    settings = settings_with(home=home)
    done = export_contacts(
        settings.home_path, settings.project_dir, days=days, owner=owner, language=language, form=form
    )
    count, owners = sum(done.contacts.values()), len(done.contacts)
    out.print(f"{count:,} contacts of {owners:,} owners, {done.overdue:,} overdue: {done.folder}", markup=False)
    without = "customers are due and not to be contacted (no consent, opted out)."
    out.print(f"{done.without_consent:,} {without}", markup=False)


@app.command(epilog="Example: retention contacts show C102 --language zh")
def show(
    customer: Annotated[str, typer.Argument(help="The customer's ID, as the tables have it.")],
    home: HomeOption = None,
    language: LanguageOption = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what is planned with a customer, and what is due and not planned, with the reasons."""
    check_language(language)
    settings = settings_with(home=home)
    with open_calendar(settings.home_path) as release:
        if not release.rows("select 1 from marts.dim_customers where customer_id = ?", [customer]):
            raise NotThereError(
                f"There is no customer '{customer}' in the published release.",
                "retention customer show tells whom a merged profile belongs to.",
            )
        names = release.names(language, SHOWN_SETS)
        tables = [
            release.rows(CONTACTS.format(table=table, own=own), {"customer": customer})
            for table, own in (("contact_calendar", "is_overdue"), ("contact_exclusions", "exclusion"))
        ]
    if as_json:
        shown = {"customer_id": customer, "planned": tables[0], "not_planned": tables[1]}
        print_json(shown)
        return
    for title, rows in zip(TITLES[language], tables, strict=True):
        print_rows(out, f"{customer}: {title}", [told(row, names, language) for row in rows], language)
