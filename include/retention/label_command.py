"""The commands `retention labels`: behaviour labels judged by the people who know the customers (B)."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from retention.console import out, print_json, print_rows
from retention.errors import SettingsError
from retention.labels import ReviewDesk, Taken, Wanted, count_labels, export_labels, import_labels
from retention.landing import load_contracts
from retention.languages import check_language
from retention.options import HomeOption, settings_with

TITLES = {"en": "labels held today", "zh": "当前持有的标签"}
# In English the columns are called what JSON calls them.
HEADS = {
    "zh": {
        "label": "标签代码",
        "name": "标签",
        "rule_id": "规则",
        "rule_version": "规则版本",
        "customers": "客户数",
        "proposed": "待确认",
        "confirmed": "已确认",
        "rejected": "已驳回",
    }
}
app = typer.Typer(
    no_args_is_help=True,
    help="Behaviour labels: how many customers hold them, and lists in which people confirm or reject them.",
)

LanguageOption = Annotated[str, typer.Option("--language", help="Language of names and headers: en or zh.")]


@app.command(name="list", epilog="Example: retention labels list --language zh")
def list_labels(
    home: HomeOption = None,
    language: LanguageOption = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show how many customers hold each label today, and how many of these are proposed, confirmed and rejected."""
    check_language(language)
    counted = count_labels(_desk(home), language)
    if as_json:
        print_json(counted)
    else:
        heads = HEADS.get(language, {})
        rows = [{heads.get(name, name): value for name, value in row.items()} for row in counted]
        print_rows(out, TITLES[language], rows, language)


@app.command(
    name="export",
    epilog="Example: retention labels export --out labels.xlsx --label silent_3_months --status proposed --language zh",
)
def export(
    to: Annotated[Path, typer.Option("--out", help="File to write, .xlsx or .csv.")],
    home: HomeOption = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", help="Code of a label; repeat it. Default: all.")
    ] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Account owner. Default: all customers.")] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="proposed, confirmed or rejected. Default: all.")
    ] = None,
    past: Annotated[bool, typer.Option("--past", help="Also labels that customers no longer hold.")] = False,
    language: LanguageOption = "en",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write the labels that customers hold, for people to choose a status in each row and send the file back."""
    if to.exists() and not force:
        # People may have judged in it: their answers would be lost.
        raise SettingsError(f"{to} is there already.", "Name another file, or replace this one with --force.")
    wanted = Wanted(tuple(label or ()), owner, status, past)
    count = export_labels(_desk(home), wanted, to, language)
    out.print(f"{count:,} labels: {to}", markup=False)
    out.print(f"Go on with: retention labels import {to} --reviewer NAME", markup=False)


@app.command(name="import", epilog="Example: retention labels import labels.xlsx --reviewer 'East team'")
def import_file(
    file: Annotated[Path, typer.Argument(help="A file of retention labels export, with statuses chosen.")],
    home: HomeOption = None,
    reviewer: Annotated[
        str | None, typer.Option("--reviewer", help="Who judged. Default: the name you are logged in by.")
    ] = None,
) -> None:
    """Take in what people chose: the changed rows, or nothing where a row is wrong. It counts from the next run on."""
    _tell(import_labels(_desk(home), file, reviewer if reviewer is not None else getpass.getuser()))


def _desk(home: Path | None) -> ReviewDesk:
    settings = settings_with(home=home)
    return ReviewDesk(settings.home_path, load_contracts(settings.project_dir), settings.timezone)


def _tell(taken: Taken) -> None:
    number = sum(taken.recorded.values())
    known = f" {taken.known:,} were recorded before." if taken.known else ""
    if not number:
        out.print(f"Nothing new in {taken.rows:,} rows.{known}", markup=False)
        return
    by_status = ", ".join(f"{count:,} {status}" for status, count in taken.recorded.items())
    out.print(
        f"{number:,} review{'' if number == 1 else 's'} recorded ({by_status}) in load {taken.load_id}.{known}",
        markup=False,
    )
    if taken.over_others:
        out.print(f"{taken.over_others:,} of them replace what was judged since the file was written.", markup=False)
    out.print("They count from the next run on: retention run.", markup=False)
