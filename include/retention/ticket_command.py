"""The commands `retention tickets`: frequent problems, and tickets that are or will soon be overdue (C3, C4)."""

from typing import Annotated

import typer

from retention.console import out, print_json
from retention.options import HomeOption, day_of, settings_with
from retention.publication.problem_report import as_json, read_problems, write_problems

app = typer.Typer(no_args_is_help=True, help="Tickets: the weekly report on frequent problems.")


@app.callback()
def _group() -> None:
    """Keep the name of the one command."""


@app.command(epilog="Example: retention tickets report --week 2025-06-23")
def report(
    home: HomeOption = None,
    week: Annotated[
        str | None,
        typer.Option("--week", metavar="YYYY-MM-DD", help="Any day of the week. Default: the as-of day's week."),
    ] = None,
    to_stdout: Annotated[bool, typer.Option("--json", help="Print JSON for programs, and write nothing.")] = False,
) -> None:
    """Write the week's frequent problems into HOME/reports/problems/WEEK/, in English and Chinese.

    Which categories stand out against a usual week, whom they concern, how tickets were served, and which are open and
    overdue, or will be soon. It reads the published release; the lists of open tickets are those of its as-of day.
    """
    place = settings_with(home=home).home_path
    day = day_of(week, "--week") if week else None
    if to_stdout:
        found = as_json(read_problems(place, day))
        print_json(found)
        return
    out.print(f"written: {write_problems(place, day)}", markup=False)
